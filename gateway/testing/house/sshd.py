"""A real OpenSSH server on loopback, for the user who runs it: own host key, own configuration, SFTP only.

Needs no rights: no account is made, nothing outside its folder is written (run by root, OpenSSH wants /run/sshd). One
key may log in. Whoever logs in starts in the centre's folder.
"""

import getpass
import os
import resource
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil

_TRIES = 200
_PRIVILEGE_SEPARATION = Path("/run/sshd")


class SshdMissing(RuntimeError):
    """OpenSSH's server is not installed (Debian package openssh-server)."""


def sshd_path() -> str | None:
    """Where sshd is; None if it is not installed. It is often outside the PATH of users."""
    return shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin")


class Sshd:
    """A context-free process: `start`, `stop`, and start again with other options on the same port."""

    def __init__(self, folder: Path, served: Path, *, passphrase: str = "") -> None:
        found = sshd_path()
        if found is None:
            raise SshdMissing("sshd is missing: apt-get install openssh-server")
        self._sshd = found
        self._folder = folder
        self._served = served
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self.user = getpass.getuser()
        self.key_file = folder / "client_key"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.key_file.exists():
            _new_key(self.key_file, passphrase)
            shutil.copy(self.key_file.with_suffix(".pub"), folder / "authorized_keys")
        if not self._host_key.exists():
            _new_key(self._host_key)

    @property
    def _host_key(self) -> Path:
        return self._folder / "host_key"

    @property
    def host_key(self) -> str:
        """Kind and key, as it is pinned."""
        return " ".join(self._host_key.with_suffix(".pub").read_text(encoding="ascii").split()[:2])

    def change_host_key(self) -> None:
        """A new host key, from the next start on."""
        self._host_key.unlink()
        self._host_key.with_suffix(".pub").unlink()
        _new_key(self._host_key)

    def start(self, *, posix_rename: bool = True) -> None:
        """Serve; returns when it listens. Signals that Python ignores stay ignored, see `limit_files`."""
        if os.getuid() == 0:
            _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        config = self._folder / "sshd_config"
        config.write_text(self._configuration(posix_rename), encoding="utf-8")
        with (self._folder / "sshd.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own configuration
                [self._sshd, "-D", "-e", "-f", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                restore_signals=False,
            )
        self._wait_until_it_listens()

    def stop(self) -> None:
        """End the server and every session of it."""
        if self._process is None:
            return
        sessions = psutil.Process(self._process.pid).children(recursive=True)
        self._process.terminate()
        self._process.wait()
        self._process = None
        for session in sessions:
            with suppress(psutil.NoSuchProcess):
                session.terminate()

    def limit_files(self, size_bytes: int | None) -> None:
        """No file of a new session may grow beyond this: to the client, the disk is full. None lifts the limit."""
        if self._process is None:
            return
        soft = resource.RLIM_INFINITY if size_bytes is None else size_bytes
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))

    def _configuration(self, posix_rename: bool) -> str:
        subsystem = "internal-sftp" if posix_rename else "internal-sftp -P posix-rename"
        return f"""\
Port {self.port}
ListenAddress 127.0.0.1
HostKey {self._host_key}
PidFile none
AuthorizedKeysFile {self._folder / "authorized_keys"}
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
MaxStartups 100
MaxSessions 100
LogLevel ERROR
Subsystem sftp {subsystem}
ForceCommand {subsystem} -d {self._served}
"""

    def _wait_until_it_listens(self) -> None:
        for _ in range(_TRIES):
            if self._process is None or self._process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        log = (self._folder / "sshd.log").read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"sshd does not start: {log[-500:]}")


def _new_key(file: Path, passphrase: str = "") -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "simulator", "-f", str(file)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)  # noqa: S603


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
