"""What simulated print houses behind HTTP have in common: a kept ledger, a clock put forward by hand, faults, a start.

A house decides for itself what it takes, what it answers and what it prints. Nothing here is shared with an adapter.
"""

import json
import sqlite3
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.testing.house.clock import BERLIN, ClockState, starting_clock
from gateway.testing.house.exchange import Page, Reply, Request
from gateway.testing.house.faults import Faults, fault_from
from gateway.testing.house.server import Server

HOST = "127.0.0.1"
DATABASE = "ledger.sqlite3"


class HouseLedger:
    """What a house knows, in `folder`; safe to share between threads. `schema` has a table `facts` (name, value)."""

    def __init__(self, folder: Path, schema: str) -> None:
        self._pdfs = folder / "pdf"
        self._pdfs.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._database = sqlite3.connect(folder / DATABASE, check_same_thread=False, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(schema)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and alone: what is checked inside still holds when it is written."""
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def fact(self, name: str) -> str | None:
        """A value that outlives the process."""
        with self._lock:
            row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["value"])

    def remember(self, name: str, value: str) -> None:
        """Keep a value."""
        with self._lock:
            self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def clock(self) -> ClockState | None:
        """The clock as it was last set, or None in a new ledger."""
        stored = self.fact("clock")
        if stored is None:
            return None
        values = json.loads(stored)
        return ClockState(datetime.fromisoformat(values["simulated"]), values["real_s"], values["speed"])

    def set_clock(self, clock: ClockState) -> None:
        """Keep the clock, so that a reader in another process sees the same time."""
        values = asdict(clock) | {"simulated": clock.simulated.isoformat()}
        self.remember("clock", json.dumps(values))


class House(ABC):
    """A context manager; the server runs in threads of this process while it is open."""

    folder: Path
    faults: Faults
    _temporary: tempfile.TemporaryDirectory[str] | None
    _ledger: HouseLedger
    _clock: ClockState
    _server: Server

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving; without a folder, forget everything."""
        self._server.stop()
        self._clean_up()

    def _clean_up(self) -> None:
        self._ledger.close()
        if self._temporary:
            self._temporary.cleanup()

    @property
    def base_url(self) -> str:
        """Where the interface is, without a slash at the end."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    @property
    def most_at_once(self) -> int:
        """How many requests were served at the same time, at most."""
        return self._server.most_at_once

    def rest(self) -> None:
        """Wait until all that had reached the house is worked through, of clients that were killed, too."""
        self._server.rest()

    def now(self) -> datetime:
        """The simulated moment, UTC."""
        return self._clock.now()

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> datetime:
        """Put the clock forward; returns the new moment."""
        return self.advance_to(self.now() + timedelta(days=days, hours=hours, minutes=minutes))

    def advance_to(self, moment: datetime) -> datetime:
        """Put the clock forward to a moment; it never goes back."""
        self._clock = self._clock.put_to(moment)
        self._ledger.set_clock(self._clock)
        return self.now()

    def plan_fault(self, on: str, kind: str, *, times: int = 1, skip: int = 0) -> None:
        """Misbehave on the next matching requests; see `faults`. Replaces what was planned before."""
        self.faults.replace([fault_from({"on": on, "kind": kind, "times": times, "skip": skip})])

    def _set_out(self, start: datetime | None, speed: float) -> ClockState:
        """A new clock, or the kept one going on from where it is, at this start's speed."""
        kept = self._ledger.clock()
        clock = starting_clock(kept.now() if kept else start, speed)
        self._ledger.set_clock(clock)
        return clock

    def _control(self, request: Request) -> Reply | Page:
        """What people and tests ask of the simulator itself."""
        try:
            return self._steer(request)
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            return Reply(400, {"error": str(error)})

    @abstractmethod
    def _steer(self, request: Request) -> Reply | Page:
        """Answer a request to the controls."""

    def _advance_by(self, values: dict[str, object]) -> datetime:
        if "to" in values:
            moment = datetime.fromisoformat(str(values["to"]))
            return self.advance_to(moment if moment.tzinfo else moment.replace(tzinfo=BERLIN))
        return self.advance(**{unit: float(str(values.get(unit, 0))) for unit in ("days", "hours", "minutes")})
