"""Missing: letters that asked for something that did not come, for those who work in their offices. Only reads."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, or_
from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import actor, readable_offices
from gateway.application.reads.requests import RequestView, requests_of
from gateway.application.services import Services
from gateway.db.columns import columns
from gateway.db.engine import row_id
from gateway.db.letters import Letter
from gateway.db.people import Case, Office
from gateway.db.placings import RequestedItem
from gateway.domain.letters.letter import LetterState
from gateway.domain.permission import Action

ON_A_PAGE = 100


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


@dataclass(frozen=True)
class RequestPage:
    """Some of the letters that miss something; `total` and `overdue` are of all of them.

    `next_after` None: these are the last.
    """

    lines: list[RequestLine]
    total: int
    overdue: int
    next_after: str | None


def missing_answers(
    services: Services, login: str, *, after: str | None = None, limit: int = ON_A_PAGE
) -> RequestPage:
    """Posted letters that still miss something, of the user's offices: by day, so that the overdue come first.

    `after`: those behind this letter, whether it still misses something or not.
    """
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.READ)
        due = _due()
        mine = (
            col(Letter.state) == LetterState.BATCHED,
            col(Office.key).in_(readable_offices(session, who)),
        )
        total = session.execute(_joined(columns(func.count(col(Letter.id))), due).where(*mine)).scalar_one()
        query = (
            _joined(columns(Letter, Case, Office.key), due)
            .where(*mine, *_behind(session, due, after))
            .order_by(due.c.due_on.is_(None), due.c.due_on, col(Letter.reference))
        )
        found = session.execute(query.limit(limit + 1)).all()
        views = requests_of(session, services, [letter for letter, *_ in found[:limit]])
        lines = [
            _line(letter, case, office, view)
            for letter, case, office in found[:limit]
            if (view := views.get(row_id(letter))) is not None
        ]
    more = found[limit - 1][0].reference if len(found) > limit else None
    return RequestPage(lines, int(total), count_overdue(services, login), more)


def _due() -> Any:
    """Letters that miss something, and until when they asked for it."""
    open_items = columns(RequestedItem.letter_id, func.min(RequestedItem.due_on).label("due_on"))
    return (
        open_items.where(col(RequestedItem.settled_by).is_(None)).group_by(RequestedItem.letter_id).subquery()
    )


def _joined(query: Any, due: Any) -> Any:
    return (
        query.select_from(Letter)
        .join(due, due.c.letter_id == Letter.id)
        .join(Case, col(Case.id) == Letter.case_id)
        .join(Office, col(Office.id) == Letter.office_id)
    )


def _behind(session: Session, due: Any, after: str | None) -> list[Any]:
    """What comes behind a letter in the list; a letter that asked for nothing is before all."""
    asked = (
        columns(Letter.reference, func.min(RequestedItem.due_on))
        .join(RequestedItem, col(RequestedItem.letter_id) == Letter.id)
        .where(Letter.reference == (after or ""))
        .group_by(col(Letter.reference))
    )
    found = session.execute(asked).one_or_none()
    if found is None:
        return []
    reference, day = found
    if day is None:
        return [due.c.due_on.is_(None), col(Letter.reference) > reference]
    same = and_(due.c.due_on == day, col(Letter.reference) > reference)
    return [or_(due.c.due_on.is_(None), due.c.due_on > day, same)]


def _line(letter: Letter, case: Case, office: str, view: RequestView) -> RequestLine:
    return RequestLine(
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
