"""A centre that works in a folder, in simulated time: what print centre and scan centre have in common.

`speed` seconds pass in a second, or the clock is put forward by hand. What it does is the centre's own.
"""

import tempfile
import threading
from abc import ABC, abstractmethod
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from gateway.testing.house.clock import starting_clock


class Centre(ABC):
    """A context manager; a thread of this process works while it is open, if `automatic`.

    `root` keeps everything from one start to the next; without it, all vanishes at the end.
    """

    KIND: ClassVar[str]
    """Begins the name of a folder that vanishes."""
    FOLDERS: ClassVar[tuple[str, ...]]
    """Below the root."""
    LOOK_EVERY_S: ClassVar[float]

    def __init__(self, root: Path | None, *, speed: float, start: datetime | None, automatic: bool) -> None:
        self._temporary = None if root else tempfile.TemporaryDirectory(prefix=f"{self.KIND}-")
        self.root = root or Path(self._temporary.name if self._temporary else "")
        for name in self.FOLDERS:
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self._clock = starting_clock(start, speed)
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True) if automatic else None

    def __enter__(self) -> Self:
        """Begin to work."""
        if self._thread:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop working; without a root, forget everything."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        if self._temporary:
            self._temporary.cleanup()

    def now(self) -> datetime:
        """The simulated moment, UTC."""
        return self._clock.now()

    @abstractmethod
    def work(self) -> None:
        """Do what is due."""

    def _watch(self) -> None:
        while not self._stop.wait(self.LOOK_EVERY_S):
            self.work()
