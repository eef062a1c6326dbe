"""When words left is kept beside what is left of the row; mail whose end nobody told may be written anew."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import set_once
from gateway.db.migrations.altering import reword
from gateway.db.types import UtcDateTime

revision: str = "0031"
down_revision: str | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BEFORE = (
    *("plan-again", "cancel", "hand-back", "provider-has-it", "provider-has-it-not", "try-again"),
    *("restore", "acknowledge"),
)
_ACTIONS = (*_BEFORE, "reissue", "serve")
_ROWS = ("delivery_proof", "posting_record", "posting_supplement")


def upgrade() -> None:
    """Apply."""
    dialect = op.get_bind().dialect.name
    for table in (*_ROWS, "letter_retention"):
        op.add_column(table, sa.Column("emptied_at", UtcDateTime(timezone=True), nullable=True))
    for table in _ROWS:
        for statement in set_once(dialect, table, "emptied_at"):
            op.execute(statement)
    op.add_column("reissue", sa.Column("told_at", UtcDateTime(timezone=True), nullable=True))
    (_on_postgresql if dialect == "postgresql" else _on_sqlite)()
    op.create_index(
        *("one_reissue_of_unended", "reissue", ["old_letter_id", "number"]),
        unique=True,
        sqlite_where=sa.text("returned_id IS NULL"),
        postgresql_where=sa.text("returned_id IS NULL"),
    )
    letters = sa.table("letter_retention", sa.column("personal_left_at"), sa.column("emptied_at"))
    op.execute(letters.update().values(emptied_at=letters.c.personal_left_at))


def _on_postgresql() -> None:
    op.alter_column("reissue", "returned_id", nullable=True)
    op.drop_constraint("desk_action_known", "desk_decision", type_="check")
    op.create_check_constraint("desk_action_known", "desk_decision", sa.text(f"action IN {_ACTIONS}"))


def _on_sqlite() -> None:
    """In the schema's text, as its manual advises."""
    reword(
        ("desk_decision", f"action IN {_BEFORE}", f"action IN {_ACTIONS}"),
        ("reissue", "returned_id INTEGER NOT NULL", "returned_id INTEGER"),
    )
