"""Outages of the case file, since when an entry fails, and indices for what is not filed yet."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.types import UtcDateTime

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_NOT_FILED = sa.text("filed_at IS NULL")
_TO_FILE = sa.text("state = 'assigned' AND filed_at IS NULL")
_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "filing_outage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_file", sa.String(), nullable=False),
        sa.Column("began_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=False),
        sa.Column("error_message", sa.String(), nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "one_open_outage",
        "filing_outage",
        ["case_file"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.add_column("filing", sa.Column("failing_since", UtcDateTime(timezone=True), nullable=True))
    op.create_index(
        "filing_not_confirmed",
        "filing",
        ["next_attempt_at"],
        sqlite_where=_NOT_FILED,
        postgresql_where=_NOT_FILED,
    )
    op.create_index(
        "inbound_not_filed",
        "inbound_document",
        ["id"],
        sqlite_where=_TO_FILE,
        postgresql_where=_TO_FILE,
    )
