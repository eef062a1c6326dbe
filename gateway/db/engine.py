"""Engine and transactions: SQLite (WAL, FULL, BEGIN IMMEDIATE) or PostgreSQL, the same for every use case."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text, update
from sqlmodel import Session, SQLModel

from gateway.errors import Conflict

HEAD = "0001"
"""The newest migration; a test holds it against the files."""

_READ_ONLY = "gateway_read_only"


class Database:
    """Hands out transactions. On SQLite a write takes the write lock at once, so none fails half-way."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        if self.url.get_backend_name() == "sqlite" and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Without parameters in exceptions: they would carry names and addresses into logs.
        self.engine = create_engine(self.url, hide_parameters=True)
        if self.engine.dialect.name == "sqlite":
            _prepare_sqlite(self.engine)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One write transaction; commits at the end, rolls back on any exception."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One consistent view; never blocks a writer."""
        engine = self.engine.execution_options(**{_READ_ONLY: True})
        with Session(engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    def migrate(self) -> None:
        """Bring the schema to the newest version."""
        if self._version() == HEAD:
            return
        from alembic import command  # noqa: PLC0415 - slow to import, and nearly never needed
        from alembic.config import Config  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.engine.begin() as connection:
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
    table = model.__table__  # type: ignore[attr-defined]
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
