"""The desk's rules: nothing that may have been printed is ever offered another way out of the house."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.desk.desk import (
    FOREIGN_TEXT,
    NEEDS_SECOND,
    WITHDRAWN,
    DeskAction,
    Facts,
    Problem,
    actions_for,
    lookups_exhausted,
)
from gateway.domain.desk.patience import DeskRules, Patience, overdue
from gateway.domain.letters.letter import LetterState
from gateway.domain.runs.calendar import WorkCalendar
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import DuplicateGuard, NextAction, SubmissionState, next_action

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
SETTLE = timedelta(minutes=15)
KEY_LIFE = timedelta(hours=24)
MONDAY = date(2026, 11, 16)
FREES = {DeskAction.PLAN_AGAIN, DeskAction.CANCEL, DeskAction.HAND_BACK}
CALENDAR = WorkCalendar(frozenset({date(2026, 11, 18)}))
PLANNED = Facts(LetterState.BATCHED, SubmissionState.PLANNED)

facts = st.builds(
    Facts,
    letter=st.sampled_from(LetterState),
    submission=st.none() | st.sampled_from(SubmissionState),
    status=st.sampled_from(Status),
    fault=st.none() | st.sampled_from([WITHDRAWN, FOREIGN_TEXT, "glyph-missing"]),
    recovery=st.sampled_from(NextAction),
    lookups_exhausted=st.booleans(),
    printed=st.booleans(),
    others_left=st.booleans(),
    can_be_redrafted=st.booleans(),
)


def may_be_on_paper(known: Facts) -> bool:
    """Said anew, from the provider's side: it was told to print, and never said that it certainly did not."""
    told = {SubmissionState.RELEASING, SubmissionState.IN_DOUBT, SubmissionState.RELEASED}
    if known.submission not in told:
        return known.submission is SubmissionState.VOID
    never_made = known.submission is SubmissionState.RELEASED and known.status is Status.FAILED
    return known.printed or not never_made


@example(Problem.LETTER_FAULTY, Facts(letter=LetterState.BATCHED, submission=SubmissionState.RELEASING))
@example(Problem.SUSPENDED, Facts(letter=LetterState.BATCHED, submission=SubmissionState.RELEASING))
@given(problem=st.sampled_from(Problem), known=facts)
def test_what_may_be_on_paper_is_never_planned_again_cancelled_or_handed_back(
    problem: Problem, known: Facts
) -> None:
    offered = set(actions_for(problem, known))
    if problem is Problem.CANCEL_UNKNOWN:
        offered.discard(DeskAction.CANCEL)  # which asks the provider again, and prints nothing
    if known.letter is LetterState.BATCHED and may_be_on_paper(known):
        assert not offered & FREES


@given(problem=st.sampled_from(Problem), known=facts)
def test_every_offer_says_why_it_is_safe_and_only_doubt_is_decided_by_two(
    problem: Problem, known: Facts
) -> None:
    offered = actions_for(problem, known)
    assert all(offered.values())
    if offered.keys() & NEEDS_SECOND:
        assert problem is Problem.IN_DOUBT
        assert known.submission in {SubmissionState.RELEASING, SubmissionState.IN_DOUBT}


@given(
    guard=st.sampled_from(DuplicateGuard),
    state=st.sampled_from([SubmissionState.RELEASING, SubmissionState.IN_DOUBT]),
    elapsed=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=5)),
)
def test_while_the_recovery_can_still_decide_nobody_is_asked(
    guard: DuplicateGuard, state: SubmissionState, elapsed: timedelta
) -> None:
    since = NOW - elapsed
    recovery = next_action(
        state, guard=guard, now=NOW, releasing_at=since, settle_time=SETTLE, key_lifetime=KEY_LIFE
    )
    known = Facts(
        LetterState.BATCHED,
        state,
        recovery=recovery,
        lookups_exhausted=lookups_exhausted(recovery, releasing_at=since, now=NOW, settle_time=SETTLE),
    )
    asked = bool(actions_for(Problem.IN_DOUBT, known))
    expected = {
        DuplicateGuard.NONE: True,
        DuplicateGuard.STAGED: False,
        DuplicateGuard.KEY: elapsed >= KEY_LIFE,
        DuplicateGuard.LOOKUP: elapsed >= SETTLE + timedelta(hours=24),
    }
    assert asked is expected[guard]


@pytest.mark.parametrize("problem", [Problem.PIECE_FAULTY, Problem.REFUSED])
def test_a_piece_that_never_left_can_take_every_way(problem: Problem) -> None:
    assert set(actions_for(problem, PLANNED)) == FREES


def test_a_piece_with_another_cases_number_is_not_assembled_anew() -> None:
    assert DeskAction.PLAN_AGAIN not in actions_for(Problem.PIECE_FAULTY, replace(PLANNED, fault=FOREIGN_TEXT))


def test_a_finished_pdf_and_a_letter_of_which_a_copy_has_left_are_not_handed_back() -> None:
    for known in (replace(PLANNED, can_be_redrafted=False), replace(PLANNED, others_left=True)):
        assert set(actions_for(Problem.REFUSED, known)) == {DeskAction.PLAN_AGAIN, DeskAction.CANCEL}


def test_what_failed_after_it_was_printed_can_only_be_acknowledged() -> None:
    known = Facts(LetterState.BATCHED, SubmissionState.RELEASED, Status.FAILED, printed=True)
    assert set(actions_for(Problem.FAILED, known)) == {DeskAction.ACKNOWLEDGE}
    assert DeskAction.PLAN_AGAIN in actions_for(Problem.FAILED, replace(known, printed=False))


def test_every_problem_has_rules() -> None:
    for problem in Problem:
        assert isinstance(actions_for(problem, PLANNED), dict)


def late(known: Facts, today: date, released: date | None = MONDAY) -> tuple[Problem, date, int] | None:
    found = overdue(
        known,
        provider="press",
        planned_on=MONDAY,
        released_on=released,
        today=today,
        rules=DeskRules(of_provider={"press": Patience(production_days=2, posting_days=3)}),
        calendar=CALENDAR,
    )
    return (found.problem, found.due, found.period) if found else None


def test_silence_is_counted_in_working_days_and_each_further_period_is_a_new_alarm() -> None:
    # Wednesday the 18th is a holiday here: two working days after Monday end on Thursday.
    sent = Facts(LetterState.BATCHED, SubmissionState.RELEASED, Status.ACCEPTED)
    assert late(sent, date(2026, 11, 19)) is None
    assert late(sent, date(2026, 11, 20)) == (Problem.LATE_PRODUCTION, date(2026, 11, 19), 1)
    assert late(sent, date(2026, 11, 23)) == (Problem.LATE_PRODUCTION, date(2026, 11, 19), 1)
    assert late(sent, date(2026, 11, 24)) == (Problem.LATE_PRODUCTION, date(2026, 11, 19), 2)


@pytest.mark.parametrize(
    ("submission", "status", "problem", "due"),
    [
        (SubmissionState.PLANNED, Status.UNKNOWN, Problem.LATE_HAND_OVER, date(2026, 11, 17)),
        (SubmissionState.STAGED, Status.UNKNOWN, Problem.LATE_HAND_OVER, date(2026, 11, 17)),
        (SubmissionState.RELEASED, Status.UNKNOWN, Problem.LATE_PRODUCTION, date(2026, 11, 19)),
        (SubmissionState.RELEASED, Status.IN_PRODUCTION, Problem.LATE_POSTING, date(2026, 11, 20)),
        (SubmissionState.RELEASED, Status.PRINTED, Problem.LATE_POSTING, date(2026, 11, 20)),
    ],
)
def test_each_stage_has_its_own_patience(
    submission: SubmissionState, status: Status, problem: Problem, due: date
) -> None:
    known = Facts(LetterState.BATCHED, submission, status)
    assert late(known, due) is None
    assert late(known, due + timedelta(days=14)) is not None
    found = late(known, CALENDAR.next_working_day(due + timedelta(days=1)))
    assert found is not None
    assert found[:2] == (problem, due)


@pytest.mark.parametrize(
    "known",
    [
        Facts(LetterState.BATCHED, SubmissionState.RELEASED, Status.HANDED_TO_POST),
        Facts(LetterState.BATCHED, SubmissionState.RELEASED, Status.CANCELLED),
        Facts(LetterState.BATCHED, SubmissionState.IN_DOUBT),
        Facts(LetterState.BATCHED, SubmissionState.PLANNED, fault=WITHDRAWN),
    ],
)
def test_what_has_ended_or_is_a_problem_of_its_own_is_not_overdue(known: Facts) -> None:
    assert late(known, date(2026, 12, 31)) is None
