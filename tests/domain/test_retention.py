"""What keeps something: nothing unfinished goes, whatever its age, and a term is counted to the day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.retention import Facts, Keep, Kind, RetentionRule, together, what_keeps
from gateway.facts import load_retention_rules

TODAY = date(2026, 11, 16)
RULE = RetentionRule(Kind.DOCUMENT, 90, "Abschluss", "DSGVO", date(2018, 5, 25))
GONE = Facts(ended_on=TODAY - timedelta(days=90), deadline=TODAY - timedelta(days=100), filed=True)

days = st.dates(date(2020, 1, 1), date(2030, 1, 1))
facts = st.builds(
    Facts,
    ended_on=st.none() | days,
    deadline=st.none() | days,
    held=st.booleans(),
    on_desk=st.booleans(),
    locked=st.booleans(),
    filed=st.none() | st.booleans(),
    in_use=st.booleans(),
)


def test_what_ended_long_enough_ago_may_go_and_a_day_earlier_not() -> None:
    assert what_keeps(RULE, GONE, TODAY) is None
    late = replace(GONE, ended_on=TODAY - timedelta(days=89))
    assert what_keeps(RULE, late, TODAY) is Keep.TERM_RUNNING


@pytest.mark.parametrize(
    ("change", "keep"),
    [
        ({"ended_on": None}, Keep.UNFINISHED),
        ({"deadline": TODAY}, Keep.DEADLINE_RUNNING),
        ({"held": True}, Keep.HELD),
        ({"on_desk": True}, Keep.ON_DESK),
        ({"locked": True}, Keep.LOCKED),
        ({"filed": False}, Keep.NOT_FILED),
        ({"in_use": True}, Keep.IN_USE),
    ],
)
def test_each_reason_keeps_by_itself(change: dict[str, object], keep: Keep) -> None:
    assert what_keeps(RULE, replace(GONE, **change), TODAY) is keep  # type: ignore[arg-type]


@given(facts, days)
def test_nothing_unfinished_ever_goes(known: Facts, today: date) -> None:
    if what_keeps(RULE, known, today) is None:
        assert known.ended_on is not None
        assert known.ended_on <= today - timedelta(days=RULE.days)
        assert known.deadline is None or known.deadline < today
        assert not (known.held)
        assert not (known.on_desk)
        assert not (known.locked)
        assert not (known.in_use)
        assert known.filed is not False


@given(st.lists(facts, min_size=1, max_size=4), days)
def test_what_belongs_to_several_goes_only_if_each_of_them_would_let_it(
    several: list[Facts], today: date
) -> None:
    if what_keeps(RULE, together(several), today) is None:
        assert all(what_keeps(RULE, each, today) is None for each in several)


def test_what_belongs_to_nobody_known_stays() -> None:
    assert what_keeps(RULE, together([]), TODAY) is Keep.UNFINISHED


def test_every_kind_has_a_term_and_a_reason_with_its_norm() -> None:
    for rule in load_retention_rules().all(TODAY):
        assert rule.days >= 1
        assert rule.kind is Kind.API_ANSWER or any(norm in rule.reason for norm in ("DSGVO", "§", "TR-03138"))


def test_scans_stay_longer_than_their_paper() -> None:
    assert load_retention_rules().rule(Kind.INBOUND, TODAY).days >= 56
