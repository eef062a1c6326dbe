"""A scan provider behind SFTP: its folders are fetched into ours, its answers are put there whole.

    in/NAME/ or in/NAME.zip    deliveries, see `folder_site`; taken out of sight by one posix-rename, then removed
    in/.refused/NAME-…         what could not be fetched, and was answered so: kept there, whole
    answers/NAME               uploaded as .NAME.part, its size checked, then one posix-rename
    reports/NAME               read, and left there

What was fetched before is not fetched again: a fetched delivery appears in our folder by a rename when it is whole.
One that is larger than agreed is refused; one that cannot be read is tried again until it is hours old, and then
refused. Both hold up no other delivery, and no byte of them is deleted at the site.
"""

import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

import paramiko

from gateway.domain.findings import Finding, Severity
from gateway.domain.scan_sources import ManifestFormat
from gateway.durable import FOLDER_MODE
from gateway.errors import DocumentInvalid, NotSent, ProviderError
from gateway.inbound.delivery import MAX_MANIFEST_BYTES, READY
from gateway.inbound.folder_site import answer_exists, unfinished
from gateway.inbound.spool import drop, left_over
from gateway.inbound.zips import PACKED
from gateway.ports.scans import RefusedArrival
from gateway.sftp_line import LOST, SftpLine, SftpSettings

MAX_REPORT_BYTES = 20_000_000
_GONE = ".taken"
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
        """Ready deliveries by name, each fetched below `into`. Raises `NotSent`."""
        with self._open() as client:
            ready = [entry for entry in _entries(client, self._inbox) if self._is_ready(client, entry)]
        brought = left_over(into)
        yield from brought
        for entry in ready:
            if entry.filename.removesuffix(".zip") not in {each.name for each in brought}:
                arrival = self._fetched_or_refused(entry, into)
                if arrival is not None:
                    yield arrival

    def taken(self, arrival: Path) -> None:
        """One rename takes it out of sight; then it goes, there and here. Raises `NotSent`."""
        with self._open() as client:
            for name in (f"{arrival.name}.zip.{READY}", f"{arrival.name}.zip"):
                with suppress(FileNotFoundError):
                    client.remove(str(self._inbox / name))
            gone = self._inbox / _GONE
            with suppress(OSError):
                client.mkdir(str(gone), FOLDER_MODE)
            with suppress(FileNotFoundError):
                client.posix_rename(
                    str(self._inbox / arrival.name), str(gone / f"{arrival.name}-{time.time_ns()}")
                )
            for each in _entries(client, gone):
                _remove(client, gone / each.filename)
        drop(arrival)

    def set_aside(self, refused: RefusedArrival) -> None:
        """Out of the way by one rename; the marker of a ZIP goes first. Raises `NotSent`."""
        name = refused.folder.name
        aside, number = self._inbox / _REFUSED, time.time_ns()
        with self._open() as client:
            with suppress(OSError):
                client.mkdir(str(aside), FOLDER_MODE)
            with suppress(FileNotFoundError):
                client.remove(str(self._inbox / f"{name}.zip.{READY}"))
            for each in (f"{name}.zip", name):
                with suppress(FileNotFoundError):
                    client.posix_rename(str(self._inbox / each), str(aside / f"{each}-{number}"))
        shutil.rmtree(refused.folder, ignore_errors=True)

    def again(self, name: str, into: Path) -> Path | RefusedArrival | None:
        """Put back what was set aside, unless the provider delivered it anew, and fetch it. Raises `NotSent`."""
        with self._open() as client:
            entry = self._ready_entry(client, name)
            if entry is None and self._put_back(client, name):
                entry = self._ready_entry(client, name)
        return self._fetched_or_refused(entry, into) if entry is not None else None

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
                (entry.filename, _read(client, self._reports / entry.filename, MAX_REPORT_BYTES))
                for entry in _entries(client, self._reports)
                if stat.S_ISREG(entry.st_mode or 0) and not entry.filename.endswith(".part")
            ]
        for name, content in found:
            if content is not None:
                yield name, content

    def check(self) -> list[Finding]:
        """Whether it is reached and has its folders, and what lies unfinished there."""
        try:
            with self._open() as client:
                client.listdir(str(self._answers))
                late = time.time() - self._unfinished_s
                old = [each for each in _entries(client, self._inbox) if (each.st_mtime or 0) < late]
                return unfinished(self.source, sum(self._is_open(client, each) for each in old))
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

    def _ready_entry(self, client: paramiko.SFTPClient, name: str) -> paramiko.SFTPAttributes | None:
        named = (each for each in _entries(client, self._inbox) if each.filename in (name, f"{name}.zip"))
        return next((each for each in named if self._is_ready(client, each)), None)

    def _put_back(self, client: paramiko.SFTPClient, name: str) -> bool:
        """The newest of this name, by one rename; the marker of a ZIP comes last. A kill in between leaves it ready."""
        aside = self._inbox / _REFUSED
        try:
            names = [each.filename for each in _entries(client, aside)]
        except FileNotFoundError:
            return False
        found = [each for each in names if each.rpartition("-")[0] in (name, f"{name}.zip")]
        if not found:
            return False
        newest = max(found, key=lambda each: each.rpartition("-")[2])
        target = newest.rpartition("-")[0]
        with suppress(FileNotFoundError):
            client.stat(str(self._inbox / target))
            return False  # the provider is at it
        client.posix_rename(str(aside / newest), str(self._inbox / target))
        if target.endswith(".zip"):
            client.open(str(self._inbox / f"{target}.{READY}"), "wb").close()
        return True

    def _is_ready(self, client: paramiko.SFTPClient, entry: paramiko.SFTPAttributes) -> bool:
        return self._has(client, _marker(entry))

    def _is_open(self, client: paramiko.SFTPClient, entry: paramiko.SFTPAttributes) -> bool:
        marker = _marker(entry)
        return marker is not None and not self._has(client, marker)

    def _has(self, client: paramiko.SFTPClient, name: str | None) -> bool:
        if name is None:
            return False
        try:
            client.stat(str(self._inbox / name))
        except FileNotFoundError:
            return False
        return True

    def _fetched_or_refused(self, entry: paramiko.SFTPAttributes, into: Path) -> Path | RefusedArrival | None:
        """None: it could not be read this time. Raises `NotSent` where the line is the reason."""
        with self._open() as client:
            try:
                return self._fetched(client, entry, into)
            except DocumentInvalid as error:
                return self._refused(client, entry, into, error)
            except (OSError, paramiko.SFTPError):
                if not self._is_alive(client):
                    raise
                if self._is_fresh(client, entry):
                    return None
                return self._refused(client, entry, into, _unreadable(self.source))

    def _fetched(self, client: paramiko.SFTPClient, entry: paramiko.SFTPAttributes, into: Path) -> Path:
        target = into / entry.filename.removesuffix(".zip")
        if target.is_dir():
            return target
        part, files = into / f".{target.name}.part", self._files(client, entry)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=FOLDER_MODE)
        # READY last, so that what is here is never more ready than it was there.
        for path, name in sorted(files.items(), key=lambda file: (file[1] == READY, file[1])):
            client.get(str(path), str(part / name), max_concurrent_prefetch_requests=_AT_ONCE)
        part.rename(target)
        return target

    def _files(self, client: paramiko.SFTPClient, entry: paramiko.SFTPAttributes) -> dict[PurePosixPath, str]:
        """Path there → name here. Raises `DocumentInvalid` delivery-too-large."""
        there = self._inbox / entry.filename
        if entry.filename.endswith(".zip") and not stat.S_ISDIR(entry.st_mode or 0):
            found, size = {there: PACKED}, entry.st_size or 0
        else:
            files = [each for each in _entries(client, there) if stat.S_ISREG(each.st_mode or 0)]
            found = {there / each.filename: each.filename for each in files}
            size = sum(each.st_size or 0 for each in files)
        if size > self._max_bytes:
            raise DocumentInvalid(
                "delivery-too-large",
                f"Die Scanlieferung ist größer als die vereinbarten {self._max_bytes // 1_000_000} MB. Sie wurde"
                " abgelehnt und liegt noch bei der Scanstelle; bitte geteilt neu anfordern.",
            )
        return found

    def _refused(
        self,
        client: paramiko.SFTPClient,
        entry: paramiko.SFTPAttributes,
        into: Path,
        error: DocumentInvalid,
    ) -> RefusedArrival:
        """With what tells which delivery it is, as far as that can be read: its files, its manifest and its marker."""
        name = entry.filename.removesuffix(".zip")
        folder = into / _REFUSED / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=FOLDER_MODE)
        with suppress(OSError, paramiko.SFTPError):
            (folder / _LISTING).write_text("".join(self._listing(client, entry)))
        if stat.S_ISDIR(entry.st_mode or 0):
            for each in (READY, *(f"manifest.{kind.value}" for kind in ManifestFormat)):
                with suppress(OSError):
                    content = _read(client, self._inbox / name / each, MAX_MANIFEST_BYTES)
                    if content is not None and len(content) <= MAX_MANIFEST_BYTES:
                        (folder / each).write_bytes(content)
        return RefusedArrival(folder, error)

    def _listing(self, client: paramiko.SFTPClient, entry: paramiko.SFTPAttributes) -> Iterator[str]:
        """Name, size and moment of the last change of each file, for what cannot be told apart by its bytes."""
        is_folder = stat.S_ISDIR(entry.st_mode or 0)
        files = _entries(client, self._inbox / entry.filename) if is_folder else [entry]
        for each in files:
            yield f"{each.filename} {each.st_size} {each.st_mtime}\n"

    def _is_alive(self, client: paramiko.SFTPClient) -> bool:
        """The line still answers: what failed is the file, not the way."""
        try:
            client.stat(str(self._inbox))
        except LOST:
            return False
        return True

    def _is_fresh(self, client: paramiko.SFTPClient, entry: paramiko.SFTPAttributes) -> bool:
        """It was finished so recently that it may still be put right there."""
        try:
            finished = client.stat(str(self._inbox / (_marker(entry) or entry.filename))).st_mtime or 0
        except OSError:
            return True
        return time.time() - finished < self._unfinished_s


def _unreadable(source: str) -> DocumentInvalid:
    return DocumentInvalid(
        "delivery-not-fetchable",
        f"Dateien der Scanlieferung lassen sich bei {source} nicht lesen. Sie wurde abgelehnt und liegt noch dort;"
        " bitte bei der Scanstelle neu anfordern.",
    )


def _marker(entry: paramiko.SFTPAttributes) -> str | None:
    """The file that says that this is whole; None for what is no delivery."""
    if entry.filename.startswith("."):
        return None
    if stat.S_ISDIR(entry.st_mode or 0):
        return f"{entry.filename}/{READY}"
    is_packed = stat.S_ISREG(entry.st_mode or 0) and entry.filename.endswith(".zip")
    return f"{entry.filename}.{READY}" if is_packed else None


def _entries(client: paramiko.SFTPClient, folder: PurePosixPath) -> list[paramiko.SFTPAttributes]:
    """What lies in a folder, by name; a name that is none (a path) is not ours to follow."""
    found = client.listdir_attr(str(folder))
    return sorted(
        (entry for entry in found if "/" not in entry.filename and entry.filename not in (".", "..")),
        key=lambda entry: entry.filename,
    )


def _read(client: paramiko.SFTPClient, path: PurePosixPath, most: int) -> bytes | None:
    """A file, one byte more than `most` at most; None if there is none."""
    try:
        with client.open(str(path), "rb") as file:
            return file.read(most + 1)
    except FileNotFoundError:
        return None


def _remove(client: paramiko.SFTPClient, path: PurePosixPath) -> None:
    """A folder of files, or a file."""
    if stat.S_ISDIR(client.lstat(str(path)).st_mode or 0):
        for entry in _entries(client, path):
            _remove(client, path / entry.filename)
        client.rmdir(str(path))
    else:
        client.remove(str(path))
