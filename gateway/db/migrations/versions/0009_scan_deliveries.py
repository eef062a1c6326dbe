"""Answers to scan providers, quarantined deliveries, transfer notes, feedback; rejected and replaced documents."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import fixed, set_once
from gateway.db.migrations.altering import allow_more
from gateway.db.types import UtcDateTime

revision: str = "0009"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BEFORE = ("assigned", "desk", "quarantine")
_STATES = (*_BEFORE, "rejected", "replaced")
_TAKEN = sa.text("state NOT IN ('quarantine', 'rejected')")
_NOT_SENT = sa.text("sent_at IS NULL")
_OPEN = sa.text("settled_at IS NULL")


def upgrade() -> None:
    """Apply."""
    _answers()
    _quarantine()
    op.add_column("scan_delivery", sa.Column("created_at", _moment(), nullable=True))
    op.add_column("scan_delivery", sa.Column("findings", sa.JSON(none_as_null=True), nullable=True))
    _documents()
    _notes()
    _feedback()
    dialect = op.get_bind().dialect.name
    for statement in (
        *fixed(dialect, "scan_answer", "source", "name", "kind", "content"),
        *set_once(dialect, "scan_answer", "sent_at"),
        *set_once(dialect, "scan_quarantine", "decided_at"),
    ):
        op.execute(statement)


def _moment() -> UtcDateTime:
    return UtcDateTime(timezone=True)


def _choice(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _answers() -> None:
    op.create_table(
        "scan_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", _moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", _moment(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("sent_at", _moment(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "name"),
    )
    op.create_index(
        "scan_answer_not_sent", "scan_answer", ["id"], sqlite_where=_NOT_SENT, postgresql_where=_NOT_SENT
    )


def _quarantine() -> None:
    op.create_table(
        "scan_quarantine",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("arrived_at", _moment(), nullable=False),
        sa.Column("decision", _choice(("retried", "discarded"), "quarantine_decision_known"), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", _moment(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "name", "fingerprint"),
    )


def _documents() -> None:
    for column in ("batch", "sender", "quality"):
        op.add_column("inbound_document", sa.Column(column, sa.String(), nullable=True))
    op.execute("ALTER TABLE inbound_document ADD COLUMN replaces_id INTEGER REFERENCES inbound_document (id)")
    allow_more("inbound_state_known", "inbound_document", f"state IN {_BEFORE}", f"state IN {_STATES}")
    op.create_index("ix_inbound_document_replaces_id", "inbound_document", ["replaces_id"])
    for name, column in (("one_inbound_document", "document_id"), ("one_inbound_content", "sha256")):
        op.create_index(
            name,
            "inbound_document",
            ["source", column],
            unique=True,
            sqlite_where=_TAKEN,
            postgresql_where=_TAKEN,
        )


def _notes() -> None:
    op.create_table(
        "scan_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=False),
        sa.Column("attached", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("said", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("findings", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_document.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("inbound_id"),
    )


def _feedback() -> None:
    findings = ("page-missing", "unreadable", "wrong-case", "rescan")
    op.create_table(
        "scan_feedback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), nullable=False),
        sa.Column("finding", _choice(findings, "scan_finding_known"), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("reported_by", sa.String(), nullable=False),
        sa.Column("reported_at", _moment(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("settled_at", _moment(), nullable=True),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound_document.id"]),
        sa.ForeignKeyConstraint(["answer_id"], ["scan_answer.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_scan_feedback_inbound_id", "scan_feedback", ["inbound_id"])
    op.create_index(
        "one_open_feedback",
        "scan_feedback",
        ["inbound_id", "finding"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
