"""Legal holidays of North Rhine-Westphalia, from the `holidays` library; the authority's seat decides.

24 and 31 December are no holidays there, and none here. Offices close on them by configuration.
"""

from collections.abc import Iterable
from datetime import date
from functools import cache


@cache
def _year(year: int) -> frozenset[date]:
    from holidays.countries.germany import Germany  # noqa: PLC0415 - takes half a second: only when dates are asked

    return frozenset(Germany(subdiv="NW", years=year, expand=False))


def holidays_nrw(years: Iterable[int]) -> frozenset[date]:
    """All legal holidays in NRW of these years."""
    return frozenset().union(*(_year(year) for year in years))


def is_holiday_nrw(day: date) -> bool:
    """Whether a day is a legal holiday in NRW, whatever its year."""
    return day in _year(day.year)
