"""Certificates of service that come in, on paper or as data: each is recorded once, or waits for a person.

As data, what it says is recorded in the same transaction in which its number is remembered: a replay finds the number.
On paper the boxes are ticked by hand, so a person reads them beside the picture. Nothing that is proven already is
overwritten by what comes in: a contradiction waits for a person, who corrects with a reason or puts it aside.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.application.authorising import SYSTEM, Actor, actor, audit, note_read
from gateway.application.delivering import (
    Receipt,
    Scan,
    correct_in,
    last_proof,
    piece_of,
    prove,
    remember_scan,
    require_for_piece,
    store_scan,
)
from gateway.application.opening import Opened
from gateway.application.returning import assign_to_piece, look
from gateway.application.services import Services
from gateway.application.serving import awaited_of
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import InboundDocument, InboundState
from gateway.db.letters import Document, Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.db.people import Office
from gateway.db.returns import CertificateNotice
from gateway.domain.delivery import DeliveryKind
from gateway.domain.inbound_classes import CERTIFICATE_OF_SERVICE
from gateway.domain.mailpiece import Service
from gateway.domain.permission import Action
from gateway.domain.references import read_reference
from gateway.errors import DocumentInvalid, InputError, NotFound, ProviderError
from gateway.ports.provider import Certificates, ReceivedCertificate

RECORDED, KNOWN, TO_READ = "recorded", "known", "to-read"
HASH_DIFFERS, NO_PIECE, NOT_AWAITED, CONTRADICTS = (
    "hash-differs",
    "piece-unknown",
    "no-proof-awaited",
    "contradicts-proof",
)
_CHUNK = 100


@dataclass
class CertificateReport:
    """What one pass did."""

    recorded: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class CertificateView:
    """A certificate that waits for a person. `letters`: reference and recipient's number of what it is about."""

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


def collect_certificates(services: Services) -> CertificateReport:
    """Record what print houses publish; one that cannot be reached is asked next time."""
    report = CertificateReport()
    for name, provider in services.providers.items():
        if not isinstance(provider, Certificates):
            continue
        known = _known(services, name)
        with suppress(ProviderError):
            for told in provider.certificates():
                if told.number not in known:
                    _count(report, _take(services, name, told))
                    known.add(told.number)
    return report


def certificates_due(services: Services) -> CertificateReport:
    """Look at every scanned certificate that nobody looked at: find its piece, and lay it before a person."""
    report = CertificateReport()
    for inbound_id, sha256 in _scans(services):
        seen = look(services, services.blobs.get(sha256), loose=True)
        with services.db.transaction() as session:
            query = select(MailPiece).where(col(MailPiece.reference).in_(seen.references))
            pieces = session.exec(query).all()
            piece = pieces[0] if len(pieces) == 1 else None
            if piece is not None:
                document = session.get_one(InboundDocument, inbound_id)
                assign_to_piece(session, services, document, row_id(piece), SYSTEM)
            _add(
                session,
                services,
                inbound_id=inbound_id,
                piece_id=row_id(piece) if piece else None,
                document_sha256=sha256,
                found=NO_PIECE if piece is None else TO_READ if piece.service is Service.PZU else NOT_AWAITED,
            )
            report.waiting += 1
    return report


def certificates_waiting(services: Services, login: str) -> list[CertificateView]:
    """What waits for the user, oldest first; what matches no piece is for those who look after arrivals."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.PROVE_DELIVERY)
        query = select(CertificateNotice).where(
            col(CertificateNotice.proof_id).is_(None), col(CertificateNotice.settled_at).is_(None)
        )
        rows = session.exec(query.order_by(col(CertificateNotice.id))).all()
        return [_view(session, row) for row in rows if _may(session, who, row)]


def open_certificate(services: Services, login: str, notice_id: int) -> Opened:
    """The picture of a certificate; the look is noted. Raises `NotFound` ('delivery-scan-missing'), `NotPermitted`."""
    with services.db.reading() as session:
        who, row = actor(session, login), session.get(CertificateNotice, notice_id)
        if row is None or row.document_sha256 is None:
            raise NotFound("delivery-scan-missing", "Zu dieser Urkunde gibt es kein Bild.")
        if not _may(session, who, row):
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
        if not _may(session, who, row):
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


def _known(services: Services, provider: str) -> set[str]:
    with services.db.reading() as session:
        query = select(CertificateNotice.number).where(CertificateNotice.provider == provider)
        return {number for number in session.exec(query).all() if number}


def _take(services: Services, provider: str, told: ReceivedCertificate) -> str:
    """Record it, or write down why not; its number is remembered in the same transaction."""
    scan = None
    if hashlib.sha256(told.image).hexdigest() != told.told_sha256:
        fault: str | None = HASH_DIFFERS
    else:
        scan, fault = _stored(services, told.image)
    with services.db.transaction() as session:
        piece = _piece(session, told.reference)
        found, proof_id = (fault, None) if fault else _record(session, services, told, piece, scan)
        if scan is not None and proof_id is None:
            remember_scan(session, services, scan)
        _add(
            session,
            services,
            provider=provider,
            number=told.number,
            piece_id=row_id(piece) if piece else None,
            outcome=told.outcome,
            effective_on=told.effective_on,
            document_sha256=scan.sha256 if scan else None,
            proof_id=proof_id,
            found=found,
            **({"settled_at": services.clock.now(), "settled_by": SYSTEM} if found == KNOWN else {}),
        )
        return found


def _record(
    session: Session, services: Services, told: ReceivedCertificate, piece: MailPiece | None, scan: Scan | None
) -> tuple[str, int | None]:
    if piece is None:
        return NO_PIECE, None
    if awaited_of(session, row_id(piece)) is not DeliveryKind.CERTIFICATE:
        return NOT_AWAITED, None
    last = last_proof(session, row_id(piece))
    if last is not None and last.served is not None:
        same = (last.kind, last.outcome, last.effective_on) == (
            DeliveryKind.CERTIFICATE,
            told.outcome,
            told.effective_on,
        )
        return (KNOWN if same else CONTRADICTS), None
    receipt = Receipt(
        DeliveryKind.CERTIFICATE,
        told.outcome,
        told.effective_on,
        occurred_at=told.occurred_at,
        place=told.place,
        received_by=told.received_by,
        scan=scan,
        data={"certificate": told.number},
    )
    try:
        return RECORDED, row_id(prove(session, services, SYSTEM, row_id(piece), receipt))
    except InputError as wrong:  # raised before anything is written
        return wrong.code, None


def _stored(services: Services, image: bytes) -> tuple[Scan | None, str | None]:
    try:
        return store_scan(services, image), None
    except DocumentInvalid as error:
        return None, error.code


def _piece(session: Session, reference: str) -> MailPiece | None:
    read = read_reference(reference)
    return session.exec(select(MailPiece).where(MailPiece.reference == read)).one_or_none() if read else None


def _scans(services: Services) -> list[tuple[int, str]]:
    with services.db.reading() as session:
        query = (
            select(InboundDocument.id, InboundDocument.sha256)
            .join(CertificateNotice, col(CertificateNotice.inbound_id) == InboundDocument.id, isouter=True)
            .where(
                InboundDocument.document_class == CERTIFICATE_OF_SERVICE,
                InboundDocument.state != InboundState.QUARANTINE,
                col(CertificateNotice.id).is_(None),
            )
        )
        rows = session.exec(query.order_by(col(InboundDocument.id)).limit(_CHUNK)).all()
        return [(found, sha256) for found, sha256 in rows if found and sha256]


def _add(session: Session, services: Services, **values: object) -> None:
    session.add(CertificateNotice.model_validate({"noticed_at": services.clock.now(), **values}))
    session.flush()


def _open(session: Session, notice_id: int) -> CertificateNotice:
    row = session.get(CertificateNotice, notice_id)
    if row is None or row.proof_id is not None or row.settled_at is not None:
        raise NotFound("certificate-gone", "Diese Urkunde wartet nicht mehr. Bitte die Liste neu laden.")
    return row


def _may(session: Session, who: Actor, row: CertificateNotice) -> bool:
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
    )


def _count(report: CertificateReport, found: str) -> None:
    if found == RECORDED:
        report.recorded += 1
    elif found != KNOWN:
        report.waiting += 1
