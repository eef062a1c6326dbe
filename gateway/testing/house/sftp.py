"""A centre behind its SFTP server: a real OpenSSH server for its folders, and a line before it that can fail."""

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gateway.testing.house.centre import Centre
from gateway.testing.house.house import HOST
from gateway.testing.house.line import Line
from gateway.testing.house.sshd import Sshd, SshdMissing, sshd_path


class SftpServed(Centre):
    """Named before the centre that it serves. Raises `SshdMissing` where OpenSSH's server is not installed.

    `options` are the centre's; `passphrase` protects the client's key.
    """

    def __init__(
        self, root: Path | None = None, *, port: int = 0, passphrase: str = "", **options: Any
    ) -> None:
        if sshd_path() is None:
            raise SshdMissing("sshd is missing: apt-get install openssh-server")
        self.line = Line(port)
        super().__init__(root, **options)
        # Keys and configuration lie outside of what is served where everything vanishes at the end.
        self._ssh_folder = None if root else tempfile.TemporaryDirectory(prefix=f"{self.KIND}-ssh-")
        ssh = Path(self._ssh_folder.name) if self._ssh_folder else self.root / "centre" / "ssh"
        self._sshd = Sshd(ssh, self.root, passphrase=passphrase)
        self.line.target_port = self._sshd.port

    def __enter__(self) -> Self:
        """Begin to serve and to work."""
        self._sshd.start()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving and working."""
        self.line.close()
        self._sshd.stop()
        super().__exit__(kind, error, trace)
        if self._ssh_folder:
            self._ssh_folder.cleanup()

    @property
    def host(self) -> str:
        """Where it listens."""
        return HOST

    @property
    def port(self) -> int:
        """Its port; the same through every restart."""
        return self.line.port

    @property
    def user(self) -> str:
        """Who may log in."""
        return self._sshd.user

    @property
    def key_file(self) -> Path:
        """The client's private key."""
        return self._sshd.key_file

    @property
    def host_key(self) -> str:
        """The host key to pin."""
        return self._sshd.host_key
