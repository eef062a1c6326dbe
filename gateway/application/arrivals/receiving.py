"""Receiving: a scan delivery is proven, its documents find their cases, and the scan provider gets its receipt.

Certain matches are filed; everything else waits on the desk for a person. A document in the wrong citizen's file
is worse than one that waits. A delivery that is wrong as a whole goes into quarantine with all its bytes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import actor, audit
from gateway.application.arrivals.answering_scans import put_answer, send_answers
from gateway.application.arrivals.quarantining import quarantine
from gateway.application.arrivals.repeating import repeats
from gateway.application.arrivals.rescanning import link_rejected, replace_earlier
from gateway.application.arrivals.scan_facts import add_keyed, add_note
from gateway.application.inbound.matching import add_matched, find_match
from gateway.application.letters.rendering import remember_document
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.domain.findings import Finding, Severity
from gateway.domain.inbound.inbound import Match
from gateway.domain.inbound.receipt_days import cannot_be, remarks_on
from gateway.domain.permission import Action
from gateway.errors import Conflict, DocumentInvalid
from gateway.ports.scans import (
    AnswerFile,
    Delivery,
    KeyedIn,
    ReadNote,
    RejectedDocument,
    ScannedDocument,
)

LATE = timedelta(hours=24)
"""A delivery that is older when it comes was late (TR-03138, agreement with the scan provider)."""


@dataclass(frozen=True)
class InboundReport:
    """What became of a delivery. `receipt` is where the provider finds it."""

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
    note: ReadNote | None


def import_delivery(
    services: Services, folder: Path, *, source: str, login: str | None = None
) -> InboundReport:
    """Take in a delivery folder, whole or not at all; taking it in again changes nothing.

    Raises `InputError` (delivery-not-ready), `DocumentInvalid` (refused as a whole: it is in quarantine, its receipt is
    written), `Conflict` (delivery-differs: the same delivery came before with another manifest; delivery-busy).
    """
    if login is not None:
        with services.db.reading() as session:
            actor(session, login).require(Action.RECEIVE_SCANS)
    with services.locks.try_lock(f"scans-{source}") as held:
        if not held:
            text = (
                "Gerade wird eine Scanlieferung dieser Quelle eingelesen. Bitte in einigen Minuten noch einmal."
            )
            raise Conflict("delivery-busy", text)
        return _import(services, folder, source, login or "operator")


def _import(services: Services, folder: Path, source: str, who: str) -> InboundReport:
    try:
        delivery = services.scans.read(folder, services.scan_source(source))
    except DocumentInvalid as error:
        quarantine(services, folder, source, error, who)
        send_answers(services, source=source)
        raise
    try:
        known = _known(services, delivery)
    except Conflict as error:
        quarantine(services, folder, source, error, who)
        send_answers(services, source=source)
        raise
    if not known:
        not_taken = {**_misdated(services, delivery), **repeats(services, delivery)}
        delivery, taken = _take_all(services, delivery.without(not_taken))
        _keep_rejected(services, delivery)
        _write(services, delivery, taken, who)
    return _acknowledge(services, delivery, who, already_known=known)


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


def _misdated(services: Services, delivery: Delivery) -> dict[str, Finding]:
    """Document id → scan-day-wrong."""
    return {
        document.document_id: Finding(
            "scan-day-wrong",
            Severity.ERROR,
            f"Das gescannte Dokument {document.document_id} nennt einen Eingangstag nach dem Tag, an dem es gescannt"
            " wurde. Es wurde nicht übernommen, denn vom Eingangstag hängen Fristen ab; bitte mit dem richtigen Tag"
            " noch einmal liefern.",
        )
        for document in delivery.documents
        if cannot_be(document.received_on, services.day_of(document.scanned_at))
    }


def _keep_rejected(services: Services, delivery: Delivery) -> None:
    """The bytes of what is not taken are kept beside, before the rows say that they are."""
    names = [each.document.file for each in delivery.rejected] + [stray.name for stray in delivery.strays]
    if names:
        folder = services.quarantine_dir / delivery.manifest.source / delivery.manifest.delivery
        services.scans.keep(delivery.folder, folder, names)


def _take_all(services: Services, delivery: Delivery) -> tuple[Delivery, list[_Taken]]:
    """Read every document; one that opens and yet cannot be read is rejected, and the rest goes on."""
    taken: list[_Taken] = []
    unreadable: dict[str, Finding] = {}
    for document in delivery.documents:
        try:
            taken.append(_take(services, delivery, document))
        except DocumentInvalid as error:
            text = (
                f"Das gescannte Dokument {document.document_id} öffnet sich, lässt sich aber nicht lesen"
                f" ({error.code}). Es wurde nicht übernommen; bitte bei der Scanstelle neu anfordern (Behälter siehe"
                " Manifest)."
            )
            unreadable[document.document_id] = Finding("scan-unreadable", Severity.ERROR, text)
    return delivery.without(unreadable), taken


def _take(services: Services, delivery: Delivery, document: ScannedDocument) -> _Taken:
    content = services.scans.content(delivery, document)
    found = find_match(services, content, document)
    note = services.scans.note(delivery, document, content)
    return _Taken(document, services.blobs.put(content), len(content), found, note)


def _write(services: Services, delivery: Delivery, taken: Sequence[_Taken], who: str) -> None:
    manifest = delivery.manifest
    with services.db.transaction() as session:
        remarks = _remarks(session, services, delivery)
        row = ScanDelivery(
            source=manifest.source,
            delivery=manifest.delivery,
            sequence=manifest.sequence,
            manifest_sha256=manifest.sha256,
            documents=len(manifest.documents),
            pages=sum(document.pages for document in manifest.documents),
            received_at=services.clock.now(),
            created_at=manifest.created_at,
        )
        session.add(row)
        session.flush()
        for one in taken:
            _remember_scan(session, services, one)
            scanned = _scanned(row_id(row), manifest.source, one.document)
            add_matched(session, {**scanned, "sha256": one.sha256}, one.match)
            if one.note or one.document.replaces or one.document.keyed != KeyedIn():
                remarks += _add_beside(session, services, row_id(row), one)
        row.findings = list(dict.fromkeys(remarks))
        for rejected in delivery.rejected:
            scanned = _scanned(row_id(row), manifest.source, rejected.document)
            session.add(bad := _quarantined(scanned, rejected))
            if rejected.document.replaces:
                session.flush()
                link_rejected(session, bad, rejected.document.replaces)
        _put_receipt(session, services, delivery, row.findings)
        audit(session, services, who, "delivery-received", f"{manifest.source}/{manifest.delivery}")


def _add_beside(session: Session, services: Services, delivery_id: int, taken: _Taken) -> list[str]:
    """What came with a document: its transfer note, what was typed of it, and the earlier scan that it replaces."""
    document = taken.document
    new = session.exec(
        select(InboundDocument).where(
            InboundDocument.delivery_id == delivery_id, InboundDocument.document_id == document.document_id
        )
    ).one()
    if taken.note:
        add_note(session, row_id(new), taken.note)
    add_keyed(session, row_id(new), document.keyed)
    if document.replaces and not replace_earlier(session, services, new, document.replaces):
        return ["rescan-of-unknown"]
    return []


def _remarks(session: Session, services: Services, delivery: Delivery) -> list[str]:
    """What is odd about a delivery that is taken nevertheless."""
    manifest = delivery.manifest
    same_number = select(ScanDelivery.id).where(
        ScanDelivery.source == manifest.source, ScanDelivery.sequence == manifest.sequence
    )
    found = {
        "delivery-late": services.clock.now() - manifest.created_at > LATE,
        "delivery-sequence-repeated": session.exec(same_number).first() is not None,
    }
    not_read = [delivery.unread.finding.code] if delivery.unread else []
    days = [(each.received_on, services.day_of(each.scanned_at)) for each in manifest.documents]
    said = [code for code, applies in found.items() if applies]
    return [*said, *remarks_on(days, services.today()), *not_read]


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
        "batch": document.batch,
        "sender": document.sender,
        "quality": document.quality,
        "replaces_named": document.replaces,
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


def _put_receipt(
    session: Session, services: Services, delivery: Delivery, remarks: Sequence[str]
) -> AnswerFile:
    file = services.scans.receipt(delivery, services.clock.now(), remarks)
    put_answer(session, services, delivery.manifest.source, "receipt", file)
    return file


def _acknowledge(services: Services, delivery: Delivery, who: str, *, already_known: bool) -> InboundReport:
    manifest = delivery.manifest
    with services.db.transaction() as session:
        row = session.exec(
            select(ScanDelivery).where(
                ScanDelivery.source == manifest.source, ScanDelivery.delivery == manifest.delivery
            )
        ).one()
        if already_known:
            audit(session, services, who, "delivery-repeated", f"{manifest.source}/{manifest.delivery}")
        row.receipt_written_at = row.receipt_written_at or services.clock.now()
        name = _put_receipt(session, services, delivery, row.findings or ()).name
        states = session.exec(
            select(InboundDocument.state, func.count(col(InboundDocument.id)))
            .where(InboundDocument.delivery_id == row.id)
            .group_by(InboundDocument.state)
        ).all()
    send_answers(services, source=manifest.source)
    counts = Counter({InboundState(state).value: count for state, count in states})
    place = Path(services.scan_site(manifest.source).place(name))
    return InboundReport(manifest.delivery, already_known, place, dict(counts))
