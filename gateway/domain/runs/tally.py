"""Tally (*Abgleich*): what we handed over on a day against what the provider says it holds, both ways.

"Accepted" is never believed for good: a national print service once accepted letters, could not render them, deleted
them and told nobody but by e-mail. A day on which both sides have nothing is a result, too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.domain.runs.submission import SubmissionState


class Difference(StrEnum):
    """What the two sides disagree about."""

    MISSING_THERE = "missing-at-provider"
    """We handed it over, the provider does not list it."""
    UNKNOWN_HERE = "unknown-here"
    """The provider lists it, we have no such submission."""
    NOT_RELEASED_HERE = "held-without-release"
    """The provider lists it, and for us it was never released, or was taken back: it may be printed twice."""
    DOUBLED_THERE = "doubled-at-provider"
    """The provider lists it more than once."""
    PAGES_DIFFER = "pages-differ"
    """Another number of pages than we handed over."""


MEANING = {
    Difference.MISSING_THERE: "Übergeben, aber nicht in der Liste des Druckdienstleisters. Bitte dort nachfragen.",
    Difference.UNKNOWN_HERE: "Der Druckdienstleister führt eine Sendung, die hier niemand übergeben hat.",
    Difference.NOT_RELEASED_HERE: "Der Druckdienstleister führt eine Sendung, die hier nicht als übergeben gilt. "
    "Bitte klären, bevor sie noch einmal eingeplant wird.",
    Difference.DOUBLED_THERE: "Der Druckdienstleister führt die Sendung mehrfach. Bitte ein Exemplar sperren lassen.",
    Difference.PAGES_DIFFER: "Der Druckdienstleister zählt eine andere Seitenzahl als übergeben wurde.",
}
"""What people read."""

_MAY_BE_THERE = frozenset({SubmissionState.RELEASED, SubmissionState.RELEASING, SubmissionState.IN_DOUBT})
"""Where the outcome is open, recovery will find it; that is no difference."""


@dataclass(frozen=True)
class HandedOver:
    """A submission of ours: our key, its state, its pages, and the local day of its release, if it was."""

    key: str
    state: SubmissionState
    pages: int | None
    released_on: date | None


@dataclass(frozen=True)
class Held:
    """An entry of the provider's list. `pages` None: not told. One that `failed` there is not printed."""

    key: str
    provider_reference: str
    accepted_on: date
    pages: int | None = None
    failed: bool = False


@dataclass(frozen=True)
class Found:
    """One difference, by the key both sides know it under."""

    key: str
    difference: Difference
    provider_reference: str | None = None


@dataclass(frozen=True)
class Tally:
    """Of one day: how many pieces and pages each side counts, and what they disagree about."""

    ours: int
    theirs: int
    our_pages: int
    their_pages: int
    found: tuple[Found, ...]


def compare(day: date, ours: Iterable[HandedOver], theirs: Sequence[Held]) -> Tally:
    """Compare a day. `theirs` may reach over its edges, and should: midnight passes between the two sides.

    `ours` are the submissions released on the day, and all that `theirs` names.
    """
    known = {each.key: each for each in ours}
    copies = Counter(each.key for each in theirs if not each.failed)
    listed = {each.key: each for each in theirs}
    of_day = [each for each in known.values() if each.released_on == day]
    held_on_day = [each for each in theirs if each.accepted_on == day]
    found = [Found(each.key, Difference.MISSING_THERE) for each in of_day if each.key not in listed]
    found += [difference for each in listed.values() if (difference := _judge(each, known, copies[each.key]))]
    return Tally(
        ours=len(of_day),
        theirs=len(held_on_day),
        our_pages=sum(each.pages or 0 for each in of_day),
        their_pages=sum(each.pages or 0 for each in held_on_day),
        found=tuple(sorted(found, key=lambda each: (each.key, each.difference))),
    )


def _judge(held: Held, known: Mapping[str, HandedOver], copies: int) -> Found | None:
    mine = known.get(held.key)
    if mine is None:
        return Found(held.key, Difference.UNKNOWN_HERE, held.provider_reference)
    if mine.state not in _MAY_BE_THERE and not held.failed:
        return Found(held.key, Difference.NOT_RELEASED_HERE, held.provider_reference)
    if copies > 1:
        return Found(held.key, Difference.DOUBLED_THERE, held.provider_reference)
    if None not in {held.pages, mine.pages} and held.pages != mine.pages:
        return Found(held.key, Difference.PAGES_DIFFER, held.provider_reference)
    return None
