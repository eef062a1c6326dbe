"""Spooling: where deliveries are brought to, and what is told of those that were uploaded.

An upload is known from its row: it waits, or has its receipt. The row may be written before or after its delivery was
taken in, whichever is quicker, so both sides write it.
"""

from pathlib import Path

from sqlmodel import Session, select

from gateway.application.services import Services
from gateway.db.arrivals import ScanUpload


def spool_of(services: Services, source: str) -> Path:
    """Where the deliveries of a source are brought to."""
    folder = services.scan_spool / source
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def upload_row(session: Session, services: Services, source: str, name: str) -> tuple[ScanUpload, bool]:
    """The row of an upload, and whether it is new."""
    query = select(ScanUpload).where(ScanUpload.source == source, ScanUpload.name == name)
    if (known := session.exec(query).one_or_none()) is not None:
        return known, False
    row = ScanUpload(source=source, name=name, received_at=services.clock.now())
    session.add(row)
    session.flush()
    return row, True


def settle_upload(services: Services, source: str, name: str, answer: str) -> None:
    """An upload was taken in or refused: `answer` is the name of its receipt. Nothing for what came another way."""
    if not services.scan_source(source).account:
        return
    with services.db.transaction() as session:
        row, _ = upload_row(session, services, source, name)
        row.answer, row.done_at = answer, services.clock.now()
