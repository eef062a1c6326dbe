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
CREATE TABLE IF NOT EXISTS hooks (
    hook_id TEXT PRIMARY KEY, category TEXT NOT NULL, url TEXT NOT NULL, key TEXT NOT NULL, since TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS attempts (
    hook_id TEXT NOT NULL, event_id TEXT NOT NULL, number INTEGER NOT NULL, status INTEGER NOT NULL, at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS attempts_of ON attempts (hook_id, event_id);
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

    def remove(self, letter_id: str) -> None:
        """A draft was deleted."""
        self._run("DELETE FROM letters WHERE letter_id = ?", letter_id)

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

    def add_hook(self, hook_id: str, category: str, url: str, key: str, since: datetime) -> None:
        """A webhook was registered."""
        self._run("INSERT INTO hooks VALUES (?, ?, ?, ?, ?)", hook_id, category, url, key, since.isoformat())

    def remove_hook(self, hook_id: str) -> bool:
        """A webhook was deleted; False if there was none."""
        with self._lock:
            found = self._one("SELECT 1 FROM hooks WHERE hook_id = ?", hook_id) is not None
            self._run("DELETE FROM hooks WHERE hook_id = ?", hook_id)
        return found

    def hooks(self) -> list[dict[str, Any]]:
        """The registered webhooks."""
        rows = self._all("SELECT * FROM hooks ORDER BY since, hook_id")
        return [{**row, "since": datetime.fromisoformat(row["since"])} for row in map(dict, rows)]

    def add_attempt(self, hook_id: str, event_id: str, number: int, status: int, at: datetime) -> None:
        """A webhook was called."""
        self._run(
            "INSERT INTO attempts VALUES (?, ?, ?, ?, ?)", hook_id, event_id, number, status, at.isoformat()
        )

    def attempts(self, hook_id: str = "", event_id: str = "") -> list[dict[str, Any]]:
        """The calls so far, oldest first: all, or those about one event."""
        query = "SELECT * FROM attempts"
        if hook_id:
            rows = self._all(f"{query} WHERE hook_id = ? AND event_id = ? ORDER BY rowid", hook_id, event_id)
        else:
            rows = self._all(f"{query} ORDER BY rowid")
        return [{**row, "at": datetime.fromisoformat(row["at"])} for row in map(dict, rows)]

    def _all(self, query: str, *values: object) -> list[Any]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

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
