"""A wrong link between two scans can be undone: what the manifest named is kept, and so is what was taken back."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.types import UtcDateTime

revision: str = "0028"
down_revision: str | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("inbound_document", sa.Column("replaces_named", sa.String(), nullable=True))
    op.add_column("inbound_move", sa.Column("undone_at", UtcDateTime(timezone=True), nullable=True))
