"""Answers that are kept for some seconds, so that nobody can keep the house busy by asking."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

KEPT_S = 5.0
T = TypeVar("T")


class Kept(Generic[T]):
    """One answer."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = Lock()
        self._kept: tuple[float, T] | None = None

    def get(self, make: Callable[[], T]) -> T:
        """The kept answer, or a new one; who asks meanwhile waits for it."""
        with self._lock:
            if self._kept is None or not 0 <= self._now() - self._kept[0] < KEPT_S:
                self._kept = (self._now(), make())
            return self._kept[1]
