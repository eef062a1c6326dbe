"""The paper behind inbound documents: holds, checks, release lists, recalls, certificates of destruction."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import append_only, fixed, never_deleted, set_once
from gateway.db.types import UtcDateTime

revision: str = "0012"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_PAPER = ("kept", "released", "recalled", "returned", "destroyed")
_HOLDS = ("return", "litigation", "sealed", "other")
_EVENTS = (
    "checked",
    "held",
    "let-go",
    "released",
    "recalled",
    "sent-back",
    "not-sent-back",
    "returned",
    "destroyed",
)
_FINDINGS = (
    "destroyed-without-release",
    "destroyed-although-recalled",
    "destroyed-twice",
    "destroyed-unknown",
    "destroyed-before-release",
    "destruction-level-too-low",
    "destruction-count-differs",
    "scan-report-unreadable",
    "scan-report-differs",
    "destruction-overdue",
    "recall-unanswered",
    "destruction-without-certificate",
    "recalled-not-found",
)


def upgrade() -> None:
    """Apply."""
    _lists_and_papers()
    _recalls()
    _reports()
    for statement in _guards(op.get_bind().dialect.name):
        op.execute(statement)


def _guards(dialect: str) -> list[str]:
    kept = ("release_list", "original_event", "scan_report", "destruction_certificate", "destruction_item")
    return [
        *append_only(dialect, *kept),
        *never_deleted(dialect, *kept),
        *fixed(dialect, "original", "inbound_id", "delivery_id", "sampled"),
        *set_once(dialect, "original", "list_id"),
        *set_once(dialect, "original", "destroyed_on"),
        *fixed(dialect, "original_hold", "inbound_id", "kind", "reason", "set_by", "set_at"),
        *set_once(dialect, "original_hold", "lifted_at"),
        *fixed(dialect, "original_recall", "name", "source", "inbound_id", "reason", "asked_by", "asked_at"),
        *set_once(dialect, "original_recall", "answered_at"),
        *set_once(dialect, "original_recall", "arrived_at"),
    ]


def _choice(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _moment() -> UtcDateTime:
    return UtcDateTime(timezone=True)


def _lists_and_papers() -> None:
    op.create_table(
        "release_list",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.Column("confirmed_at", _moment(), nullable=False),
    )
    op.create_index("ix_release_list_day", "release_list", ["day"])
    op.create_table(
        "original",
        sa.Column("paper", _choice(_PAPER, "paper_known"), nullable=False),
        sa.Column("quality", _choice(("ok", "rejected"), "quality_known"), nullable=True),
        sa.Column("inbound_id", sa.Integer(), sa.ForeignKey("inbound_document.id"), primary_key=True),
        sa.Column("delivery_id", sa.Integer(), sa.ForeignKey("scan_delivery.id"), nullable=False),
        sa.Column("sampled", sa.Boolean(), nullable=False),
        sa.Column("quality_by", sa.String(), nullable=True),
        sa.Column("quality_at", _moment(), nullable=True),
        sa.Column("holds", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), sa.ForeignKey("release_list.id"), nullable=True),
        sa.Column("destroyed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("holds >= 0 AND (paper <> 'released' OR holds = 0)", name="released_under_no_hold"),
        sa.CheckConstraint("paper <> 'released' OR list_id IS NOT NULL", name="released_by_a_list"),
        sa.CheckConstraint("paper <> 'destroyed' OR destroyed_on IS NOT NULL", name="destroyed_on_a_day"),
        sa.CheckConstraint(
            "(quality IS NULL) = (quality_by IS NULL) AND (quality IS NULL) = (quality_at IS NULL)",
            name="check_is_whole",
        ),
    )
    for column in ("delivery_id", "paper", "list_id"):
        op.create_index(f"ix_original_{column}", "original", [column])
    op.create_table(
        "original_hold",
        sa.Column("kind", _choice(_HOLDS, "hold_known"), nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("inbound_id", sa.Integer(), sa.ForeignKey("original.inbound_id"), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("set_at", _moment(), nullable=False),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_at", _moment(), nullable=True),
        sa.Column("lift_reason", sa.String(), nullable=True),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="hold_lifting_is_whole"),
    )
    op.create_index("ix_original_hold_inbound_id", "original_hold", ["inbound_id"])
    _unique_where("one_live_hold", "original_hold", ["inbound_id", "kind"], "lifted_at IS NULL")
    op.create_table(
        "original_event",
        sa.Column("kind", _choice(_EVENTS, "original_event_known"), nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("inbound_id", sa.Integer(), sa.ForeignKey("original.inbound_id"), nullable=False),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
    )
    op.create_index("ix_original_event_inbound_id", "original_event", ["inbound_id"])
    _unique_where("released_once", "original_event", ["inbound_id"], "kind = 'released'")


def _recalls() -> None:
    op.create_table(
        "original_recall",
        sa.Column("answer", _choice(("sent", "destroyed", "not-found"), "recall_answer_known"), nullable=True),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), sa.ForeignKey("original.inbound_id"), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", _moment(), nullable=False),
        sa.Column("answered_at", _moment(), nullable=True),
        sa.Column("shipment", sa.String(), nullable=False),
        sa.Column("arrived_at", _moment(), nullable=True),
        sa.Column("arrived_by", sa.String(), nullable=True),
    )
    live = "arrived_at IS NULL AND (answer IS NULL OR answer = 'sent')"
    _unique_where("one_live_recall", "original_recall", ["inbound_id"], live)


def _reports() -> None:
    op.create_table(
        "scan_report",
        sa.Column("finding", _choice(_FINDINGS, "report_finding_known"), nullable=True),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("received_at", _moment(), nullable=False),
        sa.UniqueConstraint("source", "name", "sha256"),
    )
    op.create_table(
        "destruction_certificate",
        sa.Column("findings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("report_id", sa.Integer(), sa.ForeignKey("scan_report.id"), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("destroyed_on", sa.Date(), nullable=False),
        sa.Column("container", sa.String(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("signed_by", sa.String(), nullable=False),
        sa.UniqueConstraint("source", "number"),
    )
    op.create_table(
        "destruction_item",
        sa.Column("finding", _choice(_FINDINGS, "item_finding_known"), nullable=True),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("certificate_id", sa.Integer(), sa.ForeignKey("destruction_certificate.id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("inbound_id", sa.Integer(), sa.ForeignKey("original.inbound_id"), nullable=True),
        sa.UniqueConstraint("certificate_id", "position"),
    )
    op.create_index("ix_destruction_item_inbound_id", "destruction_item", ["inbound_id"])


def _unique_where(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=True, sqlite_where=condition, postgresql_where=condition)
