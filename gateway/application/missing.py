"""Missing: letters that asked for something that did not come, for those who work in their offices. Only reads."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import col, exists, func, select

from gateway.application.authorising import actor
from gateway.application.listing import readable_offices
from gateway.application.requesting import requests_of
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter
from gateway.db.people import Case, Office
from gateway.db.placings import RequestedItem
from gateway.domain.letter import LetterState
from gateway.domain.permission import Action


@dataclass(frozen=True)
class RequestLine:
    """A letter in the list of requests with something missing."""

    reference: str
    case: str
    file_number: str
    office: str
    title: str
    due_on: date | None
    missing: int
    asked: int
    answered_on: date | None
    overdue: bool


def missing_answers(services: Services, login: str) -> list[RequestLine]:
    """Posted letters that still miss something, of the user's offices: the overdue first, by day."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.READ)
        unsettled = exists().where(
            col(RequestedItem.letter_id) == Letter.id, col(RequestedItem.settled_by).is_(None)
        )
        query = (
            select(Letter, Case, Office.key)
            .join(Case, col(Case.id) == Letter.case_id)
            .join(Office, col(Office.id) == Letter.office_id)
            .where(
                col(Letter.state) == LetterState.BATCHED,
                col(Office.key).in_(readable_offices(session, who)),
                unsettled,
            )
        )
        found = session.exec(query).all()
        views = requests_of(session, services, [letter for letter, *_ in found])
        lines = [
            RequestLine(
                reference=letter.reference,
                case=case.reference,
                file_number=case.file_number,
                office=office,
                title=letter.title,
                due_on=view.due_on,
                missing=view.missing,
                asked=len(view.items),
                answered_on=view.answered_on,
                overdue=view.overdue,
            )
            for letter, case, office in found
            if (view := views.get(row_id(letter))) is not None
        ]
    return sorted(lines, key=lambda line: (not line.overdue, line.due_on or date.max, line.reference))


def count_overdue(services: Services, login: str) -> int:
    """How many posted letters of the user's offices miss something although its day is over."""
    with services.db.reading() as session:
        query = (
            select(func.count(func.distinct(RequestedItem.letter_id)))
            .join(Letter, col(Letter.id) == RequestedItem.letter_id)
            .join(Office, col(Office.id) == Letter.office_id)
            .where(
                col(RequestedItem.settled_by).is_(None),
                col(RequestedItem.due_on) < services.today(),
                col(Letter.state) == LetterState.BATCHED,
                col(Office.key).in_(readable_offices(session, actor(session, login))),
            )
        )
        return int(session.exec(query).one())
