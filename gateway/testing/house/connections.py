"""Account of a server's connections, and when it is at rest: all that had reached it is worked through.

Who puts a house's clock forward after a client was killed must wait for that: what the client had sent is done all the
same, and no provider needs as long for it as the clock then jumps.
"""

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LOOK_EVERY_S = 0.005
_PATIENCE_S = 60


class Connections:
    """Mixed into a threading server, before it."""

    server_address: Any

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._at_once = 0
        self.most_at_once = 0
        super().__init__(*arguments, **named)

    def process_request(self, request: Any, client_address: Any) -> None:
        """As in the base class, keeping account from the moment of acceptance."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)  # type: ignore[misc]

    def shutdown_request(self, request: Any) -> None:
        """As in the base class; what is closed is forgotten before."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)  # type: ignore[misc]

    @contextmanager
    def counting(self) -> Iterator[None]:
        """While a request is served: how many there were at the same time."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1

    def rest(self) -> None:
        """Wait until nothing is served and nothing waits to be read; raises `TimeoutError`.

        Connections are accepted in their order: once one of our own is, so are all before it.
        """
        until = time.monotonic() + _PATIENCE_S
        with socket.create_connection(self.server_address[:2]) as last:
            self._look_until(until, lambda: last.getsockname() in self._peers())
        self._look_until(until, self._is_quiet)

    def _look_until(self, until: float, seen: Callable[[], bool]) -> None:
        while not seen():
            if time.monotonic() > until:
                raise TimeoutError("the simulator does not come to rest")
            time.sleep(_LOOK_EVERY_S)

    def _peers(self) -> set[Any]:
        with self._lock:
            return {_peer(connection) for connection in self._open}

    def _is_quiet(self) -> bool:
        """A connection that was closed at the other end can be read, too, until its thread has seen the end."""
        with self._lock:
            return not self._at_once and not select.select(list(self._open), [], [], 0)[0]


def _peer(connection: socket.socket) -> Any:
    """The address at the other end, None once it is cut."""
    try:
        return connection.getpeername()
    except OSError:
        return None
