"""The simulators' socket side: HTTP on loopback, faults, and the control routes under `/_simulator/`.

Serves any provider's interface that answers requests without a socket; E-POSTBUSINESS and Pingen share it.
"""

import json
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from gateway.testing.house.connections import Connections
from gateway.testing.house.exchange import Page, Reply, Request
from gateway.testing.house.faults import Fault, Faults

CONTROL = "/_simulator"
MAX_REQUEST_BYTES = 300_000_000
_IDLE_S = 120


_NOT_JSON = b"<html><body><h1>Bad Gateway</h1></body></html>"
_BAD_GATEWAY = Page(502, "text/html", _NOT_JSON)
_NONSENSE = Page(200, "application/json", b'[{"fileName": "')


class Interface(Protocol):
    """A provider's interface, from request to answer."""

    def answer(self, request: Request, fail_later: str = "") -> Reply | Page:
        """The answer; `fail_later` is a code with which letters taken now will fail."""

    def instead(self, fault: Fault) -> Reply | Page | None:
        """The answer that a fault gives instead of doing the work; None if it does the work."""


class Server(Connections, ThreadingHTTPServer):
    """Serves one service; `control` answers what lies under `/_simulator/`."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self,
        host: str,
        port: int,
        service: Interface,
        faults: Faults,
        control: Callable[[Request], Reply | Page],
    ) -> None:
        self.service = service
        self.faults = faults
        self.control = control
        self.stopping = threading.Event()
        self._workers: set[threading.Thread] = set()
        super().__init__((host, port), _Handler)
        self._accepting = threading.Thread(target=self.serve_forever, args=(0.05,), name="simulator")
        self._accepting.daemon = True

    def start(self) -> None:
        """Begin to serve in a thread of its own."""
        self._accepting.start()

    def stop(self) -> None:
        """Stop serving, cut open connections, and wait until nothing runs any more."""
        self.stopping.set()
        self.shutdown()
        self._accepting.join()
        with self._lock:
            connections, workers = list(self._open), list(self._workers)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for worker in workers:
            worker.join(timeout=10)
        self.server_close()

    def fault_for(self, request: Request) -> Fault | None:
        """The misbehaviour for this request, used up once."""
        return self.faults.next_for(request.method, request.path)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """As in the base class, keeping account of what runs."""
        worker = threading.current_thread()
        with self._lock:
            self._workers.add(worker)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._workers.discard(worker)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to report; anything else is a fault of this simulator."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "Simulator"
    wbufsize = -1
    timeout = _IDLE_S

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Say nothing: paths may carry references."""

    def _serve(self) -> None:
        if cut := self.server.faults.next_for(self.command, urlsplit(self.path).path, during="request"):
            self.rfile.read(int(cut.argument))
            self._hang_up()
            return
        request = self._read()
        if request is None:
            self._write(Page(413, "text/html", _NOT_JSON))
        elif request.path.startswith(CONTROL):
            self._write(self.server.control(request))
        else:
            with self.server.counting():
                self._answer(request, self.server.fault_for(request))

    def _read(self) -> Request | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAX_REQUEST_BYTES:
            self.close_connection = True
            return None
        parts = urlsplit(self.path)
        return Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            authorization=self.headers.get("Authorization"),
            body=self.rfile.read(int(length)),
            headers={name.lower(): value for name, value in self.headers.items()},
        )

    def _answer(self, request: Request, fault: Fault | None) -> None:
        """The answer, after or instead of the work, as the fault says."""
        if fault is None:
            self._write(self.server.service.answer(request))
        elif fault.name == "drop-before":
            self._hang_up()
        elif instead := _BAD_GATEWAY if fault.name == "5xx-before" else self.server.service.instead(fault):
            self._write(instead)
        else:
            reply = self.server.service.answer(request, fault.argument if fault.name == "fail-later" else "")
            self._spoil(reply, fault)

    def _spoil(self, reply: Reply | Page, fault: Fault) -> None:
        if fault.name == "drop-after-accept":
            self._hang_up()
        elif fault.name == "cut-answer":
            self._write(reply, cut=True)
        elif fault.name == "5xx-after-accept":
            self._write(_BAD_GATEWAY)
        elif fault.name == "nonsense":
            self._write(_NONSENSE)
        else:
            self.server.stopping.wait(float(fault.argument) if fault.name == "slow" else 0)
            self._write(reply)

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _write(self, answer: Reply | Page, *, cut: bool = False) -> None:
        """Headers and body; `cut` promises the whole body, sends half and hangs up."""
        if isinstance(answer, Page):
            body, headers = answer.body, {"Content-Type": answer.content_type}
        else:
            body = json.dumps(answer.body, ensure_ascii=False).encode()
            headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers}
        with suppress(ConnectionError):
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.wfile.flush()
        if cut:
            self._hang_up()
