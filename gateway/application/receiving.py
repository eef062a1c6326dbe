"""Receiving: a scan delivery is proven, its documents find their cases, and the scan provider gets its receipt.

Certain matches are filed; everything else waits on the desk for a person. A document in the wrong citizen's file
is worse than one that waits.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import Session, select

from gateway.application.authorising import actor, audit
from gateway.application.matching import add_matched, find_match
from gateway.application.rendering import remember_document
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.domain.inbound import Match
from gateway.domain.permission import Action
from gateway.errors import Conflict, DocumentInvalid
from gateway.ports.scans import Delivery, RejectedDocument, ScannedDocument


@dataclass(frozen=True)
class InboundReport:
    """What became of a delivery."""

    delivery: str
    already_known: bool
    receipt: Path
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Taken:
    document: ScannedDocument
    sha256: str
    size_bytes: int
    match: Match[str]


def import_delivery(
    services: Services, folder: Path, *, source: str, login: str | None = None
) -> InboundReport:
    """Take in a delivery folder, whole or not at all; taking it in again changes nothing.

    Raises `InputError` (delivery-not-ready), `DocumentInvalid` (a refused delivery, its receipt is written),
    `Conflict` (delivery-differs: the same delivery came before with another manifest).
    """
    if login is not None:
        with services.db.reading() as session:
            actor(session, login).require(Action.RECEIVE_SCANS)
    try:
        delivery = services.scans.read(folder)
    except DocumentInvalid as error:
        services.scans.refuse(services.receipts_dir, folder, source, error, services.clock.now())
        raise
    known = _known(services, delivery)
    if not known:
        taken = [_take(services, delivery, document) for document in delivery.documents]
        _write(services, delivery, taken, login or "operator")
    return _acknowledge(services, delivery, already_known=known)


def _known(services: Services, delivery: Delivery) -> bool:
    manifest = delivery.manifest
    with services.db.reading() as session:
        known = session.exec(
            select(ScanDelivery).where(
                ScanDelivery.source == manifest.source, ScanDelivery.delivery == manifest.delivery
            )
        ).one_or_none()
    if known is not None and known.manifest_sha256 != manifest.sha256:
        raise Conflict(
            "delivery-differs",
            f"Die Scanlieferung {manifest.delivery} wurde schon mit anderem Inhalt übernommen. "
            "Es wurde nichts geändert; bitte mit der Scanstelle klären.",
        )
    return known is not None


def _take(services: Services, delivery: Delivery, document: ScannedDocument) -> _Taken:
    content = services.scans.content(delivery, document)
    found = find_match(services, content, document)
    return _Taken(document, services.blobs.put(content), len(content), found)


def _write(services: Services, delivery: Delivery, taken: Sequence[_Taken], who: str) -> None:
    manifest = delivery.manifest
    with services.db.transaction() as session:
        row = ScanDelivery(
            source=manifest.source,
            delivery=manifest.delivery,
            sequence=manifest.sequence,
            manifest_sha256=manifest.sha256,
            documents=len(manifest.documents),
            pages=sum(document.pages for document in manifest.documents),
            received_at=services.clock.now(),
        )
        session.add(row)
        session.flush()
        for one in taken:
            _remember_scan(session, services, one)
            scanned = _scanned(row_id(row), manifest.source, one.document)
            add_matched(session, {**scanned, "sha256": one.sha256}, one.match)
        for rejected in delivery.rejected:
            scanned = _scanned(row_id(row), manifest.source, rejected.document)
            session.add(_quarantined(scanned, rejected))
        audit(session, services, who, "delivery-received", f"{manifest.source}/{manifest.delivery}")


def _scanned(delivery_id: int, source: str, document: ScannedDocument) -> dict[str, object]:
    """The columns of an inbound document that the scan itself fills."""
    return {
        "delivery_id": delivery_id,
        "source": source,
        "document_id": document.document_id,
        "pages": document.pages,
        "document_class": document.document_class,
        "received_on": document.received_on,
        "scanned_at": document.scanned_at,
        "box": document.box,
    }


def _quarantined(scanned: dict[str, object], rejected: RejectedDocument) -> InboundDocument:
    why = {"finding_code": rejected.finding.code, "match_reason": rejected.finding.message}
    return InboundDocument.model_validate({**scanned, "state": InboundState.QUARANTINE, **why})


def _remember_scan(session: Session, services: Services, taken: _Taken) -> None:
    remember_document(
        session,
        services,
        taken.sha256,
        pages=taken.document.pages,
        size_bytes=taken.size_bytes,
        versions={"kind": "scan"},
    )


def _acknowledge(services: Services, delivery: Delivery, *, already_known: bool) -> InboundReport:
    receipt = services.scans.acknowledge(services.receipts_dir, delivery, services.clock.now())
    with services.db.transaction() as session:
        row = session.exec(
            select(ScanDelivery).where(
                ScanDelivery.source == delivery.manifest.source,
                ScanDelivery.delivery == delivery.manifest.delivery,
            )
        ).one()
        row.receipt_written_at = row.receipt_written_at or services.clock.now()
        states = session.exec(select(InboundDocument.state).where(InboundDocument.delivery_id == row.id)).all()
    counts = Counter(InboundState(state).value for state in states)
    return InboundReport(delivery.manifest.delivery, already_known, receipt, dict(counts))
