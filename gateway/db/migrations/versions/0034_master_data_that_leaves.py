"""Persons whom nobody needs here any more lose name and address by a rule of their own."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from gateway.db.migrations.altering import allow_more
from gateway.db.types import UtcDateTime

revision: str = "0034"
down_revision: str | None = "0033"
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
    "given-back",
    "rejected-scan",
    "scan-quarantine",
    "transfer-note",
    "audit-entry",
)
_KINDS = (*_BEFORE[:-1], "master-data", "audit-entry")


def upgrade() -> None:
    """Apply. Nobody knows when a person was last named: the term begins today."""
    for column in ("named_at", "emptied_at"):
        op.add_column("person", sa.Column(column, UtcDateTime(timezone=True), nullable=True))
    persons = sa.table("person", sa.column("named_at", UtcDateTime(timezone=True)))
    op.execute(persons.update().values(named_at=datetime.now(UTC)))
    allow_more("departure_kind_known", "content_departure", f"kind IN {_BEFORE}", f"kind IN {_KINDS}")
