"""A rejected document: whether its paper is still expected to come again, until when, and when nothing is open.

It was rejected by the machine (receipt) or given back by a person (feedback). Its paper lies at the scan site, and
nobody else has it: so it is settled only when the site was told, the paper's fate is known, and, where it never came
again, a person decided that it is not waited for. Must not know where anything is stored.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

TAKEN_BEFORE = frozenset({"scan-id-repeated", "scan-content-repeated"})
"""Codes of a document that was rejected, because its paper is here already: it never speaks for the paper."""


class Expectation(StrEnum):
    """What is expected of a rejected document."""

    OPEN = "open"
    """That its paper is delivered again."""
    CAME_AGAIN = "came-again"
    HERE_BEFORE = "here-before"
    """Nothing: it was rejected, because it is here already."""
    CLOSED = "closed"
    """Nothing: a person decided so, when the fate of the paper was known."""


@dataclass(frozen=True)
class RejectedFacts:
    """What is known. `told_at`: the site has the receipt or the feedback; moments are None before they come.

    `paper_settled_at`: it came back to the house, was destroyed, or the site does not find it.
    """

    told_at: datetime | None
    here_before: bool = False
    came_again_at: datetime | None = None
    paper_settled_at: datetime | None = None
    closed_at: datetime | None = None


def expectation(facts: RejectedFacts) -> Expectation:
    """What is expected of it."""
    if facts.here_before:
        return Expectation.HERE_BEFORE
    if facts.came_again_at is not None:
        return Expectation.CAME_AGAIN
    return Expectation.CLOSED if facts.closed_at is not None else Expectation.OPEN


def settled_at(facts: RejectedFacts) -> datetime | None:
    """When the last thing that was open about it was settled; None while something is."""
    needed = {
        Expectation.HERE_BEFORE: (facts.told_at,),
        Expectation.CAME_AGAIN: (facts.told_at, facts.came_again_at),
        Expectation.CLOSED: (facts.told_at, facts.paper_settled_at, facts.closed_at),
        Expectation.OPEN: (None,),
    }[expectation(facts)]
    known = [moment for moment in needed if moment is not None]
    return max(known) if len(known) == len(needed) else None


class NotYet(StrEnum):
    """Why a person cannot decide yet, or any more, that it is not waited for."""

    NOTHING_AWAITED = "nothing-awaited"
    SITE_NOT_TOLD = "site-not-told"
    PAPER_NOT_SETTLED = "paper-not-settled"


def why_not_close(facts: RejectedFacts) -> NotYet | None:
    """What stands against it; None if a person may decide."""
    if expectation(facts) is not Expectation.OPEN:
        return NotYet.NOTHING_AWAITED
    if facts.told_at is None:
        return NotYet.SITE_NOT_TOLD
    return NotYet.PAPER_NOT_SETTLED if facts.paper_settled_at is None else None


def due_on(told_on: date | None, within_days: int) -> date | None:
    """The last day on which it should come again, counted from when the site was told; None before that."""
    return told_on + timedelta(days=within_days) if told_on is not None else None


def reminders(due: date | None, within_days: int, today: date) -> int:
    """How often it is to be asked for by now: once after it was due, and once more after each further term."""
    return ((today - due).days - 1) // within_days + 1 if due is not None and today > due else 0
