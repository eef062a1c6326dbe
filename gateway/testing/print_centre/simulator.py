"""The print centre behind its SFTP server: folders, ledger, sshd, and a line that can fail."""

from collections.abc import Callable

from gateway.testing.house.sftp import SftpServed
from gateway.testing.print_centre.centre import PrintCentre


class SftpPrintCentre(SftpServed, PrintCentre):
    """A context manager; see `PrintCentre`. Raises `SshdMissing` where OpenSSH's server is not installed."""

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
