"""Altering what SQLite's ALTER TABLE cannot: the constraints of a table that is there."""

import sqlalchemy as sa
from alembic import op


def reword(*changes: tuple[str, str, str]) -> None:
    """On SQLite, (table, before, after) in the schema's own text, as its manual advises (ALTER TABLE, section 7).

    The table is not made anew: it keeps its rows and triggers, and others go on pointing at it.
    """
    version = op.get_bind().exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    for table, before, after in changes:
        op.get_bind().execute(
            sa.text(
                "UPDATE sqlite_master SET sql = replace(sql, :before, :after)"
                " WHERE type = 'table' AND name = :name"
            ),
            {"before": before, "after": after, "name": table},
        )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")


def allow_more(constraint: str, table: str, before: str, after: str) -> None:
    """Give a check constraint other words, on either database."""
    if op.get_bind().dialect.name != "postgresql":
        reword((table, before, after))
        return
    op.drop_constraint(constraint, table, type_="check")
    op.create_check_constraint(constraint, table, sa.text(after))
