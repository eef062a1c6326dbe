"""Outcomes: how the facts about a consignment are written down, for all its submissions in one transaction.

Every write is a compare-and-set of all members: what was decided on must still hold for each of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlmodel import Session, select

from gateway.application.addresses.intercepting import intercept_in
from gateway.application.letters.marking import mark_letters
from gateway.application.runs.packing import members, take_out
from gateway.application.runs.stopping import stopped_among
from gateway.application.services import Services
from gateway.db import mail
from gateway.db.brake import pass_brake
from gateway.db.columns import table_of
from gateway.db.engine import row_id
from gateway.db.mail import UNPACKED, Submission
from gateway.domain.retry import wait_before
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict, IntegrityError, NotFound, NotSent, OutcomeUnknown, Refused
from gateway.ports.provider import Unit

_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(hours=1)


@dataclass(frozen=True)
class HandOver:
    """A consignment as one pass sees it: its members are all in the same state."""

    consignment_id: int
    key: str
    provider: str
    submissions: tuple[Submission, ...]

    @property
    def first(self) -> Submission:
        """Speaks for all: state, handle and moments are the same."""
        return self.submissions[0]


def read_members(services: Services, consignment_id: int) -> list[Submission]:
    """The submissions that still move with it."""
    with services.db.reading() as session:
        return members(session, consignment_id)


def read(services: Services, consignment_id: int) -> HandOver | None:
    """None if all members have left it."""
    with services.db.reading() as session:
        found = members(session, consignment_id)
        consignment = session.get_one(mail.Consignment, consignment_id)
        return HandOver(consignment_id, consignment.key, consignment.provider, tuple(found)) if found else None


def write(
    services: Services,
    handed: HandOver,
    state: SubmissionState,
    fact: Refused | OutcomeUnknown | None = None,
    **values: object,
) -> None:
    """Move all members to `state`, with the fact that led there; what waited waits no longer."""
    said = {"error_code": fact.code if fact else None, "error_message": fact.message if fact else None}
    with services.db.transaction() as session:
        move_all(session, handed, state=state, next_attempt_at=None, **(said | values))


def move_all(session: Session, handed: HandOver, **values: object) -> None:
    """Compare-and-set of all members, or `Conflict`: what was decided on must still hold for each of them."""
    table = table_of(Submission)
    moved = session.connection().execute(
        update(table)
        .where(table.c.consignment_id == handed.consignment_id, table.c.state == handed.first.state)
        .values(**values)
    )
    if moved.rowcount != len(handed.submissions):
        raise Conflict("state-changed", "Die Übergabe wurde inzwischen von anderer Seite geändert.")


def begin_release(services: Services, handed: HandOver, unit: Unit) -> bool:
    """Commit the intent to release, unless a stop covers a member or an address is suspended: False if so.

    Both are asked in the same transaction.

    A file that was staged with stopped pieces in it must never be released: its pieces are planned anew, and the
    free ones go in another one. What is in doubt cannot be taken apart, and waits whole. It keeps the moment of its
    first attempt: from then on, not from the repeat, a provider remembers a key.
    """
    is_first = handed.first.state is SubmissionState.STAGED
    with services.db.transaction() as session:
        pass_brake(session)
        if is_first and intercept_in(session, services, handed.consignment_id):
            return False
        if not stopped_among(session, handed.submissions):
            move_all(
                session,
                handed,
                state=SubmissionState.RELEASING,
                releasing_at=services.clock.now() if is_first else handed.first.releasing_at,
                next_attempt_at=None,
                error_code=None,
                error_message=None,
            )
            return True
        if unit is Unit.BATCH and handed.first.state is SubmissionState.STAGED:
            move_all(session, handed, **UNPACKED)
        return False


def leave_out_stopped(services: Services, handed: HandOver, unit: Unit) -> int:
    """Before staging: how many are stopped. In a file the others are to go on without them."""
    with services.db.reading() as session:
        kept_back = stopped_among(session, handed.submissions)
    if unit is Unit.BATCH:
        take_out(services, kept_back)
    return len(kept_back)


def write_released(services: Services, handed: HandOver, reference: str, copies: int = 1) -> None:
    """The provider has it; more than one copy under our key is an alarm."""
    with services.db.transaction() as session:
        move_all(
            session,
            handed,
            state=SubmissionState.RELEASED,
            provider_reference=reference,
            released_at=services.clock.now(),
            error_code="provider-holds-several" if copies > 1 else None,
            error_message=f"{copies} Exemplare beim Druckdienstleister" if copies > 1 else None,
            next_attempt_at=None,
        )
        released = select(Submission.piece_id).where(Submission.consignment_id == handed.consignment_id)
        mark_letters(session, released)


def refuse_staging(services: Services, handed: HandOver, fact: Refused) -> bool:
    """One piece at fault is refused alone, and the others are staged again; else all are refused."""
    at_fault = tuple(each for each in handed.submissions if each.key == fact.piece_key) or handed.submissions
    with services.db.transaction() as session:
        for submission in at_fault:
            row = session.get_one(Submission, row_id(submission))
            if row.state is not handed.first.state:
                raise Conflict("state-changed", "Die Übergabe wurde inzwischen von anderer Seite geändert.")
            row.state = SubmissionState.REFUSED
            row.releasing_at = services.clock.now()
            row.error_code, row.error_message, row.next_attempt_at = fact.code, fact.message, None
    return len(at_fault) < len(handed.submissions)


def postpone(
    services: Services, handed: HandOver, state: SubmissionState, fact: NotSent | OutcomeUnknown
) -> None:
    """Certainly not done: back to where it was, with the next attempt visible (doubling, jitter, cap)."""
    spread = services.random_bits(8) / 256
    wait = wait_before(handed.first.attempts, first=_FIRST_RETRY, longest=_LONGEST_RETRY, spread=spread)
    named = fact.retry_after_s if isinstance(fact, NotSent) else None
    with services.db.transaction() as session:
        move_all(
            session,
            handed,
            state=state,
            attempts=handed.first.attempts + 1,
            next_attempt_at=services.clock.now() + max(wait, timedelta(seconds=named or 0)),
            error_code=fact.code,
            error_message=fact.message,
        )


def set_aside(services: Services, at_fault: Iterable[Submission], fault: IntegrityError | NotFound) -> None:
    """Pieces whose bytes cannot be read wait by themselves, visibly; nothing of them has left the house."""
    take_out(services, {row_id(each) for each in at_fault}, **_fault_values(services, fault))


def write_fault(services: Services, handed: HandOver, fault: IntegrityError | NotFound) -> None:
    """The state stays; what is wrong and when it is tried again is visible."""
    with services.db.transaction() as session:
        move_all(session, handed, **_fault_values(services, fault))


def _fault_values(services: Services, fault: IntegrityError | NotFound) -> dict[str, object]:
    return {
        "error_code": fault.code,
        "error_message": fault.message,
        "next_attempt_at": services.clock.now() + _LONGEST_RETRY,
    }
