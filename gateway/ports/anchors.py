"""Where heads of the audit chain are written down, outside of the database."""

from collections.abc import Iterator
from typing import Protocol

from gateway.domain.trail.chain import Anchor


class Anchors(Protocol):
    """An append-only list."""

    def append(self, anchor: Anchor) -> None:
        """Write an anchor behind the others; on disk when this returns. Raises `OSError`."""

    def read(self) -> Iterator[Anchor | None]:
        """All anchors in the order in which they were written; None for what cannot be read."""
