"""The run calendar: which days have a run (*Tageslauf*), when letters must be approved, and which runs are due.

The cut-off (*Annahmeschluss*) is defined here and nowhere else: a letter approved before the cut-off moment of
a run day belongs to that run, one approved at that very moment belongs to the next (half-open interval).
Nothing here reads a clock; moments come in timezone-aware and go out in UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
CHRISTMAS_EVE_AND_NEW_YEARS_EVE = frozenset({(12, 24), (12, 31)})
"""No legal holidays in NRW; offices close by configuration."""


@dataclass(frozen=True)
class WorkCalendar:
    """Days on which the authority works: neither weekend, nor `holidays`, nor `closed_days` as (month, day).

    `years` are the years that `holidays` covers. A day outside them is a ValueError: a calendar that does not
    know a year's holidays would take each of them for a working day. None asks for no such proof.
    """

    holidays: frozenset[date]
    closed_days: frozenset[tuple[int, int]] = CHRISTMAS_EVE_AND_NEW_YEARS_EVE
    years: range | None = None

    def is_working_day(self, day: date) -> bool:
        """Whether the authority works on `day`."""
        if self.years is not None and day.year not in self.years:
            raise ValueError(f"the calendar does not know the holidays of {day.year}")
        return day.weekday() < 5 and day not in self.holidays and (day.month, day.day) not in self.closed_days

    def next_working_day(self, day: date) -> date:
        """`day` itself if it is a working day, else the first one after it."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def add_working_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`, itself not counted; count 0 is `next_working_day`."""
        if count < 0:
            raise ValueError("count of working days must not be negative")
        for _ in range(count):
            day = self.next_working_day(day + ONE_DAY)
        return self.next_working_day(day)


@dataclass(frozen=True)
class RunSchedule:
    """Cut-off and run time of every run day as clock times of `zone`.

    The run of a day starts at or after its cut-off: a `run_time` earlier on the clock than `cut_off` means the
    night after, so with cut-off 18:00 and run 02:30 Friday's run starts on Saturday at 02:30.
    On the nights of the time change a clock time that does not exist is the first instant after the gap, and
    one that comes twice is its first occurrence.
    """

    zone: ZoneInfo
    cut_off: time
    run_time: time
    calendar: WorkCalendar

    def cut_off_moment(self, day: date) -> datetime:
        """The moment (UTC) before which a letter must be approved to leave with the run of `day`."""
        return _moment(day, self.cut_off, self.zone)

    def run_moment(self, day: date) -> datetime:
        """The moment (UTC) at which the run of `day` starts; never before its cut-off."""
        return _moment(day + ONE_DAY if self.run_time < self.cut_off else day, self.run_time, self.zone)

    def run_day_for(self, approved_at: datetime) -> date:
        """The first run day whose cut-off lies strictly after `approved_at`."""
        day = self.calendar.next_working_day(self._local_day(approved_at))
        if self.cut_off_moment(day) > approved_at:
            return day
        return self.calendar.next_working_day(day + ONE_DAY)

    def due_runs(self, last_run_day: date | None, now: datetime) -> list[date]:
        """All run days after `last_run_day` whose run moment has come, oldest first.

        None (nothing ever ran) gives only the most recent one: a new installation does not catch up on years.
        """
        if last_run_day is None:
            return [self._most_recent_due(now)]
        return [day for day in _days(last_run_day + ONE_DAY, self._local_day(now)) if self._is_due(day, now)]

    def next_run(self, now: datetime) -> date:
        """The first run day whose run moment is still to come."""
        day = self._local_day(now) - ONE_DAY  # last night's run may still be ahead
        while not self.calendar.is_working_day(day) or self.run_moment(day) <= now:
            day += ONE_DAY
        return day

    def _is_due(self, day: date, now: datetime) -> bool:
        return self.calendar.is_working_day(day) and self.run_moment(day) <= now

    def _most_recent_due(self, now: datetime) -> date:
        day = self._local_day(now)
        while not self._is_due(day, now):
            day -= ONE_DAY
        return day

    def _local_day(self, moment: datetime) -> date:
        if moment.tzinfo is None:
            raise ValueError("a moment must be timezone-aware")
        return moment.astimezone(self.zone).date()


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += ONE_DAY


def _moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The instant of a clock time on `day`; see RunSchedule for the nights of the time change."""
    local = datetime.combine(day, clock, tzinfo=zone).replace(fold=0)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _first_instant_after_gap(local, zone)


def _first_instant_after_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """Bisect for the time change: fold=1 reads the clock with the offset after it, fold=0 with that before."""
    before = local.replace(fold=1).astimezone(UTC)
    after = local.astimezone(UTC)
    new_offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == new_offset:
            after = middle
        else:
            before = middle
    return after.replace(microsecond=0)
