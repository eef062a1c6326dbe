"""Patience (*Fristen der Klärungsliste*): how long a provider may be silent about a piece, in working days.

Must not know what is done about it then: that is `desk`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from gateway.domain.desk.desk import Facts, Problem
from gateway.domain.runs.calendar import WorkCalendar
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState


@dataclass(frozen=True)
class Patience:
    """After how many working days of silence a provider is asked; counted from the day of the hand-over."""

    production_days: int = 2
    posting_days: int = 3
    receipt_days: int = 1
    """Until a receipt that is to be proven is recorded; counted from the day on which the piece was given away."""
    delivery_days: int = 30
    """From the posting of registered mail until nobody asks the provider any more how it ended. Generous: the carrier
    keeps it a week for its reader, and its return or its certificate is reported weeks later."""


@dataclass(frozen=True)
class DeskRules:
    """How long things may take before they are on the desk, in working days of the authority."""

    decide_days: int = 1
    """For a person to decide about a problem."""
    hand_over_days: int = 1
    """From planning to the hand-over."""
    patience: Patience = field(default_factory=Patience)
    of_provider: Mapping[str, Patience] = field(default_factory=dict)

    def patience_with(self, provider: str) -> Patience:
        """What holds for one provider."""
        return self.of_provider.get(provider, self.patience)


@dataclass(frozen=True)
class Overdue:
    """A silence that has lasted too long. `period` counts how often that patience has run out: each is a new alarm."""

    problem: Problem
    due: date
    period: int


def overdue(
    facts: Facts,
    *,
    provider: str,
    planned_on: date,
    released_on: date | None,
    left_on: date | None = None,
    today: date,
    rules: DeskRules,
    calendar: WorkCalendar,
) -> Overdue | None:
    """Whether a piece has been silent for too long, and since when. Days are those of the authority's seat."""
    patience = rules.patience_with(provider)
    if facts.fault is not None:
        return None
    if facts.submission in {SubmissionState.PLANNED, SubmissionState.STAGED}:
        return _late(Problem.LATE_HAND_OVER, planned_on, rules.hand_over_days, today, calendar)
    if facts.submission is not SubmissionState.RELEASED or released_on is None:
        return None
    awaited = _awaited(facts, patience)
    if awaited is None:
        return None
    problem, days = awaited
    since = left_on or released_on if problem is Problem.LATE_RECEIPT else released_on
    return _late(problem, since, days, today, calendar)


def is_given_up(posted_on: date, *, today: date, days: int, calendar: WorkCalendar) -> bool:
    """Whether the end of registered mail was waited for long enough: from the day after the last of `days` days."""
    return today > calendar.add_working_days(posted_on, days)


def _awaited(facts: Facts, patience: Patience) -> tuple[Problem, int] | None:
    """What is to be heard next of a piece that was handed over, and within how many working days."""
    if facts.awaits_receipt:
        return Problem.LATE_RECEIPT, patience.receipt_days
    if facts.status in {Status.UNKNOWN, Status.ACCEPTED}:
        return Problem.LATE_PRODUCTION, patience.production_days
    if facts.status in {Status.IN_PRODUCTION, Status.PRINTED}:
        return Problem.LATE_POSTING, patience.posting_days
    return None


def _late(problem: Problem, since: date, days: int, today: date, calendar: WorkCalendar) -> Overdue | None:
    """Due at the end of the last of `days` working days; overdue from the day after."""
    due = calendar.add_working_days(since, days)
    if today <= due:
        return None
    period, end = 1, calendar.add_working_days(due, max(days, 1))
    while end < today:
        period, end = period + 1, calendar.add_working_days(end, max(days, 1))
    return Overdue(problem, due, period)
