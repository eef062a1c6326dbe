"""The life of a template version, and what it means for its letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.letters.letter import LetterState
from gateway.domain.templates.publishing import (
    HELD_WITH_VERSION,
    Step,
    VersionState,
    after,
    healed_as,
    may_publish,
)

STATES = st.sampled_from([None, *VersionState])


@given(STATES, st.lists(st.sampled_from(Step)))
def test_nothing_is_published_that_was_not_proposed_since_it_was_last_withdrawn(
    state: VersionState | None, steps: list[Step]
) -> None:
    proposed = state in {VersionState.PROPOSED, VersionState.PUBLISHED}
    for step in steps:
        reached = after(state, step)
        if reached is None:
            continue
        assert reached is not VersionState.PUBLISHED or proposed
        proposed = reached is not VersionState.WITHDRAWN
        state = reached


@pytest.mark.parametrize("state", VersionState)
def test_no_version_becomes_a_draft_again(state: VersionState) -> None:
    assert {after(state, step) for step in Step} <= {None, *VersionState}


@given(st.sampled_from(["anna", "bea"]), st.sampled_from(["anna", "bea"]))
def test_with_four_eyes_nobody_publishes_their_own_proposal(author: str, publisher: str) -> None:
    assert may_publish(proposed_by=author, publisher=publisher, four_eyes=True) == (author != publisher)
    assert may_publish(proposed_by=author, publisher=publisher, four_eyes=False)


@pytest.mark.parametrize("state", LetterState)
@pytest.mark.parametrize("held", [True, False])
def test_healing_leaves_what_is_in_a_run_and_what_was_approved_and_not_held(
    state: LetterState, held: bool
) -> None:
    target = healed_as(state, held_with_version=held)
    assert target is not LetterState.APPROVED
    if state not in HELD_WITH_VERSION or (state is LetterState.APPROVED and not held):
        assert target is None
    else:
        assert target in {LetterState.DRAFT, LetterState.SUBMITTED}
