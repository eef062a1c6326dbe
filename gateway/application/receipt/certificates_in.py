"""Certificates of service that come in, on paper or as data: each is recorded once, or waits for a person.

As data, what it says is recorded in the same transaction in which its number is remembered: a replay finds the number.
On paper the boxes are ticked by hand, so a person reads them beside the picture; what the scan site typed is laid
beside it as a proposal. Nothing that is proven already is
overwritten by what comes in: a contradiction waits for a person, who corrects with a reason or puts it aside.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM
from gateway.application.reads.looking import Seen, look, not_looked_at
from gateway.application.reads.proofs import last_proof
from gateway.application.receipt.delivering import Receipt, Scan, prove, remember_scan, store_scan
from gateway.application.receipt.serving import awaited_of
from gateway.application.returns.returning import assign_to_piece
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument
from gateway.db.mail import MailPiece
from gateway.db.returns import CertificateNotice, InboundKeyed
from gateway.domain.inbound.inbound_classes import CERTIFICATE_OF_SERVICE
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.delivery import DeliveryKind
from gateway.domain.references import read_reference
from gateway.errors import DocumentInvalid, InputError, ProviderError
from gateway.ports.provider import Certificates, ReceivedCertificate

RECORDED, KNOWN, TO_READ = "recorded", "known", "to-read"
HASH_DIFFERS, NO_PIECE, NOT_AWAITED, CONTRADICTS = (
    "hash-differs",
    "piece-unknown",
    "no-proof-awaited",
    "contradicts-proof",
)
_CHUNK = 25
"""Scans of one batch: reading their pictures takes half a minute, which a kill may cost."""


@dataclass
class CertificateReport:
    """What one pass did."""

    recorded: int = 0
    waiting: int = 0


def collect_certificates(services: Services) -> CertificateReport:
    """Record what print houses publish; one that cannot be reached is asked next time.

    Nothing is done while another process is at it.
    """
    report = CertificateReport()
    with services.locks.try_lock("collect-certificates") as held:
        if held:
            _collect(services, report)
    return report


def _collect(services: Services, report: CertificateReport) -> None:
    for name, provider in services.providers.items():
        if not isinstance(provider, Certificates):
            continue
        known = _known(services, name)
        with suppress(ProviderError):
            for told in provider.certificates():
                if told.number not in known:
                    _count(report, _take(services, name, told))
                    known.add(told.number)


def certificates_due(services: Services) -> CertificateReport:
    """Look at every scanned certificate that nobody looked at: find its piece, and lay it before a person.

    Some at once, until none is left; what was looked at is written down with the others of its batch.
    """
    report = CertificateReport()
    while waiting := not_looked_at(services, CERTIFICATE_OF_SERVICE, CertificateNotice, _CHUNK):
        seen = {number: look(services, services.blobs.get(sha256), loose=True) for number, sha256 in waiting}
        with services.db.transaction() as session:
            report.waiting += _lay_before(session, services, seen)
    return report


def _lay_before(session: Session, services: Services, seen: Mapping[int, Seen]) -> int:
    """Write down what was seen of scans, by their ids: the reading is two statements, however many they are."""
    references = {each for one in seen.values() for each in one.references}
    known = session.exec(select(MailPiece).where(col(MailPiece.reference).in_(references))).all()
    pieces = {piece.reference: piece for piece in known}
    query = select(InboundDocument, InboundKeyed).join(
        InboundKeyed, col(InboundKeyed.inbound_id) == InboundDocument.id, isouter=True
    )
    scans = session.exec(query.where(col(InboundDocument.id).in_(seen)).order_by(col(InboundDocument.id))).all()
    for document, keyed in scans:
        named = [pieces[each] for each in seen[row_id(document)].references if each in pieces]
        piece = named[0] if len(named) == 1 else None
        session.add(_paper(services, document, keyed, piece))
        if piece is not None:
            assign_to_piece(session, services, document, row_id(piece), SYSTEM)
    return len(scans)


def _paper(
    services: Services, document: InboundDocument, keyed: InboundKeyed | None, piece: MailPiece | None
) -> CertificateNotice:
    return CertificateNotice(
        inbound_id=document.id,
        piece_id=row_id(piece) if piece else None,
        document_sha256=document.sha256,
        outcome=keyed.outcome if keyed else None,
        effective_on=keyed.served_on if keyed else None,
        found=NO_PIECE if piece is None else TO_READ if piece.service is Service.PZU else NOT_AWAITED,
        noticed_at=services.clock.now(),
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


def _add(session: Session, services: Services, **values: object) -> None:
    session.add(CertificateNotice.model_validate({"noticed_at": services.clock.now(), **values}))
    session.flush()


def _count(report: CertificateReport, found: str) -> None:
    if found == RECORDED:
        report.recorded += 1
    elif found != KNOWN:
        report.waiting += 1
