"""Migrations carry over what was there: rows of an older schema keep their meaning."""

import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlmodel import select

from gateway.db import engine
from gateway.db.engine import Database
from gateway.db.mail import Posting
from gateway.db.postings import PostingRecord
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
