"""Scans that leave a file for a later one; more kinds of what is kept by a rule; notes that were emptied by theirs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.migrations.altering import allow_more
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
    allow_more("departure_kind_known", "content_departure", f"kind IN {_BEFORE}", f"kind IN {_KINDS}")
