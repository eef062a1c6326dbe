"""What a person can find wrong with a scan, and what that asks of the scan provider (TR-03138 A.NB.3)."""

from collections.abc import Mapping
from enum import StrEnum


class ScanFinding(StrEnum):
    """Result of looking at a scan."""

    PAGE_MISSING = "page-missing"
    UNREADABLE = "unreadable"
    WRONG_CASE = "wrong-case"
    """Filed by the scan provider's index under a case that it does not belong to; the scan itself is good."""
    RESCAN = "rescan"
    """Scan it again, for another reason than these."""


WORDS: Mapping[ScanFinding, str] = {
    ScanFinding.PAGE_MISSING: "Seite fehlt",
    ScanFinding.UNREADABLE: "unleserlich",
    ScanFinding.WRONG_CASE: "falsch zugeordnet",
    ScanFinding.RESCAN: "Rescan gewünscht",
}
"""As people read them."""


def wants_rescan(finding: ScanFinding) -> bool:
    """Whether the paper must be scanned again: of all findings but a wrong index."""
    return finding is not ScanFinding.WRONG_CASE
