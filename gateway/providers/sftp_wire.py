"""The wire to an SFTP server: connect, prove who it is, log in, and the few calls a shelf needs.

The host key is pinned and never learnt: another key is `NotSent`, whatever the reason. Every connect, handshake,
login and read has a time limit. `publish` uses the extension posix-rename@openssh.com and nothing else: OpenSSH's
plain RENAME is link and unlink, which can leave both names behind.
Secrets stand in `SftpSettings` and appear in no message, log or repr.
"""

import errno
import logging
import socket
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import paramiko

from gateway.domain.findings import Finding, Severity
from gateway.errors import NotSent, OutcomeUnknown, Refused
from gateway.providers.print_shelf import Lying

_LOG_CHANNEL = "gateway.sftp"
"""Paramiko logs host names and failures of its thread there; it is kept from the standard error."""
_LOST = (EOFError, OSError, paramiko.SSHException, paramiko.SFTPError)
_T = TypeVar("_T", paramiko.Transport, paramiko.SFTPClient)
_RSA = ("rsa-sha2-512", "rsa-sha2-256")


@dataclass(frozen=True)
class SftpSettings:
    """An account at a print house. `host_keys`: "ssh-ed25519 AAAA…", more than one while the house changes its key."""

    host: str
    port: int
    user: str
    host_keys: tuple[str, ...]
    key_file: Path | None = None
    passphrase: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    connect_timeout_s: float = 10
    read_timeout_s: float = 60


class SftpShelves:
    """Implements `print_shelf.Shelves`: a new connection for each use."""

    def __init__(self, settings: SftpSettings) -> None:
        self._settings = settings
        logging.getLogger(_LOG_CHANNEL).propagate = False
        logging.getLogger(_LOG_CHANNEL).addHandler(logging.NullHandler())

    @contextmanager
    def open(self) -> Iterator["SftpShelf"]:
        """Connected and logged in for as long as the block lasts. Raises `NotSent`."""
        pinned = self._pinned_keys()
        # Closed by itself: a transport that never became active does not close its line.
        with closing(self._connected()) as line, _left(paramiko.Transport(line)) as transport:
            transport.set_log_channel(_LOG_CHANNEL)
            self._handshake(transport, pinned)
            self._login(transport)
            with _left(self._session(transport)) as client:
                yield SftpShelf(client)

    def _pinned_keys(self) -> list[tuple[str, str]]:
        pinned = [_pinned(line) for line in self._settings.host_keys]
        if not pinned:
            text = "Der Schlüssel des SFTP-Servers ist nicht hinterlegt (host_keys); ohne ihn wird nichts übertragen."
            raise NotSent("sftp-host-key-missing", text)
        return pinned

    def _connected(self) -> socket.socket:
        address = (self._settings.host, self._settings.port)
        try:
            return socket.create_connection(address, timeout=self._settings.connect_timeout_s)
        except OSError:
            text = "Der SFTP-Server des Druckdienstleisters ist nicht erreichbar; die Lieferungen warten."
            raise NotSent("sftp-unreachable", text) from None

    def _handshake(self, transport: paramiko.Transport, pinned: list[tuple[str, str]]) -> None:
        """Agree on keys and compare the host's with the pinned ones."""
        limit = self._settings.connect_timeout_s
        transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = limit
        transport.channel_timeout = limit
        options = transport.get_security_options()
        wanted = [kind for name, _ in pinned for kind in (_RSA if name == "ssh-rsa" else (name,))]
        options.key_types = tuple(kind for kind in options.key_types if kind in wanted)
        try:
            transport.start_client(timeout=limit)
            offered = transport.get_remote_server_key()
        except paramiko.ssh_exception.IncompatiblePeer:
            raise _other_key("keiner der hinterlegten Art") from None
        except _LOST:
            text = "Mit dem SFTP-Server kam keine gesicherte Verbindung zustande; die Lieferungen warten."
            raise NotSent("sftp-handshake", text) from None
        if (offered.get_name(), offered.get_base64()) not in pinned:
            raise _other_key(offered.fingerprint)

    def _login(self, transport: paramiko.Transport) -> None:
        settings = self._settings
        try:
            if settings.key_file:
                transport.auth_publickey(settings.user, _private_key(settings.key_file, settings.passphrase))
            else:
                transport.auth_password(settings.user, settings.password, fallback=False)
        except paramiko.AuthenticationException:
            text = "Der SFTP-Server nimmt die Anmeldung nicht an. Bitte Benutzer und Schlüssel oder Passwort prüfen."
            raise NotSent("sftp-login", text) from None
        except _LOST:
            text = "Der SFTP-Server hat die Anmeldung abgebrochen; die Lieferungen warten."
            raise NotSent("sftp-login-interrupted", text) from None
        if not transport.is_authenticated():
            text = "Der SFTP-Server verlangt einen weiteren Anmeldeschritt, den das Gateway nicht kennt."
            raise NotSent("sftp-login", text)

    def _session(self, transport: paramiko.Transport) -> paramiko.SFTPClient:
        try:
            client = paramiko.SFTPClient.from_transport(transport)
        except _LOST:
            client = None
        channel = client.get_channel() if client else None
        if client is None or channel is None:
            text = (
                "Der Server bietet für diesen Benutzer kein SFTP an; bitte beim Druckdienstleister nachfragen."
            )
            raise NotSent("sftp-not-offered", text)
        channel.settimeout(self._settings.read_timeout_s)
        return client


@contextmanager
def _left(thing: _T) -> Iterator[_T]:
    """Close it in the end. A line that breaks at the goodbye changes nothing about what was done before."""
    try:
        yield thing
    finally:
        with suppress(*_LOST):
            thing.close()


class SftpShelf:
    """Implements `print_shelf.Shelf` on an open session."""

    def __init__(self, client: paramiko.SFTPClient) -> None:
        self._client = client

    def put(self, source: Path, path: str) -> None:
        """Upload whole; what an interrupted upload left is overwritten."""
        try:
            with source.open("rb") as file:
                self._client.putfo(file, path, confirm=False)
        except _LOST as error:
            raise _not_sent(error, path, "sftp-upload") from None

    def size(self, path: str) -> int | None:
        """Bytes of a file; None only if the server says that there is none."""
        try:
            return self._client.stat(path).st_size
        except FileNotFoundError:
            return None
        except _LOST as error:
            raise _not_sent(error, path, "sftp-look") from None

    def files(self, folder: str) -> list[Lying]:
        """The files in a folder, links and folders left out."""
        try:
            return [_lying(entry) for entry in self._client.listdir_attr(folder) if _is_file(entry)]
        except _LOST as error:
            raise _not_sent(error, folder, "sftp-look") from None

    def read(self, path: str) -> bytes:
        """A whole file."""
        try:
            with self._client.open(path, "rb") as file:
                file.prefetch()
                return file.read()
        except _LOST as error:
            raise _not_sent(error, path, "sftp-read") from None

    def remove(self, path: str) -> None:
        """Remove; none is fine too."""
        try:
            self._client.remove(path)
        except FileNotFoundError:
            return
        except _LOST as error:
            raise _not_sent(error, path, "sftp-remove") from None

    def prove_atomic(self) -> None:
        """Ask for an atomic rename of nothing: a server that can do it says that there is nothing."""
        try:
            self._client.posix_rename("no-such-file", "no-such-file.renamed")
        except FileNotFoundError:
            return
        except _LOST as error:
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
        except _LOST as error:
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


def _other_key(offered: str) -> NotSent:
    return NotSent(
        "sftp-host-key-changed",
        f"Der SFTP-Server weist sich mit einem anderen Schlüssel aus als hinterlegt ({offered}). Es wurde nichts "
        "übertragen. Bitte den neuen Schlüssel telefonisch bestätigen lassen und erst dann eintragen.",
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


def _pinned(line: str) -> tuple[str, str]:
    """Kind and key of a pinned line as known_hosts writes it, without the host."""
    parts = line.split()
    if len(parts) < 2:
        text = "Ein hinterlegter Serverschlüssel (host_keys) hat nicht die Form „ssh-ed25519 AAAA…“."
        raise NotSent("sftp-host-key-unreadable", text)
    return parts[0], parts[1]


def _private_key(file: Path, passphrase: str) -> paramiko.PKey:
    """A key of any kind that OpenSSH makes; `PKey.from_path` fails with a passphrase that is text."""
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key_file(str(file), password=passphrase or None)
        except (OSError, ValueError, TypeError, paramiko.SSHException):
            continue
    text = "Der eigene SSH-Schlüssel (key_file) ist nicht lesbar, oder sein Kennwort passt nicht."
    raise NotSent("sftp-private-key", text)


def _is_file(entry: paramiko.SFTPAttributes) -> bool:
    return entry.st_mode is not None and stat.S_ISREG(entry.st_mode)


def _lying(entry: paramiko.SFTPAttributes) -> Lying:
    return Lying(entry.filename, entry.st_size or 0, datetime.fromtimestamp(entry.st_mtime or 0, UTC))
