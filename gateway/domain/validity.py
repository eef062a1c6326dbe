"""Facts that hold for a time: prices, fiction days, periods. Each has a first day and maybe a last one.

Which one holds on a day is looked up here; nothing here knows what the facts say.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Protocol, TypeVar


class Dated(Protocol):
    """Something that holds from `valid_from` to `valid_to`, both included; None is without end."""

    @property
    def valid_from(self) -> date:
        """First day."""

    @property
    def valid_to(self) -> date | None:
        """Last day, or None while no end is known."""


T = TypeVar("T", bound=Dated)


def in_force(facts: Iterable[T], on: date) -> T | None:
    """The fact that holds on a day, or None."""
    for fact in facts:
        if fact.valid_from <= on and (fact.valid_to is None or on <= fact.valid_to):
            return fact
    return None


def fault_in(facts: Sequence[Dated]) -> str | None:
    """What is wrong with the validity of facts that follow one another, in German; None if all is well.

    They must not overlap (two answers for one day) nor leave a gap (no answer between two known ones).
    """
    ordered = sorted(facts, key=lambda fact: fact.valid_from)
    for fact in ordered:
        if fact.valid_to is not None and fact.valid_to < fact.valid_from:
            return f"valid_to liegt vor valid_from ({fact.valid_from.isoformat()})"
    for earlier, later in pairwise(ordered):
        if earlier.valid_to is None or later.valid_from <= earlier.valid_to:
            return f"zwei Angaben gelten zugleich ab {later.valid_from.isoformat()}"
        if later.valid_from - earlier.valid_to > timedelta(days=1):
            return f"eine Lücke liegt vor {later.valid_from.isoformat()}"
    return None
