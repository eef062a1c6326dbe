"""Reconciling: the zero-balance account from the rows, down to the recipient's copy.

One account, one mechanism: what the hand-over, the tally with the provider, the case file, the postings and the sweep
of stored bytes know is in rows, and the account reads these. A day, a run, or an office is read copy by copy; the
account of everything is counted by the database once it is large (`account_totals`).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, false
from sqlmodel import Session, col

from gateway.application.access.authorising import actor
from gateway.application.account.account_findings import faults_found
from gateway.application.account.account_strays import strays
from gateway.application.account.account_totals import ControlTotal, Counts, control_totals, standings
from gateway.application.account.copies import Copy, copies, copies_of
from gateway.application.services import Services
from gateway.db.columns import columns, in_chunks
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, Run, Submission
from gateway.db.people import Office
from gateway.domain.account.account import (
    LINE_OF,
    Account,
    Entry,
    Line,
    balance,
    balance_of_totals,
    with_strays,
    with_totals,
)
from gateway.domain.account.standing import Standing
from gateway.domain.permission import Action
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import NotFound

COPY_BY_COPY = 5_000
"""Up to so many approvals even the account of everything is read copy by copy, with the offices."""


_CAME_BACK = columns(Submission.piece_id).where(
    Submission.state == SubmissionState.RELEASED, Submission.status == Status.RETURNED
)
"""Answered by an index, without the rows."""


@dataclass(frozen=True)
class Selection:
    """What an account is about: approved on a local day, in a run (day and number), of an office (key); None: all."""

    day: date | None = None
    run: tuple[date, int] | None = None
    office: str | None = None


@dataclass(frozen=True)
class AccountPage:
    """A page of the copies on a line; `next_after` is where the next one begins, None on the last."""

    copies: list[tuple[str, str, str]]
    """Name, office, standing."""
    next_after: int | None


def account(
    services: Services,
    *,
    day: date | None = None,
    login: str | None = None,
    chosen: Selection | None = None,
    copy_by_copy: int = COPY_BY_COPY,
) -> Account:
    """The balance of what was approved on `day` (local), of what `chosen` says, or of everything.

    `login` None is the operator; a person gets the account of the offices whose letters they may read.
    Raises `NotPermitted`, `NotFound` ('run-unknown').
    """
    chosen = chosen or Selection(day)
    with services.db.reading() as session:
        conditions, whole_house = _conditions(session, services, login, chosen)
        faults = faults_found(session)
        names = dict(session.execute(columns(Office.id, Office.key)).all())
        everything = whole_house and not conditions
        if everything and (counts := Counts(session)).approvals > copy_by_copy:
            return _of_totals(session, counts, faults)
        found = balance(_entry(copy, faults, names) for copy in copies(session, *conditions))
        return _with(found, strays(session)) if everything else found


def copies_on(
    services: Services,
    line: Line,
    *,
    login: str | None = None,
    chosen: Selection | None = None,
    returned: bool = False,
    after: int = 0,
    limit: int = 100,
) -> AccountPage:
    """The copies on a line, page by page, in the order of their approval; for reading a number down to the letter.

    `returned`: of these only what came back.
    """
    with services.db.reading() as session:
        conditions, _ = _conditions(session, services, login, chosen or Selection())
        faults = faults_found(session)
        names = dict(session.execute(columns(Office.id, Office.key)).all())
        conditions += [col(Recipient.mail_piece_id).in_(_CAME_BACK)] if returned else []
        page: list[tuple[str, str, str]] = []
        for copy in copies(session, *conditions, col(Recipient.id) > after):
            if copy.broken or copy.id in faults or LINE_OF.get(copy.standing) is not line:
                continue
            if len(page) == limit:
                return AccountPage(page, after)
            page.append((copy.name, names.get(copy.office_id, ""), copy.standing.value))
            after = copy.id
        return AccountPage(page, None)


def _of_totals(session: Session, counts: Counts, faults: dict[int, str]) -> Account:
    """Counted; looked at one by one is only what a control total misses, and what has findings."""
    faults = dict(faults)
    differing = [total for total in control_totals(counts) if total.differs]
    named_by_totals = False
    for total in differing:
        suspects = [copy_id for (copy_id,) in session.execute(total.suspects())] if total.suspects else []
        for copy_id in suspects:
            faults.setdefault(copy_id, total.code.value)
        named_by_totals |= bool(suspects)
    gone = list(strays(session)) if differing else []
    named = [(copy.name, copy.broken or faults[copy.id]) for copy in copies_of(session, faults)]
    # What they are counted as is taken off where it was counted, whatever rows they lack.
    off: Counter[Standing] = Counter()
    for some in in_chunks(sorted({*faults, *(copy_id for copy_id, *_ in gone)})):
        off += standings(session, col(Recipient.id).in_(some))
    everywhere = standings(session) if differing else counts.standings()
    found = _with(balance_of_totals(everywhere, off, named), gone)
    # What is missing of one letter shows in several totals; those that no letter explains stand there themselves.
    return found if gone or named_by_totals else with_totals(found, [_said(total) for total in differing])


def _said(total: ControlTotal) -> tuple[str, str]:
    return f"{total.found} statt {total.expected}", total.code.value


def _with(found: Account, gone: Iterable[tuple[int, str, str]]) -> Account:
    return with_strays(found, ((name, code) for _, name, code in gone))


def _entry(copy: Copy, faults: dict[int, str], offices: dict[int, str]) -> Entry:
    fault = copy.broken or faults.get(copy.id)
    return Entry(copy.name, copy.standing, fault, offices.get(copy.office_id, ""), copy.chain)


def _conditions(
    session: Session, services: Services, login: str | None, chosen: Selection
) -> tuple[list[ColumnElement[bool]], bool]:
    """What narrows the copies, and whether this is for somebody who may read every office."""
    keys = dict(session.execute(columns(Office.key, Office.id)).all())
    readable = set(keys)
    if login is not None:
        who = actor(session, login)
        who.require(Action.READ, chosen.office)
        readable = {key for key in keys if who.may(Action.READ, key)}
    conditions: list[ColumnElement[bool]] = []
    if chosen.office is not None:
        readable &= {chosen.office}
    if len(readable) < len(keys):
        conditions.append(col(Letter.office_id).in_([keys[key] for key in readable]) if readable else false())
    if chosen.day is not None:
        start, end = _midnight(services, chosen.day), _midnight(services, chosen.day + timedelta(days=1))
        conditions += [col(Letter.approved_at) >= start, col(Letter.approved_at) < end]
    if chosen.run is not None:
        conditions.append(col(Batch.run_id) == _run(session, *chosen.run))
    return conditions, len(readable) == len(keys)


def _run(session: Session, day: date, number: int) -> int:
    found = session.execute(columns(Run.id).where(Run.day == day, Run.number == number)).scalar_one_or_none()
    if found is None:
        raise NotFound("run-unknown", f"Einen Tageslauf {number} am {day:%d.%m.%Y} gibt es nicht.")
    return int(found)


def _midnight(services: Services, day: date) -> datetime:
    return datetime.combine(day, time(0), services.schedule.zone)
