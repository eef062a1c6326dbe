"""What came back, what was decided about that, and which letter stands in its place."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, exists, select

from gateway.db.engine import row_id
from gateway.db.letters import Letter
from gateway.db.mail import StatusEvent
from gateway.db.returns import EventRetraction, Reissue, ReturnedMail, ReturnNotice
from gateway.domain.receipt.returning import (
    FICTION_WORDS,
    REASON_WORDS,
    ReturnAction,
    ReturnFiction,
    ReturnReason,
)


@dataclass(frozen=True)
class ReturnState:
    """What is known about one recipient's copy that came back. `replaced_by` are references of new letters."""

    id: int
    reason: ReturnReason
    came_back_on: date
    fiction: ReturnFiction
    fiction_reason: str | None
    action: ReturnAction | None
    replaced_by: tuple[str, ...]


def returned_of(session: Session, piece_id: int | None) -> ReturnedMail | None:
    """The task of a piece, if it came back."""
    if piece_id is None:
        return None
    query = select(ReturnedMail).where(ReturnedMail.piece_id == piece_id, still_told())
    return session.exec(query).one_or_none()


def still_told() -> ColumnElement[bool]:
    """Whether anything tells that a piece came back; the scan may have been another's."""
    return exists().where(col(ReturnNotice.returned_id) == ReturnedMail.id)


def not_retracted() -> ColumnElement[bool]:
    """Whether a status event holds; one that was found to be about another piece is kept, and says nothing."""
    return ~exists().where(col(EventRetraction.event_id) == StatusEvent.id)


def return_state(session: Session, piece_id: int | None, letter_id: int) -> ReturnState | None:
    """The same for a page: what was decided, and which letter replaces which."""
    row = returned_of(session, piece_id)
    if row is None:
        return None
    query = select(Letter.reference).join(Reissue, col(Reissue.new_letter_id) == Letter.id)
    query = query.where(Reissue.returned_id == row.id, Reissue.old_letter_id == letter_id)
    return ReturnState(
        row_id(row),
        row.reason,
        row.came_back_on,
        row.fiction,
        row.fiction_reason,
        row.action,
        tuple(session.exec(query).all()),
    )


def return_decided(session: Session, piece_id: int | None) -> tuple[datetime, str] | None:
    """When a person decided whether it counts as notified, and how, in German words."""
    returned = returned_of(session, piece_id)
    if returned is None or returned.fiction_at is None:
        return None
    return returned.fiction_at, FICTION_WORDS[returned.fiction]


def replacements(session: Session, piece_id: int | None, letter_id: int) -> tuple[tuple[datetime, str], ...]:
    """When which new letters were written in the place of a copy that came back."""
    found = return_state(session, piece_id, letter_id)
    row = returned_of(session, piece_id)
    if found is None or row is None or row.action_at is None:
        return ()
    return tuple((row.action_at, reference) for reference in found.replaced_by)


def words_of_task(returned: ReturnedMail | None) -> str | None:
    """Why it came back, and where that is decided; None if there is no task."""
    if returned is None:
        return None
    words = REASON_WORDS[returned.reason]
    return f"{words[0].upper()}{words[1:]}. Zu entscheiden unter „Rückläufer“."


def replaces(session: Session, letter_id: int) -> str | None:
    """The letter that came back, or whose end nobody told, and that this one replaces."""
    query = select(Letter.reference).join(Reissue, col(Reissue.old_letter_id) == Letter.id)
    return session.exec(query.where(Reissue.new_letter_id == letter_id)).one_or_none()


def written_anew(session: Session, letter_id: int, number: int) -> tuple[str, ...]:
    """Letters in the place of a copy whose end nobody told."""
    query = select(Letter.reference).join(Reissue, col(Reissue.new_letter_id) == Letter.id)
    unended = query.where(
        Reissue.old_letter_id == letter_id, Reissue.number == number, col(Reissue.returned_id).is_(None)
    )
    return tuple(session.exec(unended).all())
