"""What people wrote about paper at the scan site may be emptied by its rule, and what they typed later is found."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import only_emptied, only_if, without

revision: str = "0030"
down_revision: str | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OVER = (
    "SELECT 1 FROM inbound_document JOIN original ON original.inbound_id = inbound_document.id"
    " LEFT JOIN content_departure ON content_departure.document_sha256 = inbound_document.sha256"
    " WHERE inbound_document.id = NEW.inbound_id"
    " AND (inbound_document.sha256 IS NULL OR content_departure.left_at IS NOT NULL)"
    " AND (original.paper IN ('returned', 'destroyed') OR inbound_document.state NOT IN ('assigned', 'desk'))"
)
"""The scan left by its rule, and its paper is gone or back; of a scan that is none any more, a later one speaks."""


def upgrade() -> None:
    """Apply."""
    dialect = op.get_bind().dialect.name
    held = ("id", "inbound_id", "kind", "set_by", "set_at")
    recalled = ("id", "name", "source", "inbound_id", "asked_by", "asked_at")
    lifting = "CASE WHEN OLD.lifted_at IS NULL THEN NEW.lift_reason ELSE '' END"
    lifted = f"SELECT 1 WHERE OLD.lifted_at IS NULL UNION ALL {_OVER}"
    statements = [
        *without(dialect, "original_hold_fixed", "original_hold"),
        *without(dialect, "original_recall_fixed", "original_recall"),
        *without(dialect, "original_event_append_only", "original_event"),
        *only_emptied(dialect, "original_hold", held, {"reason": "''", "lift_reason": lifting}),
        *only_emptied(dialect, "original_recall", recalled, {"reason": "''"}),
        *only_emptied(
            *(dialect, "original_event", ("id", "inbound_id", "kind", "at", "actor"), {"note": _named(dialect)})
        ),
        *only_if(dialect, "original_hold_emptied_late", "original_hold", "UPDATE OF reason", _OVER),
        *only_if(dialect, "original_lifting_emptied_late", "original_hold", "UPDATE OF lift_reason", lifted),
        *only_if(dialect, "original_recall_emptied_late", "original_recall", "UPDATE OF reason", _OVER),
        *only_if(dialect, "original_event_emptied_late", "original_event", "UPDATE", _OVER),
    ]
    for statement in statements:
        op.execute(statement)
    op.create_index(
        *("audit_entry_with_reason", "audit_entry", ["subject"]),
        sqlite_where=sa.text("reason <> ''"),
        postgresql_where=sa.text("reason <> ''"),
    )


def _named(dialect: str) -> str:
    """What is left of a line: how a check ended, the kind of a hold, the name of a recall."""
    place = f"{'instr' if dialect == 'sqlite' else 'strpos'}(OLD.note, ': ')"
    checked = "CASE WHEN substr(OLD.note, 1, 3) = 'gut' THEN 'gut' ELSE 'beanstandet' END"
    return (
        f"CASE WHEN OLD.kind = 'checked' THEN {checked}"
        f" WHEN OLD.kind IN ('held', 'let-go', 'recalled') AND {place} > 0"
        f" THEN substr(OLD.note, 1, {place} - 1) ELSE OLD.note END"
    )
