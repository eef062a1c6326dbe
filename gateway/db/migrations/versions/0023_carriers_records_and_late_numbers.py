"""The carrier's records of registered mail as proof, what providers say of it, and numbers that come late."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import append_only, never_deleted, only_emptied, without
from gateway.db.migrations.altering import allow_more
from gateway.db.types import UtcDateTime

revision: str = "0023"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BEFORE = ("handed-over-in-person", "courier", "rueckschein", "certificate-of-service")
_KINDS = (*_BEFORE[:3], "delivery-record", "mailbox-record", _BEFORE[3])
_SAID = ("id", "submission_id", "provider", "dedup_key", "status", "provider_status")
_TOLD = ("occurred_at", "received_at", "posted_on", "delivered_on", "reason")


def upgrade() -> None:
    """Apply."""
    dialect = op.get_bind().dialect.name
    allow_more("delivery_kind_known", "delivery_proof", f"kind IN {_BEFORE}", f"kind IN {_KINDS}")
    for table in ("status_event", "unmatched_report"):
        op.add_column(table, sa.Column("delivered_on", sa.Date(), nullable=True))
    op.create_table(
        "told_delivery_aside",
        sa.Column("event_id", sa.Integer(), sa.ForeignKey("status_event.id"), primary_key=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=False),
    )
    _create_supplements()
    _remember_numbers()
    statements = [
        *without(dialect, "status_event_only_emptied", "status_event"),
        *only_emptied(dialect, "status_event", (*_SAID, *_TOLD), {"raw": "'{}'"}),
        *append_only(dialect, "posting_supplement"),
        *only_emptied(
            dialect, "told_delivery_aside", ("event_id", "decided_by", "decided_at"), {"reason": "''"}
        ),
        *never_deleted(dialect, "told_delivery_aside", "posting_supplement"),
    ]
    for statement in statements:
        op.execute(statement)


def _create_supplements() -> None:
    op.create_table(
        "posting_supplement",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("piece_id", sa.Integer(), sa.ForeignKey("mail_piece.id"), nullable=False),
        sa.Column("record_no", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("franking_id", sa.String(), nullable=False),
        sa.Column("tracking_number", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("noted_by", sa.String(), nullable=False),
        sa.Column("noted_at", UtcDateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("piece_id", "number"),
        sa.CheckConstraint("franking_id <> '' OR tracking_number <> ''", name="supplement_says_something"),
        sa.ForeignKeyConstraint(
            ["piece_id", "record_no"],
            ["posting_record.piece_id", "posting_record.number"],
            name="adds_to_a_record",
        ),
    )


def _remember_numbers() -> None:
    op.add_column("submission", sa.Column("numbered_at", UtcDateTime(timezone=True), nullable=True))
    where = sa.text("numbered_at IS NULL AND settled_at IS NOT NULL")
    op.create_index(
        "submission_without_number",
        "submission",
        ["provider", "released_at"],
        sqlite_where=where,
        postgresql_where=where,
    )
