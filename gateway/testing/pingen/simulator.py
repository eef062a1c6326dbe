"""The simulator as a whole: ledger, clock, service and server, webhooks, and the controls to play with them."""

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from gateway.testing.epost.paper import page_png
from gateway.testing.house.exchange import Page, Reply, Request
from gateway.testing.house.faults import Faults, fault_from
from gateway.testing.house.house import HOST, House
from gateway.testing.house.server import CONTROL, Server
from gateway.testing.pingen.documents import webhook_call
from gateway.testing.pingen.hooks import Hooks, Misbehaviour
from gateway.testing.pingen.ledger import Ledger, Letter
from gateway.testing.pingen.life import CATEGORIES, Event
from gateway.testing.pingen.page import ledger_page
from gateway.testing.pingen.service import CREDENTIALS, Options, Service

SIGNING_KEY = "training-signing-key"
"""What the shipped configuration expects webhooks to be signed with."""

_ID = r"[0-9a-f-]{36}"
_FILE = re.compile(rf"{CONTROL}/letters/({_ID})/(pdf|page(?:-(\d{{1,3}}))?\.png)", re.ASCII)
_CALL_TIMEOUT_S = 10


class PingenSimulator(House):
    """A context manager; the server runs in threads of this process while it is open.

    `folder` keeps ledger, clock and PDFs from one start to the next; without it they vanish at the end.
    `speed`: simulated seconds a second (0 stands still and is put forward by hand). `start`: the simulated moment of
    a new ledger, else now. `options`: see `service.Options`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        folder: Path | None = None,
        speed: float = 1.0,
        start: datetime | None = None,
        options: Options | None = None,
        credentials: Mapping[str, str] = CREDENTIALS,
    ) -> None:
        self._temporary = None if folder else tempfile.TemporaryDirectory(prefix="pingen-simulator-")
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self._ledger: Ledger = Ledger(self.folder)
        self._clock = self._set_out(start, speed)
        self._organisation = credentials["organisation"]
        self.faults = Faults()
        self.options = options or Options()
        self._service = Service(self._ledger, self.now, self.options, credentials, lambda: self.base_url)
        self.hooks = Hooks(self._ledger, self.now, self.events, lambda event, key: self.call(event, key=key))
        self._service.hooks = self.hooks
        try:
            self._server = Server(HOST, port, self._service, self.faults, self._control)
        except OSError:
            self._clean_up()
            raise

    def __enter__(self) -> Self:
        """Begin to serve, and to call whoever registered."""
        self.hooks.start()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop calling and serving."""
        self.hooks.stop()
        super().__exit__(kind, error, trace)

    @property
    def letters(self) -> list[Letter]:
        """Every letter that was made, drafts too, oldest first."""
        return self._ledger.letters(self.now())

    @property
    def ledger(self) -> list[Letter]:
        """What was printed."""
        return [letter for letter in self.letters if letter.printed_at is not None]

    def pdf(self, letter_id: str) -> bytes:
        """The PDF of a letter as it was uploaded."""
        return self._ledger.path(letter_id).read_bytes()

    def decide(self, letter_id: str, **facts: str) -> None:
        """Let a letter come to a fate, or show a status: see `life.Facts`."""
        letter = self._ledger.letter(letter_id, self.now())
        if letter is None:
            raise LookupError(letter_id)
        self._ledger.change(letter_id, replace(letter.facts, **facts), letter.attributes)  # type: ignore[arg-type]

    def events(self) -> list[Event]:
        """All events that have a webhook category, oldest first."""
        return [event for event in self._service.events() if event.category]

    def call(
        self, event: Event, *, key: str = SIGNING_KEY, age: timedelta = timedelta(0)
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of the webhook about an event, as if made `age` ago."""
        [letter] = [letter for letter in self.letters if letter.letter_id == event.letter_id]
        kind = self.options.event_kind
        now = self.now()
        return webhook_call(event, letter, now, self._organisation, key=key, kind=kind, made_at=now - age)

    def deliver(
        self, url: str, *, key: str = SIGNING_KEY, times: int = 1, newest_first: bool = False
    ) -> list[int]:
        """Call `url` about every event so far, repeated and out of order if asked; returns the HTTP statuses."""
        events = self.events()[:: -1 if newest_first else 1]
        answers = []
        for event in events * times:
            headers, body = self.call(event, key=key)
            answers.append(requests.post(url, data=body, headers=headers, timeout=_CALL_TIMEOUT_S).status_code)
        return answers

    def register(self, url: str, *, key: str = SIGNING_KEY) -> None:
        """Call `url` by itself about every event from now on, of every category."""
        for category in CATEGORIES:
            self.hooks.register(category, url, key)

    def _steer(self, request: Request) -> Reply | Page:
        route = (request.method, request.path.removeprefix(CONTROL))
        if route in {("GET", ""), ("GET", "/")}:
            return Page(200, "text/html; charset=utf-8", ledger_page(self.letters, self.now()))
        if route == ("GET", "/ledger"):
            return Reply(200, self._ledger_json())
        if request.method == "GET":
            return self._file(request.path)
        return Reply(200, self._order(route[1], json.loads(request.body or b"{}")))

    def _order(self, what: str, values: dict[str, Any]) -> dict[str, object]:
        if what == "/advance":
            return {"now": self._advance_by(values).isoformat()}
        if what == "/faults":
            self.faults.replace([fault_from(each) for each in values["faults"]])
            return {"faults": len(values["faults"])}
        if what == "/options":
            for field in fields(Options):
                setattr(self.options, field.name, values.get(field.name, getattr(self.options, field.name)))
            return {field.name: getattr(self.options, field.name) for field in fields(Options)}
        if what == "/webhooks":
            self.register(values["url"], key=str(values.get("key", SIGNING_KEY)))
            return {"registered": len(self.hooks.registered())}
        if what == "/webhook-faults":
            self.hooks.misbehaviour = Misbehaviour(**values)
            return asdict(self.hooks.misbehaviour)
        if what == "/deliver":
            return {"answers": self.deliver(**values)}
        raise LookupError(what)

    def _ledger_json(self) -> dict[str, object]:
        def shown(letter: Letter) -> dict[str, object]:
            return {
                "letter_id": letter.letter_id,
                "name": letter.name,
                "sha256": letter.sha256,
                "pages": letter.pages,
                "status": letter.status,
                "printed_at": letter.printed_at.isoformat() if letter.printed_at else None,
            }

        return {
            "now": self.now().isoformat(),
            "printed": [shown(letter) for letter in self.ledger],
            "letters": [shown(letter) for letter in self.letters],
        }

    def _file(self, path: str) -> Reply | Page:
        wanted = _FILE.fullmatch(path)
        if wanted is None or not self._ledger.path(wanted[1]).exists():
            return Reply(404, {"error": "not found"})
        pdf = self.pdf(wanted[1])
        if wanted[2] == "pdf":
            return Page(200, "application/pdf", pdf)
        return Page(200, "image/png", page_png(pdf, int(wanted[3] or 1), dpi=110))
