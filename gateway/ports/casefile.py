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

    `document` is the PDF to keep, or None for a pure log entry. The names in `metadata` are those of
    `gateway.domain.filing.filing_fields`, values are JSON strings, numbers or lists of strings.
    """

    key: str
    case: CaseRef
    kind: str
    """What happened: document, hand-over, posting, return, cancellation, inbound."""
    title: str
    """German, one line, for the readable log."""
    occurred_at: datetime
    document_key: str
    """What it is about. Other bytes under a key that is in use are a new version of that document."""
    document: bytes | None = None
    document_sha256: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)


class CaseFile(Protocol):
    """One case-file system."""

    name: str

    def check(self) -> list[Finding]:
        """Reachability and rights, without side effects."""

    def file(self, entry: FilingEntry) -> str:
        """File an entry; idempotent by `entry.key`. Returns the external id.

        Raises `CaseFileUnavailable` where no other entry would fare better now, `CaseFileError` where this one was
        not taken, `IntegrityError`.
        """

    def fetch(self, case: CaseRef, document_key: str) -> bytes:
        """The newest version of a document. Raises `NotFound`, `IntegrityError`, `CaseFileError`."""

    def transfer_note(self, case: CaseRef, key: str) -> bytes | None:
        """The `transfer_note` with which an entry was filed, byte by byte; None if it is not there, or brought none.

        Raises `CaseFileError`.
        """

    def withdraw(self, case: CaseRef, key: str, document_key: str) -> None:
        """Take out what lay in a wrong file: every version of the document, and the entry that filed it.

        Done when this returns, also where nothing was there. Idempotent: after `CaseFileUnavailable` it is unknown
        how far it came, and a repeat completes it. `CaseFileError`: the system refuses, and something may be left.
        What others put there, and every other entry, stays.
        """
