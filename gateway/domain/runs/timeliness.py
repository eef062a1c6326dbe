"""Whether a letter still comes in time: a summons or a deadline that its recipient would learn of too late.

A template declares which of its dates must lie how long after notification (`Timing`). When a letter is notified
follows from the planned posting and the fiction of `deadlines`. Asked at approval and again at every run, because a
letter that waited may have gone stale.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.domain.runs.calendar import WorkCalendar

STALE = "letter-stale"
"""Code of a letter that would come too late."""


@dataclass(frozen=True)
class Timing:
    """The date in `field` must lie `days` and then `working_days` after notification, or later.

    A summons leaves three working days (§ 309 SGB III with § 14 SGB I: reasonable notice), a hearing 14 days
    (§ 24 SGB X: reasonable period). `title` names the field to people.
    """

    field: str
    title: str
    days: int = 0
    working_days: int = 0

    def __post_init__(self) -> None:
        if self.days < 0 or self.working_days < 0:
            raise ValueError("a timing counts forward")


@dataclass(frozen=True)
class Lateness:
    """A date that comes too early for its letter: what it is and what it would have to be at least."""

    timing: Timing
    day: date
    earliest: date

    @property
    def message(self) -> str:
        """What is wrong and what to do, in German; a date of the letter, nobody's name."""
        return (
            f"„{self.timing.title}“ ({self.day:%d.%m.%Y}) ist zu früh: Das Schreiben gilt erst so spät als bekannt "
            f"gegeben, dass frühestens der {self.earliest:%d.%m.%Y} möglich ist. Bitte mit neuem Datum neu schreiben."
        )


def earliest(timing: Timing, notified_on: date, calendar: WorkCalendar) -> date:
    """The first day that leaves the recipient the time they must have."""
    day = notified_on + timedelta(days=timing.days)
    return calendar.add_working_days(day, timing.working_days) if timing.working_days else day


def lateness(
    timings: Sequence[Timing], data: Mapping[str, object], notified_on: date, calendar: WorkCalendar
) -> Iterator[Lateness]:
    """The dates in `data` that come too early; a field that is absent or empty asks for nothing."""
    for timing in timings:
        value = data.get(timing.field)
        if isinstance(value, str) and value:
            day, first = date.fromisoformat(value), earliest(timing, notified_on, calendar)
            if day < first:
                yield Lateness(timing, day, first)


def planned_posting(run_day: date, calendar: WorkCalendar) -> date:
    """The day on which the carrier gets what a run hands over: printing takes the night and the next working day."""
    return calendar.next_working_day(run_day + timedelta(days=1))
