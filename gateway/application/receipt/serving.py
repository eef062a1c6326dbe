"""Serving (*Zustellung*): what the certificate, the signed Rückschein, or the carrier's record says of a piece.

The proof itself, its correction and all that follows from it are `delivering`; this is its way in for pieces that a
provider posted.
"""

from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.application.reads.finding import piece_of
from gateway.application.reads.submissions import live_submission
from gateway.application.receipt.delivering import Receipt, Scan, prove
from gateway.application.services import Services
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.domain.permission import Action
from gateway.domain.receipt.delivery import CARRIERS_RECORDS, DeliveryKind, Outcome, awaited_proof
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict, InputError


def record(
    services: Services,
    login: str,
    reference: str,
    number: int,
    outcome: str,
    effective_on: date | None,
    *,
    occurred_at: datetime | None = None,
    place: str = "",
    received_by: str = "",
    certificate: str = "",
    scan: Scan | None = None,
) -> date | None:
    """Record what came back of one recipient's piece; returns the day on which it was served, None if it was not.

    `certificate` is the number on the certificate or slip. Raises `Conflict` ('delivery-no-proof-awaited',
    'delivery-already-proven'), `InputError` as `domain.receipt.delivery.judge` and ('delivery-record-missing',
    'delivery-status-only'), `NotFound`, `NotPermitted`.
    """
    with services.db.transaction() as session:
        who, piece_id = piece_of(session, login, reference, number, Action.PROVE_DELIVERY)
        kind = awaited_of(session, piece_id)
        if kind is None:
            raise Conflict(
                "delivery-no-proof-awaited",
                "Von dieser Sendung gibt es keine Zustellungsurkunde, keinen Rückschein und keinen Auslieferungsbeleg. "
                "Es wurde nichts vermerkt.",
            )
        if kind in CARRIERS_RECORDS:
            _require_no_status(outcome)
        receipt = Receipt(
            kind,
            outcome,
            effective_on,
            occurred_at=occurred_at,
            place=place,
            received_by=received_by,
            scan=scan,
            data={"certificate": certificate.strip()} if certificate.strip() else {},
        )
        return prove(session, services, who.login, piece_id, receipt).effective_on


def _require_no_status(outcome: str) -> None:
    if outcome == Outcome.TOLD:
        raise InputError(
            "delivery-status-only",
            "Ein Sendungsstatus wird dort bestätigt, wo ihn der Dienstleister meldete, unter „Zustellungsurkunden“.",
        )


def awaited(services: Services, reference: str) -> dict[int, DeliveryKind]:
    """Of which recipients' pieces receipt may still be proven, and by what. For pages that asked for permission."""
    with services.db.reading() as session:
        query = select(Recipient.number, Recipient.mail_piece_id).join(
            Letter, col(Letter.id) == Recipient.letter_id
        )
        rows = session.exec(query.where(Letter.reference == reference)).all()
        found = {
            number: awaited_of(session, piece_id)
            for number, piece_id in rows
            if piece_id is not None and session.get_one(MailPiece, piece_id).served is None
        }
    return {number: kind for number, kind in found.items() if kind is not None}


def awaited_of(session: Session, piece_id: int) -> DeliveryKind | None:
    """Of what kind the proof is that a piece can be proven with; None if it was not handed over, or there is none."""
    submission = live_submission(session, piece_id)
    if submission is None or submission.state is not SubmissionState.RELEASED:
        return None
    return awaited_proof(session.get_one(MailPiece, piece_id).service)
