"""Carriers (*Zusteller*) and the days on which they deliver by contract, as far as the law asks about them.

A letter is deemed notified because the post is regular. Where a carrier plans no delivery on two of the days of the
fiction, the presumption may fall (BFH 29.07.2025 VI R 6/23); one working day without delivery does no harm, also
beside a Sunday (BFH 20.02.2025 VI R 18/22). So this is a warning for people and never moves a date.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.domain.validity import in_force

WEEKDAYS = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
_SUNDAY = 6


@dataclass(frozen=True)
class Carrier:
    """One carrier's contract: `delivery_days` are weekdays, Monday is 0. `source` names where the days stand."""

    name: str
    aliases: frozenset[str]
    delivery_days: frozenset[int]
    source: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Carriers:
    """All carriers that are known."""

    known: tuple[Carrier, ...] = ()

    def find(self, name: str, on: date) -> Carrier | None:
        """The contract that holds with a carrier on a day, by any of its names; None if none is known."""
        wanted = name.strip().casefold()
        return in_force((each for each in self.known if wanted in each.aliases), on)


@dataclass(frozen=True)
class DeliveryPlan:
    """The carrier of one piece and its delivery days, as they were kept with the posting."""

    carrier: str
    days: frozenset[int]


@dataclass(frozen=True)
class Doubt:
    """From how many days without planned delivery the presumption is doubtful, by which judgments."""

    days: int
    rule: str
    counter_rule: str


def days_text(days: Iterable[int]) -> str:
    """`Mo Di Mi Do Fr Sa`."""
    return " ".join(WEEKDAYS[day] for day in sorted(days))


def read_days(text: str) -> frozenset[int]:
    """What `days_text` wrote; a ValueError for anything else."""
    return frozenset(WEEKDAYS.index(word) for word in text.split())


def doubt_about(
    plan: DeliveryPlan, posted_on: date, deemed_on: date, doubt: Doubt, is_holiday: Callable[[date], bool]
) -> str | None:
    """The warning, in German, or None. Holidays do not count: they fall alike upon everybody."""
    days = [posted_on + timedelta(days=count) for count in range(1, (deemed_on - posted_on).days + 1)]
    free = [day for day in days if day.weekday() not in plan.days and not is_holiday(day)]
    if len(free) < doubt.days or all(day.weekday() == _SUNDAY for day in free):
        return None
    named = ", ".join(f"{WEEKDAYS[day.weekday()]} {day:%d.%m.}" for day in free)
    return (
        f"Hinweis: {plan.carrier} plant an {len(free)} der {len(days)} Tage keine Zustellung ({named}). Wird danach "
        f"nur ältere Post ausgetragen, kann die Vermutung entkräftet sein ({doubt.rule}); ein einzelner zustellfreier "
        f"Werktag genügt dafür nicht ({doubt.counter_rule}). Im Zweifel ist der Zugang nachzuweisen."
    )
