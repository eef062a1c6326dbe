"""Requests: what a letter asks for, that an answer came and on which day, and what is still missing.

That an answer came is seen from the scans that are linked with the letter, by their code or by a person; which items
a scan brings only a person can say. The day that counts is that of receipt, never that of the scan.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import String, cast
from sqlmodel import Session, col, exists, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.inbound.placing import find_inbound
from gateway.application.letters.drafting import find_letter
from gateway.application.services import Services
from gateway.application.templates.versions import of_letter
from gateway.db.columns import in_chunks
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, InboundState
from gateway.db.letters import Letter
from gateway.db.people import Office
from gateway.db.placings import AsksForNothing, InboundMatch, RequestedItem
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.requesting import is_overdue, requested
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.domain.permission import Action
from gateway.errors import InputError, NotFound

_SIGNED = (LetterState.APPROVED, LetterState.BATCHED)


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


def remember_request(session: Session, services: Services, letter: Letter) -> None:
    """Note what a letter that is being signed asks for; in the caller's transaction, repeating changes nothing."""
    if letter.template == FINISHED_PDF or _items(session, row_id(letter)):
        return
    rule = of_letter(session, services, letter).request
    if rule is None:
        return
    titles, due = requested(rule, letter.data)
    for number, title in enumerate(titles, start=1):
        session.add(RequestedItem(letter_id=row_id(letter), number=number, title=title, due_on=due))


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


def request_answered_by(services: Services, login: str, inbound_id: int) -> tuple[str, RequestView] | None:
    """The letter that a document answers, if it asks for something. For users who may see the document."""
    with services.db.reading() as session:
        document = find_inbound(session, inbound_id)
        letter = session.get(Letter, document.letter_id) if document.letter_id else None
        if letter is None or not actor(session, login).may(Action.READ, _office(session, letter)):
            return None
        view = request_of(session, services, letter)
        return (letter.reference, view) if view else None


def tick(services: Services, login: str, inbound_id: int, numbers: Collection[int]) -> None:
    """A person says which items a document brings; those that it brought before and are not named are open again.

    Raises `InputError` (inbound-answers-nothing), `NotFound` (item-unknown), `NotPermitted`.
    """
    with services.db.transaction() as session:
        document = find_inbound(session, inbound_id)
        letter = session.get(Letter, document.letter_id) if document.letter_id else None
        if letter is None:
            raise InputError(
                "inbound-answers-nothing", "Bitte zuerst angeben, auf welches Schreiben es antwortet."
            )
        who = _may(session, login, letter)
        rows = {row.number: row for row in _items(session, row_id(letter))}
        _check_known(numbers, rows)
        changed = []
        for number, row in rows.items():
            mine = row.inbound_id == inbound_id
            if number in numbers and row.settled_by is None:
                _settle(services, row, who.login, inbound_id=inbound_id, came_on=document.received_on)
                changed.append(number)
            elif mine and number not in numbers:
                _open(row)
                changed.append(number)
        if changed:
            audit(
                session,
                services,
                who.login,
                "items-ticked",
                letter.reference,
                inbound=inbound_id,
                items=changed,
            )


def settle(services: Services, login: str, reference: str, number: int, reason: str) -> None:
    """An item is not needed any more, with a reason; an empty reason opens what was settled like this again."""
    with services.db.transaction() as session:
        letter, _ = find_letter(session, reference)
        who = _may(session, login, letter)
        rows = {row.number: row for row in _items(session, row_id(letter))}
        _check_known([number], rows)
        row = rows[number]
        if row.inbound_id is not None:
            raise InputError("item-came", "Die Unterlage ist eingegangen; bitte am Posteingang ändern.")
        if reason.strip():
            _settle(services, row, who.login, reason=reason.strip())
        else:
            _open(row)
        audit(
            session, services, who.login, "item-settled", letter.reference, reason=reason.strip(), item=number
        )


def requests_due(services: Services) -> int:
    """Note the requests of letters that were signed before requests were noted; a step of the rounds.

    How many were noted. One that asks for nothing is looked at once.
    """
    names = [meta.name for meta in services.renderer.templates() if meta.request is not None]
    noted = exists().where(col(RequestedItem.letter_id) == Letter.id)
    nothing = exists().where(col(AsksForNothing.letter_id) == Letter.id)
    emptied = cast(col(Letter.data), String) == "{}"  # PostgreSQL compares no JSON with JSON
    with services.db.reading() as session:
        query = select(Letter.id).where(
            col(Letter.template).in_(names), col(Letter.state).in_(_SIGNED), ~noted, ~nothing, ~emptied
        )
        found = [each for each in session.exec(query).all() if each]
    return sum(_note_late(services, letter_id) for letter_id in found)


def _note_late(services: Services, letter_id: int) -> bool:
    with services.db.transaction() as session:
        remember_request(session, services, session.get_one(Letter, letter_id))
        session.flush()
        if _items(session, letter_id):
            return True
        if session.get(AsksForNothing, letter_id) is None:
            session.add(AsksForNothing(letter_id=letter_id, noted_at=services.clock.now()))
        return False


def _items(session: Session, letter_id: int) -> list[RequestedItem]:
    query = select(RequestedItem).where(RequestedItem.letter_id == letter_id)
    return list(session.exec(query.order_by(col(RequestedItem.number))).all())


def _answering(letters: Sequence[int]) -> SelectOfScalar[InboundDocument]:
    """The scans that answer letters. A sheet of a letter that came back is no answer."""
    returned = exists().where(col(InboundMatch.inbound_id) == InboundDocument.id, col(InboundMatch.returned))
    query = select(InboundDocument).where(
        col(InboundDocument.letter_id).in_(letters), InboundDocument.state == InboundState.ASSIGNED, ~returned
    )
    return query.order_by(col(InboundDocument.received_on), col(InboundDocument.id))


def _settle(services: Services, row: RequestedItem, login: str, **values: object) -> None:
    for name, value in {**values, "settled_by": login, "settled_at": services.clock.now()}.items():
        setattr(row, name, value)


def _open(row: RequestedItem) -> None:
    row.inbound_id = row.came_on = row.reason = row.settled_by = row.settled_at = None


def _check_known(numbers: Collection[int], rows: Collection[int]) -> None:
    if unknown := sorted(set(numbers) - set(rows)):
        raise NotFound("item-unknown", f"Diese Unterlage verlangt das Schreiben nicht: Nr. {unknown[0]}.")


def _may(session: Session, login: str, letter: Letter) -> Actor:
    who = actor(session, login)
    who.require(Action.ASSIGN_INBOUND, _office(session, letter))
    return who


def _office(session: Session, letter: Letter) -> str:
    return session.get_one(Office, letter.office_id).key


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
