"""A print house's folders on this machine or on a mounted share: for in-house print rooms.

Same names, same protocol as by SFTP: write beside the inbox, on disk, then one rename. Staging and inbox must lie
on one file system, else a rename would be a copy, and the house could take half a file.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from gateway.domain.findings import Finding, Severity
from gateway.durable import FILE_MODE, sync_folder
from gateway.errors import NotSent, OutcomeUnknown, Refused
from gateway.providers.print_shelf import Lying


class FolderShelves:
    """Implements `print_shelf.Shelves` in a folder that has staging, inbox and outbox in it."""

    def __init__(self, root: Path, *, staging: str, inbox: str) -> None:
        self._root = root
        self._staging = staging
        self._inbox = inbox

    @contextmanager
    def open(self) -> Iterator["FolderShelf"]:
        """Raises `NotSent` if the folder is not there: a share may not be mounted yet."""
        if not (self._root / self._staging).is_dir() or not (self._root / self._inbox).is_dir():
            text = "Der Übergabeordner des Druckdienstleisters ist nicht da; die Lieferungen warten."
            raise NotSent("folder-missing", text)
        yield FolderShelf(self._root, self._staging, self._inbox)


class FolderShelf:
    """Implements `print_shelf.Shelf` with the file system's own means."""

    def __init__(self, root: Path, staging: str, inbox: str) -> None:
        self._root = root
        self._staging = staging
        self._inbox = inbox

    def put(self, source: Path, path: str) -> None:
        """Copy, on disk when this returns."""
        target = self._root / path
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
            with source.open("rb") as given, os.fdopen(descriptor, "wb") as file:
                shutil.copyfileobj(given, file, 1 << 20)
                file.flush()
                os.fsync(file.fileno())
            sync_folder(target.parent)
        except OSError as error:
            raise _not_sent("folder-write", error) from None

    def size(self, path: str) -> int | None:
        """Bytes of a file; None if there is none."""
        try:
            return (self._root / path).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _not_sent("folder-look", error) from None

    def files(self, folder: str) -> list[Lying]:
        """The files in a folder."""
        try:
            return list(_lying_in(self._root / folder))
        except OSError as error:
            raise _not_sent("folder-look", error) from None

    def read(self, path: str) -> bytes:
        """A whole file."""
        try:
            return (self._root / path).read_bytes()
        except OSError as error:
            raise _not_sent("folder-read", error) from None

    def remove(self, path: str) -> None:
        """Remove; none is fine too."""
        try:
            (self._root / path).unlink(missing_ok=True)
        except OSError as error:
            raise _not_sent("folder-remove", error) from None

    def prove_atomic(self) -> None:
        """Staging and inbox on one file system. Raises `Refused`."""
        devices = {(self._root / folder).stat().st_dev for folder in (self._staging, self._inbox)}
        if len(devices) > 1:
            raise Refused(
                "folder-other-file-system",
                "Bereitstellungs- und Eingangsordner liegen auf verschiedenen Dateisystemen; "
                "so wäre die Freigabe kein einzelner Schritt. Bitte beide auf dieselbe Freigabe legen.",
            )

    def publish(self, path: str, target: str) -> bool:
        """One rename, on disk when this returns. A failure of the disk or share after it leaves it open."""
        self.prove_atomic()
        source, goal = self._root / path, self._root / target
        try:
            source.rename(goal)
        except FileNotFoundError as error:
            if self.size(path) is None:
                return False
            raise _not_sent("folder-release", error) from None
        except PermissionError as error:
            raise _not_sent("folder-release", error) from None
        except OSError:
            raise _unknown() from None
        try:
            sync_folder(goal.parent)
            sync_folder(source.parent)
        except OSError:
            raise _unknown() from None
        return True

    def check(self) -> list[Finding]:
        """That it is there."""
        return [Finding("folder-ok", Severity.INFO, "Der Übergabeordner ist da.")]


def _lying_in(folder: Path) -> Iterator[Lying]:
    """A file that the house takes away while we look is not there."""
    for entry in os.scandir(folder):
        try:
            if entry.is_file(follow_symlinks=False):
                facts = entry.stat(follow_symlinks=False)
                yield Lying(entry.name, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))
        except FileNotFoundError:
            continue


def _not_sent(code: str, error: OSError) -> NotSent:
    reason = error.strerror or type(error).__name__
    return NotSent(code, f"Der Übergabeordner lässt sich nicht benutzen ({reason}). Es wird später wiederholt.")


def _unknown() -> OutcomeUnknown:
    return OutcomeUnknown(
        "folder-release-unclear",
        "Bei der Freigabe meldete der Übergabeordner einen Fehler. Ob die Lieferung freigegeben ist, "
        "wird nachgesehen.",
    )
