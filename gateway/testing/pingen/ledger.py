"""The simulator's ledger: files, letters, remembered keys and webhooks, in SQLite, with the PDFs beside it.

It outlives a killed process. Status and events are not stored: they follow from a letter's facts and the clock.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.testing.house.house import HouseLedger
from gateway.testing.pingen.life import Facts, printed_at, status_at

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (file_id TEXT PRIMARY KEY, signature TEXT NOT NULL, uploaded INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS letters (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    letter_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    pages INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    facts TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS keys (name TEXT PRIMARY KEY, status INTEGER NOT NULL, body TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_MOMENTS = ("created_at", "validated_at", "submitted_at", "cancelled_at")


@dataclass(frozen=True)
class Letter:
    """A letter in the ledger, as it stands at the moment of reading; `name` is the file name that was given."""

    number: int
    letter_id: str
    name: str
    sha256: str
    pages: int
    attributes: Mapping[str, Any]
    facts: Facts
    status: str
    printed_at: datetime | None


class Ledger(HouseLedger):
    """The ledger in `folder`; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _SCHEMA)

    def path(self, file_id: str) -> Path:
        """Where an uploaded file or the PDF of a letter is."""
        return self._pdfs / f"{file_id}.pdf"

    def add_file(self, file_id: str, signature: str) -> None:
        """A place to upload to."""
        self._run("INSERT INTO files VALUES (?, ?, 0)", file_id, signature)

    def signature_of(self, file_id: str) -> str | None:
        """The signature of an upload place; None if it was never given out."""
        row = self._one("SELECT signature FROM files WHERE file_id = ?", file_id)
        return None if row is None else str(row["signature"])

    def add(self, letter: Letter) -> None:
        """Take a letter."""
        self._run(
            "INSERT INTO letters (letter_id, name, sha256, pages, attributes, facts) VALUES (?, ?, ?, ?, ?, ?)",
            letter.letter_id,
            letter.name,
            letter.sha256,
            letter.pages,
            json.dumps(dict(letter.attributes)),
            _stored(letter.facts),
        )

    def change(self, letter_id: str, facts: Facts, attributes: Mapping[str, Any]) -> None:
        """Something happened to a letter."""
        self._run(
            "UPDATE letters SET facts = ?, attributes = ? WHERE letter_id = ?",
            _stored(facts),
            json.dumps(dict(attributes)),
            letter_id,
        )

    def letters(self, now: datetime) -> list[Letter]:
        """All letters as of `now`, oldest first."""
        with self._lock:
            rows = self._database.execute("SELECT * FROM letters ORDER BY number").fetchall()
        return [_letter(row, now) for row in rows]

    def letter(self, letter_id: str, now: datetime) -> Letter | None:
        """One letter."""
        row = self._one("SELECT * FROM letters WHERE letter_id = ?", letter_id)
        return None if row is None else _letter(row, now)

    def remembered(self, key: str) -> tuple[int, object, datetime] | None:
        """What was answered under an Idempotency-Key, and when."""
        row = self._one("SELECT * FROM keys WHERE name = ?", key)
        if row is None:
            return None
        return row["status"], json.loads(row["body"]), datetime.fromisoformat(row["at"])

    def remember_key(self, key: str, status: int, body: object, at: datetime) -> None:
        """Keep an answer under its Idempotency-Key."""
        self._run(
            "INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?)", key, status, json.dumps(body), at.isoformat()
        )

    def _run(self, statement: str, *values: object) -> None:
        with self._lock:
            self._database.execute(statement, values)

    def _one(self, query: str, *values: object) -> Any:
        with self._lock:
            return self._database.execute(query, values).fetchone()


def _stored(facts: Facts) -> str:
    values = asdict(facts)
    return json.dumps(values | {name: values[name].isoformat() if values[name] else None for name in _MOMENTS})


def _letter(row: sqlite3.Row, now: datetime) -> Letter:
    values = json.loads(row["facts"])
    values |= {name: datetime.fromisoformat(values[name]) if values[name] else None for name in _MOMENTS}
    facts = Facts(**values)
    on_paper = printed_at(facts)
    return Letter(
        number=row["number"],
        letter_id=row["letter_id"],
        name=row["name"],
        sha256=row["sha256"],
        pages=row["pages"],
        attributes=json.loads(row["attributes"]),
        facts=facts,
        status=status_at(facts, now),
        printed_at=on_paper if on_paper and on_paper <= now else None,
    )
