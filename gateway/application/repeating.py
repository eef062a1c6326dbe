"""Repeating: documents that came before, under their id or with the same bytes, are not taken a second time."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.db.files import NOT_TAKEN, InboundDocument
from gateway.domain.findings import Finding, Severity
from gateway.ports.scans import Delivery, ScannedDocument

_AT_ONCE = 500
_SAME_ID = "wurde unter dieser Nummer schon geliefert"
_SAME_BYTES = "ist Byte für Byte ein schon geliefertes Dokument"


def repeats(services: Services, delivery: Delivery) -> dict[str, Finding]:
    """What of a delivery was taken before: document id → scan-id-repeated or scan-content-repeated.

    What was rejected or lies in quarantine was not taken: it may come again.
    """
    source = delivery.manifest.source
    with services.db.reading() as session:
        ids = _taken(session, source, "document_id", [one.document_id for one in delivery.documents])
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


def _finding(code: str, document: ScannedDocument, what: str) -> Finding:
    return Finding(
        code,
        Severity.ERROR,
        f"Das gescannte Dokument {document.document_id} {what}. Es wurde nicht noch einmal übernommen; ein Rescan"
        " braucht eine neue Nummer und nennt die alte (replaces).",
    )
