"""What the scan site types of returned mail and certificates of service."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "inbound_keyed",
        sa.Column("inbound_id", sa.Integer(), nullable=False),
        sa.Column("return_reason", sa.String(), nullable=True),
        sa.Column("new_address", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("served_on", sa.Date(), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("served_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_document.id"]),
        sa.PrimaryKeyConstraint("inbound_id"),
    )
