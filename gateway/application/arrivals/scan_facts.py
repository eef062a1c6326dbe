"""What came with a scan beside its PDF, kept and filed with it: transfer note, batch, quality, the scan replaced.

What the scan site typed of returned mail and certificates is kept, too, as proposals for a person.
"""

import hashlib

from sqlmodel import Session, select

from gateway.db.arrivals import ScanNote
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument
from gateway.db.returns import InboundKeyed
from gateway.ports.scans import KeyedIn, ReadNote


def add_note(session: Session, inbound_id: int, note: ReadNote) -> None:
    """Keep a transfer note; the bytes of one that lies in the PDF are there already."""
    session.add(
        ScanNote(
            inbound_id=inbound_id,
            attached=note.attached,
            sha256=hashlib.sha256(note.content).hexdigest(),
            content=None if note.attached else note.content,
            said=note.said.as_json(),
            findings=[finding.code for finding in note.findings],
        )
    )


def add_keyed(session: Session, inbound_id: int, keyed: KeyedIn) -> None:
    """Keep what the person at the scanner typed, if anything."""
    if keyed != KeyedIn():
        session.add(InboundKeyed(inbound_id=inbound_id, **vars(keyed)))


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
