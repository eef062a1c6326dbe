"""Tally: what we handed over and what the provider lists agree to the piece, or the piece is named."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.runs.submission import SubmissionState
from gateway.domain.runs.tally import MEANING, Difference, HandedOver, Held, compare

DAY = date(2026, 11, 16)
BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)


def ours(key: str = "K1", state: SubmissionState = SubmissionState.RELEASED, pages: int = 3) -> HandedOver:
    return HandedOver(key, state, pages, DAY if state is SubmissionState.RELEASED else None)


def held(
    key: str = "K1", on: date = DAY, pages: int | None = 3, *, failed: bool = False, number: int = 1
) -> Held:
    return Held(key, str(number), on, pages, failed)


def differences(*arguments: object) -> list[tuple[str, Difference]]:
    mine = [each for each in arguments if isinstance(each, HandedOver)]
    theirs = [each for each in arguments if isinstance(each, Held)]
    return [(each.key, each.difference) for each in compare(DAY, mine, theirs).found]


def test_a_day_on_which_both_sides_agree_has_no_difference_and_both_counts() -> None:
    result = compare(DAY, [ours("K1"), ours("K2", pages=5)], [held("K1"), held("K2", pages=5)])
    assert result.found == ()
    assert (result.ours, result.theirs, result.our_pages, result.their_pages) == (2, 2, 8, 8)


def test_a_day_without_letters_is_a_result_of_noughts() -> None:
    result = compare(DAY, [], [])
    assert (result.ours, result.theirs, result.found) == (0, 0, ())


def test_a_piece_that_the_provider_deleted_is_missed() -> None:
    assert differences(ours("K1"), ours("K2"), held("K1")) == [("K2", Difference.MISSING_THERE)]


def test_a_piece_that_nobody_here_handed_over_is_named() -> None:
    assert differences(held("X9")) == [("X9", Difference.UNKNOWN_HERE)]


@pytest.mark.parametrize("state", [SubmissionState.PLANNED, SubmissionState.STAGED, SubmissionState.VOID])
def test_a_piece_that_lies_there_although_it_was_never_released_here_is_an_alarm(
    state: SubmissionState,
) -> None:
    assert differences(ours(state=state), held()) == [("K1", Difference.NOT_RELEASED_HERE)]
    assert differences(ours(state=state), held(failed=True)) == []


@pytest.mark.parametrize("state", [SubmissionState.RELEASING, SubmissionState.IN_DOUBT])
def test_what_is_in_doubt_here_is_left_to_recovery(state: SubmissionState) -> None:
    assert differences(ours(state=state), held()) == []


def test_a_piece_that_lies_there_twice_is_named_once_and_a_failed_copy_does_not_count() -> None:
    assert differences(ours(), held(number=1), held(number=2)) == [("K1", Difference.DOUBLED_THERE)]
    assert differences(ours(), held(number=1), held(number=2, failed=True)) == []


def test_another_number_of_pages_is_named_and_an_untold_one_is_not() -> None:
    assert differences(ours(pages=3), held(pages=4)) == [("K1", Difference.PAGES_DIFFER)]
    assert differences(ours(pages=3), held(pages=None)) == []


def test_midnight_may_pass_between_the_two_sides() -> None:
    assert differences(ours(), held(on=BEFORE)) == []
    assert differences(ours(), held(on=AFTER)) == []
    assert compare(DAY, [ours()], [held(on=AFTER)]).theirs == 0


def test_every_difference_has_a_sentence() -> None:
    assert set(MEANING) == set(Difference)


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_whatever_only_one_side_has_is_named_and_nothing_else(mine: set[int], theirs: set[int]) -> None:
    found = compare(DAY, [ours(f"K{n:02}") for n in mine], [held(f"K{n:02}") for n in theirs]).found
    named = {(each.key, each.difference) for each in found}
    assert named == {(f"K{n:02}", Difference.MISSING_THERE) for n in mine - theirs} | {
        (f"K{n:02}", Difference.UNKNOWN_HERE) for n in theirs - mine
    }
