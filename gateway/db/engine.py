"""Engine and transactions: SQLite (WAL, FULL, BEGIN IMMEDIATE) or PostgreSQL, the same for every use case."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text, update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, SQLModel

from gateway.db.columns import table_of
from gateway.db.postgres import READING, PostgresOptions, postgres_engine
from gateway.errors import ConfigError, Conflict

HEAD = "0036"
"""The newest migration; a test holds it against the files."""

_READ_ONLY = "gateway_read_only"
_MIGRATING = 7_205_759_403_792_793
"""PostgreSQL: the advisory lock of whoever changes the schema, so that two processes that start do not collide."""


class Database:
    """Hands out transactions. On SQLite a write takes the write lock at once, so none fails half-way.

    For PostgreSQL see `gateway.db.postgres`; `postgres` says how to connect there.
    """

    def __init__(self, url: str, postgres: PostgresOptions | None = None) -> None:
        self.url = make_url(url)
        self.postgres = postgres or PostgresOptions()
        if self.url.get_backend_name() == "sqlite" and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.url.get_backend_name() == "postgresql":
            self.engine = postgres_engine(self.url, self.postgres)
            self._reading = self.engine.execution_options(**READING)
        else:
            # Without parameters in exceptions: they would carry names and addresses into logs.
            self.engine = create_engine(self.url, hide_parameters=True)
            _prepare_sqlite(self.engine)
            self._reading = self.engine.execution_options(**{_READ_ONLY: True})

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One write transaction; commits at the end, rolls back on any exception."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent view; never blocks a writer."""
        with Session(self._reading, expire_on_commit=False, autoflush=False) as session:
            yield session

    def migrate(self) -> None:
        """Bring the schema to the newest version. Raises `ConfigError` ('database-unreachable')."""
        try:
            version = self._version()
        except OperationalError:
            raise ConfigError(
                "database-unreachable",
                "Die Datenbank ist nicht erreichbar oder lehnt die Anmeldung ab. Bitte url und password im Abschnitt "
                "[database] prüfen, und ob der Server läuft.",
            ) from None
        if version == HEAD:
            return
        from alembic import command  # noqa: PLC0415 - slow to import, and nearly never needed
        from alembic.config import Config  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def _version(self) -> str | None:
        with self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return version

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _configure(dbapi_connection: SQLiteConnection, _record: object) -> None:
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves, see below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get(_READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def compare_and_set(
    session: Session, model: type[SQLModel], row_id: int, *, expect: Mapping[str, Any], **values: Any
) -> None:
    """Write `values` if the row still is as `expect` says, else `Conflict`.

    The decision was made on what was read; the row count proves that it still held when it was written.
    Changes of rows that wait in the session are written first, since what the session knows is forgotten after.
    """
    session.flush()
    table = table_of(model)
    statement = update(table).where(table.c.id == row_id)
    for column, value in expect.items():
        statement = statement.where(
            table.c[column].in_(tuple(value))
            if isinstance(value, set | frozenset)
            else table.c[column] == value
        )
    if session.connection().execute(statement.values(**values)).rowcount != 1:
        raise Conflict(
            "state-changed",
            "Der Vorgang wurde inzwischen von anderer Seite geändert. Bitte neu laden und neu entscheiden.",
        )
    session.expire_all()


def row_id(row: SQLModel) -> int:
    """The primary key of a stored row."""
    value = getattr(row, "id", None)
    if not isinstance(value, int):
        raise TypeError("the row is not stored yet")
    return value
