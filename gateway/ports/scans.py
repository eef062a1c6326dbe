"""Scan deliveries (*Scanlieferungen*), as the application sees them: proven values, whatever the transport."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from gateway.domain.findings import Finding, Severity
from gateway.domain.inbound.scan_sources import DeliveryLimits, ScanSource
from gateway.domain.inbound.transfer_note import TransferNote
from gateway.errors import DocumentInvalid, GatewayError


@dataclass(frozen=True)
class KeyedIn:
    """What the person at the scanner read off returned mail or a certificate of service, and typed: proposals only.

    `return_reason`, `outcome`: as ticked, or the agreed code. `new_address`: the forwarding note. `served_on`, `place`,
    `served_by`: when and where the certificate says that it was served, and by whom. None where nothing was typed.
    """

    return_reason: str | None = None
    new_address: str | None = None
    outcome: str | None = None
    served_on: date | None = None
    place: str | None = None
    served_by: str | None = None


@dataclass(frozen=True)
class ScannedDocument:
    """One document as the manifest describes it. `scanned_at` is timezone-aware; `file` is a name in the folder.

    `replaces` is the id of an earlier scan of the same paper, `note` the name of the file with the transfer note.
    """

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
    batch: str | None = None
    sender: str | None = None
    replaces: str | None = None
    note: str | None = None
    keyed: KeyedIn = KeyedIn()


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
    """A document of the manifest that cannot be taken, and why; `also` are further codes, if there is more to say."""

    document: ScannedDocument
    finding: Finding
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadNote:
    """The transfer note of a document: its bytes, whether they lie in the PDF, what they say, and what they lack."""

    content: bytes
    attached: bool
    said: TransferNote
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Unread:
    """Folders and links that lie in a delivery: they are never read.

    `place`: where the delivery is kept with them, in the inbox of the site; None: where it lies anyway.
    """

    count: int
    place: str | None = None

    @property
    def finding(self) -> Finding:
        """For both sides."""
        where = f"im Eingangsordner der Scanstelle unter {self.place}" if self.place else "in ihrem Ordner"
        message = (
            f"In der Lieferung liegen {self.count} Ordner oder Verknüpfungen. Sie wurden nicht gelesen; die ganze"
            f" Lieferung liegt {where}. Bitte mit der Scanstelle klären, ob darin etwas ist, das zu liefern war."
        )
        return Finding("delivery-not-only-files", Severity.WARNING, message)


@dataclass(frozen=True)
class Delivery:
    """A delivery whose manifest is right. `documents` are proven; `rejected` and `strays` go into quarantine.

    `strays` are files beside the manifest that it does not name; they are never imported. `unread` are no files.
    """

    folder: Path
    manifest: Manifest
    documents: tuple[ScannedDocument, ...]
    rejected: tuple[RejectedDocument, ...]
    strays: tuple[Path, ...]
    source: ScanSource = field(default_factory=lambda: ScanSource(""))
    """As it was agreed when it was read."""
    unread: Unread | None = None

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
        if self.unread:
            found.append(self.unread.finding)
        return found

    def without(self, findings: Mapping[str, Finding]) -> "Delivery":
        """The same, with more documents rejected: document id → why."""
        bad = [document for document in self.documents if document.document_id in findings]
        good = tuple(document for document in self.documents if document.document_id not in findings)
        rejected = (RejectedDocument(document, findings[document.document_id]) for document in bad)
        return replace(self, documents=good, rejected=(*self.rejected, *rejected))


@dataclass(frozen=True)
class AnswerFile:
    """A file for the scan provider: its name, unique at the source for ever, and its bytes."""

    name: str
    content: bytes


class IncomingFile(Protocol):
    """A packed delivery on its way in: written as it comes, and then kept or dropped."""

    path: Path
    size_bytes: int

    @property
    def sha256(self) -> str:
        """Of what was written so far."""

    @property
    def name(self) -> str:
        """Under which it is kept; the same bytes have the same name."""

    def write(self, chunk: bytes) -> None:
        """Append."""

    def finish(self) -> None:
        """No more comes; the bytes are on disk when this returns."""

    def keep(self) -> Path:
        """Make it a delivery that arrives; on disk when this returns. The same one that is there already stays."""

    def drop(self) -> None:
        """Forget what was not kept."""


class ScanReader(Protocol):
    """Reads what the scan provider delivers, and writes what it is answered."""

    def read(self, folder: Path, source: ScanSource) -> Delivery:
        """Read and prove. Raises `InputError` delivery-not-ready, `DocumentInvalid` for a refused delivery."""

    def content(self, delivery: Delivery, document: ScannedDocument) -> bytes:
        """The bytes of a proven document, proven again. Raises `IntegrityError`."""

    def note(self, delivery: Delivery, document: ScannedDocument, pdf: bytes) -> ReadNote | None:
        """The transfer note of a proven document whose bytes are `pdf`, if it has one."""

    def said(self, pdf: bytes, beside: bytes | None) -> TransferNote | None:
        """What the transfer note of a document says that was taken long ago: `beside` its XML, None: it is attached."""

    def text(self, pdf: bytes, pages: int | None = None) -> str:
        """The text layer of the first pages (None: as many as matter); empty for a raster picture."""

    def codes(self, pdf: bytes) -> Sequence[tuple[int, str]]:
        """Page from 1 and text of all DataMatrix codes on all pages, rotated and raster ones too."""

    def report(self, name: str, content: bytes, source: ScanSource) -> Mapping[str, Any]:
        """What the site reports about paper, in the shape of its JSON schema. Raises `ValueError` if it is not so."""

    def receipt(self, delivery: Delivery, at: datetime, remarks: Sequence[str]) -> AnswerFile:
        """The receipt of a delivery that was taken in; `remarks` are codes about it as a whole."""

    def refusal(self, folder: Path, source: str, error: GatewayError, at: datetime) -> AnswerFile:
        """The receipt of a delivery that was refused as a whole; the same delivery gives the same name."""

    def fingerprint(self, folder: Path) -> str:
        """Tells what lies in a delivery's folder from what lay there at another time; SHA-256, hexadecimal."""

    def sequence(self, folder: Path, source: ScanSource) -> int | None:
        """The number that a delivery gives itself, whatever else is wrong with it; None if that cannot be read."""

    def incoming(self, into: Path) -> IncomingFile:
        """A file below the folder `into` for a packed delivery that comes piece by piece."""

    def check_packed(self, file: Path, limits: DeliveryLimits) -> None:
        """Hold the directory of a packed delivery against the limits. Raises `DocumentInvalid`."""

    def keep(self, folder: Path, into: Path, names: Sequence[str] | None = None) -> None:
        """Copy the files of a delivery (those named, else all) into a new folder, on disk when this returns."""

    def close(self) -> None:
        """No more is read."""


class PagePart(StrEnum):
    """What of a scan's first page is read as a picture."""

    ZONE = "zone"
    """The window of an envelope and the return line above it."""
    ENVELOPE = "envelope"
    """The zone, if the page may be an envelope: something stands there, and little beneath. Else nothing."""
    AROUND = "around"
    """All but the zone, roughly."""
    PAGE = "page"
    """All of it, as finely as the zone; that takes the longest."""


@dataclass(frozen=True)
class RefusedArrival:
    """A ready delivery that cannot be brought here as a whole: why, and in `folder` its manifest and marker, if any."""

    folder: Path
    error: DocumentInvalid


class ScanSite(Protocol):
    """The scan provider's side of one agreed source: where deliveries come from and answers go to.

    What the site does not do is a `ProviderError`, mostly `NotSent`: everything here may be repeated.
    """

    source: str

    def arrivals(self, into: Path) -> Iterator[Path | RefusedArrival]:
        """Deliveries that are ready, each brought into a folder below `into`; those not taken yet come again.

        One that cannot be brought holds up no other.
        """

    def set_aside(self, refused: RefusedArrival) -> None:
        """What could not be brought was answered: it lies at the site where it does not arrive; nothing is deleted."""

    def again(self, name: str, into: Path) -> "Path | RefusedArrival | None":
        """Bring one that was set aside once more, as it lies at the site by now; None: it is not ready there."""

    def taken(self, arrival: Path) -> None:
        """What was brought into `arrival` is in our rows, or in quarantine: it is removed at the site."""

    def answer(self, name: str, content: bytes) -> None:
        """A file for the provider, written once and durably; the same bytes again do nothing.

        Raises `Conflict` answer-exists for other bytes under a name in use.
        """

    def place(self, name: str) -> str:
        """Where an answer of this name lies, for people."""

    def reports(self) -> Iterator[tuple[str, bytes]]:
        """Files of the provider that are no deliveries, with their names; reading them changes nothing."""

    def check(self) -> list[Finding]:
        """Whether it can be reached, and deliveries that were begun and not finished; changes nothing."""
