"""The line to an SFTP server: connect, prove who it is, log in. Print houses and scan providers are reached by it.

The host key is pinned and never learnt: another key is `NotSent`, whatever the reason. Every connect, handshake,
login and read has a time limit. Secrets stand in `SftpSettings` and appear in no message, log or repr.
"""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import paramiko

from gateway.errors import NotSent

_LOG_CHANNEL = "gateway.sftp"
"""Paramiko logs host names and failures of its thread there; it is kept from the standard error."""
LOST = (EOFError, OSError, paramiko.SSHException, paramiko.SFTPError)
"""What paramiko raises where a line breaks or a server fails."""
_T = TypeVar("_T", paramiko.Transport, paramiko.SFTPClient)
_RSA = ("rsa-sha2-512", "rsa-sha2-256")


@dataclass(frozen=True)
class SftpSettings:
    """An account at a server. `host_keys`: "ssh-ed25519 AAAA…", more than one while the house changes its key."""

    host: str
    port: int
    user: str
    host_keys: tuple[str, ...]
    key_file: Path | None = None
    passphrase: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    connect_timeout_s: float = 10
    read_timeout_s: float = 60


class SftpLine:
    """How a server is reached: a new connection for each use."""

    def __init__(self, settings: SftpSettings) -> None:
        self._settings = settings
        logging.getLogger(_LOG_CHANNEL).propagate = False
        logging.getLogger(_LOG_CHANNEL).addHandler(logging.NullHandler())

    @contextmanager
    def open(self) -> Iterator[paramiko.SFTPClient]:
        """Connected and logged in for as long as the block lasts. Raises `NotSent`."""
        pinned = self._pinned_keys()
        # Closed by itself: a transport that never became active does not close its line.
        with closing(self._connected()) as line, _left(paramiko.Transport(line)) as transport:
            transport.set_log_channel(_LOG_CHANNEL)
            self._handshake(transport, pinned)
            self._login(transport)
            with _left(self._session(transport)) as client:
                yield client

    def _pinned_keys(self) -> list[tuple[str, str]]:
        pinned = [_pinned(line) for line in self._settings.host_keys]
        if not pinned:
            text = "Der Schlüssel des SFTP-Servers ist nicht hinterlegt (host_keys); ohne ihn wird nichts übertragen."
            raise NotSent("sftp-host-key-missing", text)
        return pinned

    def _connected(self) -> socket.socket:
        address = (self._settings.host, self._settings.port)
        try:
            line = socket.create_connection(address, timeout=self._settings.connect_timeout_s)
        except OSError:
            text = "Der SFTP-Server ist nicht erreichbar; die Lieferungen warten."
            raise NotSent("sftp-unreachable", text) from None
        # The handshake is many small packets; without this each waits for the receipt of the one before.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return line

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
        except LOST:
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
        except LOST:
            text = "Der SFTP-Server hat die Anmeldung abgebrochen; die Lieferungen warten."
            raise NotSent("sftp-login-interrupted", text) from None
        if not transport.is_authenticated():
            text = "Der SFTP-Server verlangt einen weiteren Anmeldeschritt, den das Gateway nicht kennt."
            raise NotSent("sftp-login", text)

    def _session(self, transport: paramiko.Transport) -> paramiko.SFTPClient:
        try:
            client = _Client.from_transport(transport)
        except LOST:
            client = None
        channel = client.get_channel() if client else None
        if client is None or channel is None:
            text = "Der Server bietet für diesen Benutzer kein SFTP an; bitte bei dessen Betreiber nachfragen."
            raise NotSent("sftp-not-offered", text)
        channel.settimeout(self._settings.read_timeout_s)
        return client


class _Reply(paramiko.Message):
    """What a server answers."""

    def get_text(self) -> str:
        """Names are bytes at most servers: what is no UTF-8 is kept as Python keeps it, and never an exception."""
        return os.fsdecode(self.get_string())


class _Client(paramiko.SFTPClient):
    """Knows every file by the name that it has there, whatever its encoding; paramiko alone knows UTF-8 only.

    By two methods that paramiko has no public ones for: the version is locked, and a test has such names.
    """

    def _request(self, kind: Any, *values: Any) -> tuple[Any, _Reply]:
        answered, reply = super()._request(kind, *values)  # type: ignore[misc]
        return answered, _Reply(reply.get_remainder())

    def _adjust_cwd(self, path: Any) -> Any:
        return super()._adjust_cwd(os.fsencode(path))  # type: ignore[misc]


@contextmanager
def _left(thing: _T) -> Iterator[_T]:
    """Close it in the end. A line that breaks at the goodbye changes nothing about what was done before."""
    try:
        yield thing
    finally:
        with suppress(*LOST):
            thing.close()


def _other_key(offered: str) -> NotSent:
    return NotSent(
        "sftp-host-key-changed",
        f"Der SFTP-Server weist sich mit einem anderen Schlüssel aus als hinterlegt ({offered}). Es wurde nichts "
        "übertragen. Bitte den neuen Schlüssel telefonisch bestätigen lassen und erst dann eintragen.",
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
