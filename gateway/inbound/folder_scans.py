"""Scan deliveries in folders, as the application uses them: the port `ScanReader` put together from its parts."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.domain.inbound.scan_sources import DeliveryLimits, ScanSource
from gateway.domain.inbound.transfer_note import TransferNote
from gateway.durable import make_folder, sync_folder
from gateway.errors import DocumentInvalid, GatewayError
from gateway.inbound.delivery import (
    CountPages,
    count_pages,
    manifest_name,
    read_content,
    read_delivery,
    read_sequence,
    read_transfer_note,
)
from gateway.inbound.incoming import IncomingFile
from gateway.inbound.paper_reports import load_report
from gateway.inbound.receipt import receipt_for, refusal_for
from gateway.inbound.spool import unread
from gateway.inbound.text import MAX_PAGES, document_text
from gateway.inbound.transfer_note import attached_note, read_note
from gateway.inbound.zips import check, unpack
from gateway.ports.scans import AnswerFile, Delivery, ReadNote, ScannedDocument

ReadCodes = Callable[[bytes], Sequence[tuple[int, str]]]
"""Finds all codes of a PDF: page (from 1) and text."""
ReadText = Callable[[bytes, int], str]
"""The text layer of so many pages of a PDF."""


class FolderScans:
    """Reads delivery folders. How a PDF is looked into is given in: the renderer has the eyes for that."""

    def __init__(
        self,
        read_codes: ReadCodes,
        read_text: ReadText = document_text,
        count: CountPages = count_pages,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._read_codes = read_codes
        self._read_text = read_text
        self._count = count
        self._close = close

    def read(self, folder: Path, source: ScanSource) -> Delivery:
        """Read and prove, unpacked before if it came as a ZIP.

        Raises `InputError` delivery-not-ready, `DocumentInvalid` for a refused delivery.
        """
        unpack(folder, source.limits)
        return replace(read_delivery(folder, source, self._count), unread=unread(folder))

    def content(self, delivery: Delivery, document: ScannedDocument) -> bytes:
        """The bytes of a proven document, proven again. Raises `IntegrityError`."""
        return read_content(delivery, document)

    def note(self, delivery: Delivery, document: ScannedDocument, pdf: bytes) -> ReadNote | None:
        """The transfer note of a proven document, where it was agreed to be."""
        return read_transfer_note(delivery.folder, document, pdf, delivery.source)

    def said(self, pdf: bytes, beside: bytes | None) -> TransferNote | None:
        """What a transfer note says that is attached, or stood `beside`."""
        content = attached_note(pdf) if beside is None else beside
        return read_note(content) if content is not None else None

    def text(self, pdf: bytes, pages: int | None = None) -> str:
        """The text layer of the first pages; empty for a raster picture. Raises `DocumentInvalid`."""
        return self._read_text(pdf, MAX_PAGES if pages is None else pages)

    def codes(self, pdf: bytes) -> Sequence[tuple[int, str]]:
        """Page from 1 and text of all codes on all pages."""
        return self._read_codes(pdf)

    def report(self, name: str, content: bytes, source: ScanSource) -> Mapping[str, Any]:
        """What the site reports about paper, in the shape of its JSON schema. Raises `ValueError`."""
        return load_report(name, content, source)

    def receipt(self, delivery: Delivery, at: datetime, remarks: Sequence[str]) -> AnswerFile:
        """The receipt of a delivery that was taken in."""
        receipt = receipt_for(delivery, at, remarks)
        return AnswerFile(f"{receipt.delivery}.receipt.json", receipt.as_bytes())

    def refusal(self, folder: Path, source: str, error: GatewayError, at: datetime) -> AnswerFile:
        """The receipt of a delivery that was refused as a whole; its folder names it, a hash tells the tries apart."""
        name = _safe(folder.name)
        told = refusal_for(source, name, error, at, unread(folder))
        return AnswerFile(f"{name}.refused-{self.fingerprint(folder)[:8]}.receipt.json", told.as_bytes())

    def fingerprint(self, folder: Path) -> str:
        """Hash of its name, and of the names, sizes and bytes of its files.

        All bytes, for a refused delivery need not have a manifest that names them: two ZIPs of one size are two tries.
        """
        digest = hashlib.sha256(os.fsencode(folder.name))
        for path in sorted(folder.iterdir()):
            digest.update(os.fsencode(f"\n{path.name} {path.lstat().st_size} "))
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    def sequence(self, folder: Path, source: ScanSource) -> int | None:
        """The number that a delivery gives itself, as far as its manifest can be read."""
        try:
            return read_sequence(folder / manifest_name(source), source)
        except DocumentInvalid:
            return None

    def incoming(self, into: Path) -> IncomingFile:
        """A file for a packed delivery that comes by HTTP, below `into`."""
        return IncomingFile(into)

    def check_packed(self, file: Path, limits: DeliveryLimits) -> None:
        """Hold the directory of a ZIP against the limits. Raises `DocumentInvalid`, see `zips.unpack`."""
        check(file, limits)

    def keep(self, folder: Path, into: Path, names: Sequence[str] | None = None) -> None:
        """Copy plain files into the new folder `into`, which appears when it is whole; one that is there stays."""
        if into.exists():
            return
        make_folder(into.parents[1], into.parent.name)
        part = into.with_name(f"{into.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.is_symlink() and (names is None or path.name in names):
                _copy(path, part / path.name)
        sync_folder(part)
        part.rename(into)
        sync_folder(into.parent)

    def close(self) -> None:
        """What reads for it ends."""
        self._close()


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as given, target.open("xb") as file:
        shutil.copyfileobj(given, file, 1 << 20)
        file.flush()
        os.fsync(file.fileno())


def _safe(folder_name: str) -> str:
    """The folder's name where it is a safe file name; else the same made safe, with a hash against mix-ups."""
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", folder_name).strip("-.")[:50] or "x"
    if safe == folder_name:
        return safe
    return f"{safe}-{hashlib.sha256(os.fsencode(folder_name)).hexdigest()[:8]}"
