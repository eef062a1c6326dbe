"""What a letter asks for, and what came."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, exists, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway.application.services import Services
from gateway.db.columns import in_chunks
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, InboundState
from gateway.db.letters import Letter
from gateway.db.placings import InboundMatch, RequestedItem
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.requesting import is_overdue


@dataclass(frozen=True)
class ItemView:
    """One requested item. Open while it neither came nor was settled with a reason."""

    number: int
    title: str
    came_on: date | None
    inbound_id: int | None
    reason: str | None
    by: str | None

    @property
    def open(self) -> bool:
        """Whether it is still missing."""
        return self.by is None


@dataclass(frozen=True)
class AnswerView:
    """A scan that answers the letter."""

    inbound_id: int
    received_on: date
    document_class: str


@dataclass(frozen=True)
class RequestView:
    """What a letter asked for. `answered_on` is the day on which the first answer was received."""

    due_on: date | None
    items: Sequence[ItemView]
    answers: Sequence[AnswerView]
    answered_on: date | None
    missing: int
    overdue: bool


def request_of(session: Session, services: Services, letter: Letter) -> RequestView | None:
    """What a letter asks for and what came; None if it asks for nothing."""
    return requests_of(session, services, [letter]).get(row_id(letter))


def requests_of(session: Session, services: Services, letters: Sequence[Letter]) -> dict[int, RequestView]:
    """The same of many, by their ids, in two statements for some hundreds; without those that ask for nothing."""
    asked: dict[int, list[RequestedItem]] = defaultdict(list)
    answers: dict[int, list[AnswerView]] = defaultdict(list)
    for some in in_chunks([row_id(letter) for letter in letters]):
        items = select(RequestedItem).where(col(RequestedItem.letter_id).in_(some))
        for item in session.exec(items.order_by(col(RequestedItem.number))):
            asked[item.letter_id].append(item)
        for document in session.exec(_answering(some)):
            answers[document.letter_id or 0].append(
                AnswerView(row_id(document), document.received_on, document.document_class)
            )
    return {
        number: _view(services, letter, asked[number], answers[number])
        for letter in letters
        if (number := row_id(letter)) in asked
    }


def _view(
    services: Services, letter: Letter, rows: Sequence[RequestedItem], answers: Sequence[AnswerView]
) -> RequestView:
    missing = sum(row.settled_by is None for row in rows)
    return RequestView(
        due_on=rows[0].due_on,
        items=[
            ItemView(row.number, row.title, row.came_on, row.inbound_id, row.reason, row.settled_by)
            for row in rows
        ],
        answers=answers,
        answered_on=min((answer.received_on for answer in answers), default=None),
        missing=missing,
        overdue=letter.state == LetterState.BATCHED and is_overdue(rows[0].due_on, missing, services.today()),
    )


def items_of(session: Session, letter_id: int) -> list[RequestedItem]:
    """What a letter asks for, in its order."""
    query = select(RequestedItem).where(RequestedItem.letter_id == letter_id)
    return list(session.exec(query.order_by(col(RequestedItem.number))).all())


def _answering(letters: Sequence[int]) -> SelectOfScalar[InboundDocument]:
    """The scans that answer letters. A sheet of a letter that came back is no answer."""
    returned = exists().where(col(InboundMatch.inbound_id) == InboundDocument.id, col(InboundMatch.returned))
    query = select(InboundDocument).where(
        col(InboundDocument.letter_id).in_(letters), InboundDocument.state == InboundState.ASSIGNED, ~returned
    )
    return query.order_by(col(InboundDocument.received_on), col(InboundDocument.id))


def request_json(view: RequestView) -> dict[str, object]:
    """A request for programs."""
    return {
        "due_on": view.due_on.isoformat() if view.due_on else None,
        "answered_on": view.answered_on.isoformat() if view.answered_on else None,
        "missing": view.missing,
        "overdue": view.overdue,
        "items": [
            {
                "number": item.number,
                "title": item.title,
                "state": "open" if item.open else "come" if item.came_on else "settled",
                "came_on": item.came_on.isoformat() if item.came_on else None,
                "inbound": item.inbound_id,
            }
            for item in view.items
        ],
    }
