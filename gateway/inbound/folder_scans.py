"""Scan deliveries in folders, as the application uses them: the port `ScanReader` put together from its parts."""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from gateway.errors import GatewayError
from gateway.inbound.delivery import read_content, read_delivery
from gateway.inbound.receipt import receipt_for, refusal_for, write_receipt
from gateway.inbound.text import document_text
from gateway.ports.scans import Delivery, ScannedDocument

ReadCodes = Callable[[bytes], Sequence[tuple[int, str]]]
"""Finds all codes of a PDF: page (from 1) and text."""


class FolderScans:
    """Reads delivery folders. How codes are seen is given in: the renderer has the eyes for that."""

    def __init__(self, read_codes: ReadCodes) -> None:
        self._read_codes = read_codes

    def read(self, folder: Path) -> Delivery:
        """Read and prove. Raises `InputError` delivery-not-ready, `DocumentInvalid` for a refused delivery."""
        return read_delivery(folder)

    def content(self, delivery: Delivery, document: ScannedDocument) -> bytes:
        """The bytes of a proven document, proven again. Raises `IntegrityError`."""
        return read_content(delivery, document)

    def text(self, pdf: bytes) -> str:
        """The text layer of the first pages; empty for a raster picture. Raises `DocumentInvalid`."""
        return document_text(pdf)

    def codes(self, pdf: bytes) -> Sequence[tuple[int, str]]:
        """Page from 1 and text of all codes on all pages."""
        return self._read_codes(pdf)

    def acknowledge(self, outbox: Path, delivery: Delivery, at: datetime) -> Path:
        """Write the receipt of a delivery that was taken in; repeating it changes nothing."""
        return write_receipt(outbox, receipt_for(delivery, at))

    def refuse(self, outbox: Path, folder: Path, source: str, error: GatewayError, at: datetime) -> Path:
        """Write the receipt of a delivery that was refused as a whole; its folder names it."""
        return write_receipt(outbox, refusal_for(source, _receipt_name(folder.name), error, at))


def _receipt_name(folder_name: str) -> str:
    """The folder's name where it is a safe file name; else the same made safe, with a hash against mix-ups."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", folder_name).strip("-.")[:50] or "x"
    if safe == folder_name:
        return safe
    return f"{safe}-{hashlib.sha256(folder_name.encode()).hexdigest()[:8]}"
