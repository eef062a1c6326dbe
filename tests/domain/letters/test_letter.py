"""What may still be changed or cancelled, and what looks like a letter sent twice."""

from datetime import UTC, datetime, timedelta

from gateway.domain.letters.letter import (
    CANCELLABLE,
    DUPLICATE_WINDOW,
    EDITABLE,
    LetterState,
    is_probable_duplicate,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_an_approved_letter_can_be_cancelled_but_not_edited() -> None:
    assert LetterState.APPROVED in CANCELLABLE
    assert LetterState.APPROVED not in EDITABLE


def test_a_letter_in_a_run_can_be_neither_edited_nor_cancelled_here() -> None:
    for state in (LetterState.BATCHED, LetterState.CANCELLED):
        assert state not in EDITABLE | CANCELLABLE


def test_whatever_can_be_edited_can_be_cancelled() -> None:
    assert EDITABLE < CANCELLABLE


def test_the_duplicate_window_is_fourteen_days_and_half_open() -> None:
    assert timedelta(days=14) == DUPLICATE_WINDOW
    assert is_probable_duplicate(NOW - timedelta(days=14) + timedelta(seconds=1), NOW)
    assert not is_probable_duplicate(NOW - timedelta(days=14), NOW)
