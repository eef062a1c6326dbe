"""Concluding: whether a letter is done with, since when, and what else keeps it. Only reads."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from gateway.application.clearing.clearing import troubles_of
from gateway.application.reads.showing import LetterView, RecipientView, view_of
from gateway.application.services import Services
from gateway.db.letters import Letter, Recipient
from gateway.db.people import Office
from gateway.db.retention import DeletionLock
from gateway.domain.account.standing import Standing
from gateway.domain.letters.letter import LetterState
from gateway.domain.retention import Facts

_ARRIVED = frozenset({Standing.POSTED, Standing.DELIVERED})
_DECIDED = frozenset({Standing.RETURNED, Standing.FAILED, Standing.CANCELLED})
"""The end of a copy, once nothing about it is on the desk any more."""


def facts_of(session: Session, services: Services, letter: Letter) -> Facts:
    """What the rules of retention must know about a letter."""
    view = view_of(session, services, letter, session.get_one(Office, letter.office_id))
    ends = [_end(services, view, copy) for copy in view.recipients]
    deadlines = [copy.assessment.deadline for copy in view.recipients if copy.assessment]
    return Facts(
        ended_on=_ended(services, letter, ends),
        deadline=max((day for day in deadlines if day), default=None) if letter.is_decision else None,
        held=letter.held_at is not None and letter.state is not LetterState.CANCELLED,
        on_desk=bool(troubles_of(session, services, letter)),
        locked=is_locked(session, letter.case_id),
        filed=not letter.filing_due if was_signed(session, letter) else None,
    )


def was_signed(session: Session, letter: Letter) -> bool:
    """Whether it was ever approved, also if it was healed and cancelled after that."""
    signing = select(Recipient.id).where(Recipient.letter_id == letter.id, col(Recipient.signing) > 1).limit(1)
    return letter.approved_at is not None or session.exec(signing).first() is not None


def is_locked(session: Session, case_id: int | None) -> bool:
    """Whether a person locked deletion in the case."""
    if case_id is None:
        return False
    lock = select(DeletionLock.id).where(DeletionLock.case_id == case_id, col(DeletionLock.lifted_at).is_(None))
    return session.exec(lock).first() is not None


def _ended(services: Services, letter: Letter, ends: Sequence[date | None]) -> date | None:
    if letter.state is LetterState.CANCELLED and letter.cancelled_at is not None:
        return services.day_of(letter.cancelled_at)
    if letter.state is not LetterState.BATCHED:
        return None
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _end(services: Services, view: LetterView, copy: RecipientView) -> date | None:
    """The day on which a copy came to its end; None if it has not, or nobody can say when."""
    if copy.standing in _ARRIVED and copy.posting_confirmed_on is not None:
        dates = copy.assessment
        if not view.is_decision:
            return copy.posting_confirmed_on
        return max(dates.deadline, copy.posting_confirmed_on) if dates and dates.deadline else None
    if copy.standing in _DECIDED and copy.events:
        return services.day_of(max(event.occurred_at for event in copy.events))
    return None
