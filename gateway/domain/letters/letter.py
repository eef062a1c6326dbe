"""The life of a letter until it leaves for the run: states, and who may move it.

    draft → submitted → ready → approved → batched
               ↘ faulty ↗ (revised: back to draft)          cancelled: from any state before batched

From `batched` on, the letter's pieces carry its fate (see `submission` and `status`).
"""

from datetime import datetime, timedelta
from enum import StrEnum

DUPLICATE_WINDOW = timedelta(days=14)
"""A second letter with the same case, template and data within this time needs an explicit yes."""


class LetterState(StrEnum):
    """Where a letter (*Schreiben*) is."""

    DRAFT = "draft"
    """Being written."""
    SUBMITTED = "submitted"
    """Submitted for approval; to be rendered and checked."""
    FAULTY = "faulty"
    """Rendering or preflight found an error; the author revises."""
    READY = "ready"
    """Rendered and checked; waits for approval."""
    APPROVED = "approved"
    """Approved; leaves with the next run unless held."""
    BATCHED = "batched"
    """In a run; its pieces tell the rest."""
    CANCELLED = "cancelled"
    """Will not be posted."""


EDITABLE = frozenset({LetterState.DRAFT, LetterState.FAULTY, LetterState.READY})
"""States in which the author may still change the data (the letter becomes a draft again)."""

CANCELLABLE = EDITABLE | {LetterState.SUBMITTED, LetterState.APPROVED}
"""States in which a letter can be cancelled without asking a provider."""


def is_probable_duplicate(earlier: datetime, now: datetime) -> bool:
    """Whether a letter of the same case, template and data approved or submitted `earlier` asks for a yes."""
    return now - earlier < DUPLICATE_WINDOW
