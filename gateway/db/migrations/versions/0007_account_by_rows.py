"""What the account needs to be computed in one pass, and what the rolling sweep remembers.

What was filed and handed over so far is taken over from the rows: the gateway has filed and handed over nothing but
the document that was signed, and the print copy that was certified.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import gateway.db.types

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_STATUSES = (
    "unknown",
    "accepted",
    "in_production",
    "printed",
    "handed_to_post",
    "delivered",
    "failed",
    "cancelled",
    "returned",
)
"""In the order in which one wins over those before it."""
_PLACES = ("store", "case_file", "rows")


def upgrade() -> None:
    """Apply. Constraints of single columns stand in the statement: so no table is made anew, and no guard is lost."""
    known = ", ".join(f"'{status}'" for status in _STATUSES)
    op.execute(
        "ALTER TABLE submission ADD COLUMN status VARCHAR(32) DEFAULT 'unknown' NOT NULL "
        f"CONSTRAINT submission_status_known CHECK (status IN ({known}))"
    )
    op.add_column("submission", sa.Column("events", sa.Integer(), server_default="0", nullable=False))
    op.add_column("submission", sa.Column("posted_on", sa.Date(), nullable=True))
    op.add_column("submission", sa.Column("handed_sha256", sa.String(), nullable=True))
    op.add_column("letter", sa.Column("filings", sa.Integer(), server_default="0", nullable=False))
    op.execute("ALTER TABLE filing ADD COLUMN letter_id INTEGER REFERENCES letter (id)")
    op.execute("ALTER TABLE filing ADD COLUMN recipient_id INTEGER REFERENCES recipient (id)")
    op.add_column("filing", sa.Column("document_key", sa.String(), nullable=True))
    op.add_column("filing", sa.Column("sha256", sa.String(length=64), nullable=True))
    moment = gateway.db.types.UtcDateTime(timezone=True)
    op.add_column("filing", sa.Column("checked_at", moment, nullable=True))
    op.add_column("document", sa.Column("checked_at", moment, nullable=True))
    _sweep()
    _backfill()
    _indices()


def _indices() -> None:
    """For the totals of a million letters: each is answered from an index, without the rows."""
    op.create_index("submission_by_status", "submission", ["state", "status", "piece_id", "events"])
    op.create_index("ix_letter_filings", "letter", ["filings"])
    _partial("faulty_piece", "mail_piece", "fault_code", "fault_code IS NOT NULL")
    _partial("posted_piece", "submission", "piece_id", "posted_on IS NOT NULL")
    _partial("filed_of_letter", "filing", "letter_id", "filed_at IS NOT NULL")
    _partial("filed_document", "filing", "checked_at", "document_key IS NOT NULL")
    op.create_index("ix_document_checked_at", "document", ["checked_at"])


def _partial(name: str, table: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)


def _sweep() -> None:
    op.create_table(
        "sweep_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place", _choice("sweep_place_known", *_PLACES), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("fault", sa.String(), nullable=False),
        sa.Column("found_at", gateway.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("place", "subject"),
    )
    op.create_table(
        "sweep_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place", _choice("round_place_known", *_PLACES), nullable=False),
        sa.Column("position", sa.String(), nullable=False),
        sa.Column("began_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", gateway.db.types.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("place"),
    )


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


_OF_LETTER = ("document", "twin", "enclosure", "cancellation")
"""Kinds of filing keys that begin with the letter's reference; in the others it is the last part."""


def _backfill() -> None:
    for statement in (*_submissions(), *_filings()):
        op.execute(sa.text(statement.replace(":", "\\:")))  # a colon is a colon, no parameter


def _submissions() -> list[str]:
    rank = " ".join(f"WHEN '{status}' THEN {rank}" for rank, status in enumerate(_STATUSES))
    name = " ".join(f"WHEN {rank} THEN '{status}'" for rank, status in enumerate(_STATUSES))
    said = (
        "CASE WHEN event.status = 'delivered' AND piece.service = 'standard' THEN 'handed_to_post' "
        "ELSE event.status END"
    )
    events = (
        "FROM status_event event JOIN mail_piece piece ON piece.id = submission.piece_id "
        "WHERE event.submission_id = submission.id"
    )
    return [
        (
            f"UPDATE submission SET status = (SELECT CASE max(CASE {said} {rank} END) {name} END {events}), "  # noqa: S608
            f"events = (SELECT count(*) {events}), posted_on = (SELECT min(event.posted_on) {events}) "
            "WHERE EXISTS (SELECT 1 FROM status_event event WHERE event.submission_id = submission.id)"
        ),
        (
            "UPDATE submission SET status = (SELECT CASE WHEN served THEN 'delivered' ELSE 'returned' END "
            "FROM mail_piece WHERE id = piece_id) WHERE EXISTS "
            "(SELECT 1 FROM mail_piece WHERE id = piece_id AND served IS NOT NULL)"
        ),
        (
            "UPDATE submission SET handed_sha256 = (SELECT print_sha256 FROM mail_piece WHERE id = piece_id) "
            "WHERE state IN ('staged', 'releasing', 'released', 'in_doubt')"
        ),
    ]


def _filings() -> list[str]:
    own = " OR ".join(f"key LIKE '{kind}:%'" for kind in _OF_LETTER)
    begins = " ".join(f"WHEN key LIKE '{kind}:%' THEN {len(kind) + 2}" for kind in _OF_LETTER)
    reference = f"CASE WHEN {own} THEN substr(key, CASE {begins} END, 8) ELSE substr(key, length(key) - 7) END"
    anew = "CASE WHEN signed.signing > 1 THEN '{}' || signed.signing ELSE '' END"
    signing, edition = anew.format(":signing-"), anew.format("-fassung-")
    copy_key = f"letter.reference || ':' || copy.number || {signing}"
    document = f"letter.reference || '-' || copy.number || {edition}"
    return [
        (
            f"UPDATE filing SET letter_id = (SELECT id FROM letter WHERE reference = {reference}) "  # noqa: S608
            "WHERE key NOT LIKE 'inbound:%'"
        ),
        _filed("document", "approval", "signed.signing > 0", f"'document:' || {copy_key}", document),
        _filed(
            "twin",
            "signed_companion",
            "signed.kind = 'twin'",
            f"'twin:' || {copy_key}",
            f"{document} || '-abschrift'",
        ),
        _filed(
            "enclosure",
            "signed_companion",
            "signed.kind = 'enclosure' AND copy.number = 1",
            f"'enclosure:' || letter.reference || ':' || signed.number || {signing}",
            f"letter.reference || '-anlage-' || signed.number || {edition}",
        ),
        # An enclosure is the whole letter's.
        "UPDATE filing SET recipient_id = NULL WHERE key LIKE 'enclosure:%'",
        _inbound("sha256", "sha256"),
        _inbound("document_key", "'inbound-' || document_id"),
        (
            "UPDATE letter SET filings = (SELECT count(*) FROM filing WHERE filing.letter_id = letter.id "
            "AND filing.filed_at IS NOT NULL) WHERE approved_at IS NOT NULL OR cancelled_at IS NOT NULL"
        ),
    ]


def _filed(kind: str, signed: str, of_kind: str, key: str, document_key: str) -> str:
    """Which document the entry brought: what was signed."""
    found = (
        f"FROM {signed} signed JOIN recipient copy ON copy.id = signed.recipient_id "
        f"JOIN letter ON letter.id = copy.letter_id WHERE copy.letter_id = filing.letter_id AND {of_kind} "
        f"AND filing.key = {key}"
    )
    return (
        f"UPDATE filing SET recipient_id = (SELECT copy.id {found}), "  # noqa: S608
        f"sha256 = (SELECT signed.document_sha256 {found}), document_key = (SELECT {document_key} {found}) "
        f"WHERE key LIKE '{kind}:%' AND filed_at IS NOT NULL"
    )


def _inbound(column: str, value: str) -> str:
    return (
        f"UPDATE filing SET {column} = (SELECT {value} FROM inbound_document "  # noqa: S608
        "WHERE filing.key = 'inbound:' || source || ':' || document_id) "
        "WHERE key LIKE 'inbound:%' AND filed_at IS NOT NULL"
    )
