"""Locks that die with their holder: `flock` beside SQLite, session advisory locks on PostgreSQL."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gateway.db.engine import Database
from gateway.db.postgres import postgres_engine


class FileLocks:
    """One small file a name; the kernel lets go when the process dies. For one machine, as SQLite is.

    Files are never deleted: deleting a lock file lets two processes hold the same name. Numbered names
    (`submission-17`) share a fixed number of files, so that their count stays bounded; names of different kinds
    never share one, because the run holds its own lock while it takes those of its submissions.
    """

    _SLOTS = 4096

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder

    @contextmanager
    def try_lock(self, name: str) -> Iterator[bool]:
        """Hold `name` while inside; False if it is held elsewhere."""
        descriptor = os.open(self._folder / self._file(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Nothing is kept open."""

    def _file(self, name: str) -> str:
        kind, _, number = name.rpartition("-")
        return f"{kind}-{int(number) % self._SLOTS:04d}.lock" if number.isdecimal() else f"{name}.lock"


class AdvisoryLocks:
    """PostgreSQL session advisory locks, on connections of their own: gone when the connection is.

    They need a session that stays the same: no pooler between us and the server that hands sessions round by
    transaction. Their connections come from a pool without an upper limit, so that a lock never waits for another.
    """

    def __init__(self, database: Database) -> None:
        engine = postgres_engine(database.url, database.postgres, purpose="gateway-locks")
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def try_lock(self, name: str) -> Iterator[bool]:
        """Hold `name` while inside; False if it is held elsewhere."""
        key = {"key": int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)}
        with self._engine.connect() as connection:
            held = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key))
            try:
                yield held
            finally:
                if held:
                    self._let_go(connection, key)

    def close(self) -> None:
        """Give all connections back, and with them whatever is still held."""
        self._engine.dispose()

    def _let_go(self, connection: Connection, key: dict[str, int]) -> None:
        """A connection that cannot say that it let go is closed, never used again: the server lets go then."""
        try:
            released = connection.scalar(text("SELECT pg_advisory_unlock(:key)"), key)
        except DBAPIError:
            released = False
        if not released:
            connection.invalidate()


def locks_for(database: Database, folder: Path) -> FileLocks | AdvisoryLocks:
    """The locks that fit the database."""
    return AdvisoryLocks(database) if database.engine.dialect.name == "postgresql" else FileLocks(folder)
