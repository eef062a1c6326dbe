"""Old entries of the audit trail may go: with a departure that two people confirmed and a sealed entry proves."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import ONE_OPEN_DEPARTURE, fixed, never_deleted, only_if, set_once
from gateway.db.migrations.altering import reword
from gateway.db.types import UtcDateTime

revision: str = "0022"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BEFORE = (
    "print-copy",
    "document",
    "draft",
    "upload",
    "inbound",
    "raw-payload",
    "personal",
    "mailing",
    "api-answer",
    "given-back",
    "rejected-scan",
    "scan-quarantine",
    "transfer-note",
)
_KINDS = (*_BEFORE, "audit-entry")
_TO_ENTRY = "\tFOREIGN KEY(entry_id) REFERENCES audit_entry (id), \n"
_ONCE = ("confirmed_by", "confirmed_at", "proof_id", "finished_at", "dropped_by", "dropped_at")
_CONFIRMED = (
    "SELECT 1 FROM audit_departure d WHERE d.id = NEW.departure AND d.confirmed_at IS NOT NULL"
    " AND d.dropped_at IS NULL AND d.proof_id IS NULL AND NEW.number BETWEEN d.first AND d.last"
    " AND NEW.entry_sha256 IS NOT NULL"
)
_PROVEN = (
    "SELECT 1 FROM audit_seal s JOIN audit_departure d ON d.id = s.departure"
    " JOIN audit_seal p ON p.entry_id = d.proof_id WHERE s.entry_id = OLD.id AND s.entry_sha256 IS NOT NULL"
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_departure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cut_off", sa.Date(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("proof_id", sa.Integer(), nullable=True),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("dropped_by", sa.String(), nullable=True),
        sa.Column("dropped_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="departure_confirmed_by_somebody"
        ),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> proposed_by", name="departure_has_two_people"
        ),
        sa.CheckConstraint("(dropped_at IS NULL) = (dropped_by IS NULL)", name="departure_dropped_by_somebody"),
        sa.CheckConstraint(
            "(proof_id IS NULL OR (confirmed_at IS NOT NULL AND dropped_at IS NULL))"
            " AND (finished_at IS NULL OR proof_id IS NOT NULL)",
            name="departure_is_proven_before",
        ),
        sa.ForeignKeyConstraint(["proof_id"], ["audit_entry.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute(ONE_OPEN_DEPARTURE)
    dialect = op.get_bind().dialect.name
    (_on_postgresql if dialect == "postgresql" else _on_sqlite)()
    op.add_column("audit_seal", sa.Column("entry_sha256", sa.String(length=64), nullable=True))
    op.execute("ALTER TABLE audit_seal ADD COLUMN departure INTEGER REFERENCES audit_departure (id)")
    for statement in _guards(dialect):
        op.execute(statement)


def _guards(dialect: str) -> list[str]:
    proposed = ("id", "cut_off", "first", "last", "count", "sha256", "proposed_by", "proposed_at")
    once = [set_once(dialect, "audit_departure", column) for column in _ONCE]
    once += [set_once(dialect, "audit_seal", column) for column in ("entry_sha256", "departure")]
    return [
        *fixed(dialect, "audit_departure", *proposed),
        *never_deleted(dialect, "audit_departure"),
        *(statement for some in once for statement in some),
        *only_if(
            dialect,
            "audit_seal_departs_confirmed",
            "audit_seal",
            "UPDATE OF entry_sha256, departure",
            _CONFIRMED,
        ),
        *only_if(dialect, "audit_entry_departs_proven", "audit_entry", "DELETE", _PROVEN),
    ]


def _on_postgresql() -> None:
    """The function of `audit_entry_never_deleted` stays: it still guards against TRUNCATE."""
    op.execute("DROP TRIGGER audit_entry_never_deleted ON audit_entry")
    op.drop_constraint("audit_seal_entry_id_fkey", "audit_seal", type_="foreignkey")
    op.drop_constraint("departure_kind_known", "content_departure", type_="check")
    op.create_check_constraint("departure_kind_known", "content_departure", sa.text(f"kind IN {_KINDS}"))


def _on_sqlite() -> None:
    """In the schema's text, as its manual advises: a table of a million seals is not copied, and keeps its triggers."""
    op.execute("DROP TRIGGER audit_entry_never_deleted")
    reword(
        ("content_departure", f"kind IN {_BEFORE}", f"kind IN {_KINDS}"),
        ("audit_seal", _TO_ENTRY, ""),
    )
