"""The desk (*Klärungsliste*): what stands still until a person decides, with owner, due day and safe actions.

Only reads. What is on it is found by `clearing`, what is decided is done by `redriving`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor
from gateway.application.clearing.clearing import troubled_letters, troubles_of
from gateway.application.clearing.gathering import Gathered, gather
from gateway.application.clearing.trouble import Trouble
from gateway.application.desk.alarming import Alarm, alarms, overdue_alarms
from gateway.application.desk.redriving import may_redrive
from gateway.application.inbound.inbound_view import InboundLine, TrayFilter, tray
from gateway.application.inbound.notices_view import NoticeEntry, waiting_notices
from gateway.application.reads.finding import find_letter
from gateway.application.services import Services
from gateway.application.views.listing import LetterLine, lines_of, rows_of_letters
from gateway.db.columns import in_chunks
from gateway.db.desk import DeskDecision
from gateway.db.engine import row_id
from gateway.db.files import InboundState
from gateway.db.letters import Letter
from gateway.db.people import Office
from gateway.domain.account.standing import Standing
from gateway.domain.desk.desk import POST_ROOM, DeskAction, Problem
from gateway.domain.permission import Action

MAX_LISTED = 200
"""What a person can look through; counts are exact."""


@dataclass(frozen=True)
class Proposal:
    """A decision that waits for a second person."""

    id: int
    action: DeskAction
    by: str
    reason: str
    source: str | None
    provider_reference: str | None


@dataclass(frozen=True)
class DeskEntry:
    """One problem of a letter: what is wrong, whose it is, until when it should be decided, and what may be done.

    `number` is the recipient's, None where the problem is the letter's own. `actions` are what this user may do.
    """

    reference: str
    file_number: str
    office: str
    title: str
    standing: Standing
    author: str
    owner: str
    problem: Problem
    key: str
    number: int | None
    since: datetime
    due: date
    late: bool
    age_days: int
    problems: tuple[str, ...]
    actions: Mapping[DeskAction, str]
    proposal: Proposal | None


@dataclass(frozen=True)
class DeskFilter:
    """What the desk is narrowed to."""

    office: str | None = None
    owner: str | None = None
    problem: Problem | None = None


@dataclass(frozen=True)
class Desk:
    """The desk: entries by due day, inbound documents, what waits about our own mail, alarms about providers.

    `inbound` wait to be assigned, the oldest first. Rejected ones wait for the scan site, not for a person: those that
    do not come in time are in `alarms`, by delivery. `total` and `late` count all entries about letters, those past
    their due day too.
    """

    letters: list[DeskEntry]
    inbound: Sequence[InboundLine]
    inbound_total: int
    alarms: list[Alarm]
    notices: list[NoticeEntry]
    total: int
    late: int
    offices: list[str]
    owners: list[str]


def desk(services: Services, login: str, wanted: DeskFilter | None = None) -> Desk:
    """Everything that needs a person, of the offices that the user may see, the most pressing first."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.READ)
        entries = sorted(_entries(session, services, who), key=lambda each: (each.due, each.since))
        notices = waiting_notices(session, services, who)
    waiting = tray(services, login, TrayFilter(InboundState.DESK))
    chosen = [each for each in entries if _fits(each, wanted or DeskFilter())]
    return Desk(
        letters=chosen[:MAX_LISTED],
        inbound=waiting.lines,
        inbound_total=waiting.total,
        alarms=alarms(services, login),
        notices=notices,
        total=len(chosen),
        late=sum(each.late for each in chosen),
        offices=sorted({each.office for each in entries}),
        owners=sorted({each.owner for each in entries}),
    )


def desk_of_letter(services: Services, login: str, reference: str) -> list[DeskEntry]:
    """The entries of one letter. Raises `NotFound`, `NotPermitted`."""
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        who = actor(session, login)
        who.require(Action.READ, office.key)
        [row] = session.execute(rows_of_letters().where(col(Letter.id) == letter.id)).all()
        [line] = lines_of(session, [row])
        known = gather(session, [row_id(letter)])
        return list(_of_letter(session, services, who, row, line, known))


def desk_size(session: Session, services: Services) -> int:
    """How many letters stand on the desk, of all offices; for figures only."""
    return sum(bool(troubles) for troubles in _troubles(session, services))


def overdue_entries(services: Services) -> int:
    """How many entries are past their due day, of all offices: an alarm."""
    today, of_providers = services.today(), overdue_alarms(services)
    with services.db.reading() as session:
        found = (trouble for troubles in _troubles(session, services) for trouble in troubles)
        of_mail = sum(notice.late for notice in waiting_notices(session, services, None))
        return of_providers + of_mail + sum(trouble.due < today for trouble in found)


def _troubles(session: Session, services: Services) -> Iterator[list[Trouble]]:
    """The problems of each letter that may have one, of all offices."""
    for some in in_chunks(troubled_letters(session, services)):
        known = gather(session, some)
        for letter in session.exec(select(Letter).where(col(Letter.id).in_(some))).all():
            yield troubles_of(session, services, letter, known)


def _entries(session: Session, services: Services, who: Actor) -> Iterator[DeskEntry]:
    for some in in_chunks(troubled_letters(session, services)):
        rows = session.execute(rows_of_letters().where(col(Letter.id).in_(some))).all()
        mine = [row for row in rows if who.may(Action.READ, row.Office.key)]
        known = gather(session, [row_id(row.Letter) for row in mine])
        for row, line in zip(mine, lines_of(session, mine), strict=True):
            yield from _of_letter(session, services, who, row, line, known)


def _of_letter(
    session: Session, services: Services, who: Actor, row: Any, line: LetterLine, known: Gathered
) -> Iterator[DeskEntry]:
    letter, _, office, author = row
    troubles = troubles_of(session, services, letter, known)
    if not troubles:
        return
    proposals = known.proposed.get(row_id(letter), {})
    today = services.today()
    for trouble in troubles:
        yield DeskEntry(
            reference=letter.reference,
            file_number=line.file_number,
            office=office.key,
            title=letter.title,
            standing=line.standing,
            author=author.login,
            owner=author.login if author.active else POST_ROOM,
            problem=trouble.problem,
            key=trouble.key,
            number=trouble.number,
            since=trouble.since,
            due=trouble.due,
            late=trouble.due < today,
            age_days=(today - services.day_of(trouble.since)).days,
            problems=trouble.messages,
            actions=_offered(trouble, who, office),
            proposal=_proposal(proposals.get(trouble.key)),
        )


def _offered(trouble: Trouble, who: Actor, office: Office) -> dict[DeskAction, str]:
    return {action: why for action, why in trouble.actions.items() if may_redrive(who, action, office.key)}


def _proposal(row: DeskDecision | None) -> Proposal | None:
    if row is None:
        return None
    return Proposal(row_id(row), row.action, row.decided_by, row.reason, row.source, row.provider_reference)


def _fits(entry: DeskEntry, wanted: DeskFilter) -> bool:
    return (
        wanted.office in {None, entry.office}
        and wanted.owner in {None, entry.owner}
        and wanted.problem in {None, entry.problem}
    )
