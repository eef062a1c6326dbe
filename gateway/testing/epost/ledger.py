"""The simulator's ledger: every letter it took, in SQLite, and the PDFs beside it.

It outlives a killed process and can be read from another one while the simulator runs.
Status is not stored: it follows from the plan of a letter and the clock.
"""

import json
import sqlite3
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from gateway.testing.epost.basket import CANCELLED
from gateway.testing.epost.clock import Plan
from gateway.testing.house.house import HouseLedger

FIRST_LETTER_ID = 43_556_780
REJECTED_BY_PRINT_CENTRE = "E318"
FAILED = 99

_SCHEMA = """
CREATE TABLE IF NOT EXISTS letters (
    letter_id INTEGER PRIMARY KEY,
    file_name TEXT NOT NULL UNIQUE,
    custom1 TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    pages INTEGER NOT NULL,
    fields TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    checked_at TEXT NOT NULL,
    at_print_centre_at TEXT NOT NULL,
    posted_at TEXT NOT NULL,
    failure TEXT NOT NULL DEFAULT '',
    failure_text TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS by_custom1 ON letters (custom1);
CREATE INDEX IF NOT EXISTS by_sha256 ON letters (sha256);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True)
class NewLetter:
    """A letter that passed every check at the door. `failure`: the code with which it will end at 99."""

    file_name: str
    custom1: str
    sha256: str
    pages: int
    fields: dict[str, object]
    pdf: bytes
    failure: str = ""
    failure_text: str = ""


@dataclass(frozen=True)
class Piece:
    """A letter in the ledger, as it stands at the simulated moment of reading.

    `fields` are all fields of the Letter but its data; `printed_at` is set once it went to print (never for tests).
    """

    letter_id: int
    file_name: str
    custom1: str
    sha256: str
    pages: int
    fields: dict[str, object]
    plan: Plan
    status: int
    failure: str
    failure_text: str
    printed_at: datetime | None

    @property
    def is_test(self) -> bool:
        """Checked, never printed."""
        return self.fields.get("testFlag") is True

    @property
    def address_lines(self) -> list[str]:
        """The address fields in the order of a window: name and street lines, postcode and place, country."""
        upper = [str(self.fields[name]) for n in range(1, 6) if self.fields.get(name := f"addressLine{n}")]
        place = f"{self.fields.get('zipCode', '')} {self.fields.get('city', '')}".strip()
        return [*upper, place, *([str(self.fields["country"])] if self.fields.get("country") else [])]

    def as_json(self) -> dict[str, object]:
        """For `/_simulator/ledger`."""
        values = asdict(self)
        values.update({name: moment.isoformat() for name, moment in values.pop("plan").items()})
        values["printed_at"] = self.printed_at.isoformat() if self.printed_at else None
        return values | {"address_lines": self.address_lines}


class Ledger(HouseLedger):
    """The ledger in `folder`; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _SCHEMA)

    def add(self, letter: NewLetter, letter_id: int, plan: Plan) -> None:
        """Take a letter. Call it inside a transaction."""
        path = self.pdf_path(letter_id)
        path.write_bytes(letter.pdf)
        self._database.execute(
            "INSERT INTO letters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                letter_id,
                letter.file_name,
                letter.custom1,
                letter.sha256,
                letter.pages,
                json.dumps(letter.fields),
                *(moment.isoformat() for moment in asdict(plan).values()),
                letter.failure,
                letter.failure_text,
            ),
        )

    def cancel(self, letter_id: int) -> None:
        """Taken out of the hold basket: it ends at 99."""
        with self._lock:
            statement = "UPDATE letters SET failure = ? WHERE letter_id = ?"
            self._database.execute(statement, (CANCELLED, letter_id))

    def replan(self, letter_id: int, plan: Plan) -> None:
        """It goes to the print centre sooner."""
        with self._lock:
            self._database.execute(
                "UPDATE letters SET at_print_centre_at = ?, posted_at = ? WHERE letter_id = ?",
                (plan.at_print_centre_at.isoformat(), plan.posted_at.isoformat(), letter_id),
            )

    def next_id(self) -> int:
        """The next free number; below 2**31, since clients keep it in 32 bits."""
        with self._lock:
            highest = self._database.execute("SELECT max(letter_id) FROM letters").fetchone()[0]
        return int(highest) + 1 if highest else FIRST_LETTER_ID

    def pdf_path(self, letter_id: int) -> Path:
        """Where the PDF of a letter is."""
        return self._pdfs / f"{letter_id}.pdf"

    def knows_file(self, file_name: str) -> bool:
        """Whether a letter of this file name was ever taken."""
        with self._lock:
            query = "SELECT 1 FROM letters WHERE file_name = ?"
            return self._database.execute(query, (file_name,)).fetchone() is not None

    def pieces(self, now: datetime, where: str = "1", values: tuple[object, ...] = ()) -> list[Piece]:
        """Letters as of `now`, oldest first; `where` is SQL of this package over the columns, never of a caller."""
        query = f"SELECT * FROM letters WHERE {where} ORDER BY letter_id"  # noqa: S608 - constants of this package
        with self._lock:
            rows = self._database.execute(query, values).fetchall()
        return [_piece(row, now) for row in rows]


def printed(pieces: list[Piece]) -> list[Piece]:
    """The pieces that went to print."""
    return [piece for piece in pieces if piece.printed_at is not None]


def read_ledger(folder: Path, *, also_after: timedelta = timedelta(0)) -> list[Piece]:
    """What a simulator with this folder has printed, read from any process, running or not.

    `also_after`: count as well what will go to print within that (simulated) time.
    """
    ledger = Ledger(folder)
    try:
        clock = ledger.clock()
        return printed(ledger.pieces(clock.now() + also_after)) if clock else []
    finally:
        ledger.close()


def _piece(row: sqlite3.Row, now: datetime) -> Piece:
    plan = Plan(
        *(
            datetime.fromisoformat(row[name])
            for name in ("accepted_at", "checked_at", "at_print_centre_at", "posted_at")
        )
    )
    fields = json.loads(row["fields"])
    is_test = fields.get("testFlag") is True
    status = _status(plan, row["failure"], now, is_test=is_test)
    prints = not is_test and not row["failure"] and now >= plan.at_print_centre_at
    return Piece(
        letter_id=row["letter_id"],
        file_name=row["file_name"],
        custom1=row["custom1"],
        sha256=row["sha256"],
        pages=row["pages"],
        fields=fields,
        plan=plan,
        status=status,
        failure=row["failure"],
        failure_text=row["failure_text"],
        printed_at=plan.at_print_centre_at if prints else None,
    )


def _status(plan: Plan, failure: str, now: datetime, *, is_test: bool) -> int:
    """1 accepted, 2 checked, 3 at the print centre, 4 posted, 99 failed ("99 may still follow 3")."""
    fails_at = plan.posted_at if failure == REJECTED_BY_PRINT_CENTRE else plan.checked_at
    if failure == CANCELLED:
        fails_at = plan.accepted_at
    if failure and now >= fails_at:
        return FAILED
    if is_test:
        return 2 if now >= plan.checked_at else 1
    return 1 + sum(now >= moment for moment in (plan.checked_at, plan.at_print_centre_at, plan.posted_at))
