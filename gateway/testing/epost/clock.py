"""The simulator's own time: it runs faster than real time or is put forward by hand, and survives a restart.

And the provider's working day: when a letter accepted now will be checked, at the print centre, posted, delivered.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")

CHECKED_AFTER = timedelta(minutes=5)
AT_PRINT_CENTRE_AFTER = timedelta(hours=3)
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


@dataclass(frozen=True)
class Plan:
    """When a letter reaches its stages, UTC. `posted_at` is what the provider reports back as "versendet"."""

    accepted_at: datetime
    checked_at: datetime
    at_print_centre_at: datetime
    posted_at: datetime


def plan_for(accepted_at: datetime, letter_id: int, held_until: datetime | None = None) -> Plan:
    """Minutes to the check, hours to the print centre, one or two working days from there to the carrier.

    What waits in the hold basket goes to the print centre after it.
    """
    checked_at = accepted_at + CHECKED_AFTER
    at_print_centre_at = max(checked_at, held_until or checked_at) + AT_PRINT_CENTRE_AFTER
    return Plan(
        accepted_at=accepted_at,
        checked_at=checked_at,
        at_print_centre_at=at_print_centre_at,
        posted_at=afternoon_after(at_print_centre_at, working_days=1 + letter_id % 2),
    )


def afternoon_after(moment: datetime, *, working_days: int) -> datetime:
    """16:00 in Berlin, some working days (Monday to Friday) later."""
    day = moment.astimezone(BERLIN).date()
    while working_days:
        day += timedelta(days=1)
        working_days -= day.weekday() < _SATURDAY
    return datetime(day.year, day.month, day.day, POSTED_AT_HOUR, tzinfo=BERLIN).astimezone(UTC)


def wire_time(moment: datetime) -> str:
    """As the interface writes it: Berlin time without a zone, fraction only if there is one."""
    local = moment.astimezone(BERLIN).replace(tzinfo=None)
    return local.isoformat(timespec="milliseconds" if local.microsecond >= 1000 else "seconds")
