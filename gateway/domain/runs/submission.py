"""The hand-over protocol: never lost, never printed twice.

    PLANNED → stage() → STAGED → (commit RELEASING) → release() → RELEASED | REFUSED
                                                            ↘ IN_DOUBT → find() → RELEASED | STAGED | a clerk
    VOID: taken back before release

Intent is committed before the external effect, the outcome after it. What may follow an unknown outcome depends
on the provider's duplicate guard, and on nothing else.
"""

from datetime import datetime, timedelta
from enum import StrEnum


class SubmissionState(StrEnum):
    """Where the hand-over (*Übergabe*) of one piece to one provider is."""

    PLANNED = "planned"
    """Recorded; nothing has left."""
    STAGED = "staged"
    """Prepared at the provider or checked for it; nothing prints yet."""
    RELEASING = "releasing"
    """Committed before the point of no return: from here on the outcome is unknown until proven."""
    RELEASED = "released"
    """The provider has it."""
    REFUSED = "refused"
    """The provider declined for certain; the piece is on the desk."""
    IN_DOUBT = "in_doubt"
    """The outcome is unknown; nobody repeats anything until it is known."""
    VOID = "void"
    """Taken back before release; the piece may get a new submission."""


class DuplicateGuard(StrEnum):
    """What protects against printing twice after an unknown outcome."""

    KEY = "key"
    """The provider remembers our key for a while: repeat with the same key inside that time."""
    STAGED = "staged"
    """Release of something staged is atomic: repeat the release."""
    LOOKUP = "lookup"
    """The provider can be asked by our reference, once its settle time has passed."""
    NONE = "none"
    """Nothing protects; a clerk decides."""


class NextAction(StrEnum):
    """What the gateway does next with a submission."""

    STAGE = "stage"
    RELEASE = "release"
    WAIT = "wait"
    LOOK_UP = "look_up"
    ASK_CLERK = "ask_clerk"
    NOTHING = "nothing"


def next_action(
    state: SubmissionState,
    *,
    guard: DuplicateGuard,
    now: datetime,
    releasing_at: datetime | None = None,
    settle_time: timedelta = timedelta(0),
    key_lifetime: timedelta = timedelta(0),
) -> NextAction:
    """What may be done with a submission, given the truth about its provider.

    RELEASING is only ever seen here after a crash: the holder of the lock is gone, so its outcome is unknown,
    exactly as IN_DOUBT. `releasing_at` is when the point of no return was entered; a repeat out of doubt keeps it.
    """
    if state is SubmissionState.PLANNED:
        return NextAction.STAGE
    if state is SubmissionState.STAGED:
        return NextAction.RELEASE
    if state in {SubmissionState.RELEASED, SubmissionState.REFUSED, SubmissionState.VOID}:
        return NextAction.NOTHING
    if releasing_at is None:
        return NextAction.ASK_CLERK
    return _after_unknown(guard, now - releasing_at, settle_time, key_lifetime)


def _after_unknown(
    guard: DuplicateGuard, elapsed: timedelta, settle_time: timedelta, key_lifetime: timedelta
) -> NextAction:
    if guard is DuplicateGuard.STAGED:
        return NextAction.RELEASE
    if guard is DuplicateGuard.KEY:
        return NextAction.RELEASE if elapsed < key_lifetime else NextAction.ASK_CLERK
    if guard is DuplicateGuard.LOOKUP:
        return NextAction.LOOK_UP if elapsed >= settle_time else NextAction.WAIT
    return NextAction.ASK_CLERK
