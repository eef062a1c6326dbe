"""The simulators' own time: it runs faster than real time or is put forward by hand, and survives a restart."""

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")

POSTED_AT_HOUR = 16
_SATURDAY = 5


@dataclass(frozen=True)
class ClockState:
    """`simulated` was shown when the real clock showed `real_s` (seconds since the epoch)."""

    simulated: datetime
    real_s: float
    speed: float

    def now(self) -> datetime:
        """The simulated moment, UTC."""
        return self.simulated + timedelta(seconds=(time.time() - self.real_s) * self.speed)

    def put_to(self, moment: datetime) -> "ClockState":
        """The clock put forward to `moment`; it never goes back."""
        return ClockState(max(moment, self.now()), time.time(), self.speed)


def starting_clock(start: datetime | None, speed: float) -> ClockState:
    """A clock that shows `start` (or the real moment) now and runs `speed` times as fast; 0 stands still."""
    return ClockState((start or datetime.now(UTC)).astimezone(UTC), time.time(), speed)


def local_day(moment: datetime) -> date:
    """The day in Berlin."""
    return moment.astimezone(BERLIN).date()


def midnight_after(moment: datetime) -> datetime:
    """When that day ends."""
    day = local_day(moment) + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)


def afternoon_after(moment: datetime, *, working_days: int) -> datetime:
    """16:00 in Berlin, some working days (Monday to Friday) later."""
    day = moment.astimezone(BERLIN).date()
    while working_days:
        day += timedelta(days=1)
        working_days -= day.weekday() < _SATURDAY
    return datetime(day.year, day.month, day.day, POSTED_AT_HOUR, tzinfo=BERLIN).astimezone(UTC)
