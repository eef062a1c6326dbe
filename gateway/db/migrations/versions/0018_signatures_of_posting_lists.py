"""Signatures of posting lists, as they were found."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import append_only, never_deleted
from gateway.db.types import UtcDateTime

revision: str = "0018"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "posting_list_signature",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("list_id", sa.Integer(), sa.ForeignKey("posting_list.id"), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("found_at", UtcDateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("list_id", "sha256"),
    )
    op.create_index("ix_posting_list_signature_list_id", "posting_list_signature", ["list_id"])
    dialect = op.get_bind().dialect.name
    for statement in (
        *append_only(dialect, "posting_list_signature"),
        *never_deleted(dialect, "posting_list_signature"),
    ):
        op.execute(statement)
