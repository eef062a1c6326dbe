"""Posting lists and records of posting: what proves the day of each piece, and who confirmed it."""

from datetime import date, datetime

import sqlalchemy as sa
from alembic import op

from gateway.db.guards import append_only, fixed, only_with, set_once
from gateway.db.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_EVIDENCE = ("list", "status-field", "none")
_STATES = ("proposed", "done", "rejected")
_HOW = (
    "checked",
    "by-hand",
    "finding-accepted",
    "unlisted",
    "other-day",
    "after-contradiction",
    "corrected",
    "revoked",
)


def upgrade() -> None:
    """Add the tables, give a record to what was confirmed before, and bind the confirmed day to its record."""
    _lists()
    _exceptions()
    _records()
    _posting()
    for statement in _guards(op.get_bind().dialect.name):
        op.execute(statement)


def _guards(dialect: str) -> list[str]:
    return [
        *append_only(dialect, "posting_list", "posting_list_item", "posting_record", "posting_exception_piece"),
        *fixed(dialect, "posting_exception", "posted_on", "reason", "proposed_by_id", "proposed_at"),
        *set_once(dialect, "posting_exception", "decided_at"),
        *only_with(dialect, "posting", "confirmed_on", "record_no"),
    ]


def _choice(values: tuple[str, ...], name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def _moment() -> UtcDateTime:
    return UtcDateTime(timezone=True)


def _lists() -> None:
    op.create_table(
        "posting_list",
        sa.Column("kind", _choice(_EVIDENCE, "list_kind_known"), nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("contract", sa.String(), nullable=False),
        sa.Column("told_pieces", sa.Integer(), nullable=True),
        sa.Column("told_sheets", sa.Integer(), nullable=True),
        sa.Column("told_pages", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("told_sha256", sa.String(), nullable=False),
        sa.Column("received_at", _moment(), nullable=False),
        sa.UniqueConstraint("provider", "sha256"),
    )
    op.create_index("ix_posting_list_number", "posting_list", ["number"])
    op.create_index("ix_posting_list_day", "posting_list", ["day"])
    op.create_table(
        "posting_list_item",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("list_id", sa.Integer(), sa.ForeignKey("posting_list.id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("sheets", sa.Integer(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("franking_id", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.UniqueConstraint("list_id", "position"),
    )
    op.create_index("ix_posting_list_item_key", "posting_list_item", ["key"])


def _exceptions() -> None:
    op.create_table(
        "posting_exception",
        sa.Column("state", _choice(_STATES, "exception_state_known"), nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("proposed_by_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=False),
        sa.Column("proposed_at", _moment(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=True),
        sa.Column("decided_at", _moment(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_by_id IS NULL) AND (state = 'proposed') = (decided_at IS NULL)",
            name="exception_decision_is_whole",
        ),
        sa.CheckConstraint(
            "state <> 'done' OR decided_by_id <> proposed_by_id", name="exception_has_two_people"
        ),
    )
    op.create_index("ix_posting_exception_state", "posting_exception", ["state"])
    op.create_table(
        "posting_exception_piece",
        sa.Column("exception_id", sa.Integer(), sa.ForeignKey("posting_exception.id"), primary_key=True),
        sa.Column("piece_id", sa.Integer(), sa.ForeignKey("mail_piece.id"), primary_key=True),
        sa.Column("how", _choice(_HOW, "exception_how_known"), nullable=False),
        sa.Column("codes", sa.JSON(none_as_null=True), nullable=False),
    )
    op.create_index("ix_posting_exception_piece_piece_id", "posting_exception_piece", ["piece_id"])


def _records() -> None:
    op.create_table(
        "posting_record",
        sa.Column("how", _choice(_HOW, "record_how_known"), nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("piece_id", sa.Integer(), sa.ForeignKey("mail_piece.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("list_id", sa.Integer(), sa.ForeignKey("posting_list.id"), nullable=True),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("delivery_days", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("franking_id", sa.String(), nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=False),
        sa.Column("confirmed_at", _moment(), nullable=False),
        sa.Column("exception_id", sa.Integer(), sa.ForeignKey("posting_exception.id"), nullable=True),
        sa.Column("second_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=True),
        sa.UniqueConstraint("piece_id", "number"),
        sa.UniqueConstraint("piece_id", "number", "posted_on"),
        sa.CheckConstraint("(exception_id IS NULL) = (second_id IS NULL)", name="exception_has_a_second"),
        sa.CheckConstraint(
            "second_id IS NULL OR second_id <> confirmed_by_id", name="second_is_another_person"
        ),
        sa.CheckConstraint(
            "exception_id IS NOT NULL OR (number = 1 AND how IN ('checked', 'by-hand'))",
            name="correction_needs_two",
        ),
        sa.CheckConstraint("posted_on IS NOT NULL OR how = 'revoked'", name="only_revoked_without_day"),
    )
    op.create_index("ix_posting_record_piece_id", "posting_record", ["piece_id"])
    op.create_index("ix_posting_record_list_id", "posting_record", ["list_id"])
    op.create_index("ix_posting_record_exception_id", "posting_record", ["exception_id"])


_WHOLE = (
    "(confirmed_on IS NULL) = (confirmed_by_id IS NULL) AND (confirmed_on IS NULL) = (confirmed_at IS NULL)"
)
_BY_A_RECORD = "confirmed_on IS NULL OR record_no IS NOT NULL"
_KEPT = "piece_id, reported_on, reported_at, source, confirmed_on, confirmed_at, confirmed_by_id"
_DAY = ["piece_id", "record_no", "confirmed_on"]
_DAY_OF_RECORD = ["piece_id", "number", "posted_on"]


def _posting() -> None:
    _write_records_of_before()
    if op.get_bind().dialect.name == "sqlite":
        _posting_anew()
    else:
        _posting_changed()


def _posting_changed() -> None:
    op.execute("DROP TRIGGER posting_confirmed_on_set_once ON posting")
    op.execute("DROP FUNCTION posting_confirmed_on_set_once()")
    op.add_column("posting", sa.Column("record_no", sa.Integer(), nullable=True))
    op.add_column("posting", sa.Column("carrier", sa.String(), nullable=True))
    op.add_column("posting", sa.Column("delivery_days", sa.String(), nullable=True))
    op.execute("UPDATE posting SET record_no = 1 WHERE confirmed_on IS NOT NULL")
    op.create_check_constraint("confirmed_by_a_record", "posting", _BY_A_RECORD)
    op.create_foreign_key("day_of_the_record", "posting", "posting_record", _DAY, _DAY_OF_RECORD)


def _posting_anew() -> None:
    """SQLite cannot add constraints to a table; the old trigger goes with the old table."""
    op.create_table(
        "posting_anew",
        sa.Column("piece_id", sa.Integer(), sa.ForeignKey("mail_piece.id"), primary_key=True),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("reported_at", _moment(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("confirmed_at", _moment(), nullable=True),
        sa.Column("confirmed_by_id", sa.Integer(), sa.ForeignKey("user_account.id"), nullable=True),
        sa.Column("record_no", sa.Integer(), nullable=True),
        sa.Column("carrier", sa.String(), nullable=True),
        sa.Column("delivery_days", sa.String(), nullable=True),
        sa.CheckConstraint(_WHOLE, name="confirmation_is_whole"),
        sa.CheckConstraint(_BY_A_RECORD, name="confirmed_by_a_record"),
        sa.ForeignKeyConstraint(
            _DAY, [f"posting_record.{name}" for name in _DAY_OF_RECORD], name="day_of_the_record"
        ),
    )
    op.execute(
        f"INSERT INTO posting_anew ({_KEPT}, record_no) "  # noqa: S608 - the names of our columns
        f"SELECT {_KEPT}, CASE WHEN confirmed_on IS NULL THEN NULL ELSE 1 END FROM posting"
    )
    op.drop_table("posting")
    op.rename_table("posting_anew", "posting")
    op.create_index("ix_posting_reported_on", "posting", ["reported_on"])


def _write_records_of_before() -> None:
    """Postings that were confirmed before there were records: the same facts, in the words of a record."""
    records = sa.table(
        "posting_record",
        *(sa.column(name) for name in ("piece_id", "number", "how", "text", "carrier", "delivery_days")),
        *(sa.column(name) for name in ("product", "franking_id", "confirmed_by_id")),
        sa.column("posted_on", sa.Date()),
        sa.column("confirmed_at", _moment()),
    )
    posting = sa.table(
        "posting",
        *(sa.column(name) for name in ("piece_id", "source", "confirmed_by_id")),
        sa.column("confirmed_on", sa.Date()),
        sa.column("confirmed_at", _moment()),
    )
    piece = sa.table("mail_piece", sa.column("id"), sa.column("reference"), sa.column("product"))
    user = sa.table("user_account", sa.column("id"), sa.column("name"))
    before = (
        sa.select(posting, piece.c.reference, piece.c.product, user.c.name)
        .join_from(posting, piece, piece.c.id == posting.c.piece_id)
        .join(user, user.c.id == posting.c.confirmed_by_id)
        .where(posting.c.confirmed_on.is_not(None))
    )
    rows = [_record(row._asdict()) for row in op.get_bind().execute(before).all()]
    if rows:
        op.bulk_insert(records, rows)


def _record(row: dict[str, object]) -> dict[str, object]:
    day, moment = row["confirmed_on"], row["confirmed_at"]
    if not isinstance(day, date) or not isinstance(moment, datetime):
        raise TypeError("a confirmed posting has a day and a moment")
    text = (
        f"Zur Post gegeben am {day:%d.%m.%Y} (Sendung {row['reference']}, Meldung {row['source']}). "
        f"Bestätigt durch {row['name']} am {moment:%d.%m.%Y, %H:%M} UTC."
    )
    return {
        "piece_id": row["piece_id"],
        "number": 1,
        "how": "checked",
        "text": text,
        "carrier": "",
        "delivery_days": "",
        "product": row["product"] or "",
        "franking_id": "",
        "confirmed_by_id": row["confirmed_by_id"],
        "posted_on": day,
        "confirmed_at": moment,
    }
