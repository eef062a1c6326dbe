"""What may follow in the hand-over; above all, what must never follow an unknown outcome."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.runs.submission import DuplicateGuard, NextAction, SubmissionState, next_action

START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
UNKNOWN = st.sampled_from([SubmissionState.RELEASING, SubmissionState.IN_DOUBT])
SPANS = st.timedeltas(timedelta(0), timedelta(days=3))


@pytest.mark.parametrize(
    ("state", "action"),
    [
        (SubmissionState.PLANNED, NextAction.STAGE),
        (SubmissionState.STAGED, NextAction.RELEASE),
        (SubmissionState.RELEASED, NextAction.NOTHING),
        (SubmissionState.REFUSED, NextAction.NOTHING),
        (SubmissionState.VOID, NextAction.NOTHING),
    ],
)
@pytest.mark.parametrize("guard", DuplicateGuard)
def test_a_known_state_has_one_next_step_whatever_the_guard(
    state: SubmissionState, action: NextAction, guard: DuplicateGuard
) -> None:
    assert next_action(state, guard=guard, now=START) is action


def after_unknown(
    state: SubmissionState, guard: DuplicateGuard, elapsed: timedelta, settle: timedelta, lifetime: timedelta
) -> NextAction:
    return next_action(
        state,
        guard=guard,
        now=START + elapsed,
        releasing_at=START,
        settle_time=settle,
        key_lifetime=lifetime,
    )


@given(UNKNOWN, SPANS, SPANS, SPANS)
def test_without_a_guard_an_unknown_outcome_is_for_a_clerk_and_never_released(
    state: SubmissionState, elapsed: timedelta, settle: timedelta, lifetime: timedelta
) -> None:
    assert after_unknown(state, DuplicateGuard.NONE, elapsed, settle, lifetime) is NextAction.ASK_CLERK


@given(UNKNOWN, SPANS, SPANS, SPANS)
def test_a_lookup_waits_for_the_settle_time_and_never_releases(
    state: SubmissionState, elapsed: timedelta, settle: timedelta, lifetime: timedelta
) -> None:
    expected = NextAction.WAIT if elapsed < settle else NextAction.LOOK_UP
    assert after_unknown(state, DuplicateGuard.LOOKUP, elapsed, settle, lifetime) is expected


def test_a_lookup_is_allowed_from_the_very_end_of_the_settle_time() -> None:
    settle = timedelta(minutes=15)
    tick = timedelta(microseconds=1)
    for elapsed, expected in ((settle - tick, NextAction.WAIT), (settle, NextAction.LOOK_UP)):
        found = after_unknown(SubmissionState.IN_DOUBT, DuplicateGuard.LOOKUP, elapsed, settle, timedelta(0))
        assert found is expected


@given(UNKNOWN, SPANS, SPANS, SPANS)
def test_a_key_is_repeated_only_while_the_provider_remembers_it(
    state: SubmissionState, elapsed: timedelta, settle: timedelta, lifetime: timedelta
) -> None:
    expected = NextAction.RELEASE if elapsed < lifetime else NextAction.ASK_CLERK
    assert after_unknown(state, DuplicateGuard.KEY, elapsed, settle, lifetime) is expected


@given(UNKNOWN, SPANS)
def test_an_atomic_release_may_be_repeated_at_any_time(state: SubmissionState, elapsed: timedelta) -> None:
    action = after_unknown(state, DuplicateGuard.STAGED, elapsed, timedelta(0), timedelta(0))
    assert action is NextAction.RELEASE


@pytest.mark.parametrize("guard", DuplicateGuard)
@pytest.mark.parametrize("state", [SubmissionState.RELEASING, SubmissionState.IN_DOUBT])
def test_an_unknown_outcome_of_unknown_age_is_for_a_clerk(
    state: SubmissionState, guard: DuplicateGuard
) -> None:
    assert next_action(state, guard=guard, now=START) is NextAction.ASK_CLERK
