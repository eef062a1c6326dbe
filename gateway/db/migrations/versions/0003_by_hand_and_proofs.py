"""Proofs of receipt, and pieces that leave the house by hand."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import gateway.db.types
from gateway.db.guards import append_only

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("run", sa.Column("by_hand", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("mail_piece", sa.Column("served", sa.Boolean(), nullable=True))
    _create_proofs()
    _create_by_hand()
    for statement in append_only(op.get_bind().dialect.name, "delivery_proof", "hand_print"):
        op.execute(statement)


def _create_proofs() -> None:
    op.create_table(
        "delivery_proof",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("piece_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "handed-over-in-person",
                "courier",
                "rueckschein",
                "certificate-of-service",
                name="delivery_kind_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("served", sa.Boolean(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("occurred_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("handed_by", sa.String(), nullable=True),
        sa.Column("received_by", sa.String(), nullable=True),
        sa.Column("document_sha256", sa.String(), nullable=True),
        sa.Column("data", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(supersedes_id IS NULL) = (reason IS NULL)", name="correction_has_reason"),
        sa.CheckConstraint("(served IS TRUE) = (effective_on IS NOT NULL)", name="served_has_day"),
        sa.ForeignKeyConstraint(["document_sha256"], ["document.sha256"]),
        sa.ForeignKeyConstraint(["piece_id"], ["mail_piece.id"]),
        sa.ForeignKeyConstraint(["supersedes_id"], ["delivery_proof.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("supersedes_id"),
    )
    op.create_index("ix_delivery_proof_piece_id", "delivery_proof", ["piece_id"], unique=False)
    first = sa.text("supersedes_id IS NULL")
    op.create_index(
        "one_first_proof",
        "delivery_proof",
        ["piece_id"],
        unique=True,
        sqlite_where=first,
        postgresql_where=first,
    )


def _create_by_hand() -> None:
    op.create_table(
        "by_hand",
        sa.Column("piece_id", sa.Integer(), nullable=False),
        sa.Column("wanted", _channel("by_hand_wanted_known"), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("channel", _channel("by_hand_channel_known"), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("left_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("given_by", sa.String(), nullable=True),
        sa.Column("carrier", sa.String(), nullable=True),
        sa.Column("product", sa.String(), nullable=True),
        sa.Column("receipt", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=True),
        sa.Column("recorded_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(channel IS NULL) = (left_on IS NULL) AND (channel IS NULL) = (given_by IS NULL)"
            " AND (channel IS NULL) = (recorded_by IS NULL) AND (channel IS NULL) = (recorded_at IS NULL)",
            name="leaving_is_whole",
        ),
        sa.CheckConstraint(
            "channel IS NULL OR channel = 'in-person' OR carrier IS NOT NULL", name="carrier_is_named"
        ),
        sa.ForeignKeyConstraint(["piece_id"], ["mail_piece.id"]),
        sa.PrimaryKeyConstraint("piece_id"),
    )
    op.create_table(
        "hand_print",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("piece_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("printed_by", sa.String(), nullable=False),
        sa.Column("printed_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(number = 1) = (reason IS NULL)", name="reprint_has_reason"),
        sa.ForeignKeyConstraint(["piece_id"], ["mail_piece.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("piece_id", "number"),
    )
    op.create_index("ix_hand_print_piece_id", "hand_print", ["piece_id"], unique=False)


def _channel(name: str) -> sa.Enum:
    return sa.Enum(
        "post", "in-person", "courier", name=name, native_enum=False, create_constraint=True, length=32
    )
