"""The points at which a process may die or be stopped: around every commit and every call, and while it writes."""

import functools
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlmodel import Session

from gateway.db.engine import Database

_LARGE = 2048
"""Bytes from which on writing to a socket is cut into pieces, with points between them."""
_PIECES = 3
_MOST_WRITES = 24
"""Of one process; a transfer in packets would have hundreds."""


def swap(owner: Any, name: str, value: object) -> None:
    """Put something else in the place of what `owner` calls `name`, in this process only."""
    setattr(owner, name, value)


class Points:
    """Counts the points, and lets the process die or stop at one of them."""

    def __init__(self, kill_at: int | None, stop_at: int | None) -> None:
        self._signals = {kill_at: signal.SIGKILL, stop_at: signal.SIGSTOP}
        self._signals.pop(None, None)
        self._writes = 0
        self._counting = threading.Lock()
        self.names: list[str] = []

    def reach(self, name: str) -> None:
        """A point. At the chosen one the process gets its signal, and goes on only if it was stopped."""
        with self._counting:
            self.names.append(name)
            number = self._signals.get(len(self.names))
        if number:
            os.kill(os.getpid(), number)

    def around(self, owner: Any, method: str) -> None:
        """Points before and after every call of a method."""
        original = getattr(owner, method)

        @functools.wraps(original)
        def wrapped(*arguments: Any, **options: Any) -> Any:
            self.reach(f"before {method}")
            result = original(*arguments, **options)
            self.reach(f"after {method}")
            return result

        swap(owner, method, wrapped)

    def around_commits(self) -> None:
        """Points before and after every commit."""
        original = Database.transaction

        @contextmanager
        def transaction(database: Database) -> Iterator[Session]:
            with original(database) as session:
                yield session
                self.reach("before commit")
            self.reach("after commit")

        swap(Database, "transaction", transaction)

    def within_writes(self) -> None:
        """Points in the middle of large writes to sockets, with a part of the bytes already on their way."""
        for method in ("sendall", "send"):
            self._cut(method, getattr(socket.socket, method))

    def _cut(self, method: str, original: Any) -> None:
        def cut(sock: socket.socket, data: Any, *flags: int) -> Any:
            if len(data) < _LARGE or self._writes >= _MOST_WRITES:
                return original(sock, data, *flags)
            view = memoryview(data).cast("B")
            if method == "send":
                self._write_point()
                return original(sock, view[: len(view) // 2 + 1], *flags)
            step = len(view) // _PIECES + 1
            for start in range(0, len(view), step):
                original(sock, view[start : start + step], *flags)
                self._write_point()
            return None

        swap(socket.socket, method, cut)

    def _write_point(self) -> None:
        self._writes += 1
        self.reach("writing")
