"""A hold that was carried to a newer number of its paper names the hold that it came from.

Of those that were carried before, nobody knows it, and nothing is guessed: they stay until a person lifts them.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import fixed

revision: str = "0036"
down_revision: str | None = "0035"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    origin = sa.Column("carried_from_id", sa.Integer(), sa.ForeignKey("original_hold.id"), nullable=True)
    op.add_column("original_hold", origin, inline_references=True)
    for statement in fixed(op.get_bind().dialect.name, "original_hold", "carried_from_id"):
        op.execute(statement)
