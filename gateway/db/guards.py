"""Rules that only the database can keep for ever: append-only tables, columns that are set once, one open run.

Plain SQL for both databases. A migration names the guards that it adds; which ones there are is what the
migrations say, read in order. SQLite drops the triggers of a table that `batch_alter_table` makes anew: such a
migration adds the guards of that table again.
"""

ONE_OPEN_RUN = "CREATE UNIQUE INDEX one_open_run ON run ((finished_at IS NULL)) WHERE finished_at IS NULL"


def append_only(dialect: str, *tables: str) -> list[str]:
    """Rows of these tables are never changed; nothing in the program deletes them either."""
    return [
        statement for table in tables for statement in _trigger(dialect, f"{table}_append_only", table, "TRUE")
    ]


def set_once(dialect: str, table: str, column: str) -> list[str]:
    """The column may go from NULL to a value, and never again."""
    changed = f"NEW.{column} {'IS NOT' if dialect == 'sqlite' else 'IS DISTINCT FROM'} OLD.{column}"
    return _trigger(dialect, f"{table}_{column}_set_once", table, f"OLD.{column} IS NOT NULL AND {changed}")


def only_up(dialect: str, table: str, column: str) -> list[str]:
    """The counter never goes back."""
    return _trigger(dialect, f"{table}_{column}_only_up", table, f"NEW.{column} < OLD.{column}")


def _trigger(dialect: str, name: str, table: str, condition: str) -> list[str]:
    return (_sqlite_trigger if dialect == "sqlite" else _postgresql_trigger)(name, table, condition)


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
