"""Timeliness: what a letter asks of its reader must lie far enough after the day on which it is notified."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.runs.calendar import WorkCalendar
from gateway.domain.runs.timeliness import Timing, earliest, lateness, planned_posting

CALENDAR = WorkCalendar(holidays=frozenset({date(2026, 12, 25)}))
SUMMONS = Timing("appointment", "Termin", working_days=3)
HEARING = Timing("deadline", "Frist", days=14)
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("notified", "first"),
    [
        (date(2026, 11, 16), date(2026, 11, 19)),  # Monday: Tuesday, Wednesday, Thursday
        (date(2026, 11, 21), date(2026, 11, 25)),  # notified on a Saturday: Monday to Wednesday
        (date(2026, 12, 22), date(2026, 12, 29)),  # 24th closed, 25th holiday, weekend
    ],
)
def test_a_summons_leaves_three_working_days(notified: date, first: date) -> None:
    assert earliest(SUMMONS, notified, CALENDAR) == first
    early = {"appointment": (first - timedelta(days=1)).isoformat()}
    (late,) = lateness([SUMMONS], early, notified, CALENDAR)
    assert (late.day, late.earliest) == (first - timedelta(days=1), first)
    assert f"{first:%d.%m.%Y}" in late.message
    assert list(lateness([SUMMONS], {"appointment": first.isoformat()}, notified, CALENDAR)) == []


def test_a_hearing_leaves_fourteen_days() -> None:
    assert earliest(HEARING, date(2026, 11, 21), CALENDAR) == date(2026, 12, 5)


@pytest.mark.parametrize("data", [{}, {"deadline": ""}, {"deadline": None}])
def test_a_date_that_is_not_set_asks_for_nothing(data: dict[str, object]) -> None:
    assert list(lateness([HEARING], data, date(2026, 11, 21), CALENDAR)) == []


def test_a_run_is_posted_on_the_next_working_day() -> None:
    assert planned_posting(date(2026, 11, 20), CALENDAR) == date(2026, 11, 23)


@given(DAYS, DAYS, st.integers(0, 30), st.integers(0, 10))
def test_the_later_a_letter_is_notified_the_later_its_dates_must_be(
    one: date, other: date, days: int, working_days: int
) -> None:
    timing = Timing("x", "x", days=days, working_days=working_days)
    first, second = sorted([one, other])
    assert earliest(timing, first, CALENDAR) <= earliest(timing, second, CALENDAR)
    assert earliest(timing, first, CALENDAR) >= first + timedelta(days=days)


def test_a_timing_counts_forward() -> None:
    with pytest.raises(ValueError, match="forward"):
        Timing("x", "x", days=-1)
