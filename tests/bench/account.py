"""The account of a million letters, from the rows: `python -m tests.bench.account [--letters N] [--postgres URL]`.

    all totals and control totals     at most 2 s for 1,000,000 letters, on SQLite and on PostgreSQL
    a day                             copy by copy, with the whole chain of evidence

Prints wall-clock and processor time of this process; on PostgreSQL the server's is not in it. Beside them what reading
every copy by itself would take, from a thousand copies. A database that was filled before is measured again.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from sqlalchemy import inspect
from sqlmodel import Session, col, func, select

from gateway.application.account.copies import copies
from gateway.application.account.reconciling import account
from gateway.db.engine import Database
from gateway.db.letters import Letter, Recipient
from gateway.db.postgres import PostgresOptions
from tests.bench.account_rows import build

OUT = Console()
_TIMES = 3
_SAMPLE = 1000


class _Schedule:
    zone = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True)
class Rows:
    """As much of the services as the account from the rows asks for."""

    db: Database
    schedule: type[_Schedule] = _Schedule


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Best wall-clock and processor seconds of some runs."""
    best = (1e9, 1e9)
    for _ in range(_TIMES):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
    return best


def measure(database: Database, table: Table, name: str) -> None:
    """One line for each way to ask."""
    services = Rows(database)
    balance = account(services, copy_by_copy=0)  # type: ignore[arg-type]
    if not balance.balanced:
        raise SystemExit(f"not balanced: {balance.unexplained[:5]}")
    day = date(2026, 6, 1)
    for what, work in (
        ("everything", lambda: account(services, copy_by_copy=0)),  # type: ignore[arg-type]
        (f"a day ({account(services, day=day).approved} copies)", lambda: account(services, day=day)),  # type: ignore[arg-type]
    ):
        wall, cpu = measured(work)
        table.add_row(name, what, f"{balance.approved}", f"{wall:.2f}", f"{cpu:.2f}")
    with database.reading() as session:
        wall, cpu = measured(lambda: _sample(session))
    factor = balance.approved / _SAMPLE
    table.add_row(
        name,
        "every copy by itself (extrapolated)",
        str(balance.approved),
        f"{wall * factor:.0f}",
        f"{cpu * factor:.0f}",
    )


def _sample(session: Session) -> None:
    for _ in copies(session, col(Recipient.id) <= _SAMPLE):
        pass


def filled(url: str, letters: int) -> Database:
    """The database, filled if it is empty."""
    database = Database(url, PostgresOptions(statement_timeout_s=0, lock_timeout_s=0))
    if not inspect(database.engine).has_table("letter"):
        database.migrate()
    with database.reading() as session:
        found = session.exec(select(func.count(col(Letter.id)))).one()
    if not found:
        started = time.perf_counter()
        build(database, letters)
        OUT.print(f"{letters} letters written in {time.perf_counter() - started:.0f} s")
    return database


def main() -> None:
    """Fill and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=1_000_000)
    parser.add_argument("--sqlite", type=Path, default=Path("bench-account.db"), help="file, kept")
    parser.add_argument("--postgres", default="", help="address of an empty database")
    chosen = parser.parse_args()
    table = Table("database", "account of", "copies", "seconds", "of them processor")
    for name, url in (("SQLite", f"sqlite:///{chosen.sqlite.absolute()}"), ("PostgreSQL", chosen.postgres)):
        if url:
            database = filled(url, chosen.letters)
            measure(database, table, name)
            database.close()
    OUT.print(table)


if __name__ == "__main__":
    main()
