"""A shelf: the few things that a print house's folders must be able to do, wherever they lie.

    staging/    ours: what is being prepared; the house does not look here
    inbox       the house takes from it, at any moment
    outbox      the house writes into it

There is one by SFTP and one in a local or mounted folder. All paths are `FOLDER/NAME`. Each call either does what
it says or states a fact from `gateway.errors`: `NotSent` unless said otherwise, since nothing is printed by it.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from gateway.domain.findings import Finding


@dataclass(frozen=True)
class Lying:
    """A file in a folder; its moment of change by the clock over there, UTC."""

    name: str
    size_bytes: int
    changed_at: datetime


class Shelf(Protocol):
    """An open connection to a house's folders; used by one thread."""

    def put(self, source: Path, path: str) -> None:
        """Write a file whole, replacing what was there."""

    def size(self, path: str) -> int | None:
        """Bytes of a file; None if there is none."""

    def files(self, folder: str) -> list[Lying]:
        """The files in a folder."""

    def read(self, path: str) -> bytes:
        """A whole (small) file."""

    def remove(self, path: str) -> None:
        """Remove a file of ours; none is fine too."""

    def prove_atomic(self) -> None:
        """Raise `Refused` if `publish` would not be one atomic step here. Changes nothing."""

    def publish(self, path: str, target: str) -> bool:
        """The point of no return: one atomic rename. False if there is nothing at `path`.

        Raises `NotSent` or `Refused` where it certainly was not done, `OutcomeUnknown` where that is open.
        """

    def check(self) -> list[Finding]:
        """What the place itself has to say; changes nothing."""


class Shelves(Protocol):
    """How a shelf is reached."""

    def open(self) -> AbstractContextManager[Shelf]:
        """Connect; raises `NotSent`."""
