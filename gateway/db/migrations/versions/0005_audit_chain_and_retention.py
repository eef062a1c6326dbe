"""Seals of the audit trail, and what left by its rule of retention."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import gateway.db.types
from gateway.db.guards import never_deleted, only_emptied, without

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_HASHES = (
    ("approval", "document_sha256"),
    ("delivery_proof", "document_sha256"),
    ("inbound_document", "sha256"),
    ("letter_enclosure", "document_sha256"),
    ("mail_piece", "print_sha256"),
    ("piece_certificate", "print_sha256"),
    ("recipient", "document_sha256"),
    ("recipient", "twin_sha256"),
    ("signed_companion", "document_sha256"),
)
"""By these it is found who needs a document."""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("sealed_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason_salt", sa.String(), nullable=True),
        sa.Column("reason_sha256", sa.String(length=64), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entry.id"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("entry_id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_table(
        "content_departure",
        sa.Column("document_sha256", sa.String(), nullable=False),
        sa.Column("kind", _kinds(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("document_key", sa.String(), nullable=True),
        sa.Column("confirmed_as", sa.String(), nullable=True),
        sa.Column("decided_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("left_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"]),
        sa.ForeignKeyConstraint(["document_sha256"], ["document.sha256"]),
        sa.PrimaryKeyConstraint("document_sha256"),
    )
    for column in ("left_at", "subject"):
        op.create_index(f"ix_content_departure_{column}", "content_departure", [column])
    op.create_table(
        "letter_retention",
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("content_left_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("payloads_left_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("personal_left_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"]),
        sa.PrimaryKeyConstraint("letter_id"),
    )
    op.create_index("ix_letter_retention_content_left_at", "letter_retention", ["content_left_at"])
    op.create_table(
        "deletion_lock",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lock_lifting_is_whole"),
        sa.ForeignKeyConstraint(["case_id"], ["case_record.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    live = sa.text("lifted_at IS NULL")
    op.create_index(
        "one_live_lock", "deletion_lock", ["case_id"], unique=True, sqlite_where=live, postgresql_where=live
    )
    for table, column in _HASHES:
        op.create_index(f"ix_{table}_{column}", table, [column])
    for statement in _guards(op.get_bind().dialect.name):
        op.execute(statement)


def _kinds() -> sa.Enum:
    return sa.Enum(
        "print-copy",
        "document",
        "draft",
        "upload",
        "inbound",
        "raw-payload",
        "personal",
        "mailing",
        "api-answer",
        name="departure_kind_known",
        native_enum=False,
        create_constraint=True,
        length=32,
    )


def _guards(dialect: str) -> list[str]:
    said = ("id", "submission_id", "provider", "dedup_key", "status", "provider_status")
    told = ("occurred_at", "received_at", "posted_on", "reason")
    return [
        *without(dialect, "audit_entry_append_only", "audit_entry"),
        *only_emptied(
            dialect, "audit_entry", ("id", "at", "actor", "action", "subject", "details"), {"reason": "''"}
        ),
        *only_emptied(
            dialect,
            "audit_seal",
            ("number", "entry_id", "sealed_at", "reason_sha256", "sha256"),
            {"reason_salt": "NULL"},
        ),
        *without(dialect, "status_event_append_only", "status_event"),
        *only_emptied(dialect, "status_event", (*said, *told), {"raw": "'{}'"}),
        *never_deleted(dialect, "audit_entry", "audit_seal"),
    ]
