"""Plays trials: an evening run that is killed, restarted until it is done, and a ledger that is compared to the rows.

The approved state is prepared once and copied for every trial; the provider is the simulator, over HTTP, in this
process, so that it outlives every killed run.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlmodel import select

from gateway.application.reconciling import account
from gateway.db.engine import Database
from gateway.db.letters import Approval, Recipient
from gateway.db.mail import Submission
from gateway.testing.epost import EpostSimulator
from tests.world import MONDAY, ROOT, Prototype, at

EVENING = at(MONDAY, "19:05")
PATIENCE = timedelta(minutes=16)
"""Longer than the settle time of the shipped configuration."""
MOST_RUNS = 12


@dataclass(frozen=True)
class Trial:
    """What goes wrong. `kills`: points at which one run after the other dies, None is a run that lives.

    `kill_after_s`: seconds after which the first run is killed from outside. `faults`: misbehaviour of the provider.
    `weak_provider`: the provider takes every repetition for a new letter. `lag_s`: its searches lag behind.
    """

    kills: tuple[int | None, ...] = ()
    kill_after_s: float | None = None
    faults: tuple[tuple[str, str, int], ...] = ()
    weak_provider: bool = True
    lag_s: float = 0
    mutant: str | None = None
    pause: timedelta = PATIENCE


@dataclass
class Outcome:
    """What the ledger says: how many were approved, which are lost or doubled, and whether the account balances."""

    approved: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    balanced: bool = False
    runs: int = 0
    killed: int = 0
    points: list[str] = field(default_factory=list)
    complaint: str = ""

    @property
    def good(self) -> bool:
        """Every approved copy printed exactly once, and the account knows it."""
        return not (self.lost or self.doubled or self.complaint) and self.balanced


class Theatre:
    """A prepared evening and the forge; a context manager."""

    def __init__(self, prototype: Prototype, folder: Path) -> None:
        self._prototype = prototype
        self._folder = folder
        self._count = 0

    def __enter__(self) -> Self:
        """Write and approve the letters, start the forge."""
        with (
            EpostSimulator(speed=0, start=at(MONDAY, "08:00")) as nobody,
            self._prototype.world(self._folder / "prepared", nobody) as world,
        ):
            world.approved("F1")
            world.approved("F2")
            world.approved("F1", appointment_time="12:00")
        self._forge = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.forge", str(ROOT / "letter_templates")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == "ready"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the forge."""
        assert self._forge.stdin
        assert self._forge.stdout
        self._forge.stdin.close()
        self._forge.wait(timeout=20)
        self._forge.stdout.close()

    def play(self, trial: Trial) -> Outcome:
        """Play one evening to its end."""
        self._count += 1
        folder = self._folder / f"trial-{self._count}"
        shutil.copytree(self._folder / "prepared", folder)
        outcome = Outcome()
        with EpostSimulator(speed=0, start=EVENING, poll_interval_s=0, lookup_lag_s=trial.lag_s) as simulator:
            for on, kind, skip in trial.faults:
                simulator.faults.replace([])
                simulator.plan_fault(on, kind, skip=skip)
            moment = EVENING
            for number in range(MOST_RUNS):
                kill_at = trial.kills[number] if number < len(trial.kills) else None
                after_s = trial.kill_after_s if number == 0 else None
                ended = self._run(folder, simulator, moment, trial, kill_at, after_s)
                outcome.runs += 1
                outcome.killed += ended == -signal.SIGKILL
                if ended == 0 and number >= len(trial.kills):
                    break
                moment += trial.pause
                simulator.advance_to(moment)
            else:
                outcome.complaint = (folder / "output").read_text()[-2000:]
            outcome.points = json.loads((folder / "points").read_text())
            simulator.advance(days=4)
            self._judge(folder, simulator, outcome)
        shutil.rmtree(folder)
        return outcome

    def _run(
        self,
        folder: Path,
        simulator: EpostSimulator,
        moment: datetime,
        trial: Trial,
        kill_at: int | None,
        after_s: float | None,
    ) -> int:
        order = {
            "arguments": ["--data-dir", str(folder), "run", "--json"],
            "moment": moment.isoformat(),
            "environment": {
                "GATEWAY_CONFIG": str(ROOT / "config.toml"),
                "GATEWAY_PROVIDER__EPOST__BASE_URL": simulator.base_url,
                "GATEWAY_PROVIDER__EPOST__MIN_POLL_INTERVAL_S": "0",
                "GATEWAY_PROVIDER__EPOST__READ_TIMEOUT_S": "5",
                "GATEWAY_RENDERING__WORKERS": "0",
            },
            "kill_at": kill_at,
            "mutant": trial.mutant,
            "weak_provider": trial.weak_provider,
            "output": str(folder / "output"),
            "points": str(folder / "points"),
        }
        assert self._forge.stdin
        self._forge.stdin.write(json.dumps(order) + "\n")
        self._forge.stdin.flush()
        process = int(self._read())
        if after_s is not None:
            time.sleep(after_s)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return os.waitstatus_to_exitcode(int(self._read()))

    def _read(self) -> str:
        assert self._forge.stdout
        line = self._forge.stdout.readline()
        if not line:
            raise RuntimeError("the forge ended")
        return line.strip()

    def _judge(self, folder: Path, simulator: EpostSimulator, outcome: Outcome) -> None:
        """Compare what the provider printed with what was approved."""
        printed = Counter(piece.custom1 for piece in simulator.ledger)
        database = Database(f"sqlite:///{folder / 'gateway.db'}")
        with database.reading() as session:
            keys = session.exec(
                select(Submission.key)
                .join(Recipient, Recipient.mail_piece_id == Submission.piece_id)  # type: ignore[arg-type]
                .join(Approval, Approval.recipient_id == Recipient.id)  # type: ignore[arg-type]
            ).all()
            outcome.approved = len(session.exec(select(Approval)).all())
        outcome.lost = [key for key in keys if not printed[key]]
        outcome.lost += ["not planned"] * (outcome.approved - len(keys))
        outcome.doubled = [key for key, count in printed.items() if count > 1 or key not in keys]
        services = replace(
            self._prototype.services,
            db=database,
            blobs=type(self._prototype.services.blobs)(folder / "documents"),  # type: ignore[call-arg]
        )
        balance = account(services)
        outcome.balanced = balance.balanced and balance.approved == outcome.approved
        database.close()


def chance_trial(chance: random.Random, points: int) -> Trial:
    """A trial by chance: a kill inside or from outside, maybe one more while recovering, maybe a lost answer."""
    kinds = (
        "drop-after-accept",
        "drop-before",
        "5xx-after-accept",
        "5xx-before",
        "cut-answer",
        "nonsense",
        "429",
    )
    faults: tuple[tuple[str, str, int], ...] = ()
    if chance.random() < 0.5:
        faults = (("POST /api/Letter", chance.choice(kinds), chance.randrange(4)),)
    if chance.random() < 0.4:
        return Trial(kill_after_s=chance.uniform(0, 1.2), faults=faults, lag_s=chance.choice((0, 600)))
    kills = (chance.randint(1, points), chance.choice((None, chance.randint(1, points))))
    return Trial(kills=kills, faults=faults, lag_s=chance.choice((0, 600)))


def summary(outcomes: list[Outcome]) -> dict[str, Any]:
    """Figures."""
    return {
        "trials": len(outcomes),
        "runs": sum(outcome.runs for outcome in outcomes),
        "killed": sum(outcome.killed for outcome in outcomes),
        "copies": sum(outcome.approved for outcome in outcomes),
        "lost": sum(len(outcome.lost) for outcome in outcomes),
        "doubled": sum(len(outcome.doubled) for outcome in outcomes),
        "unbalanced": sum(not outcome.balanced for outcome in outcomes),
        "unfinished": sum(bool(outcome.complaint) for outcome in outcomes),
    }
