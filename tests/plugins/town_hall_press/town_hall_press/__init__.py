"""Example of a plug-in: the press in the basement of the town hall, and the shelf beside it.

The press prints whatever lies in a folder. A piece is staged under a name that the press overlooks and released by
one rename, which happens as a whole or not at all: the duplicate guard is STAGED. The shelf keeps what was filed.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.domain.findings import Finding, Severity
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.submission import DuplicateGuard
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import AlreadyReleased, InputError, IntegrityError, NotFound, NotSent, Refused
from gateway.ports.casefile import CaseRef, FilingEntry
from gateway.ports.provider import Capabilities, Consignment, Found, StatusReport
from gateway.providers.profiles import load_profile

_CAPABILITIES = Capabilities(
    guard=DuplicateGuard.STAGED,
    settle_time=timedelta(0),
    key_lifetime=timedelta(0),
    services=frozenset({Service.STANDARD}),
    can_cancel=False,
    min_poll_interval=timedelta(0),
)


def provider(settings: Mapping[str, Any]) -> "Press":
    """The entry point: `tray` is the folder that the press watches."""
    return Press(Path(settings["tray"]), load_profile("epost"))


def case_file(settings: Mapping[str, Any]) -> "Shelf":
    """The entry point: `dir` is the folder of the shelf."""
    return Shelf(Path(settings["dir"]))


@dataclass
class Press:
    """Implements `gateway.ports.provider.Provider`."""

    tray: Path
    profile: PrintProfile
    name: str = "town-hall-press"
    capabilities: Capabilities = _CAPABILITIES

    def check(self) -> list[Finding]:
        """Whether the tray is there."""
        if self.tray.is_dir():
            return []
        return [Finding("press-tray-missing", Severity.ERROR, "Der Druckeingang ist nicht erreichbar.")]

    def stage(self, consignment: Consignment) -> str:
        """Put the piece beside the tray."""
        piece = consignment.only
        if piece.service not in self.capabilities.services:
            raise Refused("press-service", "Die Hausdruckerei druckt nur Standardbriefe.")
        if hashlib.sha256(piece.pdf).hexdigest() != piece.sha256:
            raise IntegrityError("press-hash", "Die Datei ist nicht die freigegebene.")
        if not self.tray.is_dir():
            raise NotSent("press-tray-missing", "Der Druckeingang ist nicht erreichbar.")
        staged = self.tray / f"{piece.key}.part"
        staged.write_bytes(piece.pdf)
        return staged.name

    def release(self, handle: str, consignment: Consignment) -> str:
        """One rename."""
        printed = self.tray / f"{consignment.key}.pdf"
        if printed.exists():
            raise AlreadyReleased("press-has-it", "Liegt schon vor.", provider_reference=consignment.key)
        try:
            (self.tray / handle).rename(printed)
        except FileNotFoundError:
            raise NotSent("press-tray-missing", "Der Druckeingang ist nicht erreichbar.") from None
        return consignment.key

    def find(self, key: str) -> Found | None:
        """What lies in the tray."""
        return Found(key, 1) if (self.tray / f"{key}.pdf").exists() else None

    def cancel(self, provider_reference: str) -> None:
        """The press does not wait."""
        raise Refused("press-cancel-not-offered", f"{provider_reference} ist bereits in der Hausdruckerei.")

    def poll(self, provider_references: Sequence[str]) -> Iterable[StatusReport]:
        """The press tells nothing."""
        return ()

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[StatusReport]:
        """The press tells nothing."""
        raise InputError("webhook-not-offered", "Die Hausdruckerei meldet sich nicht von selbst.")

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Shelf:
    """Implements `gateway.ports.casefile.CaseFile`."""

    folder: Path
    name: str = "town-hall-shelf"

    def check(self) -> list[Finding]:
        """The shelf is always there."""
        return []

    def file(self, entry: FilingEntry) -> str:
        """Every entry under its own key: a repeat finds it there."""
        kept = self._place(entry.case, entry.key)
        kept.parent.mkdir(parents=True, exist_ok=True)
        if not kept.exists():
            kept.write_bytes(entry.document or entry.title.encode())
        return kept.name

    def fetch(self, case: CaseRef, document_key: str) -> bytes:
        """What was kept."""
        kept = self._place(case, document_key)
        if not kept.exists():
            raise NotFound("shelf-empty", "Das Dokument ist nicht auf dem Regal.")
        return kept.read_bytes()

    def _place(self, case: CaseRef, key: str) -> Path:
        return self.folder / case.file_number / hashlib.sha256(key.encode()).hexdigest()
