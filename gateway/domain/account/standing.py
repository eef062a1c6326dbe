"""Where a letter stands, in one word: what a clerk wants to see in a list, and the account counts."""

from collections.abc import Iterable
from enum import StrEnum

from gateway.domain.desk.desk import WITHDRAWN
from gateway.domain.letters.letter import LetterState
from gateway.domain.receipt.returning import SUSPENDED
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState


class Standing(StrEnum):
    """One word for a letter or a piece."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    FAULTY = "faulty"
    """Rendering, preflight or assembling failed."""
    READY = "ready"
    APPROVED = "approved"
    HELD = "held"
    CANCELLED = "cancelled"
    PLANNED = "planned"
    """In a run, not handed over yet."""
    IN_DOUBT = "in_doubt"
    REFUSED = "refused"
    HANDED_OVER = "handed_over"
    IN_PRODUCTION = "in_production"
    POSTED = "posted"
    DELIVERED = "delivered"
    RETURNED = "returned"
    FAILED = "failed"


OF_SUBMISSION = {
    SubmissionState.PLANNED: Standing.PLANNED,
    SubmissionState.STAGED: Standing.PLANNED,
    SubmissionState.RELEASING: Standing.IN_DOUBT,
    SubmissionState.IN_DOUBT: Standing.IN_DOUBT,
    SubmissionState.REFUSED: Standing.REFUSED,
    SubmissionState.VOID: Standing.PLANNED,
}
"""Of a piece whose hand-over is not done; of one that is released, the provider's status says."""

OF_STATUS = {
    Status.UNKNOWN: Standing.HANDED_OVER,
    Status.ACCEPTED: Standing.HANDED_OVER,
    Status.IN_PRODUCTION: Standing.IN_PRODUCTION,
    Status.PRINTED: Standing.IN_PRODUCTION,
    Status.HANDED_TO_POST: Standing.POSTED,
    Status.DELIVERED: Standing.DELIVERED,
    Status.RETURNED: Standing.RETURNED,
    Status.FAILED: Standing.FAILED,
    Status.CANCELLED: Standing.CANCELLED,
}
"""Of a piece that was handed over."""

OF_FAULT = {WITHDRAWN: Standing.CANCELLED, SUSPENDED: Standing.HELD}
"""Of a piece that was taken out of its hand-over by a person or a rule, by its code; any other fault is one."""

_MOST_TROUBLING_FIRST = (
    Standing.FAILED,
    Standing.REFUSED,
    Standing.FAULTY,
    Standing.IN_DOUBT,
    Standing.RETURNED,
    Standing.HELD,
    Standing.CANCELLED,
    Standing.PLANNED,
    Standing.HANDED_OVER,
    Standing.IN_PRODUCTION,
    Standing.POSTED,
    Standing.DELIVERED,
)

NEEDS_A_PERSON = frozenset(
    {Standing.FAULTY, Standing.IN_DOUBT, Standing.REFUSED, Standing.FAILED, Standing.RETURNED}
)
"""What belongs on the desk (*Klärungsliste*)."""


def standing_of_fault(code: str) -> Standing:
    """Where a piece stands that has got this code: held or cancelled on purpose, else faulty."""
    return OF_FAULT.get(code, Standing.FAULTY)


def standing_of_piece(submission: SubmissionState | None, status: Status) -> Standing:
    """Where a piece without a fault stands: its hand-over, then what the provider says."""
    if submission is None:
        return Standing.PLANNED
    return OF_STATUS[status] if submission is SubmissionState.RELEASED else OF_SUBMISSION[submission]


def standing_of_copy(
    letter: LetterState,
    *,
    held: bool,
    has_piece: bool,
    fault: str | None,
    submission: SubmissionState | None,
    status: Status | None,
) -> Standing:
    """Where one copy stands; `fault` is its piece's code. The one answer for pages, lists, JSON and account."""
    if not has_piece:
        return standing_of_letter(letter, held=held, pieces=())
    if fault is not None:
        return standing_of_fault(fault)
    return standing_of_piece(submission, status or Status.UNKNOWN)


def standing_of_letter(state: LetterState, *, held: bool, pieces: Iterable[Standing]) -> Standing:
    """Where a letter stands: its own state until it is in a run, then its most troubling piece."""
    if state is not LetterState.BATCHED:
        return Standing.HELD if held and state is not LetterState.CANCELLED else Standing(state.value)
    seen = set(pieces)
    return next((standing for standing in _MOST_TROUBLING_FIRST if standing in seen), Standing.PLANNED)
