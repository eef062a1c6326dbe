"""Locks that die with their holder: never a lease, because a paused process that wakes up would print twice."""

from contextlib import AbstractContextManager
from typing import Protocol


class Locks(Protocol):
    """Named locks across all processes of one installation."""

    def try_lock(self, name: str) -> AbstractContextManager[bool]:
        """Hold `name` while inside; yields False at once if another process or thread holds it."""

    def close(self) -> None:
        """Give connections back."""
