"""Looking up the numbers that a scan names, among few and many cases: `python -m tests.bench.matching`.

    milliseconds for a page of text that names two known numbers, whatever the number of cases     the same

Beside it stands what reading every case for each document costs, which is how it must not be done.
"""

import argparse
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert
from sqlmodel import Session, col, select

from gateway.application.inbound.matching import known_numbers
from gateway.db.columns import table_of
from gateway.db.engine import Database
from gateway.db.people import Case, CaseNumber
from gateway.domain.inbound.file_numbers import file_numbers_in, normalise_file_number
from gateway.domain.inbound.inbound import Seen

OUT = Console()
_SAID = (
    "Sehr geehrte Damen und Herren anbei schicke ich Ihnen die Kontoauszüge vom 12.03.2026 über 1.234,56 EUR sowie "
    "IBAN DE12 5001 0517 5407 3249 31 und den Mietvertrag Nr. 4711 meines Vermieters"
)


def numbers_of(number: int) -> tuple[str, str]:
    """File number and BG number of a case."""
    return f"JC-BOR-2026-{number:06d}", f"35702//{number:07d}"


def fill(database: Database, cases: int) -> None:
    """Cases and their numbers, nothing else."""
    now = datetime.now(UTC)
    rows = [
        {
            "id": number,
            "reference": f"F-{number}",
            "file_number": numbers_of(number)[0],
            "bg_number": numbers_of(number)[1],
            "office_id": 1,
            "addressee_id": 1,
            "updated_at": now,
        }
        for number in range(1, cases + 1)
    ]
    numbers = [
        {"case_id": row["id"], "number": normalise_file_number(str(row[name]))}
        for row in rows
        for name in ("file_number", "bg_number")
    ]
    with database.engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        connection.execute(insert(table_of(Case)), rows)
        connection.execute(insert(table_of(CaseNumber)), numbers)
        connection.commit()


def by_reading_all(session: Session, seen: Seen) -> Mapping[str, Sequence[str]]:
    """The same, the slow way."""
    named = set(file_numbers_in(seen.text))
    found: dict[str, list[str]] = defaultdict(list)
    rows = session.exec(select(Case.file_number, Case.bg_number, Case.reference).order_by(col(Case.id))).all()
    for file_number, bg_number, case in rows:
        for number in {normalise_file_number(file_number), normalise_file_number(bg_number)} & named:
            found[number].append(case)
    return dict(found)


def text_of(words: int, number: int) -> str:
    """A letter of so many words that names a case by both of its numbers."""
    chance = random.Random(number)
    file_number, bg_number = numbers_of(number)
    known = _SAID.split()
    said = [chance.choice(known) for _ in range(words)]
    return " ".join(["Ihr Zeichen:", file_number, *said, f"BG-Nummer {bg_number}"])


def milliseconds(database: Database, find: Callable[[Session, Seen], object], words: int, times: int) -> float:
    """CPU of one document, each with a session of its own."""
    began = time.process_time()
    for number in range(1, times + 1):
        with database.reading() as session:
            if not find(session, Seen((), None, text_of(words, number))):
                raise SystemExit("the number in the text was not found")
    return 1000 * (time.process_time() - began) / times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, nargs="*", default=[100, 7_000, 100_000])
    table = Table(
        "cases", "a page, by index", "20 pages, by index", "a page, reading all cases", title="ms CPU"
    )
    for cases in parser.parse_args().cases:
        with tempfile.TemporaryDirectory(prefix="matching-bench-") as folder:
            database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
            database.migrate()
            fill(database, cases)
            milliseconds(database, known_numbers, 300, 2)
            figures = [
                milliseconds(database, known_numbers, 300, 50),
                milliseconds(database, known_numbers, 6_500, 5),
                milliseconds(database, by_reading_all, 300, 5),
            ]
            table.add_row(f"{cases:,}", *(f"{each:.1f}" for each in figures))
            database.close()
    OUT.print(table)


if __name__ == "__main__":
    main()
