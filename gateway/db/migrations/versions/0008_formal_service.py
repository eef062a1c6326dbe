"""Another service than the template's, with its reason, and what is ordered with a Postzustellungsauftrag."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("letter", sa.Column("service_reason", sa.String(), nullable=True))
    op.add_column("letter", sa.Column("service_options", sa.JSON(none_as_null=True), nullable=True))
