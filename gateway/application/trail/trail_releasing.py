"""Releasing old entries of the audit trail: the machine computes which may go, one person proposes, another confirms.

Who proposes runs the machine, who confirms reads the trail: neither can do it alone. What they agree on is how far
back, and how many at most. Nothing is deleted here; `trail_emptying` does it with the next pass of the rules, until
which it can be dropped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor, audit
from gateway.application.services import Services
from gateway.application.trail.trail_judging import TrailPlan, plan_trail
from gateway.db.engine import compare_and_set, row_id
from gateway.db.people import AuditEntry
from gateway.db.seals import AuditDeparture, AuditSeal
from gateway.domain.permission import Action
from gateway.errors import Conflict, InputError, NotFound, NotPermitted


@dataclass(frozen=True)
class DepartureView:
    """A departure for people. `confirmed_at` None: it waits for the second person."""

    id: int
    cut_off: date
    first: int
    last: int
    count: int
    sha256: str
    proposed_by: str
    proposed_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    finished_at: datetime | None
    dropped_by: str | None
    dropped_at: datetime | None
    gone: int | None = None
    """How many went, as the proof says: what was needed again by then stayed."""

    @property
    def state(self) -> str:
        """In German."""
        if self.dropped_at is not None:
            return "verworfen"
        if self.finished_at is not None:
            return "gelöscht"
        return "bestätigt" if self.confirmed_at is not None else "wartet auf die zweite Person"

    @property
    def is_open(self) -> bool:
        """Whether it can still be confirmed or dropped."""
        return self.dropped_at is None and self.finished_at is None


def look_at_trail(
    services: Services, login: str | None = None, *, progress: Callable[[int], None] | None = None
) -> TrailPlan:
    """What may go now; changes nothing. `login` None is the operator. Raises `NotPermitted`, `IntegrityError`."""
    with services.db.reading() as session:
        if login is not None:
            actor(session, login).require(Action.SEE_RETENTION)
    return plan_trail(services, progress=progress)


def propose_departure(
    services: Services, login: str, *, progress: Callable[[int], None] | None = None
) -> DepartureView:
    """Propose that all goes that may go now.

    Raises `NotPermitted`, `InputError` ('nothing-departs'), `Conflict` ('departure-open'), `IntegrityError`
    ('audit-chain-broken').
    """
    with services.db.reading() as session:
        actor(session, login).require(Action.PROPOSE_DEPARTURE)
        _require_none_open(session)
    plan = plan_trail(services, progress=progress)
    if plan.departs.count == 0:
        raise InputError("nothing-departs", "Kein Eintrag des Protokolls darf heute gelöscht werden.")
    with services.db.transaction() as session:
        who = actor(session, login)
        who.require(Action.PROPOSE_DEPARTURE)
        _require_none_open(session)
        row = AuditDeparture(
            cut_off=plan.cut_off,
            first=plan.departs.first,
            last=plan.departs.last,
            count=plan.departs.count,
            sha256=plan.departs.sha256,
            proposed_by=who.login,
            proposed_at=services.clock.now(),
        )
        session.add(row)
        session.flush()
        audit(session, services, who.login, "departure-proposed", subject(row), **_told(row))
        return _view(row)


def confirm_departure(services: Services, login: str, number: int, *, expected: str | None = None) -> None:
    """The second person confirms; `expected` is the sum of the list that they saw.

    Raises `NotFound` ('departure-unknown'), `NotPermitted` ('second-person-needed'), `Conflict` ('state-changed').
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        who.require(Action.CONFIRM_DEPARTURE)
        row = _row(session, number)
        if row.proposed_by == who.login:
            raise NotPermitted(
                "second-person-needed", "Das bestätigt eine zweite Person, nicht wer es vorgeschlagen hat."
            )
        compare_and_set(
            session,
            AuditDeparture,
            number,
            expect={"confirmed_at": None, "dropped_at": None, "sha256": expected or row.sha256},
            confirmed_by=who.login,
            confirmed_at=services.clock.now(),
        )
        audit(session, services, who.login, "departure-confirmed", subject(row), **_told(row))


def drop_departure(services: Services, login: str, number: int) -> None:
    """Not after all; either of the two may say so, until the next pass has begun with it.

    Raises `NotFound` ('departure-unknown'), `NotPermitted`, `Conflict` ('state-changed').
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        if not who.may(Action.PROPOSE_DEPARTURE):
            who.require(Action.CONFIRM_DEPARTURE)
        drop(session, services, who.login, _row(session, number))


def drop(session: Session, services: Services, who: str, row: AuditDeparture) -> None:
    """In the caller's transaction. Raises `Conflict` ('state-changed') once its first entry is marked."""
    begun = Conflict("state-changed", "Die Löschung hat schon begonnen und wird zu Ende geführt.")
    if row.proof_id is not None:
        raise begun
    at = services.clock.now()
    expect = {"dropped_at": None, "proof_id": None}
    compare_and_set(session, AuditDeparture, row_id(row), expect=expect, dropped_by=who, dropped_at=at)
    if has_begun(session, row):
        raise begun
    audit(session, services, who, "departure-dropped", subject(row), **_told(row))


def has_begun(session: Session, row: AuditDeparture) -> bool:
    """Whether a seal is marked with it."""
    marked = select(AuditSeal.number).where(
        col(AuditSeal.number) >= row.first,
        col(AuditSeal.number) <= row.last,
        col(AuditSeal.departure) == row_id(row),
    )
    return session.exec(marked.limit(1)).first() is not None


def departures(services: Services, login: str | None = None) -> list[DepartureView]:
    """All departures, newest first; `login` None is the operator. Raises `NotPermitted`."""
    with services.db.reading() as session:
        if login is not None:
            actor(session, login).require(Action.SEE_RETENTION)
        query = (
            select(AuditDeparture, AuditEntry)
            .join(AuditEntry, col(AuditEntry.id) == AuditDeparture.proof_id, isouter=True)
            .order_by(col(AuditDeparture.id).desc())
        )
        return [_view(row, proof) for row, proof in session.exec(query).all()]


def subject(row: AuditDeparture) -> str:
    """What the trail calls it."""
    return f"departure-{row.id}"


def _require_none_open(session: Session) -> None:
    still = select(AuditDeparture.id).where(
        col(AuditDeparture.finished_at).is_(None), col(AuditDeparture.dropped_at).is_(None)
    )
    if session.exec(still).first() is not None:
        raise Conflict(
            "departure-open",
            "Eine Löschung alter Protokolleinträge ist noch offen. Bitte erst diese bestätigen oder verwerfen.",
        )


def _row(session: Session, number: int) -> AuditDeparture:
    row = session.get(AuditDeparture, number)
    if row is None:
        raise NotFound(
            "departure-unknown", f"Eine Löschung alter Protokolleinträge Nr. {number} gibt es nicht."
        )
    return row


def _told(row: AuditDeparture) -> dict[str, Any]:
    return {"first": row.first, "last": row.last, "count": row.count, "sha256": row.sha256}


def _view(row: AuditDeparture, proof: AuditEntry | None = None) -> DepartureView:
    told = {**row.model_dump(exclude={"proof_id"}), "id": row_id(row)}
    return DepartureView(**told, gone=proof.details.get("count") if proof and row.finished_at else None)
