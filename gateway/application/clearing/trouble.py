"""Trouble: one problem of a letter or of one of its copies, as the desk shows it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from gateway.domain.desk import desk as rules
from gateway.domain.desk.desk import DeskAction, Facts, Problem


class Make(Protocol):
    """Makes the trouble of one copy: problem, its occasion, since when, and what is to be said."""

    def __call__(self, problem: Problem, occasion: object, since: datetime, *said: str | None) -> "Trouble":
        """Of this copy."""


@dataclass(frozen=True)
class Trouble:
    """One problem of one copy of a letter; `number` and `piece` are None where it is the letter's own.

    `key` names the problem and its occasion: what was decided about it holds for this occasion only.
    """

    problem: Problem
    key: str
    since: datetime
    messages: tuple[str, ...]
    facts: Facts
    due: date
    number: int | None = None
    piece_id: int | None = None
    submission_id: int | None = None
    provider: str | None = None

    @property
    def actions(self) -> dict[DeskAction, str]:
        """What may safely be done about it."""
        return rules.actions_for(self.problem, self.facts)
