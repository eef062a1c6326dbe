"""The simulator as a whole: ledger, clock, service and server, and the controls to play with them."""

import json
import re
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.testing.epost.clock import BERLIN, ClockState, starting_clock
from gateway.testing.epost.codes import Reject
from gateway.testing.epost.exchange import Page, Reply, Request
from gateway.testing.epost.faults import Faults, fault_from
from gateway.testing.epost.ledger import Ledger, Piece, printed
from gateway.testing.epost.page import ledger_page
from gateway.testing.epost.paper import page_png
from gateway.testing.epost.server import CONTROL, Server
from gateway.testing.epost.service import CREDENTIALS, Options, Service

HOST = "127.0.0.1"
POLL_INTERVAL_S = 5.0

_FILE = re.compile(rf"{CONTROL}/letters/(\d{{1,18}})/(pdf|page(?:-(\d{{1,3}}))?\.png)", re.ASCII)


class EpostSimulator:
    """A context manager; the server runs in threads of this process while it is open.

    `folder` keeps ledger, clock and PDFs from one start to the next; without it they vanish at the end.
    `speed`: simulated seconds a second (0 stands still and is put forward by hand); status queries may come as
    much faster. `start`: the simulated moment of a new ledger, else now. `late_codes`, `lookup_lag_s`: see `Options`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        folder: Path | None = None,
        speed: float = 1.0,
        start: datetime | None = None,
        poll_interval_s: float | None = None,
        lookup_lag_s: float = 0.0,
        late_codes: frozenset[str] = frozenset(),
        credentials: Mapping[str, str] = CREDENTIALS,
    ) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="epost-simulator-")
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self._ledger = Ledger(self.folder)
        self._clock = self._set_out(start, speed)
        self.faults = Faults()
        interval_s = POLL_INTERVAL_S / max(speed, 1.0) if poll_interval_s is None else poll_interval_s
        self.options = Options(interval_s, lookup_lag_s, late_codes)
        service = Service(self._ledger, self.now, self.options, credentials)
        try:
            self._server = Server(HOST, port, service, self.faults, self._control)
        except OSError:
            self._clean_up()
            raise

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
    def letters(self) -> list[Piece]:
        """Every letter that was taken, tests and failures too, oldest first."""
        return self._ledger.pieces(self.now())

    @property
    def ledger(self) -> list[Piece]:
        """What went to print: no tests, nothing that failed before."""
        return printed(self.letters)

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

    def come_back(self, letter_id: int, fate: str, mark: str) -> None:
        """Let a letter be undeliverable: PremiumAdress, if it was asked for, tells so by these numbers later."""
        self._ledger.remember(f"fate {letter_id}", f"{fate}/{mark}")

    def pdf(self, letter_id: int) -> bytes:
        """The PDF of a letter as it was handed over."""
        return self._ledger.pdf_path(letter_id).read_bytes()

    def _set_out(self, start: datetime | None, speed: float) -> ClockState:
        """A new clock, or the kept one going on from where it is, at this start's speed."""
        kept = self._ledger.clock()
        clock = starting_clock(kept.now() if kept else start, speed)
        self._ledger.set_clock(clock)
        return clock

    def _control(self, request: Request) -> Reply | Page:
        try:
            return self._steer(request)
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            return Reply(400, {"error": str(error)})

    def _steer(self, request: Request) -> Reply | Page:
        route = (request.method, request.path.removeprefix(CONTROL))
        if route in {("GET", ""), ("GET", "/")}:
            return Page(200, "text/html; charset=utf-8", ledger_page(self.letters, self.now()))
        if route == ("GET", "/ledger"):
            return Reply(200, self._ledger_json())
        if route == ("POST", "/advance"):
            return Reply(200, {"now": self._advance_by(json.loads(request.body)).isoformat()})
        if route == ("POST", "/faults"):
            faults = [fault_from(values) for values in json.loads(request.body)["faults"]]
            self.faults.replace(faults)
            return Reply(200, {"faults": len(faults)})
        if route == ("POST", "/options"):
            return Reply(200, self._set_options(json.loads(request.body)))
        return self._file(request.path)

    def _advance_by(self, values: dict[str, object]) -> datetime:
        if "to" in values:
            moment = datetime.fromisoformat(str(values["to"]))
            return self.advance_to(moment if moment.tzinfo else moment.replace(tzinfo=BERLIN))
        return self.advance(**{unit: float(str(values.get(unit, 0))) for unit in ("days", "hours", "minutes")})

    def _set_options(self, values: dict[str, object]) -> dict[str, object]:
        if "lookup_lag_s" in values:
            self.options.lookup_lag_s = float(str(values["lookup_lag_s"]))
        if "late_codes" in values:
            late = values["late_codes"]
            self.options.late_codes = frozenset(late if isinstance(late, list) else [])
        return {"lookup_lag_s": self.options.lookup_lag_s, "late_codes": sorted(self.options.late_codes)}

    def _ledger_json(self) -> dict[str, object]:
        letters = self.letters
        return {
            "now": self.now().isoformat(),
            "printed": [piece.as_json() for piece in printed(letters)],
            "letters": [piece.as_json() for piece in letters],
        }

    def _file(self, path: str) -> Reply | Page:
        wanted = _FILE.fullmatch(path)
        if wanted is None or not self._ledger.pdf_path(int(wanted[1])).exists():
            return Reply(404, {"error": "not found"})
        pdf = self.pdf(int(wanted[1]))
        if wanted[2] == "pdf":
            return Page(200, "application/pdf", pdf)
        try:
            return Page(200, "image/png", page_png(pdf, int(wanted[3] or 1), dpi=110))
        except Reject:
            return Reply(404, {"error": "not a PDF"})
