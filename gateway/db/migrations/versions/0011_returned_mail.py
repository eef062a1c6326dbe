"""Returned mail, what replaces it, suspended addresses, and certificates of service that came in."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import gateway.db.types
from gateway.db.guards import set_once

revision: str = "0011"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    _returned()
    _suspensions()
    _certificates()
    _reissues()
    _notices()
    dialect = op.get_bind().dialect.name
    for table, column in (
        ("return_notice", "returned_id"),
        ("returned_mail", "action"),
        ("certificate_notice", "proof_id"),
    ):
        for statement in set_once(dialect, table, column):
            op.execute(statement)


def _returned() -> None:
    op.create_table(
        "returned_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("piece_id", sa.Integer(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "moved",
                "unknown",
                "refused",
                "not-collected",
                "deceased",
                "incomplete",
                "other",
                name="return_reason_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("came_back_on", sa.Date(), nullable=False),
        sa.Column("noticed_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "fiction",
            sa.Enum(
                "disputed",
                "void",
                "holds",
                name="return_fiction_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("fiction_reason", sa.String(), nullable=True),
        sa.Column("fiction_by", sa.String(), nullable=True),
        sa.Column("fiction_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "action",
            sa.Enum(
                "reissue",
                "serve",
                "close",
                name="return_action_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("action_reason", sa.String(), nullable=True),
        sa.Column("action_by", sa.String(), nullable=True),
        sa.Column("action_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(fiction = 'disputed') = (fiction_at IS NULL) AND (fiction_at IS NULL) = (fiction_by IS NULL) AND (fiction_at IS NULL) = (fiction_reason IS NULL)",
            name="fiction_is_whole",
        ),
        sa.CheckConstraint("action IS NULL OR fiction <> 'disputed'", name="closed_is_decided"),
        sa.CheckConstraint(
            "(action IS NULL) = (action_at IS NULL) AND (action IS NULL) = (action_by IS NULL) AND (action IS NULL) = (action_reason IS NULL)",
            name="action_is_whole",
        ),
        sa.ForeignKeyConstraint(
            ["piece_id"],
            ["mail_piece.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("piece_id"),
    )
    op.create_index(
        "return_open",
        "returned_mail",
        ["id"],
        unique=False,
        sqlite_where=sa.text("action IS NULL"),
        postgresql_where=sa.text("action IS NULL"),
    )


def _suspensions() -> None:
    op.create_table(
        "address_suspension",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("address_key", sa.String(length=64), nullable=False),
        sa.Column("returned_id", sa.Integer(), nullable=False),
        sa.Column("since", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lift_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lift_reason IS NULL)",
            name="lifted_by_somebody",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["returned_id"],
            ["returned_mail.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "one_live_suspension",
        "address_suspension",
        ["person_id", "address_key"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def _certificates() -> None:
    op.create_table(
        "certificate_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.Column("piece_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("document_sha256", sa.String(), nullable=True),
        sa.Column("proof_id", sa.Integer(), nullable=True),
        sa.Column("found", sa.String(), nullable=False),
        sa.Column("noticed_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("settled_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(inbound_id IS NULL) = (provider IS NOT NULL)", name="certificate_on_paper_or_as_data"
        ),
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_by IS NULL)", name="certificate_settled_by_somebody"
        ),
        sa.ForeignKeyConstraint(
            ["document_sha256"],
            ["document.sha256"],
        ),
        sa.ForeignKeyConstraint(
            ["inbound_id"],
            ["inbound_document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["piece_id"],
            ["mail_piece.id"],
        ),
        sa.ForeignKeyConstraint(
            ["proof_id"],
            ["delivery_proof.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("inbound_id"),
        sa.UniqueConstraint("proof_id"),
        sa.UniqueConstraint("provider", "number"),
    )
    op.create_index(
        "ix_certificate_notice_document_sha256", "certificate_notice", ["document_sha256"], unique=False
    )
    op.create_index("ix_certificate_notice_piece_id", "certificate_notice", ["piece_id"], unique=False)


def _reissues() -> None:
    op.create_table(
        "reissue",
        sa.Column("new_letter_id", sa.Integer(), nullable=False),
        sa.Column("old_letter_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("returned_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["new_letter_id"],
            ["letter.id"],
        ),
        sa.ForeignKeyConstraint(
            ["old_letter_id"],
            ["letter.id"],
        ),
        sa.ForeignKeyConstraint(
            ["returned_id"],
            ["returned_mail.id"],
        ),
        sa.PrimaryKeyConstraint("new_letter_id"),
        sa.UniqueConstraint("returned_id", "old_letter_id"),
    )
    op.create_index("ix_reissue_old_letter_id", "reissue", ["old_letter_id"], unique=False)


def _notices() -> None:
    op.create_table(
        "return_notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("returned_id", sa.Integer(), nullable=True),
        sa.Column(
            "source",
            sa.Enum(
                "scan",
                "provider",
                "proof",
                "person",
                name="return_source_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("inbound_id", sa.Integer(), nullable=True),
        sa.Column("event_id", sa.Integer(), nullable=True),
        sa.Column("proof_id", sa.Integer(), nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "moved",
                "unknown",
                "refused",
                "not-collected",
                "deceased",
                "incomplete",
                "other",
                name="notice_reason_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("new_address", sa.String(), nullable=True),
        sa.Column("found_by", sa.String(), nullable=False),
        sa.Column("noticed_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("settled_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("settled_reason", sa.String(), nullable=True),
        sa.CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled_by_somebody"),
        sa.CheckConstraint("settled_at IS NULL OR returned_id IS NULL", name="put_aside_matched_nothing"),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["status_event.id"],
        ),
        sa.ForeignKeyConstraint(
            ["inbound_id"],
            ["inbound_document.id"],
        ),
        sa.ForeignKeyConstraint(
            ["proof_id"],
            ["delivery_proof.id"],
        ),
        sa.ForeignKeyConstraint(
            ["returned_id"],
            ["returned_mail.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("event_id"),
        sa.UniqueConstraint("inbound_id"),
        sa.UniqueConstraint("proof_id"),
    )
    op.create_index("ix_return_notice_returned_id", "return_notice", ["returned_id"], unique=False)
