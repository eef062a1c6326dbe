"""A year of an authority as rows: a million letters with everything that belongs to them, made by the database itself.

A narrow table of numbers is written first; every other table is filled from it by INSERT … SELECT, in plain SQL that
both databases read. There are no bytes: what is measured is the account from the rows.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Date, Integer, MetaData, String, Table, insert, text

from gateway.db.engine import Database
from gateway.db.types import UtcDateTime
from gateway.domain.references import reference_from

DAYS = 250
OFFICES = 17
CASES = 7000
_SECOND = 26
"""Every so manieth copy is the second recipient's of the same letter."""
_CHUNK = 20_000
_OPEN = 0.996
"""The last letters are approved, and in no run yet."""

SERIES = Table(
    "bench_series",
    MetaData(),
    Column("copy", Integer, primary_key=True),
    Column("letter", Integer),
    Column("number", Integer),
    Column("reference", String),
    Column("piece", String),
    Column("document", String),
    Column("print", String),
    Column("day", Date),
    Column("moment", UtcDateTime),
    Column("run", Integer),
    Column("office", Integer),
    Column("batch", Integer),
    Column("fate", String),
)
_FATES = {1: "cancelled", 2: "refused", 3: "failed", 4: "in_doubt", 5: "returned", 6: "faulty", 7: "withdrawn"}
"""What happened to one letter of a thousand each; the others were posted."""


def build(database: Database, letters: int) -> None:
    """Fill an empty, migrated database."""
    with database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            for pragma in ("foreign_keys=OFF", "synchronous=OFF", "cache_size=-1500000"):
                connection.connection.cursor().execute(f"PRAGMA {pragma}")
        _people(connection)
        _series(connection, letters)
        for statement in _STATEMENTS:
            connection.execute(text(_literals(statement, connection.dialect.name)))
        SERIES.drop(connection)
        connection.commit()
    _settle(database)


def _literals(statement: str, dialect: str) -> str:
    yes, no = ("true", "false") if dialect == "postgresql" else ("1", "0")
    return statement.replace("<yes>", yes).replace("<no>", no).replace(":", "\\:")


def _settle(database: Database) -> None:
    """What autovacuum does in the course of a year."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if connection.dialect.name == "postgresql" else "ANALYZE")


def _people(connection: Connection) -> None:
    connection.execute(
        text(
            "INSERT INTO user_account (id, login, name, phone, room, active) VALUES (1, 'a', 'A', '', '', :yes)"
        ),
        {"yes": True},
    )
    offices = [{"id": n, "key": f"office-{n:02}", "day": date(2020, 1, 1)} for n in range(1, OFFICES + 1)]
    connection.execute(
        text(
            "INSERT INTO office (id, key, name, authority, street, postcode, place, phone, email, website, "
            "return_line, signature_block, cost_centre, provider_account, processor_legal_basis, starts_on) "
            "VALUES (:id, :key, :key, 'x', 'x', '46325', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', :day)"
        ),
        offices,
    )
    now = datetime(2026, 1, 1).isoformat(sep=" ")  # noqa: DTZ001 - as SQLite keeps it
    people: list[dict[str, Any]] = [{"id": n, "ref": f"P{n}", "now": now} for n in range(1, CASES + 1)]
    connection.execute(
        text(
            "INSERT INTO person (id, reference, form, given_name, family_name, postcode, place, country, updated_at)"
            " VALUES (:id, :ref, 'frau', 'x', 'x', '46325', 'x', 'DE', :now)"
        ),
        people,
    )
    cases = [each | {"office": each["id"] % OFFICES + 1} for each in people]
    connection.execute(
        text(
            "INSERT INTO case_record (id, reference, file_number, bg_number, office_id, addressee_id, updated_at)"
            " VALUES (:id, :ref, :ref, :ref, :office, :id, :now)"
        ),
        cases,
    )


def _series(connection: Connection, letters: int) -> None:
    SERIES.create(connection)
    rows: list[dict[str, object]] = []
    for row in _rows(letters):
        rows.append(row)
        if len(rows) == _CHUNK:
            connection.execute(insert(SERIES), rows)
            rows.clear()
    if rows:
        connection.execute(insert(SERIES), rows)


def _rows(letters: int) -> Iterator[dict[str, object]]:
    copies = letters + letters // (_SECOND - 1)
    for copy in range(1, copies + 1):
        letter = copy - copy // _SECOND
        passed = (letter - 1) / letters
        run = int(passed * DAYS) + 1
        day = date(2026, 1, 1) + timedelta(days=run)
        office = letter % CASES % OFFICES + 1
        is_open = passed >= _OPEN
        yield {
            "copy": copy,
            "letter": letter,
            "number": 2 if copy % _SECOND == 0 else 1,
            "reference": reference_from(letter * 2_654_435_761 % 2**35),
            "piece": reference_from((copy * 2_654_435_761 + 12_345) % 2**35),
            "document": hashlib.sha256(b"d%d" % copy).hexdigest(),
            "print": hashlib.sha256(b"p%d" % copy).hexdigest(),
            "day": day,
            "moment": datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
            + timedelta(seconds=letter % 30_000),
            "run": run,
            "office": office,
            "batch": (run - 1) * OFFICES + office,
            "fate": ("held" if letter % 50 == 0 else "open")
            if is_open
            else _FATES.get(letter % 1000, "posted"),
        }


_IN_RUN = "fate NOT IN ('open', 'held', 'cancelled')"
_ASSEMBLED = f"{_IN_RUN} AND fate <> 'faulty'"
_WITH_SUBMISSION = f"{_ASSEMBLED}"
_RELEASED = "fate IN ('posted', 'failed', 'returned')"
_POSTED = "fate IN ('posted', 'returned')"
_DATA = '{"data": "' + "x" * 600 + '"}'

_STATEMENTS = (
    (
        "INSERT INTO document (sha256, pages, size_bytes, versions, created_at) "
        'SELECT document, 2, 40000, \'{"kind": "letter"}\', moment FROM bench_series ORDER BY copy'
    ),
    (
        "INSERT INTO document (sha256, pages, size_bytes, versions, created_at) "
        f'SELECT print, 2, 40000, \'{{"kind": "print-copy"}}\', moment FROM bench_series '
        f"WHERE {_ASSEMBLED} ORDER BY copy"
    ),
    (
        "INSERT INTO run (id, day, number, started_at, planned_at, finished_at) "
        "SELECT run, min(day), 1, min(moment), min(moment), min(moment) FROM bench_series GROUP BY run"
    ),
    (
        "INSERT INTO batch (id, run_id, provider, office_id, service) "
        "SELECT batch, min(run), 'epost', min(office), 'standard' FROM bench_series GROUP BY batch"
    ),
    (
        "INSERT INTO letter (id, reference, case_id, office_id, author_id, state, template, template_version, title, "
        "service, four_eyes, is_decision, has_remedy_notice, remedy, data, content_sha256, duplicate_accepted, "
        "decision_date, created_at, submitted_at, approved_at, held_at, hold_reason, cancelled_at, filing_due, "
        "filings) "
        "SELECT letter, min(reference), min(letter) % 7000 + 1, min(office), 1, "
        "CASE min(fate) WHEN 'open' THEN 'approved' WHEN 'held' THEN 'approved' WHEN 'cancelled' THEN 'cancelled' "
        "ELSE 'batched' END, 'einladung', '1', 'Einladung', 'standard', <no>, <no>, <no>, 'widerspruch', "
        f"'{_DATA}', min(document), <no>, min(day), min(moment), min(moment), min(moment), "
        "CASE WHEN min(fate) = 'held' THEN min(moment) END, CASE WHEN min(fate) = 'held' THEN 'x' END, "
        "CASE WHEN min(fate) = 'cancelled' THEN min(moment) END, <no>, "
        f"sum(1 + CASE WHEN {_RELEASED} THEN 1 ELSE 0 END + CASE WHEN {_POSTED} THEN 2 ELSE 0 END) "
        "FROM bench_series GROUP BY letter ORDER BY letter"
    ),
    (
        "INSERT INTO mail_piece (id, reference, batch_id, service, duplex, print_sha256, pages, sheets, grams, "
        "product, postage_eur, fault_code, fault_message) SELECT copy, piece, batch, 'standard', <yes>, "
        "CASE WHEN fate <> 'faulty' THEN print END, 2, 1, 5.0, 'Standardbrief', 0.95, "
        "CASE fate WHEN 'faulty' THEN 'zone-not-free' WHEN 'withdrawn' THEN 'withdrawn' END, NULL "
        f"FROM bench_series WHERE {_IN_RUN} ORDER BY copy"
    ),
    (
        "INSERT INTO recipient (id, letter_id, number, person_id, address_lines, salutation, country, document_sha256, "
        "signing, mail_piece_id) SELECT copy, letter, number, letter % 7000 + 1, "
        '\'["Frau", "Vorname Nachname", "Ahornallee 12", "46325 Borken"]\', \'Sehr geehrte Frau Nachname\', \'DE\', '
        f"document, 1, CASE WHEN {_IN_RUN} THEN copy END FROM bench_series ORDER BY copy"
    ),
    (
        "INSERT INTO approval (id, recipient_id, signing, document_sha256, approved_by_id, approved_at) "
        "SELECT copy, copy, 1, document, 1, moment FROM bench_series ORDER BY copy"
    ),
    (
        "INSERT INTO run_certificate (id, run_id, number, sha256, made_at, pieces, faulty) "
        "SELECT copy / 1000 + 1, min(run), min(copy), min(document), min(moment), count(*), 0 "
        f"FROM bench_series WHERE {_ASSEMBLED} GROUP BY copy / 1000"
    ),
    (
        "INSERT INTO piece_certificate (piece_id, certificate_id, print_sha256, clean) "
        f"SELECT copy, copy / 1000 + 1, print, <yes> FROM bench_series WHERE {_ASSEMBLED} ORDER BY copy"
    ),
    (
        "INSERT INTO consignment (id, key, provider) "
        f"SELECT copy, piece || '-1', 'epost' FROM bench_series WHERE {_ASSEMBLED} ORDER BY copy"
    ),
    (
        "INSERT INTO submission (id, piece_id, provider, key, consignment_id, state, handle, provider_reference, "
        "planned_at, staged_at, releasing_at, released_at, voided_at, attempts, last_asked_at, settled_at, "
        "handed_sha256, status, events, posted_on) SELECT copy, copy, 'epost', piece || '-1', copy, "
        f"CASE WHEN fate = 'withdrawn' THEN 'void' WHEN {_RELEASED} THEN 'released' ELSE fate END, piece, "
        f"CASE WHEN {_RELEASED} THEN piece END, moment, moment, moment, CASE WHEN {_RELEASED} THEN moment END, "
        "CASE WHEN fate = 'withdrawn' THEN moment END, 0, moment, moment, print, "
        "CASE fate WHEN 'posted' THEN 'handed_to_post' WHEN 'failed' THEN 'failed' WHEN 'returned' THEN 'returned' "
        f"ELSE 'unknown' END, CASE WHEN {_RELEASED} THEN 3 ELSE 0 END, CASE WHEN {_POSTED} THEN day END "
        f"FROM bench_series WHERE {_ASSEMBLED} ORDER BY copy"
    ),
    *(
        "INSERT INTO status_event (submission_id, provider, dedup_key, status, provider_status, occurred_at, "
        f"received_at, posted_on, raw) SELECT copy, 'epost', piece || '-{number}', {status}, '{number}', moment, "
        f"moment, {posted}, '{{}}' FROM bench_series WHERE {_RELEASED} ORDER BY copy"
        for number, status, posted in (
            (1, "'accepted'", "CAST(NULL AS DATE)"),
            (2, "'in_production'", "CAST(NULL AS DATE)"),
            (
                3,
                "CASE fate WHEN 'posted' THEN 'handed_to_post' ELSE fate END",
                f"CASE WHEN {_POSTED} THEN day END",
            ),
        )
    ),
    (
        "INSERT INTO posting_record (piece_id, number, posted_on, how, text, carrier, delivery_days, product, "
        "franking_id, confirmed_by_id, confirmed_at) SELECT copy, 1, day, 'checked', 'x', '', '', '', '', 1, moment "
        f"FROM bench_series WHERE {_POSTED} ORDER BY copy"
    ),
    (
        "INSERT INTO posting (piece_id, reported_on, reported_at, source, confirmed_on, confirmed_at, "
        "confirmed_by_id, record_no) SELECT copy, day, moment, 'x', day, moment, 1, 1 "
        f"FROM bench_series WHERE {_POSTED} ORDER BY copy"
    ),
    (
        "INSERT INTO filing (key, case_id, attempts, external_id, filed_at, letter_id, recipient_id, document_key, "
        "sha256, checked_at) SELECT 'document:' || reference || ':' || number, letter % 7000 + 1, 1, 'x', moment, "
        "letter, copy, reference || '-' || number, document, moment FROM bench_series ORDER BY copy"
    ),
    *(
        "INSERT INTO filing (key, case_id, attempts, external_id, filed_at, letter_id, recipient_id) "
        f"SELECT '{kind}:' || piece || ':' || reference, letter % 7000 + 1, 1, 'x', moment, letter, copy "
        f"FROM bench_series WHERE {rows} ORDER BY copy"
        for kind, rows in (
            ("hand-over", _RELEASED),
            ("posting-reported", _POSTED),
            ("posting-confirmed", _POSTED),
        )
    ),
)
