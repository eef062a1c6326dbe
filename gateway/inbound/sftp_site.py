"""A scan provider behind SFTP: its folders are fetched into ours, its answers are put there whole.

    in/NAME/ or in/NAME.zip    deliveries: claimed by one posix-rename (see `claims`), fetched, removed
    in/.refused/NAME-…         what could not be fetched, and was answered so: kept there, whole
    answers/NAME               uploaded as .NAME.part, its size checked, then one posix-rename
    reports/NAME               read, and left there

What was fetched before is not fetched again: a fetched delivery appears in our folder by a rename when it is whole.
One that is larger than agreed is refused; one that cannot be read is tried again until it is hours old, and then
refused. Both hold up no other delivery, and no byte of them is deleted at the site.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

import paramiko

from gateway.domain.findings import Finding, Severity
from gateway.domain.inbound.scan_sources import ManifestFormat
from gateway.durable import FOLDER_MODE
from gateway.errors import DocumentInvalid, NotSent, ProviderError
from gateway.inbound.claims import (
    Claim,
    claim_again,
    claimed,
    claims,
    deliveries,
    is_ready,
    looks,
    retire,
    set_aside,
)
from gateway.inbound.delivery import MAX_MANIFEST_BYTES, READY
from gateway.inbound.folder_site import MAX_REPORT_BYTES, answer_exists, legible, unfinished
from gateway.inbound.sftp_shelf import SftpShelf
from gateway.inbound.spool import bring, drop, left_over, looked, unclaimed
from gateway.inbound.zips import PACKED
from gateway.ports.scans import RefusedArrival
from gateway.sftp_line import LOST, SftpLine, SftpSettings

_REFUSED = ".refused"
_LISTING = "listing.txt"
"""What lay at the site, beside what tells which delivery it is."""
_AT_ONCE = 64
"""Requests under way: what is not written yet is held in memory."""


class SftpSite:
    """Implements `ScanSite`; each use is a connection of its own. `max_bytes`: of a delivery."""

    def __init__(
        self,
        source: str,
        settings: SftpSettings,
        *,
        inbox: str = "in",
        answers: str = "answers",
        reports: str = "reports",
        unfinished_hours: float = 6,
        max_bytes: int = 20_000_000_000,
    ) -> None:
        self.source = source
        self._settings = settings
        self._line = SftpLine(settings)
        self._inbox, self._answers, self._reports = (
            PurePosixPath(folder) for folder in (inbox, answers, reports)
        )
        self._unfinished_s = unfinished_hours * 3600
        self._max_bytes = max_bytes

    def arrivals(self, into: Path) -> Iterator[Path | RefusedArrival]:
        """Ready deliveries by name, each claimed and fetched below `into`. Raises `NotSent`."""
        with self._shelf() as shelf:
            held = claims(shelf)
            ready = [item for item in deliveries(shelf) if is_ready(shelf, item)]
        yield from unclaimed(left_over(into), held)
        for ours in claimed(self._shelf, held, ready):
            if (arrival := self._fetched_or_refused(ours, into)) is not None:
                yield arrival

    def taken(self, arrival: Path) -> None:
        """The claim goes, if it is what was fetched, and our copy. Raises `NotSent`."""
        with self._shelf() as shelf:
            retire(shelf, arrival.parent.name, looked(arrival))
        drop(arrival)

    def set_aside(self, refused: RefusedArrival) -> None:
        """Out of the way by one rename. Raises `NotSent`."""
        with self._shelf() as shelf:
            set_aside(shelf, refused.folder.parent.name)
        shutil.rmtree(refused.folder.parent, ignore_errors=True)

    def again(self, name: str, into: Path) -> Path | RefusedArrival | None:
        """Claim what was set aside, unless the provider delivered it anew, and fetch it. Raises `NotSent`."""
        with self._shelf() as shelf:
            ours = claim_again(shelf, name)
        return self._fetched_or_refused(ours, into) if ours is not None else None

    def answer(self, name: str, content: bytes) -> None:
        """Put it there once. Raises `NotSent`, `Conflict` answer-exists."""
        target, part = self._answers / name, self._answers / f".{name}.part"
        with self._open() as client:
            if (there := _read(client, target, len(content))) is not None:
                if there != content:
                    raise answer_exists(name)
                return
            with client.open(str(part), "wb") as file:
                file.write(content)
            if client.stat(str(part)).st_size != len(content):
                raise NotSent("sftp-upload-failed", "Eine Antwort an die Scanstelle kam nicht ganz an.")
            client.posix_rename(str(part), str(target))

    def place(self, name: str) -> str:
        """Its address."""
        return f"sftp://{self._settings.host}/{self._answers / name}"

    def reports(self) -> Iterator[tuple[str, bytes]]:
        """Every plain file, by name. Raises `NotSent`."""
        with self._open() as client:
            found = [
                (legible(entry.name), _read(client, self._reports / entry.name, MAX_REPORT_BYTES))
                for entry in SftpShelf(client, self._reports).items("")
                if entry.is_file and not entry.name.endswith(".part")
            ]
        for name, content in found:
            if content is not None:
                yield name, content

    def check(self) -> list[Finding]:
        """Whether it is reached and has its folders, and what lies unfinished there."""
        try:
            with self._open() as client:
                client.listdir(str(self._answers))
                late, shelf = time.time() - self._unfinished_s, SftpShelf(client, self._inbox)
                old = [item for item in deliveries(shelf) if item.changed < late]
                return unfinished(self.source, sum(not is_ready(shelf, item) for item in old))
        except ProviderError as fact:
            return [Finding(fact.code, Severity.ERROR, fact.message)]

    @contextmanager
    def _open(self) -> Iterator[paramiko.SFTPClient]:
        """Whatever breaks may be repeated: nothing here has an effect that must not happen twice."""
        with self._line.open() as client:
            try:
                yield client
            except LOST:
                text = f"Der SFTP-Server der Scanstelle {self.source} hat abgebrochen; es wird wiederholt."
                raise NotSent("sftp-interrupted", text) from None

    @contextmanager
    def _shelf(self) -> Iterator[SftpShelf]:
        with self._open() as client:
            yield SftpShelf(client, self._inbox)

    def _fetched_or_refused(self, ours: Claim, into: Path) -> Path | RefusedArrival | None:
        """None: it could not be read this time, or changes. Raises `NotSent` where the line is the reason."""
        with self._open() as client:
            try:
                return self._fetched(client, ours, into)
            except DocumentInvalid as error:
                return self._refused(client, ours, into, error)
            except (OSError, paramiko.SFTPError):
                if not self._is_alive(client):
                    raise
                # Finished so recently, it may still be put right there.
                if ours.age_s < self._unfinished_s:
                    return None
                return self._refused(client, ours, into, _unreadable(self.source))

    def _fetched(self, client: paramiko.SFTPClient, ours: Claim, into: Path) -> Path | None:
        shelf, there = SftpShelf(client, self._inbox), self._inbox / ours.path
        lying = shelf.items(ours.path) if ours.item.is_folder else [ours.item]
        self._check_size(sum(item.size for item in lying if item.is_file))

        def copy(part: Path) -> None:
            """Of folders and links only that there are some: what is in them is not read."""
            for item in lying:
                if not item.is_file:
                    (part / item.name).mkdir(mode=FOLDER_MODE)
                    continue
                path, name = (there / item.name, item.name) if ours.item.is_folder else (there, PACKED)
                client.get(str(path), str(part / name), max_concurrent_prefetch_requests=_AT_ONCE)

        return bring(into, ours, lambda: looks(shelf, ours), copy)

    def _check_size(self, size: int) -> None:
        """Raises `DocumentInvalid` delivery-too-large."""
        if size > self._max_bytes:
            raise DocumentInvalid(
                "delivery-too-large",
                f"Die Scanlieferung ist größer als die vereinbarten {self._max_bytes // 1_000_000} MB. Sie wurde"
                " abgelehnt und liegt noch bei der Scanstelle; bitte geteilt neu anfordern.",
            )

    def _refused(
        self, client: paramiko.SFTPClient, ours: Claim, into: Path, error: DocumentInvalid
    ) -> RefusedArrival:
        """With what tells which delivery it is, as far as that can be read: its files, its manifest and its marker."""
        folder = into / _REFUSED / ours.number / ours.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=FOLDER_MODE)
        with suppress(OSError, paramiko.SFTPError):
            (folder / _LISTING).write_bytes(os.fsencode(looks(SftpShelf(client, self._inbox), ours)))
        if ours.item.is_folder:
            for each in (READY, *(f"manifest.{kind.value}" for kind in ManifestFormat)):
                with suppress(OSError):
                    content = _read(client, self._inbox / ours.path / each, MAX_MANIFEST_BYTES)
                    if content is not None and len(content) <= MAX_MANIFEST_BYTES:
                        (folder / each).write_bytes(content)
        return RefusedArrival(folder, error)

    def _is_alive(self, client: paramiko.SFTPClient) -> bool:
        """The line still answers: what failed is the file, not the way."""
        try:
            client.stat(str(self._inbox))
        except LOST:
            return False
        return True


def _unreadable(source: str) -> DocumentInvalid:
    return DocumentInvalid(
        "delivery-not-fetchable",
        f"Dateien der Scanlieferung lassen sich bei {source} nicht lesen. Sie wurde abgelehnt und liegt noch dort;"
        " bitte bei der Scanstelle neu anfordern.",
    )


def _read(client: paramiko.SFTPClient, path: PurePosixPath, most: int) -> bytes | None:
    """A file, one byte more than `most` at most; None if there is none."""
    try:
        with client.open(str(path), "rb") as file:
            return file.read(most + 1)
    except FileNotFoundError:
        return None
