"""Run days, cut-off and run moments, also on the nights when the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.runs.calendar import RunSchedule, WorkCalendar
from gateway.facts import work_calendar

BERLIN = ZoneInfo("Europe/Berlin")
CALENDAR = work_calendar()
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
CLOCKS = st.builds(time, st.integers(0, 23), st.integers(0, 59))
EPOCH = datetime(2021, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 78 * 365 * 24 * 3600).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
SCHEDULES = st.builds(RunSchedule, st.just(BERLIN), CLOCKS, CLOCKS, st.just(CALENDAR))


def schedule(cut_off: str = "17:30", run_time: str = "19:00") -> RunSchedule:
    return RunSchedule(BERLIN, time.fromisoformat(cut_off), time.fromisoformat(run_time), CALENDAR)


def berlin(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 11, 21), "Saturday"),
        (date(2026, 11, 22), "Sunday"),
        (date(2026, 6, 4), "Fronleichnam"),
        (date(2027, 11, 1), "Allerheiligen"),
        (date(2026, 12, 24), "closed by configuration"),
        (date(2026, 12, 31), "closed by configuration"),
    ],
)
def test_weekends_holidays_and_closed_days_have_no_run(day: date, why: str) -> None:
    assert not CALENDAR.is_working_day(day), why


def test_christmas_eve_is_a_working_day_unless_it_is_closed() -> None:
    assert work_calendar(closed_days=frozenset()).is_working_day(date(2026, 12, 24))


def test_the_next_working_day_is_the_day_itself_if_it_is_one() -> None:
    assert CALENDAR.next_working_day(date(2026, 11, 20)) == date(2026, 11, 20)
    assert CALENDAR.next_working_day(date(2026, 12, 24)) == date(2026, 12, 28)


def test_working_days_are_counted_over_easter() -> None:
    assert CALENDAR.add_working_days(date(2026, 4, 2), 1) == date(2026, 4, 7)
    assert CALENDAR.add_working_days(date(2026, 4, 3), 3) == date(2026, 4, 9)
    assert CALENDAR.add_working_days(date(2026, 4, 3), 0) == date(2026, 4, 7)


def test_working_days_cannot_be_counted_backwards() -> None:
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add_working_days(date(2026, 4, 2), -1)


def test_a_year_whose_holidays_are_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match="2019"):
        work_calendar(years=range(2020, 2022)).is_working_day(date(2019, 5, 2))


def test_a_letter_approved_just_before_the_cut_off_leaves_the_same_day() -> None:
    assert schedule().run_day_for(berlin("2026-11-20T17:29:59.999999")) == date(2026, 11, 20)


def test_a_letter_approved_at_the_cut_off_leaves_with_the_next_run() -> None:
    assert schedule().run_day_for(berlin("2026-11-20T17:30:00")) == date(2026, 11, 23)


def test_a_letter_approved_on_christmas_eve_leaves_after_the_holidays() -> None:
    assert schedule().run_day_for(berlin("2026-12-24T09:00:00")) == date(2026, 12, 28)


def test_a_run_time_before_the_cut_off_on_the_clock_means_the_night_after() -> None:
    night = schedule("18:00", "02:30")
    assert night.run_moment(date(2026, 11, 20)) == berlin("2026-11-21T02:30:00")
    assert night.due_runs(date(2026, 11, 19), berlin("2026-11-21T02:29:59")) == []
    assert night.due_runs(date(2026, 11, 19), berlin("2026-11-21T02:30:00")) == [date(2026, 11, 20)]
    assert night.next_run(berlin("2026-11-21T02:00:00")) == date(2026, 11, 20)
    assert night.next_run(berlin("2026-11-21T02:30:00")) == date(2026, 11, 23)


def test_a_run_at_the_cut_off_itself_starts_the_same_day() -> None:
    assert schedule("18:00", "18:00").run_moment(date(2026, 11, 20)) == berlin("2026-11-20T18:00:00")


def test_a_clock_time_that_the_spring_night_skips_is_the_first_instant_after_the_gap() -> None:
    moment = schedule("02:30", "02:45").cut_off_moment(SPRING)
    assert moment == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert moment.astimezone(BERLIN).time() == time(3, 0)


def test_a_clock_time_that_the_autumn_night_repeats_is_its_first_occurrence() -> None:
    assert schedule("02:30", "02:45").run_moment(AUTUMN) == datetime(2026, 10, 25, 0, 45, tzinfo=UTC)


def test_moments_around_both_changes_keep_the_wall_clock() -> None:
    for day in (SPRING, AUTUMN):
        for neighbour in (day - timedelta(days=1), day, day + timedelta(days=1)):
            assert schedule().cut_off_moment(neighbour).astimezone(BERLIN).time() == time(17, 30)


def test_missed_runs_are_all_due_oldest_first() -> None:
    due = schedule().due_runs(date(2026, 12, 22), berlin("2026-12-29T20:00:00"))
    assert due == [date(2026, 12, 23), date(2026, 12, 28), date(2026, 12, 29)]


def test_a_new_installation_owes_only_the_most_recent_run() -> None:
    assert schedule().due_runs(None, berlin("2026-11-23T12:00:00")) == [date(2026, 11, 20)]


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="timezone-aware"):
        schedule().run_day_for(datetime(2026, 11, 20, 12, 0))  # noqa: DTZ001 - that is the fault


@given(st.sampled_from([SPRING, AUTUMN, date(2026, 7, 1), date(2027, 3, 28)]), CLOCKS)
def test_a_moment_is_the_first_minute_at_which_the_wall_clock_has_reached_it(day: date, clock: time) -> None:
    minute = datetime.combine(day, time(0), tzinfo=UTC) - timedelta(hours=3)
    while minute.astimezone(BERLIN).replace(tzinfo=None) < datetime.combine(day, clock):
        minute += timedelta(minutes=1)
    assert schedule(clock.isoformat()).cut_off_moment(day) == minute


@given(SCHEDULES, st.dates(date(2021, 1, 1), date(2099, 1, 1)))
def test_a_run_never_starts_before_its_cut_off(any_schedule: RunSchedule, day: date) -> None:
    assert any_schedule.cut_off_moment(day) <= any_schedule.run_moment(day)


@given(SCHEDULES, MOMENTS)
def test_every_approval_falls_between_the_cut_offs_of_two_neighbouring_runs(
    any_schedule: RunSchedule, approved_at: datetime
) -> None:
    run_day = any_schedule.run_day_for(approved_at)
    before = run_day - timedelta(days=1)
    while not CALENDAR.is_working_day(before):
        before -= timedelta(days=1)
    assert CALENDAR.is_working_day(run_day)
    assert any_schedule.cut_off_moment(before) <= approved_at < any_schedule.cut_off_moment(run_day)


@given(SCHEDULES, MOMENTS, st.lists(st.integers(0, 200), min_size=1, max_size=6))
def test_looking_at_any_moments_finds_every_run_day_once(
    any_schedule: RunSchedule, start: datetime, hours: list[int]
) -> None:
    first = any_schedule.due_runs(None, start)
    assert len(first) == 1
    done, now = list(first), start
    for pause in hours:
        now += timedelta(hours=pause)
        done += any_schedule.due_runs(done[-1], now)
    days = (first[0] + timedelta(days=n) for n in range((done[-1] - first[0]).days + 1))
    assert done == [day for day in days if CALENDAR.is_working_day(day)]
    assert any_schedule.run_moment(done[-1]) <= now < any_schedule.run_moment(any_schedule.next_run(now))
    assert any_schedule.next_run(now) == CALENDAR.next_working_day(done[-1] + timedelta(days=1))


def test_a_calendar_knows_nothing_but_what_it_was_given() -> None:
    bare = WorkCalendar(holidays=frozenset({date(2026, 11, 23)}), closed_days=frozenset())
    assert bare.next_working_day(date(2026, 11, 21)) == date(2026, 11, 24)
