"""When words left by their rule is kept beside what is left of the row, so that nobody takes a blank for an omission."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import set_once
from gateway.db.types import UtcDateTime

revision: str = "0031"
down_revision: str | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_ROWS = ("delivery_proof", "posting_record", "posting_supplement")


def upgrade() -> None:
    """Apply."""
    dialect = op.get_bind().dialect.name
    for table in (*_ROWS, "letter_retention"):
        op.add_column(table, sa.Column("emptied_at", UtcDateTime(timezone=True), nullable=True))
    for table in _ROWS:
        for statement in set_once(dialect, table, "emptied_at"):
            op.execute(statement)
    letters = sa.table("letter_retention", sa.column("personal_left_at"), sa.column("emptied_at"))
    op.execute(letters.update().values(emptied_at=letters.c.personal_left_at))
