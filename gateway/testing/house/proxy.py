"""A proxy that spoils what a real server answers: sockets on both sides, and the server knows nothing of it.

with Proxy(server_url, name_of) as proxy:
    proxy.plan_fault("POST createDocument", "drop-after-accept")     # see `faults`; names come from `name_of`
    proxy.always["POST query"] = b'{"results": []}'                  # answered without asking the server
"""

import http.client
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit

from gateway.testing.house.exchange import Page, Reply, Request
from gateway.testing.house.faults import Fault, Faults, fault_from
from gateway.testing.house.server import Server

HOST = "127.0.0.1"
_PASSED_ON = ("authorization", "content-type", "accept")
_WAIT_S = 60


class Proxy:
    """Runs in threads of this process; `asked` names every request in order, `spoiled` counts the faults."""

    def __init__(self, upstream: str, name_of: Callable[[Request], str]) -> None:
        self._upstream = urlsplit(upstream)
        self._name_of = name_of
        self.faults = Faults()
        self.always: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.spoiled = 0
        self._server = _ProxyServer(self)

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
    def url(self) -> str:
        """The upstream address as it is through this proxy."""
        return f"http://{self._netloc}{self._upstream.path}"

    def plan_fault(self, on: str, kind: str, *, times: int = 1, skip: int = 0) -> None:
        """Misbehave on the next matching requests. Replaces what was planned before."""
        self.faults.replace([fault_from({"on": on, "kind": kind, "times": times, "skip": skip})])

    def fault_for(self, request: Request) -> Fault | None:
        """The misbehaviour for this request, used up once."""
        self.asked.append(f"{request.method} {self._name_of(request)}")
        fault = self.faults.next_for(request.method, self._name_of(request))
        self.spoiled += fault is not None
        return fault

    def answer(self, request: Request, fail_later: str = "") -> Reply | Page:  # noqa: ARG002 - a house's word
        """What the server answers, or always."""
        canned = self.always.get(f"{request.method} {self._name_of(request)}")
        if canned is not None:
            return Page(200, "application/json", canned)
        connection = http.client.HTTPConnection(self._upstream.netloc, timeout=_WAIT_S)
        try:
            connection.request(request.method, self._target(request), request.body, self._headers(request))
            answer = connection.getresponse()
            return Page(answer.status, answer.headers.get("Content-Type", ""), answer.read())
        finally:
            connection.close()

    def instead(self, fault: Fault) -> Reply | Page | None:
        """The answers that a fault gives instead of asking the server."""
        if fault.name == "429":
            return Page(429, "text/plain", b"")
        return Page(401, "text/html", b"") if fault.name == "expired-token" else None

    @property
    def _netloc(self) -> str:
        return f"{HOST}:{self._server.server_address[1]}"

    def _target(self, request: Request) -> str:
        return request.path + (f"?{urlencode(request.query)}" if request.query else "")

    def _headers(self, request: Request) -> dict[str, str]:
        """With our own name as host, so that the addresses that the server gives out lead through us again."""
        passed = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        return {**passed, "host": self._netloc}


class _ProxyServer(Server):
    def __init__(self, proxy: Proxy) -> None:
        super().__init__(HOST, 0, proxy, proxy.faults, lambda _request: Reply(404, {}))
        self._proxy = proxy

    def fault_for(self, request: Request) -> Fault | None:
        return self._proxy.fault_for(request)
