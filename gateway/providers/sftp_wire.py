"""The wire to a print centre's SFTP server: the few calls that a shelf needs, on a line of `gateway.sftp_line`.

`publish` uses the extension posix-rename@openssh.com and nothing else: OpenSSH's
plain RENAME is link and unlink, which can leave both names behind.
"""

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import paramiko

from gateway.domain.findings import Finding, Severity
from gateway.errors import NotSent, OutcomeUnknown, Refused
from gateway.providers.print_shelf import Lying
from gateway.sftp_line import LOST, SftpLine, SftpSettings


class SftpShelves:
    """Implements `print_shelf.Shelves`: a new connection for each use."""

    def __init__(self, settings: SftpSettings) -> None:
        self._line = SftpLine(settings)

    @contextmanager
    def open(self) -> Iterator["SftpShelf"]:
        """Connected and logged in for as long as the block lasts. Raises `NotSent`."""
        with self._line.open() as client:
            yield SftpShelf(client)


class SftpShelf:
    """Implements `print_shelf.Shelf` on an open session."""

    def __init__(self, client: paramiko.SFTPClient) -> None:
        self._client = client

    def put(self, source: Path, path: str) -> None:
        """Upload whole; what an interrupted upload left is overwritten."""
        try:
            with source.open("rb") as file:
                self._client.putfo(file, path, confirm=False)
        except LOST as error:
            raise _not_sent(error, path, "sftp-upload") from None

    def size(self, path: str) -> int | None:
        """Bytes of a file; None only if the server says that there is none."""
        try:
            return self._client.stat(path).st_size
        except FileNotFoundError:
            return None
        except LOST as error:
            raise _not_sent(error, path, "sftp-look") from None

    def files(self, folder: str) -> list[Lying]:
        """The files in a folder, links and folders left out."""
        try:
            return [_lying(entry) for entry in self._client.listdir_attr(folder) if _is_file(entry)]
        except LOST as error:
            raise _not_sent(error, folder, "sftp-look") from None

    def read(self, path: str) -> bytes:
        """A whole file."""
        try:
            with self._client.open(path, "rb") as file:
                file.prefetch()
                return file.read()
        except LOST as error:
            raise _not_sent(error, path, "sftp-read") from None

    def remove(self, path: str) -> None:
        """Remove; none is fine too."""
        try:
            self._client.remove(path)
        except FileNotFoundError:
            return
        except LOST as error:
            raise _not_sent(error, path, "sftp-remove") from None

    def prove_atomic(self) -> None:
        """Ask for an atomic rename of nothing: a server that can do it says that there is nothing."""
        try:
            self._client.posix_rename("no-such-file", "no-such-file.renamed")
        except FileNotFoundError:
            return
        except LOST as error:
            if self._is_cut(error):
                raise _not_sent(error, "", "sftp-look") from None
            raise _no_atomic_rename() from None

    def publish(self, path: str, target: str) -> bool:
        """One posix-rename. A connection that is lost after the request leaves the outcome open."""
        try:
            self._client.posix_rename(path, target)
        except FileNotFoundError:
            if self.size(path) is None:
                return False
            text = "Der Eingangsordner des Druckdienstleisters fehlt; die Lieferungen warten."
            raise NotSent("sftp-inbox-missing", text) from None
        except LOST as error:
            if self._is_cut(error):
                raise _lost() from None
            raise self._judged(error, path) from None
        return True

    def check(self) -> list[Finding]:
        """That all this was reached at all."""
        return [Finding("sftp-ok", Severity.INFO, "Der SFTP-Server ist erreichbar und nimmt die Anmeldung an.")]

    def _is_cut(self, error: BaseException) -> bool:
        """Whether the connection broke, or the answer is none: the server's own failures come as a plain OSError."""
        if not isinstance(error, OSError) or isinstance(error, TimeoutError | ConnectionError):
            return True
        channel = self._client.get_channel()
        return channel is None or channel.closed

    def _judged(self, error: BaseException, path: str) -> NotSent | Refused | OutcomeUnknown:
        """The server answered with a failure. It is believed where what was staged still lies there."""
        if "nsupported" in str(error):
            return _no_atomic_rename()
        try:
            is_staged = self.size(path) is not None
        except NotSent:
            return _lost()
        return _not_sent(error, path, "sftp-release") if is_staged else _lost()


def _lost() -> OutcomeUnknown:
    return OutcomeUnknown(
        "sftp-answer-lost",
        "Die Verbindung brach bei der Freigabe ab. Ob die Lieferung freigegeben ist, wird nachgesehen.",
    )


def _no_atomic_rename() -> Refused:
    return Refused(
        "sftp-no-posix-rename",
        "Der SFTP-Server kann Dateien nicht in einem Schritt umbenennen (Erweiterung posix-rename@openssh.com). "
        "Ohne sie wird nichts übergeben; der Druckdienstleister muss sie freischalten.",
    )


def _not_sent(error: BaseException, path: str, code: str) -> NotSent:
    """Nothing is printed by what failed here, so it may be repeated."""
    place = f" ({path})" if path else ""
    if isinstance(error, PermissionError):
        return NotSent(f"{code}-denied", f"Der SFTP-Server verweigert den Zugriff{place}. Bitte Rechte prüfen.")
    if isinstance(error, FileNotFoundError):
        return NotSent(f"{code}-missing", f"Auf dem SFTP-Server fehlt ein Ordner oder eine Datei{place}.")
    lost = isinstance(error, EOFError | TimeoutError | ConnectionError | paramiko.SSHException)
    if lost or getattr(error, "errno", None) in {errno.EPIPE, errno.ECONNRESET}:
        text = f"Die Verbindung zum SFTP-Server brach ab{place}; es wird später wiederholt."
        return NotSent(f"{code}-interrupted", text)
    return NotSent(
        f"{code}-failed",
        f"Der SFTP-Server meldet einen Fehler{place}, vielleicht ist dort kein Platz mehr. Es wird wiederholt.",
    )


def _is_file(entry: paramiko.SFTPAttributes) -> bool:
    return entry.st_mode is not None and stat.S_ISREG(entry.st_mode)


def _lying(entry: paramiko.SFTPAttributes) -> Lying:
    return Lying(entry.filename, entry.st_size or 0, datetime.fromtimestamp(entry.st_mtime or 0, UTC))
