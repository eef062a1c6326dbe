"""A real PostgreSQL server for the tests: one a session, shared by all test processes, gone when the last one ends.

It listens on a socket in a folder of its own and on loopback, and does not wait for the disk: what is tested here is
what survives the death of a client, not the death of the server's machine. Databases are copied from templates, in
memory where there is room: a copy is five hundred files, which takes a disk ten times as long.
"""

import fcntl
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

OWNER = "gateway"
"""An ordinary role: the application is no superuser."""
_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "lc_messages": "C",
}
_ROOM_BYTES = 6 * 2**30


class PostgresMissing(Exception):
    """There is no PostgreSQL server on this machine."""


@dataclass(frozen=True)
class PostgresServer:
    """A server that runs."""

    socket_dir: str
    port: int
    password: str

    def url(self, database: str) -> str:
        """The address of a database for SQLAlchemy, over the socket and without a password."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.socket_dir}&port={self.port}"

    def loopback_url(self, database: str) -> str:
        """The same over loopback, where a password is asked."""
        return f"postgresql+psycopg://{OWNER}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: sql.Composed) -> None:
        """Run one statement outside of any transaction and of any test's database."""
        with psycopg.connect(
            host=self.socket_dir, port=self.port, user=OWNER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)

    def create(self, template: str = "template1") -> str:
        """A new database, copied from `template`; returns its name."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def postgres(shared: Path) -> Iterator[PostgresServer]:
    """The server of everybody who names the same folder `shared`; raises `PostgresMissing`.

    Each user holds a shared lock. A guardian process waits until nobody holds it any more, also if all were killed,
    then stops the server and removes its files.
    """
    binaries = _binaries()
    users = os.open(shared / "postgres.users", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    starting = os.open(shared / "postgres.starting", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    running = shared / "postgres.json"
    try:
        fcntl.flock(starting, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)  # waits for a guardian that is just stopping a server
        if not running.exists():
            running.write_text(json.dumps(_start(binaries, shared)))
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield PostgresServer(**json.loads(running.read_text()))
    finally:
        os.close(users)
        os.close(starting)


def _binaries() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: float(each.parent.name))
    for folder in [*reversed(installed), *map(Path, os.get_exec_path())]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissing("PostgreSQL is not installed: apt-get install postgresql")


def _start(binaries: Path, shared: Path) -> dict[str, str | int]:
    # A short name: the path of a socket may have 107 characters.
    home = Path(tempfile.mkdtemp(prefix="gw-pg-", dir=_memory()))
    port, password = _free_port(), secrets.token_hex(8)
    user = _server_user()
    if user:
        os.chown(home, user.pw_uid, user.pw_gid)
    options = [f"-c {name}={value}" for name, value in _SETTINGS.items()]
    options += [f"-p {port}", f"-k {home}", "-c listen_addresses=127.0.0.1"]
    initdb = "--username=postgres --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8"
    start = ["--wait", "--silent", f"--log={home / 'log'}", "start", "--options", " ".join(options)]
    for name, arguments in (("initdb", ["--no-sync", *initdb.split()]), ("pg_ctl", start)):
        subprocess.run(
            [str(binaries / name), f"--pgdata={home / 'data'}", *arguments],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            check=True,
        )
    guardian = [sys.executable, "-c", _GUARDIAN, str(shared), str(home)]
    subprocess.run(["setsid", "--fork", *guardian], stdin=subprocess.DEVNULL, check=True)
    with psycopg.connect(
        host=str(home), port=port, user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(
                sql.Identifier(OWNER), sql.Literal(password)
            )
        )
    return {"socket_dir": str(home), "port": port, "password": password}


_GUARDIAN = """
import fcntl, os, pathlib, shutil, signal, sys, time
null = os.open(os.devnull, os.O_RDWR)
os.dup2(null, 1), os.dup2(null, 2)
shared, home = map(pathlib.Path, sys.argv[1:])
users = os.open(shared / "postgres.users", os.O_RDWR)
fcntl.flock(users, fcntl.LOCK_EX)
try:
    server = int((home / "data/postmaster.pid").read_text().split()[0])
    os.kill(server, signal.SIGQUIT)
    while True:
        os.kill(server, 0)
        time.sleep(0.02)
except (OSError, ValueError):
    pass
(shared / "postgres.json").unlink(missing_ok=True)
shutil.rmtree(home, ignore_errors=True)
"""


def _memory() -> Path | None:
    """A folder in memory with room for the databases of many tests, where there is one."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free >= _ROOM_BYTES else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _server_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; then it runs as somebody else."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]
