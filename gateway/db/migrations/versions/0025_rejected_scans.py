"""A person may stop waiting for a rejected document; a refused delivery may lie at the scan site."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import append_only, never_deleted
from gateway.db.types import UtcDateTime

revision: str = "0025"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_AT_SITE = ("delivery-too-large", "delivery-not-fetchable")
"""What could not be brought here, by its code."""


def upgrade() -> None:
    """Apply."""
    dialect = op.get_bind().dialect.name
    op.create_table(
        "rejected_closing",
        sa.Column("inbound_id", sa.Integer(), sa.ForeignKey("inbound_document.id"), primary_key=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=False),
    )
    for statement in [*append_only(dialect, "rejected_closing"), *never_deleted(dialect, "rejected_closing")]:
        op.execute(statement)
    op.add_column(
        "scan_quarantine", sa.Column("at_site", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    quarantine = sa.table("scan_quarantine", sa.column("code", sa.String()), sa.column("at_site", sa.Boolean()))
    op.execute(quarantine.update().where(quarantine.c.code.in_(_AT_SITE)).values(at_site=True))
