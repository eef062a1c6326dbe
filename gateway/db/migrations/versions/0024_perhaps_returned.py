"""Why citizens' mail may be paper of ours that came back stands with its match."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("inbound_match", sa.Column("perhaps", sa.String(), nullable=True))
