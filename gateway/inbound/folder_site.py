"""A scan provider that shares a folder with us: a mounted drive, or the scan room of the house.

ROOT/in/NAME/          a delivery, complete when READY is in it; claimed by one rename (see `claims`), then removed
ROOT/answers/NAME      receipts, feedback, release lists: written once, never changed
ROOT/reports/NAME      what the provider tells us beside deliveries; stays where it lies
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.domain.findings import Finding, Severity
from gateway.durable import write_durably
from gateway.errors import Conflict, NotSent
from gateway.inbound.claims import Claim, claimed, claims, deliveries, is_ready, looks, retire
from gateway.inbound.folder_shelf import FolderShelf
from gateway.inbound.spool import bring, drop, left_over, looked, note_looks, unclaimed
from gateway.inbound.zips import PACKED
from gateway.ports.scans import RefusedArrival

MAX_REPORT_BYTES = 20_000_000


class FolderSite:
    """Implements `ScanSite` in the folders `inbox`, `answers` and `reports`; without an inbox nothing arrives."""

    def __init__(
        self,
        source: str,
        *,
        answers: Path,
        inbox: Path | None = None,
        reports: Path | None = None,
        unfinished_hours: float = 6,
    ) -> None:
        self.source = source
        self._answers = answers
        self._inbox = inbox
        self._reports = reports
        self._unfinished_s = unfinished_hours * 3600

    def arrivals(self, into: Path) -> Iterator[Path]:
        """Ready deliveries, claimed and where they lie; packed ones below `into`.

        Raises `NotSent` (scan-folder-missing, delivery-not-movable).
        """
        if self._inbox is None:
            return
        with self._shelf() as shelf:
            held = claims(shelf)
            ready = [item for item in deliveries(shelf) if is_ready(shelf, item)]
        yield from unclaimed(left_over(into), held)
        for ours in claimed(self._shelf, held, ready):
            if (arrival := self._brought(ours, into)) is not None:
                yield arrival

    def taken(self, arrival: Path) -> None:
        """The claim goes, and with it our copy, if it was packed. Raises `NotSent` scan-folder-missing."""
        if self._inbox is not None:
            with self._shelf() as shelf:
                retire(shelf, arrival.parent.name, looked(arrival))
        if self._inbox is None or not arrival.is_relative_to(self._inbox):
            drop(arrival)

    def set_aside(self, refused: RefusedArrival) -> None:
        """There is none: everything that is ready can be read."""

    def again(self, name: str, into: Path) -> None:
        """There is none: what was refused is kept here, whole."""

    def answer(self, name: str, content: bytes) -> None:
        """Write it once. Raises `Conflict` answer-exists, `NotSent` scan-folder-not-writable."""
        path = self._answers / name
        try:
            if path.exists():
                if path.read_bytes() != content:
                    raise answer_exists(name)
                return
            write_durably(path, content)
        except OSError:
            text = (
                f"In den Ordner der Scanstelle {self.source} kann nicht geschrieben werden; es wird wiederholt."
            )
            raise NotSent("scan-folder-not-writable", text) from None

    def place(self, name: str) -> str:
        """The file."""
        return str(self._answers / name)

    def reports(self) -> Iterator[tuple[str, bytes]]:
        """Every plain file, by name; of a larger one than is read, one byte more."""
        if self._reports is None or not self._reports.is_dir():
            return
        for path in sorted(self._reports.iterdir()):
            if path.is_file() and not path.is_symlink() and not path.name.endswith(".part"):
                with path.open("rb") as file:
                    yield legible(path.name), file.read(MAX_REPORT_BYTES + 1)

    def check(self) -> list[Finding]:
        """Whether the folders are there, and what lies unfinished in the inbox."""
        missing = [each for each in (self._answers, self._inbox) if each is not None and not each.is_dir()]
        if missing:
            text = f"Der Ordner {missing[0]} der Scanstelle {self.source} ist nicht da. Ist das Laufwerk verbunden?"
            return [Finding("scan-folder-missing", Severity.ERROR, text)]
        return unfinished(self.source, self._late_count()) if self._inbox else []

    def _late_count(self) -> int:
        """Deliveries that were begun hours ago and have no marker."""
        late_ns = (time.time() - self._unfinished_s) * 1e9
        with self._shelf() as shelf:
            waiting = [item for item in deliveries(shelf) if not is_ready(shelf, item)]
        return sum(item.changed < late_ns for item in waiting)

    def _brought(self, ours: Claim, into: Path) -> Path | None:
        """A folder is read where it lies; a packed one in a copy, for it is unpacked beside itself."""
        there = (self._inbox or Path()) / ours.path

        def copy(part: Path) -> None:
            shutil.copyfile(there, part / PACKED)

        with self._shelf() as shelf:
            if not ours.item.is_folder:
                return bring(into, ours, lambda: looks(shelf, ours), copy)
            note_looks(there, looks(shelf, ours))
            return there

    @contextmanager
    def _shelf(self) -> Iterator[FolderShelf]:
        """Whatever breaks may be repeated."""
        try:
            yield FolderShelf(self._inbox or Path())
        except OSError as error:
            text = (
                f"Aus dem Ordner der Scanstelle {self.source} kann nicht geholt werden ({error.strerror}); Lieferungen"
                " warten. Bitte prüfen, ob das Laufwerk verbunden ist und Platz hat."
            )
            raise NotSent("scan-folder-missing", text) from None


def answer_exists(name: str) -> Conflict:
    """Another file of this name is there already."""
    return Conflict(
        "answer-exists",
        f"Unter dem Namen {name} liegt bei der Scanstelle schon etwas anderes. Es wurde nichts geändert; bitte klären.",
    )


def legible(name: str) -> str:
    """The name of a file as it can be kept and shown: a byte that is no UTF-8 in hexadecimal."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def unfinished(source: str, count: int) -> list[Finding]:
    """So many deliveries were begun and not finished; their names are not ours to show."""
    if not count:
        return []
    text = (
        f"Bei {source} liegen {count} Scanlieferungen seit Stunden unvollständig: Die Fertigmeldung (READY) fehlt. "
        "Bitte bei der Scanstelle nachfragen."
    )
    return [Finding("delivery-unfinished", Severity.WARNING, text)]
