"""Coming back: one piece, one task. Whoever tells that it came back, the same row is made, in the same transaction.

Status, desk, account and case file know of it by the status event (`tracking.append_about`); what is recognised and
decided about it is `application.returns`'.
"""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, select

from gateway.application.access.authorising import SYSTEM
from gateway.application.addresses.suspending import suspend
from gateway.application.reads.returned import returned_of
from gateway.application.services import Services
from gateway.db.delivery import DeliveryProof
from gateway.db.engine import row_id
from gateway.db.mail import MailPiece, StatusEvent
from gateway.db.returns import ReturnedMail, ReturnNotice
from gateway.domain.receipt.delivery import DeliveryKind, Outcome
from gateway.domain.receipt.returning import (
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
