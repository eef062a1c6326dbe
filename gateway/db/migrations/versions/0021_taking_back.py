"""What a misplaced scan brought can be taken back; what the page of paper asks for is found by indices."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import append_only, never_deleted, only_with, without
from gateway.db.types import UtcDateTime

revision: str = "0021"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_AGAIN = (
    ("return_notice", "returned_id", "readings"),
    ("certificate_notice", "proof_id", "readings"),
    ("returned_mail", "action", "times"),
)
"""What was set once for ever may now change together with a counter that only grows."""


def upgrade() -> None:
    """Apply."""
    dialect = op.get_bind().dialect.name
    op.create_table(
        "event_retraction",
        sa.Column("event_id", sa.Integer(), sa.ForeignKey("status_event.id"), primary_key=True),
        sa.Column("inbound_id", sa.Integer(), sa.ForeignKey("inbound_document.id"), nullable=False),
        sa.Column("retracted_by", sa.String(), nullable=False),
        sa.Column("retracted_at", UtcDateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_event_retraction_inbound_id", "event_retraction", ["inbound_id"])
    for table, column, counter in _AGAIN:
        op.add_column(table, sa.Column(counter, sa.Integer(), nullable=False, server_default="1"))
        _execute(without(dialect, f"{table}_{column}_set_once", table))
        _execute(only_with(dialect, table, column, counter))
    _execute([*append_only(dialect, "event_retraction"), *never_deleted(dialect, "event_retraction")])
    op.create_table(
        "asks_for_nothing",
        sa.Column("letter_id", sa.Integer(), sa.ForeignKey("letter.id"), primary_key=True),
        sa.Column("noted_at", UtcDateTime(timezone=True), nullable=False),
    )
    op.create_index("inbound_of_paper", "inbound_document", ["source", "document_id"])
    _partial("original_to_compare", "sampled AND quality IS NULL")
    _partial("original_rejected", "quality = 'rejected'")


def _execute(statements: Sequence[str]) -> None:
    for statement in statements:
        op.execute(statement)


def _partial(name: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "original", ["delivery_id"], sqlite_where=where, postgresql_where=where)
