"""A rejected document: waited for until its paper came again, or a person decided, and asked for again and again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.inbound.rejected import (
    Expectation,
    NotYet,
    RejectedFacts,
    due_on,
    expectation,
    reminders,
    settled_at,
    why_not_close,
)

T0 = datetime(2026, 11, 2, 8, tzinfo=UTC)


def at(hours: int) -> datetime:
    return T0 + timedelta(hours=hours)


moments = st.none() | st.integers(0, 5000).map(at)
facts = st.builds(
    RejectedFacts,
    told_at=moments,
    here_before=st.booleans(),
    came_again_at=moments,
    paper_settled_at=moments,
    closed_at=moments,
)


@given(facts)
def test_nothing_is_settled_before_the_site_was_told_and_nothing_while_it_is_waited_for(
    known: RejectedFacts,
) -> None:
    end = settled_at(known)
    if known.told_at is None or expectation(known) is Expectation.OPEN:
        assert end is None
    if end is not None:
        assert known.told_at is not None
        assert end >= known.told_at


def test_everything_that_is_kept_for_it_ends_with_the_last_thing_that_was_open() -> None:
    assert settled_at(RejectedFacts(T0, came_again_at=at(5))) == at(5)
    assert settled_at(RejectedFacts(at(9), came_again_at=at(5))) == at(9), "the site did not know before"
    assert settled_at(RejectedFacts(at(1), here_before=True)) == at(1)
    assert settled_at(RejectedFacts(at(1), paper_settled_at=at(7), closed_at=at(3))) == at(7)


@given(facts)
def test_what_never_came_again_is_settled_by_a_person_and_the_fate_of_the_paper_only(
    known: RejectedFacts,
) -> None:
    if known.came_again_at is None and not known.here_before and settled_at(known) is not None:
        assert None not in (known.closed_at, known.paper_settled_at)


@given(facts)
def test_a_person_may_decide_just_when_that_settles_it(known: RejectedFacts) -> None:
    if why_not_close(known) is None:
        decided = RejectedFacts(known.told_at, paper_settled_at=known.paper_settled_at, closed_at=at(6000))
        assert settled_at(decided) == at(6000)


@pytest.mark.parametrize(
    ("known", "refused"),
    [
        (RejectedFacts(None), NotYet.SITE_NOT_TOLD),
        (RejectedFacts(T0), NotYet.PAPER_NOT_SETTLED),
        (RejectedFacts(T0, paper_settled_at=at(1)), None),
        (RejectedFacts(T0, paper_settled_at=at(1), came_again_at=at(2)), NotYet.NOTHING_AWAITED),
        (RejectedFacts(T0, paper_settled_at=at(1), closed_at=at(2)), NotYet.NOTHING_AWAITED),
        (RejectedFacts(T0, paper_settled_at=at(1), here_before=True), NotYet.NOTHING_AWAITED),
    ],
)
def test_what_stands_against_deciding(known: RejectedFacts, refused: NotYet | None) -> None:
    assert why_not_close(known) == refused


def test_it_is_asked_for_after_its_last_day_and_again_after_each_further_term() -> None:
    due = due_on(date(2026, 11, 2), 10)
    assert due == date(2026, 11, 12)
    days = [12, 13, 22, 23]
    assert [reminders(due, 10, date(2026, 11, day)) for day in days] == [0, 1, 1, 2]
    assert reminders(due_on(None, 10), 10, date(2027, 1, 1)) == 0
