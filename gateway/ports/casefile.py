"""The digital case file (*Akte*), as the application sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.domain.findings import Finding


@dataclass(frozen=True)
class CaseRef:
    """A case: file number (*Aktenzeichen*), BG-Nummer and office key."""

    file_number: str
    bg_number: str
    office: str


@dataclass(frozen=True)
class FilingEntry:
    """One thing to be filed. `key` is unique for ever: filing the same key again changes nothing.

    `document` is the PDF to keep, or None for a pure log entry. `metadata` follows section 7.5 of the facts
    (item_id, document_type, subject, sha256, …), values are JSON strings, numbers or lists of strings.
    `document_key` groups entries about the same document.
    """

    key: str
    case: CaseRef
    kind: str
    """What happened: document, hand-over, posting, return, cancellation, inbound."""
    title: str
    """German, one line, for the readable log."""
    occurred_at: datetime
    document_key: str
    document: bytes | None = None
    document_sha256: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)


class CaseFile(Protocol):
    """One case-file system."""

    name: str

    def check(self) -> list[Finding]:
        """Reachability and rights, without side effects."""

    def file(self, entry: FilingEntry) -> str:
        """File an entry; idempotent by `entry.key`. Returns the external id. Raises `CaseFileError`."""

    def fetch(self, case: CaseRef, document_key: str) -> bytes:
        """A document back from the file. Raises `NotFound` or `IntegrityError`."""
