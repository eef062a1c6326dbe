"""Coming back: one piece, one task. Whoever tells that it came back, the same row is made, in the same transaction.

Status, desk, account and case file know of it by the status event (`tracking.append_about`); what is decided about it
is `returning`'s.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, exists, select

from gateway.application.access.authorising import SYSTEM
from gateway.application.returns.suspending import suspend
from gateway.application.services import Services
from gateway.db.delivery import DeliveryProof
from gateway.db.engine import row_id
from gateway.db.letters import Letter
from gateway.db.mail import MailPiece, StatusEvent
from gateway.db.returns import EventRetraction, Reissue, ReturnedMail, ReturnNotice
from gateway.domain.receipt.delivery import DeliveryKind, Outcome
from gateway.domain.receipt.returning import (
    FICTION_WORDS,
    REASON_WORDS,
    ReturnAction,
    ReturnFiction,
    ReturnReason,
    ReturnSource,
    merged,
    reason_in,
)
from gateway.ports.provider import StatusReport

CONTRADICTS_PROOF = "contradicts-proof"
"""The receipt is proven, and somebody says that it came back: a person looks."""

_OF_OUTCOME = {
    Outcome.MOVED: ReturnReason.MOVED,
    Outcome.UNKNOWN: ReturnReason.UNKNOWN,
    Outcome.DECEASED: ReturnReason.DECEASED,
    Outcome.UNDELIVERABLE: ReturnReason.OTHER,
}


@dataclass(frozen=True)
class Told:
    """What somebody says about a return. `inbound_id`: the scan; `found_by`: how the piece was recognised."""

    source: ReturnSource
    reason: ReturnReason
    on: date
    found_by: str
    inbound_id: int | None = None
    new_address: str | None = None


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


def told_by(services: Services, report: StatusReport | StatusEvent) -> Told:
    """What a provider says about a return."""
    reason = reason_in(" ".join(filter(None, (report.reason, report.provider_status))))
    return Told(ReturnSource.PROVIDER, reason, services.day_of(report.occurred_at), "provider")


def note_return(
    session: Session,
    services: Services,
    piece_id: int,
    told: Told,
    *,
    event: StatusEvent | None = None,
    proof: DeliveryProof | None = None,
) -> ReturnedMail | None:
    """Make the task of a piece that came back, or add to it; None, and in the tray, where its receipt is proven."""
    proven = session.get_one(MailPiece, piece_id).served is True
    row = None if proven else _row(session, services, piece_id, told)
    notice = _notice(session, told) or ReturnNotice(
        source=told.source,
        inbound_id=told.inbound_id,
        reason=told.reason,
        found_by=told.found_by,
        noticed_at=services.clock.now(),
    )
    notice.returned_id = row.id if row else None
    notice.reason, notice.new_address = told.reason, told.new_address or notice.new_address
    notice.found_by = CONTRADICTS_PROOF if proven else told.found_by
    notice.event_id = row_id(event) if event else None
    notice.proof_id = row_id(proof) if proof else None
    session.add(notice)
    session.flush()
    return row


def note_unserved(session: Session, services: Services, proof: DeliveryProof) -> None:
    """A certificate says that it could not be served: the piece comes back with it."""
    reason = _OF_OUTCOME.get(Outcome(proof.outcome)) if proof.outcome in set(Outcome) else None
    if proof.kind is DeliveryKind.CERTIFICATE and proof.served is False and reason is not None:
        on = services.day_of(proof.occurred_at or proof.recorded_at)
        told = Told(ReturnSource.PROOF, reason, on, "proof")
        row = note_return(session, services, proof.piece_id, told, proof=proof)
        if row is not None and row.fiction is ReturnFiction.DISPUTED:
            row.fiction, row.fiction_by, row.fiction_at = ReturnFiction.VOID, SYSTEM, services.clock.now()
            row.fiction_reason = "Nach der Zustellungsurkunde wurde nicht zugestellt."


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


def _row(session: Session, services: Services, piece_id: int, told: Told) -> ReturnedMail:
    row = returned_of(session, piece_id)
    reason = merged(row.reason, [told.reason]) if row else told.reason
    if row is None:
        row = _open(session, services, piece_id, told)
    elif row.reason is reason:
        return row
    row.reason = reason
    if services.returns.of[reason].suspends:
        suspend(session, services, row)
    return row


def _open(session: Session, services: Services, piece_id: int, told: Told) -> ReturnedMail:
    """A new task; or the one of a return that was none, opened again."""
    facts = {"reason": told.reason, "came_back_on": told.on, "noticed_at": services.clock.now()}
    row = session.exec(select(ReturnedMail).where(ReturnedMail.piece_id == piece_id)).one_or_none()
    if row is None:
        row = ReturnedMail.model_validate({"piece_id": piece_id, **facts})
    else:
        decided = ("fiction_reason", "fiction_by", "fiction_at", "action_reason", "action_by", "action_at")
        facts |= dict.fromkeys((*decided, "action")) | {"fiction": ReturnFiction.DISPUTED}
        for name, value in {**facts, "times": row.times + 1}.items():
            setattr(row, name, value)
    session.add(row)
    session.flush()
    return row


def _notice(session: Session, told: Told) -> ReturnNotice | None:
    """What lay in the tray about the same scan."""
    if told.inbound_id is None:
        return None
    query = select(ReturnNotice).where(ReturnNotice.inbound_id == told.inbound_id)
    return session.exec(query).one_or_none()
