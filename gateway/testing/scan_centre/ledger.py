"""What the scan centre knows about each paper in its boxes; kept in a file, so that it outlives the process."""

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any


class Place(StrEnum):
    """Where a paper is."""

    BOX = "box"
    SENT_BACK = "sent-back"
    DESTROYED = "destroyed"
    LOST = "lost"


@dataclass
class Sheaf:
    """One paper that arrived, with the truth about it. Moments are UTC.

    `case`: whose it really is. `ids`: under which document ids it was delivered, the newest last; `delivery` that of
    the newest. `released_by`: the list that let it go.
    """

    number: int
    what: str
    document_class: str
    case: str | None
    box: str
    arrived_at: datetime
    pages: int = 1
    place: Place = Place.BOX
    ids: list[str] = field(default_factory=list)
    delivery: str = ""
    scanned_at: datetime | None = None
    receipt: str = ""
    """accepted, or the code with which it was refused."""
    rescans: int = 0
    released_by: str = ""
    released_at: datetime | None = None
    recalled_by: str = ""
    destroyed_on: date | None = None
    certificate: str = ""

    @property
    def document_id(self) -> str:
        """Its newest id; empty while it was never delivered."""
        return self.ids[-1] if self.ids else ""


class PaperLedger:
    """All papers by number, oldest first; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ledger.json"
        self._papers = folder / "papers"
        self._lock = threading.RLock()
        self._papers.mkdir(parents=True, exist_ok=True)
        told = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}
        self.sheaves: list[Sheaf] = [_read(each) for each in told.get("sheaves", [])]
        self.sequence: int = told.get("sequence", 0)
        self.certificates: int = told.get("certificates", 0)
        self.seen: set[str] = set(told.get("seen", []))
        """Answers of ours that were read."""

    def add(
        self,
        sheaf: Sheaf,
        pdf: bytes,
        text: tuple[str, ...],
        file_number: str | None,
        reason: str,
        keyed: Mapping[str, str],
    ) -> None:
        """A paper arrives."""
        with self._lock:
            (self._papers / f"{sheaf.number:06d}.pdf").write_bytes(pdf)
            told = {"text": text, "file_number": file_number, "reason": reason, "keyed": dict(keyed)}
            (self._papers / f"{sheaf.number:06d}.json").write_text(json.dumps(told), encoding="utf-8")
            self.sheaves.append(sheaf)
            self.save()

    def paper(self, sheaf: Sheaf) -> tuple[bytes, tuple[str, ...], str | None, str]:
        """The paper itself, its readable text, the number on it and the reason of its return."""
        told = self._told(sheaf)
        pdf = (self._papers / f"{sheaf.number:06d}.pdf").read_bytes()
        return pdf, tuple(told["text"]), told["file_number"], told["reason"]

    def keyed(self, sheaf: Sheaf) -> dict[str, str]:
        """What the person at the scanner types beside its class and number, by the manifest's names."""
        return dict(self._told(sheaf).get("keyed", {}))

    def by_id(self, document_id: str) -> Sheaf | None:
        """The paper that was delivered under an id."""
        with self._lock:
            return next((each for each in self.sheaves if document_id in each.ids), None)

    def _told(self, sheaf: Sheaf) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(
            (self._papers / f"{sheaf.number:06d}.json").read_text(encoding="utf-8")
        )
        return told

    def save(self) -> None:
        """Write everything down."""
        with self._lock:
            told = {
                "sequence": self.sequence,
                "certificates": self.certificates,
                "seen": sorted(self.seen),
                "sheaves": [asdict(each) for each in self.sheaves],
            }
            part = self._file.with_suffix(".part")
            part.write_text(json.dumps(told, default=str, ensure_ascii=False), encoding="utf-8")
            part.replace(self._file)


def _read(told: dict[str, Any]) -> Sheaf:
    moments = {
        name: datetime.fromisoformat(told[name]) if told[name] else None
        for name in ("arrived_at", "scanned_at", "released_at")
    }
    day = date.fromisoformat(told["destroyed_on"]) if told["destroyed_on"] else None
    return Sheaf(**{**told, **moments, "destroyed_on": day, "place": Place(told["place"])})
