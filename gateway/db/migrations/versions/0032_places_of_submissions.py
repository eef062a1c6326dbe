"""The account counts hand-overs by where they stand from an index of that alone: a tenth of the one before."""

from collections.abc import Sequence

from alembic import op

revision: str = "0032"
down_revision: str | None = "0031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply. Without the piece, equal entries are kept once with the places of their rows."""
    op.drop_index("submission_by_status", "submission")
    op.create_index("submission_by_status", "submission", ["state", "status", "events"])
