"""Scan deliveries (*Scanlieferungen*), as the application sees them: proven values, whatever the transport."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from gateway.domain.findings import Finding, Severity
from gateway.errors import GatewayError


@dataclass(frozen=True)
class ScannedDocument:
    """One document as the manifest describes it. `scanned_at` is timezone-aware; `file` is a name in the folder."""

    document_id: str
    file: str
    sha256: str
    pages: int
    document_class: str
    received_on: date
    scanned_at: datetime
    file_number: str | None
    box: str
    quality: str


@dataclass(frozen=True)
class Manifest:
    """A manifest that keeps its schema and whose counts are right. `sha256` is the hash of its bytes."""

    source: str
    delivery: str
    sequence: int
    created_at: datetime
    documents: tuple[ScannedDocument, ...]
    sha256: str


@dataclass(frozen=True)
class RejectedDocument:
    """A document of the manifest that cannot be taken, and why."""

    document: ScannedDocument
    finding: Finding


@dataclass(frozen=True)
class Delivery:
    """A delivery whose manifest is right. `documents` are proven; `rejected` and `strays` go into quarantine.

    `strays` are files beside the manifest that it does not name; they are never imported.
    """

    folder: Path
    manifest: Manifest
    documents: tuple[ScannedDocument, ...]
    rejected: tuple[RejectedDocument, ...]
    strays: tuple[Path, ...]

    @property
    def findings(self) -> list[Finding]:
        """All there is to say about the delivery."""
        found = [rejected.finding for rejected in self.rejected]
        if self.strays:
            message = (
                f"In der Lieferung liegen {len(self.strays)} Dateien, die das Manifest nicht nennt. Sie wurden "
                "nicht übernommen; bitte mit der Scanstelle klären."
            )
            found.append(Finding("scan-not-in-manifest", Severity.WARNING, message))
        return found


class ScanReader(Protocol):
    """Reads what the scan provider delivers, and answers it."""

    def read(self, folder: Path) -> Delivery:
        """Read and prove. Raises `InputError` delivery-not-ready, `DocumentInvalid` for a refused delivery."""

    def content(self, delivery: Delivery, document: ScannedDocument) -> bytes:
        """The bytes of a proven document, proven again. Raises `IntegrityError`."""

    def text(self, pdf: bytes) -> str:
        """The text layer of the first pages; empty for a raster picture."""

    def codes(self, pdf: bytes) -> Sequence[tuple[int, str]]:
        """Page from 1 and text of all DataMatrix codes on all pages, rotated and raster ones too."""

    def acknowledge(self, outbox: Path, delivery: Delivery, at: datetime) -> Path:
        """Write the receipt of a delivery that was taken in; repeating it changes nothing."""

    def refuse(self, outbox: Path, folder: Path, source: str, error: GatewayError, at: datetime) -> Path:
        """Write the receipt of a delivery that was refused as a whole."""
