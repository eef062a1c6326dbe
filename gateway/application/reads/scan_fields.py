"""What came with a scan, for the case file."""

from sqlmodel import Session, select

from gateway.db.arrivals import ScanNote
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument


def scan_fields(session: Session, document: InboundDocument) -> dict[str, object]:
    """For the case file: names of `gateway.domain.filing.filing_fields`. An XML beside the PDF goes along as it is."""
    earlier = session.get(InboundDocument, document.replaces_id) if document.replaces_id else None
    known: dict[str, object] = {
        "scan_batch": document.batch or "",
        "scan_quality": document.quality or "",
        "replaces": earlier.document_id if earlier else "",
    }
    note = session.exec(select(ScanNote).where(ScanNote.inbound_id == row_id(document))).one_or_none()
    if note is not None:
        known |= {
            "transfer_note_sha256": note.sha256,
            "scanned_by": str(note.said.get("creator") or ""),
            "transfer_note_findings": note.findings,
        }
        if note.content is not None:
            known["transfer_note"] = note.content.decode("utf-8", "backslashreplace")
    return {name: value for name, value in known.items() if value not in ("", [])}
