"""Which trials are played: every point once, then pauses, lost answers, recoveries that die too, and chance."""

import random
from collections.abc import Mapping, Sequence

from tests.crash.houses import HOUSES
from tests.crash.trial import Trial

BACKENDS = ("sqlite", "postgresql")
_LAGS = (0, 0, 600)
"""Seconds for which a house cannot find what it has just taken; less than its settle time."""


def combinations(backends: Sequence[str] = BACKENDS) -> list[Trial]:
    """An undisturbed trial of every house on every database."""
    return [
        Trial(house, backend) for backend in backends for house, entry in HOUSES.items() if entry.available()
    ]


def campaign(points: Mapping[Trial, Sequence[str]], total: int, chance: random.Random) -> list[Trial]:
    """At least `total` trials: systematic ones of every combination, filled up by chance; shuffled."""
    trials = [trial for plain, names in points.items() for trial in _systematic(plain, names, chance)]
    combos = list(points.items())
    while len(trials) < total:
        plain, names = combos[len(trials) % len(combos)]
        trials.append(by_chance(plain, len(names), chance))
    chance.shuffle(trials)
    return trials


def _systematic(plain: Trial, names: Sequence[str], chance: random.Random) -> list[Trial]:
    trials = [_with(plain, kills=(point,)) for point in range(1, len(names) + 1)]
    trials += [_with(plain, stop_at=point) for point in stopping_points(names)]
    for kind in HOUSES[plain.house].mishaps:
        trials += [_with(plain, mishap=(kind, skip), lag_s=chance.choice(_LAGS)) for skip in (0, 1)]
    return trials


def stopping_points(names: Sequence[str]) -> list[int]:
    """Around and within calls: a process that is stopped inside of a transaction only keeps others waiting."""
    calls = ("before stage", "after stage", "before release", "after release", "writing")
    return [point for point, name in enumerate(names, start=1) if name in calls][::3]


def by_chance(plain: Trial, points: int, chance: random.Random) -> Trial:
    """A kill inside or from outside, maybe more while recovering, maybe a release that goes wrong."""
    mishaps = HOUSES[plain.house].mishaps
    mishap = (chance.choice(mishaps), chance.randrange(3)) if mishaps and chance.random() < 0.5 else None
    lag_s = chance.choice(_LAGS)
    if chance.random() < 0.3:
        return _with(plain, kill_after_s=chance.uniform(0.01, 0.5), mishap=mishap, lag_s=lag_s)
    kills = tuple(chance.choice((None, chance.randint(1, points))) for _ in range(chance.randint(1, 3)))
    return _with(plain, kills=(chance.randint(1, points), *kills), mishap=mishap, lag_s=lag_s)


def _with(plain: Trial, **what: object) -> Trial:
    return Trial(plain.house, plain.backend, **what)  # type: ignore[arg-type]
