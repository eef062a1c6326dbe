"""Rules that only the database can keep for ever: append-only tables, columns that are set once, one open run.

Plain SQL for both databases. A migration names the guards that it adds; which ones there are is what the
migrations say, read in order. SQLite drops the triggers of a table that `batch_alter_table` makes anew: such a
migration adds the guards of that table again.
"""

from collections.abc import Mapping, Sequence

ONE_OPEN_RUN = "CREATE UNIQUE INDEX one_open_run ON run ((finished_at IS NULL)) WHERE finished_at IS NULL"
ONE_OPEN_DEPARTURE = (
    "CREATE UNIQUE INDEX one_open_departure ON audit_departure ((finished_at IS NULL))"
    " WHERE finished_at IS NULL AND dropped_at IS NULL"
)


def append_only(dialect: str, *tables: str) -> list[str]:
    """Rows of these tables are never changed; nothing in the program deletes them either."""
    return [
        statement for table in tables for statement in _trigger(dialect, f"{table}_append_only", table, "TRUE")
    ]


def set_once(dialect: str, table: str, column: str) -> list[str]:
    """The column may go from NULL to a value, and never again."""
    changed = _differs(dialect, f"NEW.{column}", f"OLD.{column}")
    return _trigger(dialect, f"{table}_{column}_set_once", table, f"OLD.{column} IS NOT NULL AND {changed}")


def only_emptied(dialect: str, table: str, fixed: Sequence[str], emptied: Mapping[str, str]) -> list[str]:
    """Rows are never changed, but for columns that may become empty: column → the SQL literal that it becomes."""
    conditions = [_changed(dialect, column) for column in fixed]
    conditions += [
        f"({_changed(dialect, column)} AND {_differs(dialect, f'CAST(NEW.{column} AS TEXT)', empty)})"
        for column, empty in emptied.items()
    ]
    return _trigger(dialect, f"{table}_only_emptied", table, " OR ".join(conditions))


def never_deleted(dialect: str, *tables: str) -> list[str]:
    """Nobody deletes rows of these tables, nor empties them."""
    statements = []
    for table in tables:
        statements += _trigger(dialect, f"{table}_never_deleted", table, "TRUE", "DELETE")
        if dialect == "postgresql":
            statements.append(
                f"CREATE TRIGGER {table}_never_truncated BEFORE TRUNCATE ON {table} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_never_deleted()"
            )
    return statements


def only_if(dialect: str, name: str, table: str, event: str, exists: str) -> list[str]:
    """Rows are deleted (`event` DELETE), or a column is given a value (UPDATE OF), only if the query finds something.

    The query sees the row as OLD or NEW.
    """
    if dialect == "sqlite":
        return _sqlite_trigger(name, table, f"NOT EXISTS ({exists})", event)
    return [
        (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF NOT EXISTS ({exists}) THEN RAISE EXCEPTION '{name}' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
        ),
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def without(dialect: str, guard: str, table: str) -> list[str]:
    """Take a guard of a table away, for another to take its place."""
    if dialect == "sqlite":
        return [f"DROP TRIGGER {guard}"]
    return [f"DROP TRIGGER {guard} ON {table}", f"DROP FUNCTION {guard}()"]


def only_up(dialect: str, table: str, column: str) -> list[str]:
    """The counter never goes back."""
    return _trigger(dialect, f"{table}_{column}_only_up", table, f"NEW.{column} < OLD.{column}")


def fixed(dialect: str, table: str, *columns: str) -> list[str]:
    """These columns stay as they were written; others of the row may change."""
    changed = " OR ".join(_changed(dialect, column) for column in columns)
    return _trigger(dialect, f"{table}_fixed", table, changed)


def only_with(dialect: str, table: str, column: str, counter: str) -> list[str]:
    """Once set, the column changes only together with a higher `counter`, which itself never goes back."""
    grows = f"COALESCE(NEW.{counter}, 0) > COALESCE(OLD.{counter}, 0)"
    moved = f"(OLD.{column} IS NOT NULL AND {_changed(dialect, column)}) OR {_changed(dialect, counter)}"
    return _trigger(dialect, f"{table}_{column}_only_with_{counter}", table, f"({moved}) AND NOT {grows}")


def _changed(dialect: str, column: str) -> str:
    return _differs(dialect, f"CAST(NEW.{column} AS TEXT)", f"CAST(OLD.{column} AS TEXT)")


def _differs(dialect: str, one: str, other: str) -> str:
    return f"{one} {'IS NOT' if dialect == 'sqlite' else 'IS DISTINCT FROM'} {other}"


def _trigger(dialect: str, name: str, table: str, condition: str, event: str = "UPDATE") -> list[str]:
    return (_sqlite_trigger if dialect == "sqlite" else _postgresql_trigger)(name, table, condition, event)


def _sqlite_trigger(name: str, table: str, condition: str, event: str) -> list[str]:
    return [
        (
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
        )
    ]


def _postgresql_trigger(name: str, table: str, condition: str, event: str) -> list[str]:
    return [
        (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        ),
        (
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) "
            f"EXECUTE FUNCTION {name}()"
        ),
    ]
