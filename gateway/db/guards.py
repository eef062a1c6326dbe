"""Rules that only the database can keep for ever: append-only tables, columns that are set once, one open run.

Plain SQL for both databases, run by the first migration.
"""

APPEND_ONLY = (
    "approval",
    "signed_companion",
    "status_event",
    "audit_entry",
    "run_certificate",
    "piece_certificate",
)
"""Rows of these tables are never changed; nothing in the program deletes them either."""

SET_ONCE = (
    ("template_version", "bundle_sha256"),
    ("mail_piece", "print_sha256"),
    ("submission", "provider_reference"),
    ("posting", "confirmed_on"),
)
"""Columns that may go from NULL to a value, and never again."""

ONLY_UP = (("recipient", "signing"),)
"""Counters that never go back: an approval of old bytes must not count again."""


def statements(dialect: str) -> list[str]:
    """All statements for `sqlite` or `postgresql`."""
    rules = [(f"{table}_append_only", table, "TRUE") for table in APPEND_ONLY]
    rules += [
        (f"{table}_{column}_set_once", table, f"OLD.{column} IS NOT NULL AND {_changed(dialect, column)}")
        for table, column in SET_ONCE
    ]
    rules += [(f"{table}_{column}_only_up", table, f"NEW.{column} < OLD.{column}") for table, column in ONLY_UP]
    make = _sqlite_trigger if dialect == "sqlite" else _postgresql_trigger
    one_open_run = "CREATE UNIQUE INDEX one_open_run ON run ((finished_at IS NULL)) WHERE finished_at IS NULL"
    return [one_open_run, *(statement for rule in rules for statement in make(*rule))]


def _changed(dialect: str, column: str) -> str:
    operator = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
    return f"NEW.{column} {operator} OLD.{column}"


def _sqlite_trigger(name: str, table: str, condition: str) -> list[str]:
    return [
        (
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )
    ]


def _postgresql_trigger(name: str, table: str, condition: str) -> list[str]:
    return [
        (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        ),
        (
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({condition}) "
            f"EXECUTE FUNCTION {name}()"
        ),
    ]
