"""Repeating: documents that came before, under their id or with the same bytes, are not taken a second time."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from gateway.application.reads.scans import valid_scan
from gateway.application.services import Services
from gateway.db.files import NOT_TAKEN, InboundDocument
from gateway.domain.findings import Finding, Severity
from gateway.ports.scans import Delivery, ScannedDocument

_AT_ONCE = 500
_SAME_ID = "wurde unter dieser Nummer schon geliefert"
_SAME_BYTES = "ist Byte für Byte ein schon geliefertes Dokument"


def repeats(services: Services, delivery: Delivery) -> dict[str, Finding]:
    """What of a delivery was taken before: document id → scan-id-repeated or scan-content-repeated.

    What was rejected or lies in quarantine was not taken: it may come again, unless a new scan of its paper is here.
    """
    source = delivery.manifest.source
    with services.db.reading() as session:
        wanted = [one.document_id for one in delivery.documents]
        ids = _taken(session, source, "document_id", wanted) | _under_another_number(session, source, wanted)
        hashes = _taken(session, source, "sha256", [one.sha256 for one in delivery.documents])
    found: dict[str, Finding] = {}
    for document in delivery.documents:
        if document.document_id in ids:
            found[document.document_id] = _finding("scan-id-repeated", document, _SAME_ID)
        elif document.sha256 in hashes:
            found[document.document_id] = _finding("scan-content-repeated", document, _SAME_BYTES)
        else:
            hashes.add(document.sha256)
    return found


def _taken(session: Session, source: str, column: str, values: Iterable[str]) -> set[str]:
    wanted, field = list(values), getattr(InboundDocument, column)
    found: set[str] = set()
    for first in range(0, len(wanted), _AT_ONCE):
        query = select(field).where(
            InboundDocument.source == source,
            field.in_(wanted[first : first + _AT_ONCE]),
            col(InboundDocument.state).not_in(NOT_TAKEN),
        )
        found |= set(session.exec(query).all())
    return found


def _under_another_number(session: Session, source: str, ids: Sequence[str]) -> set[str]:
    """Numbers of rejected documents of whose paper a new scan was taken under a number of its own."""
    newer = aliased(InboundDocument)
    named = select(newer.id).where(col(newer.replaces_id) == InboundDocument.id)
    found: list[InboundDocument] = []
    for first in range(0, len(ids), _AT_ONCE):
        query = select(InboundDocument).where(
            InboundDocument.source == source,
            col(InboundDocument.document_id).in_(ids[first : first + _AT_ONCE]),
            col(InboundDocument.state).in_(NOT_TAKEN),
            named.exists(),
        )
        found += session.exec(query).all()
    return {each.document_id for each in found if valid_scan(session, each).state not in NOT_TAKEN}


def _finding(code: str, document: ScannedDocument, what: str) -> Finding:
    return Finding(
        code,
        Severity.ERROR,
        f"Das gescannte Dokument {document.document_id} {what}. Es wurde nicht noch einmal übernommen; ein Rescan"
        " braucht eine neue Nummer und nennt die alte (replaces).",
    )
