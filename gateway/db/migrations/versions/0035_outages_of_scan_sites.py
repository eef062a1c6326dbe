"""Outages of scan providers' sites: a look that fails again and again is seen on the desk."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.types import UtcDateTime

revision: str = "0035"
down_revision: str | None = "0034"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "scan_outage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("began_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("error_code", sa.String(), nullable=False),
        sa.Column("error_message", sa.String(), nullable=False),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "one_open_scan_outage",
        "scan_outage",
        ["source"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
