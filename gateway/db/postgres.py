"""What PostgreSQL needs: isolation, timeouts, a pool, and errors that carry no row.

**Isolation.** Writing transactions are READ COMMITTED. Decisions are made on what was read before and written by
compare-and-set: under READ COMMITTED an UPDATE that waited for another writer looks at its WHERE again on the newest
row, so the loser counts 0 rows and is told so; it needs no serialisable isolation, and no retries. What compare-and-set
cannot say is a unique or partial index (one live submission, one open run, a filing key). Where rows are counted that
another transaction may add to, the row that owns them is locked first (`with_for_update`). Readings are REPEATABLE READ
and READ ONLY: several queries see one moment, as on SQLite; such a reading never fails and never waits.

**Timeouts.** A connection that is silently dead is noticed by keepalives from both ends, so that the locks of a machine
that lost its power are free after about two minutes. No transaction waits for ever for a lock or for its program.
"""

from dataclasses import dataclass, field

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext

READING = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""Execution options of a reading."""


@dataclass(frozen=True)
class PostgresOptions:
    """How to connect. `pool_size` connections are kept, as many again are opened at need; times in seconds, 0: none."""

    password: str = field(default="", repr=False)
    pool_size: int = 10
    connect_timeout_s: int = 10
    statement_timeout_s: int = 300
    lock_timeout_s: int = 30


def postgres_engine(url: URL, options: PostgresOptions, *, purpose: str = "gateway") -> Engine:
    """An engine whose exceptions name rules and tables, never values. `purpose` is shown in `pg_stat_activity`."""
    if options.password:
        url = url.set(password=options.password)
    held = purpose.endswith("locks")
    engine = create_engine(
        url,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        pool_size=options.pool_size,
        # A thread that holds a lock must always get one: else all threads could wait for one another.
        max_overflow=-1 if held else options.pool_size,
        connect_args={
            "application_name": purpose,
            "connect_timeout": options.connect_timeout_s,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "options": _session(options),
        },
    )
    event.listen(engine, "handle_error", _keep_values_out)
    return engine


def _session(options: PostgresOptions) -> str:
    settings = {
        "timezone": "UTC",
        "statement_timeout": f"{options.statement_timeout_s}s",
        "lock_timeout": f"{options.lock_timeout_s}s",
        "idle_in_transaction_session_timeout": "300s",
        "idle_session_timeout": "0",
        "tcp_keepalives_idle": "60",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "6",
    }
    return " ".join(f"-c {name}={value}" for name, value in settings.items())


def _keep_values_out(context: ExceptionContext) -> None:
    """Put names in the place of PostgreSQL's text: its DETAIL shows the whole row, names and addresses included.

    Both exceptions are changed in place, since a traceback prints the cause as well.
    """
    original = context.original_exception
    said = _said(original)
    original.args = (said,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (said,)


def _said(error: BaseException) -> str:
    name = type(error).__name__
    diagnosis = getattr(error, "diag", None)
    state = getattr(error, "sqlstate", None)
    if diagnosis is None or state is None:
        return f"{name}: the connection could not be made or was lost" if name == "OperationalError" else name
    names = {
        "table": diagnosis.table_name,
        "column": diagnosis.column_name,
        "constraint": diagnosis.constraint_name,
        # A guard (gateway.db.guards) tells its name as the message; it is the only error that we raise ourselves.
        "guard": diagnosis.message_primary if diagnosis.source_function == "exec_stmt_raise" else None,
    }
    return " ".join([name, state, *(f"{kind} {value}" for kind, value in names.items() if value)])
