"""Scopes: what a token of another system may be used for, beside what its user account may do."""

from enum import StrEnum


class Scope(StrEnum):
    """One word a use; a token has only those it was given."""

    LETTERS_READ = "letters:read"
    """Status, dates, hashes and findings of letters; no documents."""
    LETTERS_WRITE = "letters:write"
    """Write letters, and hand in finished PDFs."""
    LETTERS_APPROVE = "letters:approve"
    LETTERS_WITHHOLD = "letters:withhold"
    """Hold, let go and cancel."""
    DOCUMENTS_READ = "documents:read"
    CASES_IMPORT = "cases:import"
    CHECKS = "checks"
    """Deadlines, postage, addresses and PDFs: calculates, keeps nothing."""
    SCANS_DELIVER = "scans:deliver"
    """Upload scan deliveries for the source of the account, and fetch the answers."""
    METRICS = "metrics"
    """Figures for monitoring."""
