"""Indices that answer the account's totals without the rows.

A partial index answers alone only if it also holds the column of its condition: else each row is read to test it.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    _partial("signed_again", "recipient", ["signing"], "signing > 1")
    _partial("further_recipient", "recipient", ["letter_id"], "number > 1")
    op.drop_index("posted_piece", "submission")
    _partial("posted_piece", "submission", ["piece_id", "posted_on"], "posted_on IS NOT NULL")
    op.drop_index("filed_of_letter", "filing")
    _partial("filed_of_letter", "filing", ["letter_id", "filed_at"], "filed_at IS NOT NULL")


def _partial(name: str, table: str, names: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, names, sqlite_where=where, postgresql_where=where)
