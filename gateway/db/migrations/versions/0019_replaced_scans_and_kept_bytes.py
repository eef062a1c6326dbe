"""Scans that leave a file for a later one; more kinds of what is kept by a rule; notes that were emptied by theirs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.types import UtcDateTime

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BEFORE = (
    "print-copy",
    "document",
    "draft",
    "upload",
    "inbound",
    "raw-payload",
    "personal",
    "mailing",
    "api-answer",
)
_KINDS = (*_BEFORE, "given-back", "rejected-scan", "scan-quarantine", "transfer-note")


def upgrade() -> None:
    """Apply."""
    op.execute("ALTER TABLE inbound_move ADD COLUMN replaced_by_id INTEGER REFERENCES inbound_document (id)")
    op.add_column("scan_note", sa.Column("emptied_at", UtcDateTime(timezone=True), nullable=True))
    _allow_more_kinds()


def _allow_more_kinds() -> None:
    """On SQLite in the schema's text, as its manual advises."""
    known, table = "departure_kind_known", "content_departure"
    before, after = f"kind IN {_BEFORE}", f"kind IN {_KINDS}"
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(known, table, type_="check")
        op.create_check_constraint(known, table, sa.text(after))
        return
    version = op.get_bind().exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    op.get_bind().execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :before, :after) WHERE type = 'table' AND name = :name"
        ),
        {"before": before, "after": after, "name": table},
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
