"""One trial, and what came out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

PATIENCE = timedelta(minutes=16)
"""Longer than the settle time of every house."""


@dataclass(frozen=True)
class Trial:
    """What goes wrong. `kills`: points at which one run after the other dies, None is a run that lives.

    `stop_at`: the point at which the first run is stopped (SIGSTOP); others then recover, and it goes on (SIGCONT).
    `kill_after_s`: seconds after which the first run is killed from outside. `mishap`: what the house does to which
    release. `lag_s`: how long the house cannot find what it has just taken. `pause`: time between two runs.
    """

    house: str
    backend: str = "sqlite"
    kills: tuple[int | None, ...] = ()
    stop_at: int | None = None
    kill_after_s: float | None = None
    mishap: tuple[str, int] | None = None
    lag_s: float = 0
    mutant: str | None = None
    pause: timedelta = PATIENCE


@dataclass
class Outcome:
    """What the ledger says against the rows: letters' copies approved, lost, doubled, and left to a clerk."""

    approved: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    desk: list[str] = field(default_factory=list)
    balanced: bool = False
    runs: int = 0
    killed: int = 0
    stopped: int = 0
    points: list[str] = field(default_factory=list)
    complaint: str = ""

    @property
    def good(self) -> bool:
        """Every approved copy printed exactly once, or left to a clerk who must be asked; the account balances."""
        return not (self.lost or self.doubled or self.complaint) and self.balanced


def summary(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Figures."""
    return {
        "trials": len(outcomes),
        "runs": sum(outcome.runs for outcome in outcomes),
        "kills": sum(outcome.killed for outcome in outcomes),
        "stops": sum(outcome.stopped for outcome in outcomes),
        "copies": sum(outcome.approved for outcome in outcomes),
        "desk": sum(len(outcome.desk) for outcome in outcomes),
        "lost": sum(len(outcome.lost) for outcome in outcomes),
        "doubled": sum(len(outcome.doubled) for outcome in outcomes),
        "unbalanced": sum(not outcome.balanced for outcome in outcomes),
        "complaints": sum(bool(outcome.complaint) for outcome in outcomes),
    }
