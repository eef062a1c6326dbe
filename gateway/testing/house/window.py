"""A window into a centre that speaks through files: a page on loopback, its ledger, and controls to play with it."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from gateway.testing.house.exchange import Page, Reply, Request
from gateway.testing.house.faults import Fault, Faults
from gateway.testing.house.house import HOST
from gateway.testing.house.server import CONTROL, Server


class _NoInterface:
    """Here is only the window."""

    def answer(self, _request: Request, _fail_later: str = "") -> Reply:
        """Nothing else is offered."""
        return Reply(404, {"error": f"see {CONTROL}/"})

    def instead(self, _fault: Fault) -> None:
        """Faults are the centre's own."""


class Window(ABC):
    """A context manager; it serves in threads of this process while it is open."""

    def __init__(self, port: int = 0) -> None:
        self._server = Server(HOST, port, _NoInterface(), Faults(), self._control)

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        self._server.stop()

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self._server.server_address[1]}{CONTROL}/"

    def _control(self, request: Request) -> Reply | Page:
        try:
            return self._steer(request)
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            return Reply(400, {"error": str(error)})

    def _steer(self, request: Request) -> Reply | Page:
        route = (request.method, request.path.removeprefix(CONTROL))
        if route in {("GET", ""), ("GET", "/")}:
            return Page(200, "text/html; charset=utf-8", self._page())
        if route == ("GET", "/ledger"):
            return Reply(200, self._shown_ledger())
        if request.method == "GET":
            return self._file(request.path)
        return Reply(200, self._order(route[1], json.loads(request.body or b"{}")))

    @abstractmethod
    def _page(self) -> bytes:
        """German HTML."""

    @abstractmethod
    def _shown_ledger(self) -> dict[str, object]:
        """What a program is shown."""

    @abstractmethod
    def _file(self, path: str) -> Reply | Page:
        """A picture or PDF that the page links to."""

    @abstractmethod
    def _order(self, what: str, values: Mapping[str, Any]) -> dict[str, object]:
        """Do what somebody asks for. Raises `LookupError` for what there is not."""
