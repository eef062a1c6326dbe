"""What lies in the staging folder of a print house: `KEY.part`, and `KEY.pieces` which says what it is.

The note outlives the release. It tells which pieces a statement about a whole consignment means, and that a part
which is gone was there. It holds our keys and hashes, nothing about people.
"""

import re
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gateway.errors import NotSent, Refused
from gateway.providers.print_package import Package
from gateway.providers.print_shelf import Shelf

_NOTE = ".pieces"
_NOTE_KEPT = timedelta(days=180)
_HANDLE = re.compile(r"(\d{1,9})\.(\d{1,18})\.([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True)
class Handle:
    """What was staged, as it is kept with the submission: pieces, bytes, SHA-256."""

    pieces: int
    size_bytes: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.pieces}.{self.size_bytes}.{self.sha256}"

    @classmethod
    def read(cls, text: str) -> "Handle":
        """A handle as `str` wrote it; raises `Refused` for anything else."""
        found = _HANDLE.fullmatch(text)
        if found is None:
            raise Refused(
                "print-house-handle", "Die vorbereitete Übergabe ist nicht lesbar; bitte neu übergeben."
            )
        return cls(int(found[1]), int(found[2]), found[3])


@dataclass(frozen=True)
class Note:
    """What was staged under a key: the hash of the ZIP, and the keys of the pieces."""

    sha256: str
    members: tuple[str, ...]


class Notes:
    """The notes in a staging folder as one poll sees them; each is read at most once."""

    def __init__(self, staging: "Staging", shelf: Shelf) -> None:
        self._staging = staging
        self._shelf = shelf
        self._names = {lying.name for lying in shelf.files(staging.folder)}
        self._read: dict[str, Note | None] = {}

    def knows(self, key: str) -> bool:
        """Whether a consignment of ours has that key."""
        return f"{key}{_NOTE}" in self._names

    def note(self, key: str) -> Note | None:
        """What was staged under a key; None if nothing was, or it cannot be read."""
        if self.knows(key) and key not in self._read:
            self._read[key] = self._staging.read_note(self._shelf, key)
        return self._read.get(key)


class Staging:
    """Names and contents of the staging folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def part(self, key: str) -> str:
        """Path of the consignment while it is not released."""
        return f"{self.folder}/{key}.part"

    def note(self, key: str) -> str:
        """Path of the note."""
        return f"{self.folder}/{key}{_NOTE}"

    def put(self, shelf: Shelf, key: str, package: Package) -> None:
        """Upload anew, whatever an earlier attempt left, and prove the size. Raises `NotSent`."""
        shelf.remove(self.part(key))
        with tempfile.TemporaryDirectory(prefix="note-") as folder:
            note = Path(folder) / "note"
            note.write_text("\n".join([package.sha256, *package.keys, ""]), encoding="ascii")
            shelf.put(note, self.note(key))
        shelf.put(package.path, self.part(key))
        if shelf.size(self.part(key)) != package.size_bytes:
            raise NotSent(
                "print-house-upload-incomplete",
                "Die Lieferung kam nicht vollständig an, vielleicht ist dort kein Platz mehr. Sie wird neu übertragen; "
                "gedruckt wurde nichts.",
            )

    def read_note(self, shelf: Shelf, key: str) -> Note | None:
        """What the note says; None if it cannot be read."""
        lines = shelf.read(self.note(key)).decode("ascii", errors="replace").split()
        return Note(lines[0], tuple(lines[1:])) if lines else None

    def forget_before(self, shelf: Shelf, now: datetime) -> None:
        """Remove notes of which nothing more is expected."""
        for lying in shelf.files(self.folder):
            if lying.name.endswith(_NOTE) and now - lying.changed_at > _NOTE_KEPT:
                shelf.remove(f"{self.folder}/{lying.name}")
