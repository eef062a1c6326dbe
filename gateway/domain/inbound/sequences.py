"""Numbers of deliveries without gaps, and how long a source may be silent."""

from collections.abc import Iterable
from datetime import date

from gateway.domain.runs.calendar import WorkCalendar


def gaps(numbers: Iterable[int], first: int | None) -> list[tuple[int, int]]:
    """The numbers that are missing between `first` (None: the lowest) and the highest, as ranges, ends included."""
    known = sorted(set(numbers))
    if not known:
        return []
    expected = known[0] if first is None else first
    missing = []
    for number in known:
        if number > expected:
            missing.append((expected, number - 1))
        expected = max(expected, number + 1)
    return missing


def overdue_since(last: date, late_days: int, calendar: WorkCalendar) -> date | None:
    """The last day by which something should have come after `last`; None where silence is no matter."""
    return calendar.add_working_days(last, late_days) if late_days else None


def as_words(gap: tuple[int, int]) -> str:
    """A range as people write it."""
    return str(gap[0]) if gap[0] == gap[1] else f"{gap[0]} bis {gap[1]}"
