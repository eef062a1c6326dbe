"""What people wrote about pieces may be emptied by its rule; registered mail is not asked about for ever."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import only_emptied, only_if, without
from gateway.db.types import UtcDateTime

revision: str = "0027"
down_revision: str | None = "0025"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_PROOF = (
    "id",
    "piece_id",
    "kind",
    "outcome",
    "served",
    "effective_on",
    "occurred_at",
    "document_sha256",
    "data",
)
_RECORD = ("id", "piece_id", "number", "posted_on", "how", "list_id", "carrier", "delivery_days", "product")
_BY_TWO = ("franking_id", "confirmed_by_id", "confirmed_at", "exception_id", "second_id")
_ADDED = ("id", "piece_id", "record_no", "number", "franking_id", "tracking_number", "noted_by", "noted_at")
_LEFT = (
    "SELECT 1 FROM recipient JOIN letter_retention ON letter_retention.letter_id = recipient.letter_id"
    " WHERE recipient.mail_piece_id = NEW.piece_id"
)
"""A letter in the envelope has left by its rule; before that its proofs keep every word."""


def upgrade() -> None:
    """Apply."""
    dialect = op.get_bind().dialect.name
    corrected = ("supersedes_id", "recorded_by", "recorded_at")
    named = {"reason": "''", "received_by": "NULL", "handed_by": "NULL", "place": "NULL"}
    proposed = ("posted_on", "proposed_by_id", "proposed_at")
    printed = ("id", "piece_id", "number", "printed_by", "printed_at")
    statements = [
        *without(dialect, "posting_exception_fixed", "posting_exception"),
        *only_emptied(dialect, "posting_exception", proposed, {"reason": "''"}),
    ]
    for table, fixed, emptied in (
        ("delivery_proof", (*_PROOF, *corrected), named),
        ("posting_record", (*_RECORD, *_BY_TWO), {"text": "''"}),
        ("posting_supplement", _ADDED, {"source": "''"}),
        ("posting_exception_basis", ("exception_id", "document_sha256"), {"source": "''"}),
        ("hand_print", printed, {"reason": "''"}),
    ):
        statements += without(dialect, f"{table}_append_only", table)
        statements += only_emptied(dialect, table, fixed, emptied)
    excepted = f"{_LEFT} AND NEW.exception_id IS NOT NULL"
    statements += [
        *only_if(dialect, "delivery_proof_emptied_late", "delivery_proof", "UPDATE", _LEFT),
        *only_if(dialect, "posting_record_emptied_late", "posting_record", "UPDATE", excepted),
    ]
    for statement in statements:
        op.execute(statement)
    op.add_column("submission", sa.Column("given_up_at", UtcDateTime(timezone=True), nullable=True))
    # What was emptied before there was this rule is looked at once more.
    letters = sa.table("letter_retention", sa.column("personal_left_at"))
    op.execute(letters.update().values(personal_left_at=None))
