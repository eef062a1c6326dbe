"""Reading certificates of service: what waits for a person, its picture, and what the person says that it says.

Where something else is proven already, that is corrected with a reason, or the certificate is put aside with one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor, audit, note_read
from gateway.application.reads.finding import piece_of, require_for_piece
from gateway.application.reads.opened import Opened
from gateway.application.receipt.delivering import Receipt, Scan, correct_in, prove
from gateway.application.returns.returning import assign_to_piece
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import InboundDocument
from gateway.db.letters import Document, Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.db.people import Office
from gateway.db.returns import CertificateNotice, InboundKeyed
from gateway.domain.permission import Action
from gateway.domain.receipt.delivery import DeliveryKind
from gateway.errors import InputError, NotFound


@dataclass(frozen=True)
class CertificateView:
    """A certificate that waits for a person. `letters`: reference and recipient's number of what it is about.

    `outcome` to `served_by` are what the print house reports, or what the scan site typed: proposals.
    """

    id: int
    provider: str | None
    inbound_id: int | None
    piece: str | None
    letters: Sequence[tuple[str, int]]
    outcome: str | None
    effective_on: date | None
    document_sha256: str | None
    found: str
    noticed_at: datetime
    place: str | None = None
    served_by: str | None = None


def certificates_waiting(services: Services, login: str) -> list[CertificateView]:
    """What waits for the user, oldest first; what matches no piece is for those who look after arrivals."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.PROVE_DELIVERY)
        query = select(CertificateNotice).where(
            col(CertificateNotice.proof_id).is_(None), col(CertificateNotice.settled_at).is_(None)
        )
        rows = session.exec(query.order_by(col(CertificateNotice.id))).all()
        return [_view(session, row) for row in rows if may_settle(session, who, row)]


def open_certificate(services: Services, login: str, notice_id: int) -> Opened:
    """The picture of a certificate; the look is noted. Raises `NotFound` ('delivery-scan-missing'), `NotPermitted`."""
    with services.db.reading() as session:
        who, row = actor(session, login), session.get(CertificateNotice, notice_id)
        if row is None or row.document_sha256 is None:
            raise NotFound("delivery-scan-missing", "Zu dieser Urkunde gibt es kein Bild.")
        if not may_settle(session, who, row):
            who.require(Action.RECEIVE_SCANS)
        sha256 = row.document_sha256
    note_read(services, login, "delivery-scan-read", f"certificate-{notice_id}", sha256=sha256)
    return Opened(services.blobs.get(sha256), f"zustellungsurkunde-{notice_id}.pdf")


def read_certificate(
    services: Services,
    login: str,
    notice_id: int,
    *,
    outcome: str,
    effective_on: date | None,
    place: str = "",
    served_by: str = "",
    reason: str = "",
    reference: str = "",
    number: int = 1,
) -> None:
    """A person says what a certificate says; where something else is proven already, that is corrected with a reason.

    `reference` and `number` name the copy where the certificate matched none. Raises what `delivering.prove` raises,
    `InputError` ('reason-missing', 'letter-missing'), `NotFound`, `NotPermitted`.
    """
    with services.db.transaction() as session:
        row = _open(session, notice_id)
        who = actor(session, login)
        if row.piece_id is None:
            if not reference.strip():
                raise InputError("letter-missing", "Bitte das Schreiben nennen, zu dem die Urkunde gehört.")
            who, piece_id = piece_of(session, login, reference, number, Action.PROVE_DELIVERY)
        else:
            piece_id = row.piece_id
            require_for_piece(session, who, Action.PROVE_DELIVERY, piece_id)
        receipt = Receipt(
            DeliveryKind.CERTIFICATE,
            outcome,
            effective_on,
            place=place.strip(),
            handed_by=served_by.strip(),
            scan=_scan_of(session, row.document_sha256),
            data={"certificate": row.number} if row.number else {},
        )
        if session.get_one(MailPiece, piece_id).served is None:
            proof = prove(session, services, who.login, piece_id, receipt)
        elif reason.strip():
            proof = correct_in(session, services, who.login, piece_id, receipt, reason)
        else:
            raise InputError(
                "reason-missing", "Es ist schon etwas nachgewiesen. Bitte den Grund der Berichtigung angeben."
            )
        proof_id = row_id(proof)
        if (inbound_id := session.get_one(CertificateNotice, notice_id).inbound_id) is not None:
            document = session.get_one(InboundDocument, inbound_id)
            assign_to_piece(session, services, document, piece_id, who.login)
        compare_and_set(
            session,
            CertificateNotice,
            notice_id,
            expect={"proof_id": None, "settled_at": None},
            proof_id=proof_id,
            piece_id=piece_id,
        )


def put_certificate_aside(services: Services, login: str, notice_id: int, reason: str) -> None:
    """A person says that nothing follows from a certificate; kept, with the reason."""
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        row, who = _open(session, notice_id), actor(session, login)
        if not may_settle(session, who, row):
            who.require(Action.RECEIVE_SCANS)
        compare_and_set(
            session,
            CertificateNotice,
            notice_id,
            expect={"proof_id": None, "settled_at": None},
            settled_at=services.clock.now(),
            settled_by=who.login,
            settled_reason=reason.strip(),
        )
        audit(
            *(session, services, who.login, "certificate-put-aside", f"certificate-{notice_id}"),
            reason=reason.strip(),
        )


def _open(session: Session, notice_id: int) -> CertificateNotice:
    row = session.get(CertificateNotice, notice_id)
    if row is None or row.proof_id is not None or row.settled_at is not None:
        raise NotFound("certificate-gone", "Diese Urkunde wartet nicht mehr. Bitte die Liste neu laden.")
    return row


def may_settle(session: Session, who: Actor, row: CertificateNotice) -> bool:
    """Whether a user may say what a certificate says: who proves receipt in every office that it is about."""
    if row.piece_id is None:
        return who.may(Action.RECEIVE_SCANS) and who.may(Action.PROVE_DELIVERY)
    query = (
        select(Office.key)
        .join(Letter, col(Letter.office_id) == Office.id)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
    )
    offices = session.exec(query.where(Recipient.mail_piece_id == row.piece_id).distinct()).all()
    return all(who.may(Action.PROVE_DELIVERY, office) for office in offices)


def _scan_of(session: Session, sha256: str | None) -> Scan | None:
    document = session.get(Document, sha256) if sha256 else None
    return Scan(document.sha256, document.pages, document.size_bytes) if document else None


def _view(session: Session, row: CertificateNotice) -> CertificateView:
    piece = session.get(MailPiece, row.piece_id) if row.piece_id else None
    keyed = session.get(InboundKeyed, row.inbound_id) if row.inbound_id else None
    query = select(Letter.reference, Recipient.number).join(Recipient, col(Recipient.letter_id) == Letter.id)
    letters = session.exec(query.where(Recipient.mail_piece_id == row.piece_id)).all() if piece else []
    return CertificateView(
        id=row_id(row),
        provider=row.provider,
        inbound_id=row.inbound_id,
        piece=piece.reference if piece else None,
        letters=[(reference, number) for reference, number in letters],
        outcome=row.outcome,
        effective_on=row.effective_on,
        document_sha256=row.document_sha256,
        found=row.found,
        noticed_at=row.noticed_at,
        place=keyed.place if keyed else None,
        served_by=keyed.served_by if keyed else None,
    )
