"""A scan provider that shares a folder with us: a mounted drive, or the scan room of the house.

ROOT/in/NAME/          a delivery, complete when READY is in it; taken out of sight by one rename, then removed
ROOT/answers/NAME      receipts, feedback, release lists: written once, never changed
ROOT/reports/NAME      what the provider tells us beside deliveries; stays where it lies
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from gateway.domain.findings import Finding, Severity
from gateway.durable import FOLDER_MODE, make_folder, sync_folder, write_durably
from gateway.errors import Conflict, NotSent
from gateway.inbound.delivery import READY
from gateway.inbound.spool import drop, left_over
from gateway.inbound.zips import PACKED
from gateway.ports.scans import RefusedArrival

_GONE = ".taken"
"""Deliveries on their way out; nothing in it is read."""


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
        """Ready deliveries, where they lie, by name; packed ones below `into`. Raises `NotSent` scan-folder-missing."""
        if self._inbox is None:
            return
        shutil.rmtree(self._inbox / _GONE, ignore_errors=True)
        brought = left_over(into)
        yield from brought
        for path in self._deliveries():
            if path.name.removesuffix(".zip") in {each.name for each in brought}:
                continue
            if path.is_dir() and (path / READY).is_file():
                yield path
            elif path.is_file() and _marker(path).is_file():
                yield self._fetched(path, into)

    def taken(self, arrival: Path) -> None:
        """One rename takes it out of sight, so that a half-removed delivery is never seen."""
        if arrival.parent != self._inbox:
            self._drop_packed(arrival)
            return
        if not arrival.exists():
            return
        gone = make_folder(arrival.parent, _GONE)
        target = gone / f"{arrival.name}-{time.monotonic_ns()}"
        arrival.rename(target)
        sync_folder(arrival.parent)
        shutil.rmtree(gone, ignore_errors=True)

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
        """Every plain file, by name."""
        if self._reports is None or not self._reports.is_dir():
            return
        for path in sorted(self._reports.iterdir()):
            if path.is_file() and not path.is_symlink() and not path.name.endswith(".part"):
                yield path.name, path.read_bytes()

    def check(self) -> list[Finding]:
        """Whether the folders are there, and what lies unfinished in the inbox."""
        missing = [each for each in (self._answers, self._inbox) if each is not None and not each.is_dir()]
        if missing:
            text = f"Der Ordner {missing[0]} der Scanstelle {self.source} ist nicht da. Ist das Laufwerk verbunden?"
            return [Finding("scan-folder-missing", Severity.ERROR, text)]
        late = time.time() - self._unfinished_s
        waiting = [
            path
            for path in (self._deliveries() if self._inbox else ())
            if not (path / READY if path.is_dir() else _marker(path)).is_file()
        ]
        return unfinished(self.source, sum(path.stat().st_mtime < late for path in waiting))

    def _fetched(self, packed: Path, into: Path) -> Path:
        """A copy of a packed delivery in a folder of its own; what was brought before stays as it is."""
        target = into / packed.name.removesuffix(".zip")
        if not target.is_dir():
            part = into / f".{target.name}.part"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(mode=FOLDER_MODE)
            shutil.copyfile(packed, part / PACKED)
            part.rename(target)
        return target

    def _drop_packed(self, arrival: Path) -> None:
        """The marker first: without it, nothing arrives. Our copy goes last."""
        if self._inbox is not None:
            packed = self._inbox / f"{arrival.name}.zip"
            _marker(packed).unlink(missing_ok=True)
            packed.unlink(missing_ok=True)
        drop(arrival)

    def _deliveries(self) -> list[Path]:
        try:
            found = sorted(self._inbox.iterdir()) if self._inbox else []
        except OSError:
            text = f"Der Ordner der Scanstelle {self.source} ist nicht da; Lieferungen warten. Laufwerk prüfen."
            raise NotSent("scan-folder-missing", text) from None
        plain = (path for path in found if not path.is_symlink() and path.name[0] != ".")
        return [path for path in plain if path.is_dir() or path.name.endswith(".zip")]


def _marker(packed: Path) -> Path:
    return packed.with_name(f"{packed.name}.{READY}")


def answer_exists(name: str) -> Conflict:
    """Another file of this name is there already."""
    return Conflict(
        "answer-exists",
        f"Unter dem Namen {name} liegt bei der Scanstelle schon etwas anderes. Es wurde nichts geändert; bitte klären.",
    )


def unfinished(source: str, count: int) -> list[Finding]:
    """So many deliveries were begun and not finished; their names are not ours to show."""
    if not count:
        return []
    text = (
        f"Bei {source} liegen {count} Scanlieferungen seit Stunden unvollständig: Die Fertigmeldung (READY) fehlt. "
        "Bitte bei der Scanstelle nachfragen."
    )
    return [Finding("delivery-unfinished", Severity.WARNING, text)]
