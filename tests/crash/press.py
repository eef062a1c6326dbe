"""A print house of the plainest kind, one for every duplicate guard, to try the protocol itself.

The press runs beside the processes that are killed and keeps the ledger of what it printed; `PressProvider` is its
adapter. A request is a line of JSON and the bytes that it announces; the answer is a line. A request whose bytes do
not all arrive was never made.
"""

import json
import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from gateway.domain.findings import Finding
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.submission import DuplicateGuard
from gateway.errors import AlreadyReleased, NotSent, OutcomeUnknown, Refused
from gateway.ports.provider import Capabilities, Consignment, Found, StatusReport, Unit
from gateway.providers.profiles import load_profile
from gateway.testing.house.connections import Connections

SETTLE_TIME = timedelta(minutes=15)
KEY_LIFETIME = timedelta(hours=1)


class _Server(Connections, socketserver.ThreadingTCPServer):
    """Accounts for its connections."""


@dataclass
class _Accepted:
    reference: str
    at: datetime
    keys: Sequence[str]


@dataclass
class Press:
    """The house; a context manager. `lag` is how long what was accepted cannot be found."""

    guard: DuplicateGuard
    now: datetime
    lag: timedelta = timedelta(0)
    accepted: dict[str, list[_Accepted]] = field(default_factory=dict)
    staged: dict[str, Sequence[str]] = field(default_factory=dict)
    _mishap: tuple[str, int] | None = None
    _tries: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        """Begin to serve."""
        press = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    press._serve(self)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens on loopback."""
        return int(self._server.server_address[1])

    def rest(self) -> None:
        """Wait until all that had reached the press is worked through."""
        self._server.rest()

    def spoil(self, kind: str, skip: int) -> None:
        """Spoil a release: `drop-before`, `drop-after` (done, no answer), `busy`, `refuse`.

        `drop-after+busy` spoils the first try of every consignment so, the second so; `always-drop-after` each.
        """
        self._mishap = (kind, skip)

    def printed(self) -> Counter[str]:
        """How often each piece was printed."""
        return Counter(key for all_of in self.accepted.values() for one in all_of for key in one.keys)

    def _serve(self, handler: socketserver.StreamRequestHandler) -> None:
        request = json.loads(handler.rfile.readline() or b"{}")
        if not request or len(handler.rfile.read(request["size"])) < request["size"]:
            return
        with self._server.counting(), self._lock:
            mishap = self._next_mishap(request["key"]) if request["do"] == "release" else None
            if mishap == "drop-before":
                return
            answer = {"error": mishap} if mishap in {"busy", "refuse"} else self._do(request)
        if mishap != "drop-after":
            handler.wfile.write(json.dumps(answer).encode() + b"\n")

    def _next_mishap(self, key: str) -> str | None:
        if self._mishap is None:
            return None
        kind, skip = self._mishap
        if kind.startswith("always-"):
            return kind.removeprefix("always-")
        if "+" in kind:
            self._tries[key] += 1
            return dict(enumerate(kind.split("+"), start=1)).get(self._tries[key])
        self._mishap = (kind, skip - 1) if skip else None
        return None if skip else kind

    def _do(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if request["do"] == "stage":
            handle = f"job-{len(self.staged) + 1}"
            self.staged[handle] = request["keys"]
            return {"handle": handle}
        if request["do"] == "find":
            known = [one for one in self.accepted.get(request["key"], ()) if one.at + self.lag <= self.now]
            return {"count": len(known), "reference": known[0].reference if known else None}
        return self._release(
            request["handle"] if self.guard is DuplicateGuard.STAGED else request["key"], request
        )

    def _release(self, name: str, request: Mapping[str, Any]) -> dict[str, Any]:
        known = self.accepted.setdefault(name, [])
        if self.guard is DuplicateGuard.STAGED:
            if known:
                return {"already": known[0].reference}
            if name not in self.staged:
                return {"error": "refuse"}
        if self.guard is DuplicateGuard.KEY and known and self.now - known[-1].at < KEY_LIFETIME:
            return {"already": known[-1].reference}
        known.append(_Accepted(f"{name}#{len(known) + 1}", self.now, request["keys"]))
        return {"reference": known[-1].reference}


class PressProvider:
    """The adapter. With unit BATCH the pieces are uploaded when they are staged, else with the release."""

    name = "press"

    def __init__(
        self, port: int, guard: DuplicateGuard, *, unit: Unit = Unit.PIECE, max_pieces: int = 1
    ) -> None:
        self._port = port
        self.profile = load_profile("epost")
        self.capabilities = Capabilities(
            guard=guard,
            settle_time=SETTLE_TIME,
            key_lifetime=KEY_LIFETIME,
            services=frozenset({Service.STANDARD}),
            can_cancel=False,
            min_poll_interval=timedelta(0),
            unit=unit,
            max_pieces=max_pieces,
        )

    def check(self) -> list[Finding]:
        return []

    def stage(self, consignment: Consignment) -> str:
        if self.capabilities.guard is not DuplicateGuard.STAGED:
            return consignment.key
        try:
            return str(self._ask("stage", consignment, b"".join(each.pdf for each in consignment))["handle"])
        except (OSError, ValueError, KeyError):
            raise NotSent("press-away", "Die Presse hat nicht geantwortet.") from None

    def release(self, handle: str, consignment: Consignment) -> str:
        guarded = self.capabilities.guard is DuplicateGuard.STAGED
        body = b"" if guarded else b"".join(each.pdf for each in consignment)
        try:
            answer = self._ask("release", consignment, body, handle=handle)
        except ConnectionRefusedError:
            raise NotSent("press-away", "Die Presse ist nicht erreichbar.") from None
        except (OSError, ValueError):
            raise OutcomeUnknown("press-silent", "Die Presse hat nicht geantwortet.") from None
        if answer.get("error") == "busy":
            raise NotSent("press-busy", "Die Presse ist beschäftigt.")
        if "error" in answer:
            raise Refused("press-refuses", "Die Presse lehnt ab.")
        if "already" in answer:
            raise AlreadyReleased("press-knows", "Schon gedruckt.", provider_reference=answer["already"])
        return str(answer["reference"])

    def find(self, key: str) -> Found | None:
        try:
            answer = self._ask("find", Consignment(key, ()), b"")
        except (OSError, ValueError):
            raise NotSent("press-silent", "Die Presse hat nicht geantwortet.") from None
        return Found(answer["reference"], answer["count"]) if answer["count"] else None

    def cancel(self, provider_reference: str) -> None:
        raise Refused("press-prints", "Die Presse nimmt nichts zurück.")

    def poll(self, provider_references: Sequence[str]) -> Iterable[StatusReport]:
        return ()

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[StatusReport]:
        return ()

    def close(self) -> None:
        pass

    def _ask(self, do: str, consignment: Consignment, body: bytes, **more: str) -> dict[str, Any]:
        keys = [each.key for each in consignment] if do != "find" else []
        line = {"do": do, "key": consignment.key, "keys": keys, "size": len(body), **more}
        with socket.create_connection(("127.0.0.1", self._port), timeout=60) as connection:
            connection.sendall(json.dumps(line).encode() + b"\n")
            connection.sendall(body)
            with connection.makefile("rb") as answers:
                answer: dict[str, Any] = json.loads(answers.readline())
                return answer
