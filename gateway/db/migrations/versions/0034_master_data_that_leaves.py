"""Persons whom nobody needs here any more lose name and address by a rule of their own."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from gateway.db.types import UtcDateTime

revision: str = "0034"
down_revision: str | None = "0033"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BEFORE = (
    *(
        "print-copy",
        "document",
        "draft",
        "upload",
        "inbound",
        "raw-payload",
        "personal",
        "mailing",
        "api-answer",
    ),
    *("given-back", "rejected-scan", "scan-quarantine", "transfer-note"),
    "audit-entry",
)
_KINDS = (*_BEFORE[:-1], "master-data", "audit-entry")


def upgrade() -> None:
    """Apply. Nobody knows when a person was last named: the term begins today."""
    for column in ("named_at", "emptied_at"):
        op.add_column("person", sa.Column(column, UtcDateTime(timezone=True), nullable=True))
    persons = sa.table("person", sa.column("named_at", UtcDateTime(timezone=True)))
    op.execute(persons.update().values(named_at=datetime.now(UTC)))
    known, table = "departure_kind_known", "content_departure"
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(known, table, type_="check")
        op.create_check_constraint(known, table, sa.text(f"kind IN {_KINDS}"))
        return
    # In the schema's text, as its manual advises: the table keeps its rows and triggers.
    version = op.get_bind().exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    op.get_bind().execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :before, :after) WHERE type = 'table' AND name = :name"
        ),
        {"before": f"kind IN {_BEFORE}", "after": f"kind IN {_KINDS}", "name": table},
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
