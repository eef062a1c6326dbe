"""Why an inbound document is where it is, how it was moved, who opened it, and what letters asked for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import gateway.db.types

revision: str = "0010"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_EVIDENCE = ("code", "index", "text", "nothing")


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _moment() -> gateway.db.types.UtcDateTime:
    return gateway.db.types.UtcDateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    op.add_column("filing", sa.Column("withdrawn_at", _moment(), nullable=True))
    _matches()
    _moves()
    _items()


def _matches() -> None:
    op.create_table(
        "inbound_match",
        sa.Column("inbound_id", sa.Integer(), nullable=False),
        sa.Column(
            "confidence", _choice("match_confidence_known", "certain", "doubtful", "none"), nullable=False
        ),
        sa.Column("evidence", _choice("match_evidence_known", *_EVIDENCE), nullable=False),
        sa.Column("returned", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_document.id"]),
        sa.PrimaryKeyConstraint("inbound_id"),
    )
    op.create_table(
        "inbound_proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("evidence", _choice("proposal_evidence_known", *_EVIDENCE), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"]),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_document.id"]),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("inbound_id", "case_id"),
    )
    op.create_index(op.f("ix_inbound_proposal_inbound_id"), "inbound_proposal", ["inbound_id"])
    op.create_index(op.f("ix_inbound_proposal_case_id"), "inbound_proposal", ["case_id"])
    op.create_table(
        "inbound_reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("read_by", sa.String(), nullable=False),
        sa.Column("read_at", _moment(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"]),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_document.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("inbound_id", "case_id"),
    )


def _moves() -> None:
    op.create_table(
        "inbound_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_case_id", sa.Integer(), nullable=False),
        sa.Column("to_case_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("moved_by", sa.String(), nullable=False),
        sa.Column("moved_at", _moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", _moment(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("withdrawn_at", _moment(), nullable=True),
        sa.Column("noted_at", _moment(), nullable=True),
        sa.CheckConstraint("noted_at IS NULL OR withdrawn_at IS NOT NULL", name="noted_after_withdrawn"),
        sa.ForeignKeyConstraint(["from_case_id"], ["case_record.id"]),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_document.id"]),
        sa.ForeignKeyConstraint(["to_case_id"], ["case_record.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("inbound_id", "number"),
    )
    op.create_index(op.f("ix_inbound_move_from_case_id"), "inbound_move", ["from_case_id"])
    op.create_index(op.f("ix_inbound_move_to_case_id"), "inbound_move", ["to_case_id"])
    open_moves = sa.text("noted_at IS NULL")
    op.create_index(
        "move_not_done",
        "inbound_move",
        ["next_attempt_at"],
        sqlite_where=open_moves,
        postgresql_where=open_moves,
    )


def _items() -> None:
    op.create_table(
        "requested_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.Column("came_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("settled_at", _moment(), nullable=True),
        sa.CheckConstraint(
            "(settled_by IS NULL) = (settled_at IS NULL) AND (settled_by IS NULL) = "
            "(came_on IS NULL AND reason IS NULL)",
            name="settled_by_somebody",
        ),
        sa.CheckConstraint("came_on IS NULL OR inbound_id IS NOT NULL", name="came_with_a_document"),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_document.id"]),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("letter_id", "number"),
    )
    op.create_index(op.f("ix_requested_item_inbound_id"), "requested_item", ["inbound_id"])
