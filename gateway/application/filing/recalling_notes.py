"""Recalling transfer notes (*Transfervermerke*): a note follows its document, also long after it left by its rule.

A note is filed with its scan, in the entry of the same key, and leaves there with it. When a scan goes to another case
after the note was deleted here, only the old file has it still: it is read before anything is withdrawn, and proven.
"""

import hashlib

from sqlmodel import Session, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.filing.recalling import case_of
from gateway.application.services import Services
from gateway.db.arrivals import ScanNote
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument
from gateway.domain.filing.filing import inbound_filing_key

NOT_KEPT = "note-not-kept"
"""The file did not give the note back as it was filed: its hash is all that is left of it."""


def bring_note_home(services: Services, document: InboundDocument, case_id: int, placing: int) -> None:
    """Have the note of a document here, whose bytes are here, before it leaves the file where it was put.

    Raises `CaseFileError` where the file cannot be asked.
    """
    with services.db.reading() as session:
        note = _emptied(session, row_id(document))
        case = case_of(session, case_id)
    if note is None:
        return
    beside = None
    if not note.attached:
        key = inbound_filing_key(document.source, document.document_id, placing)
        beside = services.casefile.transfer_note(case, key)
        if beside is None or hashlib.sha256(beside).hexdigest() != note.sha256:
            _note(services, row_id(document), None, {})
            return
    said = services.scans.said(services.blobs.get(document.sha256 or ""), beside)
    _note(services, row_id(document), beside, said.as_json() if said else {})


def _note(services: Services, inbound_id: int, content: bytes | None, said: dict[str, object]) -> None:
    with services.db.transaction() as session:
        note = _emptied(session, inbound_id)
        if note is None:
            return
        lost = content is None and not note.attached
        if lost and NOT_KEPT in note.findings:
            return
        note.content, note.said = content, said
        note.emptied_at = note.emptied_at if lost else None
        note.findings = [*note.findings, NOT_KEPT] if lost else note.findings
        action = "transfer-note-not-kept" if lost else "transfer-note-returned"
        audit(session, services, SYSTEM, action, f"inbound-{inbound_id}", sha256=note.sha256)


def _emptied(session: Session, inbound_id: int) -> ScanNote | None:
    """The note of a document, if it left by its rule."""
    note = session.exec(select(ScanNote).where(ScanNote.inbound_id == inbound_id)).one_or_none()
    return note if note is not None and note.emptied_at is not None else None
