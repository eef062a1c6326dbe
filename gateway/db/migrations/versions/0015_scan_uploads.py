"""Deliveries that came by HTTP, and what became of each."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.types import UtcDateTime

revision: str = "0015"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "scan_upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("done_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(answer IS NULL) = (done_at IS NULL)", name="upload_answered_when_done"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "name"),
    )
