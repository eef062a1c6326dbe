"""The simulator as a whole: ledger, clock, service and server, and the controls to play with them."""

import json
import re
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from gateway.testing.epost.codes import Reject
from gateway.testing.epost.ledger import Ledger, Piece, printed
from gateway.testing.epost.page import ledger_page
from gateway.testing.epost.paper import page_png
from gateway.testing.epost.service import CREDENTIALS, Options, Service
from gateway.testing.house.exchange import Page, Reply, Request
from gateway.testing.house.faults import Faults, fault_from
from gateway.testing.house.house import HOST, House
from gateway.testing.house.server import CONTROL, Server

POLL_INTERVAL_S = 5.0

_FILE = re.compile(rf"{CONTROL}/letters/(\d{{1,18}})/(pdf|page(?:-(\d{{1,3}}))?\.png)", re.ASCII)


class EpostSimulator(House):
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
        self._ledger: Ledger = Ledger(self.folder)
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

    @property
    def letters(self) -> list[Piece]:
        """Every letter that was taken, tests and failures too, oldest first."""
        return self._ledger.pieces(self.now())

    @property
    def ledger(self) -> list[Piece]:
        """What went to print: no tests, nothing that failed before."""
        return printed(self.letters)

    def come_back(self, letter_id: int, fate: str, mark: str) -> None:
        """Let a letter be undeliverable: PremiumAdress, if it was asked for, tells so by these numbers later."""
        self._ledger.remember(f"fate {letter_id}", f"{fate}/{mark}")

    def pdf(self, letter_id: int) -> bytes:
        """The PDF of a letter as it was handed over."""
        return self._ledger.pdf_path(letter_id).read_bytes()

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
