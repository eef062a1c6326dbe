"""Which documents fit which profiles, the canary letters to providers, and how alarms of the house were settled."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import gateway.db.types
from gateway.db.guards import append_only, set_once

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "profile_check",
        sa.Column("document_sha256", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("with_window", sa.Boolean(), nullable=False),
        sa.Column("checked_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["document_sha256"], ["document.sha256"]),
        sa.PrimaryKeyConstraint("document_sha256", "profile", "version", "with_window"),
    )
    op.create_table(
        "canary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("handed_over_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("provider_reference", sa.String(), nullable=True),
        sa.Column("answered_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("differences", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("accepted_by", sa.String(), nullable=True),
        sa.Column("accepted_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint("(accepted_by IS NULL) = (accepted_at IS NULL)", name="acceptance_is_whole"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("provider", "day"),
    )
    with op.batch_alter_table("canary", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_canary_day"), ["day"], unique=False)
    op.create_table(
        "alarm_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alarm", sa.String(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "settle",
                "compare",
                "accept",
                name="alarm_action_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("alarm"),
    )
    for statement in _guards(op.get_bind().dialect.name):
        op.execute(statement)


def _guards(dialect: str) -> list[str]:
    return [
        *append_only(dialect, "profile_check", "alarm_decision"),
        *set_once(dialect, "canary", "accepted_by"),
    ]
