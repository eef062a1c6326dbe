"""The print centre behind its SFTP server: folders, ledger, sshd, and a line that can fail."""

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.testing.print_centre.centre import PrintCentre
from gateway.testing.print_centre.line import Line
from gateway.testing.print_centre.sshd import Sshd, SshdMissing, sshd_path

HOST = "127.0.0.1"


class SftpPrintCentre(PrintCentre):
    """A context manager; see `PrintCentre`. Raises `SshdMissing` where OpenSSH's server is not installed."""

    def __init__(
        self,
        root: Path | None = None,
        *,
        port: int = 0,
        speed: float = 1.0,
        start: datetime | None = None,
        answer: str = "json",
        automatic: bool = True,
        passphrase: str = "",
    ) -> None:
        if sshd_path() is None:
            raise SshdMissing("sshd is missing: apt-get install openssh-server")
        self.line = Line(port)
        super().__init__(root, speed=speed, start=start, answer=answer, automatic=automatic)
        # Keys and configuration lie outside of what is served where everything vanishes at the end.
        self._ssh_folder = None if root else tempfile.TemporaryDirectory(prefix="print-centre-ssh-")
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

    def change_host_key(self) -> None:
        """From now on the server shows another key, as after a new installation, or as somebody else would."""
        self._sshd.stop()
        self._sshd.change_host_key()
        self._sshd.start()

    def forbid_posix_rename(self) -> None:
        """From now on the server does not have the extension."""
        self._sshd.stop()
        self._sshd.start(posix_rename=False)

    def fill_disk(self, after_bytes: int = 0) -> None:
        """No file can grow beyond so many bytes, from the next session on."""
        self._sshd.limit_files(after_bytes)

    def empty_disk(self) -> None:
        """There is room again."""
        self._sshd.limit_files(None)

    def lose_answer_to_release(self) -> None:
        """The next rename into the inbox is done; the line breaks before its answer."""
        self.line.cut_when(self._noticer())

    def _noticer(self) -> Callable[[], bool]:
        """Whether something has arrived since now; looked for in the order in which it wanders."""
        places = (self.root / "in", self.root / "centre" / "work")
        waiting = {file.name for place in places for file in place.iterdir()}
        known = len(self.deliveries)

        def has_arrived() -> bool:
            lying = {file.name for place in places for file in place.iterdir()}
            return bool(lying - waiting) or len(self.deliveries) > known

        return has_arrived
