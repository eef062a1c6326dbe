"""Plays trials: an evening run that is killed, restarted until it is done, and a ledger that is compared to the rows.

The approved letters are written once (`prepare`) and copied for every trial; the print house is beside the runs, in
this process, so that it outlives every one that is killed.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from psycopg import sql
from sqlmodel import col, select

from gateway import bootstrap
from gateway.application.account.reconciling import account
from gateway.blobs.folder import FolderBlobs
from gateway.db.engine import Database
from gateway.db.letters import Approval, Letter, Recipient
from gateway.db.mail import MailPiece, Submission
from gateway.domain.letters.letter import LetterState
from gateway.domain.runs.submission import DuplicateGuard, SubmissionState
from gateway.testing.epost import EpostSimulator
from tests.crash.forge import BROKEN, DONE
from tests.crash.houses import HOUSES, OpenHouse
from tests.crash.trial import Outcome, Trial
from tests.postgres import PostgresServer
from tests.world import MONDAY, ROOT, PostgresCopies, Prototype, SqliteCopies, at, world_settings

EVENING = at(MONDAY, "19:05")
MOST_RUNS = 10
STOPPED = 1000
_OPEN = {
    SubmissionState.PLANNED,
    SubmissionState.STAGED,
    SubmissionState.RELEASING,
    SubmissionState.IN_DOUBT,
}


@dataclass(frozen=True)
class Prepared:
    """An evening with approved letters, to be copied: documents in `folder`, rows in a file or a template database."""

    folder: Path
    template: str = ""
    server: PostgresServer | None = None

    @property
    def copies(self) -> SqliteCopies | PostgresCopies:
        """Where the databases of trials come from."""
        if self.server:
            return PostgresCopies(self.server, self.template)
        return SqliteCopies(self.folder / "gateway.db")


def prepare(prototype: Prototype, folder: Path, server: PostgresServer | None = None) -> Prepared:
    """Write and approve the letters of one evening: 3 letters, 4 copies."""
    # What template versions are made of lies among the documents; a new process has nothing else.
    shutil.copytree(prototype.documents, folder / "documents")
    if isinstance(prototype.copies, PostgresCopies):
        prepared = Prepared(folder, prototype.copies.name_of_copy(), server)
        url = server.url(prepared.template) if server else ""
    else:
        prepared = Prepared(folder)
        url = prototype.copies.place(folder)
    with (
        EpostSimulator(speed=0, start=at(MONDAY, "08:00")) as nobody,
        prototype.world_at(url, folder, nobody) as world,
    ):
        world.approved("F1")
        world.approved("F2")
        world.approved("F1", appointment_time="12:00")
    return prepared


class Theatre:
    """A forge and what is needed to judge; a context manager. `made` keeps print copies for all theatres."""

    def __init__(self, prepared: dict[str, Prepared], folder: Path, made: Path) -> None:
        self._prepared = prepared
        self._folder = folder
        self._made = made
        self._count = 0

    def __enter__(self) -> Self:
        """Start the forge."""
        self._folder.mkdir(parents=True, exist_ok=True)
        made = self._folder / "made"
        if not made.exists():
            self._made.mkdir(exist_ok=True)
            made.symlink_to(self._made)
        self._judge = bootstrap.build(world_settings(self._folder / "judge"))
        self._forge = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.forge", str(self._folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"
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
        bootstrap.close(self._judge)

    def play(self, trial: Trial) -> Outcome:
        """Play one evening to its end."""
        self._count += 1
        prepared = self._prepared[trial.backend]
        folder = self._folder / f"trial-{self._count}"
        shutil.copytree(prepared.folder, folder, ignore=shutil.ignore_patterns("gateway.db*"))
        with (
            prepared.copies.copy(folder) as url,
            HOUSES[trial.house].open(trial, folder, EVENING) as house,
        ):
            database = Database(url)
            evening = _Evening(self, trial, folder, url, house, database, prepared.server)
            evening.play()
            self._compare(evening, house)
            database.close()
        shutil.rmtree(folder)
        return evening.outcome

    def ask(self, order: dict[str, Any]) -> int:
        """What the forge answers to an order."""
        assert self._forge.stdin
        self._forge.stdin.write(json.dumps(order) + "\n")
        self._forge.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._forge.stdout
        line = self._forge.stdout.readline()
        if not line:
            raise RuntimeError("the forge ended")
        return line.strip()

    def _compare(self, evening: "_Evening", house: OpenHouse) -> None:
        """Compare what the house printed with what was approved, and with what the rows say of it."""
        printed, outcome = house.printed(), evening.outcome
        with evening.database.reading() as session:
            states = dict(
                session.exec(
                    select(Submission.key, Submission.state)
                    .join(Recipient, col(Recipient.mail_piece_id) == Submission.piece_id)
                    .join(Approval, col(Approval.recipient_id) == Recipient.id)
                ).all()
            )
            outcome.approved = len(session.exec(select(Approval.id)).all())
            unplanned = session.exec(select(Letter.id).where(Letter.state == LetterState.APPROVED)).all()
        outcome.lost += [f"{key} not planned" for key in unplanned]
        for key, state in states.items():
            doubtful = state in {SubmissionState.RELEASING, SubmissionState.IN_DOUBT}
            if doubtful and evening.may_ask_a_clerk():
                outcome.desk.append(key)
            elif not printed[key] or doubtful:
                outcome.lost.append(f"{key} {state}")
            elif state is not SubmissionState.RELEASED:
                outcome.complaint += f"{key} is printed and {state}; "
        outcome.doubled = [key for key, count in printed.items() if count > 1 or key not in states]
        balance = account(
            replace(self._judge, db=evening.database, blobs=FolderBlobs(evening.folder / "documents"))
        )
        outcome.balanced = balance.balanced and balance.approved == outcome.approved


@dataclass
class _Evening:
    """One trial while it is played."""

    theatre: Theatre
    trial: Trial
    folder: Path
    url: str
    house: OpenHouse
    database: Database
    server: PostgresServer | None

    def __post_init__(self) -> None:
        self.outcome = Outcome()
        self._moment = EVENING
        self._guard = HOUSES[self.trial.house].make(dict(self.house.recipe)).capabilities

    def may_ask_a_clerk(self) -> bool:
        """Whether doubt may stay: nothing protects, or a key has been forgotten."""
        if self._guard.guard is DuplicateGuard.KEY:
            return self._moment - EVENING >= self._guard.key_lifetime
        return self._guard.guard is DuplicateGuard.NONE

    def play(self) -> None:
        """Runs, until nothing is open or only a clerk can go on."""
        if self.trial.mishap:
            self.house.spoil(*self.trial.mishap)
        for number in range(MOST_RUNS):
            kill_at = self.trial.kills[number] if number < len(self.trial.kills) else None
            ended = self._run(number, kill_at)
            if ended == BROKEN:
                self.outcome.complaint = (self.folder / "output").read_text()[-3000:]
            if ended >= DONE and number >= len(self.trial.kills) and self._is_over(number):
                break
            self._wait()
        else:
            self.outcome.complaint += "never done; " + (self.folder / "output").read_text()[-2000:]
        with suppress(FileNotFoundError):
            self.outcome.points = json.loads((self.folder / "points").read_text())

    def _wait(self) -> None:
        self.house.rest()
        self._moment += self.trial.pause
        self.house.advance_to(self._moment)

    def _is_over(self, number: int) -> bool:
        with self.database.reading() as session:
            states = set(session.exec(select(Submission.state).where(col(Submission.state).in_(_OPEN))).all())
            waiting = session.exec(select(Letter.id).where(Letter.state == LetterState.APPROVED)).first()
            unmade = session.exec(
                select(MailPiece.id).where(
                    col(MailPiece.print_sha256).is_(None), col(MailPiece.fault_code).is_(None)
                )
            ).first()
        if waiting or unmade:
            return False
        doubt = {SubmissionState.RELEASING, SubmissionState.IN_DOUBT}
        return not states or (self.may_ask_a_clerk() and states <= doubt and number >= 3)

    def _run(self, number: int, kill_at: int | None) -> int:
        self.outcome.runs += 1
        first = number == 0
        process = self._start(number, kill_at, self.trial.stop_at if first else None)
        if first and self.trial.kill_after_s is not None:
            time.sleep(self.trial.kill_after_s)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        ended = self.theatre.ask({"do": "wait", "process": process})
        if ended == STOPPED:
            ended = self._recover_beside(process)
        self.outcome.killed += ended == -signal.SIGKILL
        if ended < DONE:
            self._forget_the_dead()
        return ended

    def _recover_beside(self, process: int) -> int:
        """The first run is paused: others recover, twice and later than any settle time, then it wakes up."""
        self.outcome.stopped += 1
        for number in (100, 101):
            self._wait()
            self.outcome.runs += 1
            other = self._start(number, None, None)
            self.theatre.ask({"do": "wait", "process": other})
        os.kill(process, signal.SIGCONT)
        return self.theatre.ask({"do": "wait", "process": process})

    def _start(self, number: int, kill_at: int | None, stop_at: int | None) -> int:
        return self.theatre.ask(
            {
                "do": "start",
                "number": number,
                "house": self.trial.house,
                "recipe": dict(self.house.recipe),
                "folder": str(self.folder),
                "url": self.url,
                "moment": self._moment.isoformat(),
                "kill_at": kill_at,
                "stop_at": stop_at,
                "mutant": self.trial.mutant,
                "output": str(self.folder / "output"),
                "points": str(self.folder / "points"),
            }
        )

    def _forget_the_dead(self) -> None:
        """Wait until PostgreSQL has noticed that a client is gone, which takes it some milliseconds."""
        if self.server is None:
            return
        gone = sql.SQL(
            "DO $$ BEGIN FOR n IN 1..500 LOOP PERFORM pg_stat_clear_snapshot(); EXIT WHEN NOT EXISTS (SELECT FROM"
            " pg_stat_activity WHERE datname = {} AND application_name LIKE 'gateway%' AND state IS DISTINCT FROM"
            " 'idle'); PERFORM pg_sleep(0.01); END LOOP; END $$"
        )
        self.server.execute(gone.format(sql.Literal(self.database.url.database)))


def describe(trial: Trial) -> str:
    """A trial in one line, without what is usual."""
    usual = asdict(Trial(house=""))
    return ", ".join(f"{name}={value}" for name, value in asdict(trial).items() if value != usual.get(name))
