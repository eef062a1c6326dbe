"""Slowing down those who guess passwords: after five failures a login is closed for five minutes.

Kept in memory of this process, so several processes count apart and a restart forgets. The lock also hits the
rightful user; that is the price, and it is short.
"""

from collections.abc import Callable
from threading import Lock

MAX_FAILURES = 5
LOCKED_S = 300.0
_MAX_LOGINS = 10_000
"""Logins remembered at a time; invented ones must not fill the memory."""


class Attempts:
    """Failures by login."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._failures: dict[str, list[float]] = {}
        self._lock = Lock()

    def locked_for_s(self, login: str) -> float:
        """Seconds until `login` may try again; 0 if it may now."""
        with self._lock:
            failures = self._recent(login)
            return LOCKED_S - (self._now() - failures[-1]) if len(failures) >= MAX_FAILURES else 0.0

    def failed(self, login: str) -> None:
        """Count a failure."""
        with self._lock:
            if len(self._failures) >= _MAX_LOGINS:
                del self._failures[next(iter(self._failures))]
            self._failures[_key(login)] = [*self._recent(login), self._now()]

    def succeeded(self, login: str) -> None:
        """Forget the failures."""
        with self._lock:
            self._failures.pop(_key(login), None)

    def _recent(self, login: str) -> list[float]:
        since = self._now() - LOCKED_S
        return [moment for moment in self._failures.get(_key(login), []) if moment > since]


def _key(login: str) -> str:
    return login.strip().casefold()[:200]
