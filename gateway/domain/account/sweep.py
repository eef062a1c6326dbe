"""The rolling sweep (*Rundgang*): what it looks at, and what it may find; the account names the letters.

Stored bytes are read again and held against their hash, the oldest first; what the case file gives back is held
against what was filed; the rows of every copy are held against one another, also where only totals are counted else.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class SweepRules:
    """How much one pass looks at, and in how many days everything must have been looked at once."""

    documents_a_pass: int = 2000
    filed_a_pass: int = 200
    copies_a_pass: int = 20_000
    everything_within_days: int = 30


class Place(StrEnum):
    """Where the sweep looks."""

    STORE = "store"
    """The document store; a subject is a SHA-256."""
    CASE_FILE = "case_file"
    """What the case file gives back; a subject is a filing key."""
    ROWS = "rows"
    """The chain of a copy (`domain.account.links`), and its kept status; a subject is the id of the copy."""


class Role(StrEnum):
    """What a stored document is to a letter."""

    APPROVED = "approved-document"
    PRINT_COPY = "print-copy"
    CERTIFICATE = "certificate-document"


MISSING = "missing"
DAMAGED = "damaged"
FILED_MISSING = "filed-document-missing"
FILED_DIFFERS = "filed-document-differs"
STATUS_DIFFERS = "status-differs-from-events"

MEANING = {
    "approved-document-missing": "Das freigegebene Dokument liegt nicht mehr in der Dokumentenablage.",
    "approved-document-damaged": "Das freigegebene Dokument in der Dokumentenablage ist beschädigt.",
    "print-copy-missing": "Das Druckexemplar liegt nicht mehr in der Dokumentenablage.",
    "print-copy-damaged": "Das Druckexemplar in der Dokumentenablage ist beschädigt.",
    "certificate-document-missing": "Das Laufzertifikat der Sendung liegt nicht mehr in der Dokumentenablage.",
    "certificate-document-damaged": "Das Laufzertifikat der Sendung ist beschädigt.",
    FILED_MISSING: "Die Akte gibt das abgelegte Dokument nicht mehr heraus.",
    FILED_DIFFERS: "Die Akte gibt ein anderes Dokument heraus, als freigegeben wurde.",
    STATUS_DIFFERS: "Der geführte Sendungsstand folgt nicht aus den Statusmeldungen.",
}
"""What people read about the codes that the account gives to findings."""


def code_of(role: Role, fault: str) -> str:
    """The account's code for a stored document that is missing or damaged."""
    return f"{role.value}-{fault}"
