"""What came with a scan beside its PDF, kept and filed with it: transfer note, batch, quality, the scan replaced.

What the scan site typed of returned mail and certificates is kept, too, as proposals for a person.
"""

import hashlib

from sqlmodel import Session

from gateway.db.arrivals import ScanNote
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
