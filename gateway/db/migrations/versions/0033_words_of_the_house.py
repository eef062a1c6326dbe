"""What people wrote about locks, alarms, withdrawn pieces and enclosures may leave by its rule, and unmatched reports.

Where words left before their day was kept, the day is taken from the proof in the trail.
"""

import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import only_emptied, only_if, set_once, without
from gateway.db.types import UtcDateTime

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_SAID = ("id", "submission_id", "provider", "dedup_key", "status", "provider_status")
_TOLD = ("occurred_at", "received_at", "posted_on", "delivered_on")
_SIGNED = ("id", "recipient_id", "signing", "number", "kind", "document_sha256")
_DECIDED = ("id", "alarm", "action", "decided_by", "decided_at")
_LETTER_LEFT = (
    "SELECT 1 FROM recipient JOIN letter_retention ON letter_retention.letter_id = recipient.letter_id"
    " WHERE recipient.id = NEW.recipient_id"
)
_EMPTIED = (
    ("delivery_proof", "reason", "recorded_at"),
    ("posting_record", "text", "confirmed_at"),
    ("posting_supplement", "source", "noted_at"),
)
"""Table, words, and when they were written."""


def upgrade() -> None:
    """Apply."""
    dialect = op.get_bind().dialect.name
    op.create_table(
        "withdrawn_copy",
        sa.Column("piece_id", sa.Integer(), sa.ForeignKey("mail_piece.id"), primary_key=True),
        sa.Column("recipient_id", sa.Integer(), sa.ForeignKey("recipient.id"), primary_key=True),
    )
    op.create_index("ix_withdrawn_copy_recipient_id", "withdrawn_copy", ["recipient_id"])
    op.add_column("unmatched_report", sa.Column("raw_sha256", sa.String(length=64), nullable=True))
    op.add_column("unmatched_report", sa.Column("emptied_at", UtcDateTime(timezone=True), nullable=True))
    for statement in _guards(dialect):
        op.execute(statement)
    _find_withdrawn()
    _date_what_was_emptied()


def _guards(dialect: str) -> list[str]:
    lifted = "SELECT 1 WHERE OLD.lifted_at IS NOT NULL"
    return [
        *without(dialect, "status_event_only_emptied", "status_event"),
        *only_emptied(dialect, "status_event", (*_SAID, *_TOLD), {"raw": "'{}'", "reason": "''"}),
        *without(dialect, "signed_companion_append_only", "signed_companion"),
        *only_emptied(dialect, "signed_companion", _SIGNED, {"title": "'(Bezeichnung gelöscht)'"}),
        *only_if(dialect, "signed_companion_emptied_late", "signed_companion", "UPDATE", _LETTER_LEFT),
        *without(dialect, "alarm_decision_append_only", "alarm_decision"),
        *only_emptied(dialect, "alarm_decision", _DECIDED, {"reason": "''"}),
        *only_emptied(dialect, "deletion_lock", ("id", "case_id", "set_by", "set_at"), {"reason": "''"}),
        *only_if(dialect, "deletion_lock_emptied_late", "deletion_lock", "UPDATE OF reason", lifted),
        *set_once(dialect, "unmatched_report", "raw_sha256"),
        *set_once(dialect, "unmatched_report", "emptied_at"),
    ]


def _find_withdrawn() -> None:
    """Whose copies lay in pieces that were planned again or diverted, as far as rows and trail say so."""
    bind = op.get_bind()
    bind.execute(
        sa.text(
            "INSERT INTO withdrawn_copy (piece_id, recipient_id) SELECT DISTINCT mail_piece.id, recipient.id"
            " FROM desk_decision JOIN mail_piece ON mail_piece.id = desk_decision.piece_id"
            " JOIN recipient ON recipient.letter_id = desk_decision.letter_id"
            " WHERE mail_piece.fault_code = 'withdrawn' AND desk_decision.action = 'plan-again'"
        )
    )
    moved = bind.execute(
        sa.text("SELECT subject, details FROM audit_entry WHERE action = 'letter-diverted'")
    ).all()
    for reference, details in moved:
        told = json.loads(details) if isinstance(details, str) else details
        bind.execute(
            sa.text(
                "INSERT INTO withdrawn_copy (piece_id, recipient_id) SELECT mail_piece.id, recipient.id"
                " FROM mail_piece, recipient JOIN letter ON letter.id = recipient.letter_id"
                " WHERE mail_piece.reference = :piece AND letter.reference = :letter AND recipient.number = :number"
                " AND NOT EXISTS (SELECT 1 FROM withdrawn_copy WHERE withdrawn_copy.piece_id = mail_piece.id"
                " AND withdrawn_copy.recipient_id = recipient.id)"
            ),
            {"piece": told.get("replaces"), "letter": reference, "number": told.get("recipient")},
        )


def _date_what_was_emptied() -> None:
    """Words of an envelope left with its last letter; each proved that in the trail. A blank name tells nothing."""
    for table, words, written in _EMPTIED:
        op.execute(
            f"UPDATE {table} SET emptied_at = (SELECT max(left_at) FROM"  # noqa: S608 -- names of ours
            " (SELECT min(audit_entry.at) AS left_at"
            " FROM recipient JOIN letter ON letter.id = recipient.letter_id"
            " JOIN audit_entry ON audit_entry.subject = letter.reference"
            f" AND audit_entry.action = 'personal-data-deleted' AND audit_entry.at > {table}.{written}"
            f" WHERE recipient.mail_piece_id = {table}.piece_id GROUP BY letter.id) AS each_letter)"
            f" WHERE {words} = '' AND emptied_at IS NULL"
        )
