"""Migrations carry over what was there: rows of an older schema keep their meaning."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlmodel import col, select

from gateway.db import engine
from gateway.db.engine import Database
from gateway.db.mail import Posting, WithdrawnCopy
from gateway.db.postings import PostingRecord, PostingSupplement
from gateway.domain.posting.posting_record import How


def at_revision(database: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(engine.__file__).parent / "migrations"))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_a_posting_that_was_confirmed_before_there_were_records_gets_one(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    database = Database(f"sqlite:///{file}")
    at_revision(database, "0001")
    with sqlite3.connect(file) as rows:  # keeps no foreign keys: the piece's batch is of no interest here
        rows.execute(
            "INSERT INTO user_account (id, login, name, phone, room, active) VALUES (1, 'post', 'Petra', '', '', 1)"
        )
        for number in (1, 2):
            rows.execute(
                "INSERT INTO mail_piece (id, reference, batch_id, service, duplex, product)"
                " VALUES (?, ?, 1, 'standard', 1, 'Standardbrief')",
                (number, f"AAAA111{number}"),
            )
        posting = "INSERT INTO posting (piece_id, reported_on, reported_at, source, confirmed_on, confirmed_at,"
        posting += " confirmed_by_id) VALUES (?, '2026-11-17', '2026-11-17 15:00:00.000000', '4711 4', ?, ?, ?)"
        rows.execute(posting, (1, "2026-11-17", "2026-11-18 08:00:00.000000", 1))
        rows.execute(posting, (2, None, None, None))
    rows.close()
    database.migrate()
    with database.reading() as session:
        (record,) = session.exec(select(PostingRecord)).all()
        assert (record.piece_id, record.number, record.how, str(record.posted_on)) == (
            1,
            1,
            How.CHECKED,
            "2026-11-17",
        )
        assert "Zur Post gegeben am 17.11.2026" in record.text
        assert "Petra" in record.text
        confirmed, reported = session.get_one(Posting, 1), session.get_one(Posting, 2)
        assert (confirmed.record_no, confirmed.confirmed_on) == (1, record.posted_on)
        assert (reported.record_no, reported.confirmed_on, reported.source) == (None, None, "4711 4")
    database.close()


def put(rows: sqlite3.Connection, table: str, **values: object) -> None:
    """A row with these values, and something in every other column that must have a value."""
    named = rows.execute(f"PRAGMA table_info({table})").fetchall()
    filler = {"INTEGER": 0, "BOOLEAN": 0, "DATE": "2026-11-16", "DATETIME": "2026-11-16 08:00:00.000000"}
    needed = {
        name: filler.get(kind, "{}" if kind == "JSON" else "-")
        for _, name, kind, must, default, is_key in named
        if must and default is None and not is_key
    }
    row = needed | values
    marks = ", ".join("?" * len(row))
    rows.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def test_words_that_left_before_their_day_was_kept_get_it_from_the_trail(tmp_path: Path) -> None:
    """The first proof of each letter in the envelope that is younger than the words; of the last of them."""
    file = tmp_path / "old.db"
    database = Database(f"sqlite:///{file}")
    at_revision(database, "0032")
    with sqlite3.connect(file) as rows:
        put(rows, "mail_piece", id=1, reference="AAAA1111", service="standard")
        put(rows, "mail_piece", id=2, reference="AAAA2222", service="standard", fault_code="withdrawn")
        for number in (1, 2):
            kinds = {"state": "batched", "service": "standard", "remedy": "widerspruch"}
            put(rows, "letter", id=number, reference=f"BBBB111{number}", **kinds)
            put(rows, "recipient", id=number, letter_id=number, number=1, mail_piece_id=1)
        for number, left in ((1, "2028-01-01"), (2, "2029-01-01"), (1, "2031-01-01")):
            put(
                rows,
                "audit_entry",
                action="personal-data-deleted",
                subject=f"BBBB111{number}",
                at=f"{left} 03:00:00.000000",
            )
        moved = {"replaces": "AAAA2222", "recipient": 1}
        put(rows, "audit_entry", action="letter-diverted", subject="BBBB1112", details=json.dumps(moved))
        for number, source in ((1, ""), (2, "steht noch hier")):
            ours = {"id": number, "piece_id": 1, "number": number}
            put(rows, "posting_supplement", **ours, tracking_number="RR", source=source)
    rows.close()
    database.migrate()
    with database.reading() as session:
        emptied, whole = session.exec(select(PostingSupplement).order_by(col(PostingSupplement.id))).all()
        assert emptied.emptied_at == datetime(2029, 1, 1, 3, tzinfo=UTC)
        assert whole.emptied_at is None
        withdrawn = session.exec(select(WithdrawnCopy)).all()
        assert [(each.piece_id, each.recipient_id) for each in withdrawn] == [(2, 2)]
    database.close()
