"""Sealing and verifying the audit trail, and letting it go: `python -m tests.bench.audit_chain [--entries N]`.

entries sealed, verified, judged and deleted per second    CPU, so that other work on the machine matters little
memory while that is done with a million entries           must not grow with the entries

Every tenth entry is about a letter that lives, and stays: so what goes is not contiguous.
"""

import argparse
import resource
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert

from gateway import bootstrap
from gateway.application.access.importing import import_cases
from gateway.application.retention.locking import lock_deletion
from gateway.application.services import Services
from gateway.application.trail.sealing import anchor, seal
from gateway.application.trail.trail_emptying import empty_trail
from gateway.application.trail.trail_releasing import confirm_departure, propose_departure
from gateway.application.trail.verifying import verify
from gateway.db.columns import table_of
from gateway.db.people import AuditEntry
from gateway.testing.clock import ManualClock
from tests.world import MONDAY, at, cases_document, world_settings

OUT = Console()
_BATCH = 10_000
LIVES = "F1"
"""A case that is locked; it stands for whatever lives."""
YEARS = 3700


def fill(services: Services, count: int) -> None:
    """As many entries as asked for, every tenth with a reason."""
    start = services.clock.now() - timedelta(days=100)
    for first in range(0, count, _BATCH):
        rows = [
            {
                "at": start + timedelta(seconds=number),
                "actor": "anna",
                "action": "document-read",
                "subject": LIVES if number % 10 == 3 else f"{number:08d}",
                "reason": "Rückfrage der Leitung" if number % 10 == 0 else "",
                "details": {"door": "page", "recipient": 1},
            }
            for number in range(first, min(first + _BATCH, count))
        ]
        with services.db.transaction() as session:
            session.connection().execute(insert(table_of(AuditEntry)), rows)


def departs(services: Services) -> None:
    """One proposes, another confirms; the next pass deletes."""
    made = propose_departure(services, "admin")
    confirm_departure(services, "audit", made.id, expected=made.sha256)


def measured(work: Callable[[], object]) -> tuple[float, float, int]:
    """CPU seconds, seconds, and the highest memory so far in MB."""
    cpu, clock = time.process_time(), time.monotonic()
    work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return time.process_time() - cpu, time.monotonic() - clock, peak


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    count = parser.parse_args().entries
    table = Table("what", "CPU s", "s", "entries per CPU s", "peak MB", title=f"{count} entries, SQLite")
    with TemporaryDirectory() as folder:
        clock = ManualClock(at(MONDAY, "08:00"))
        services = bootstrap.build(world_settings(Path(folder)), clock=clock)
        fill(services, count)
        import_cases(services, cases_document())
        lock_deletion(services, "anna", LIVES, "Klage")
        for name, work in (
            ("seal all", lambda: seal(services, thorough=True)),
            ("seal when nothing is new", lambda: seal(services)),
            ("thorough look when nothing is new", lambda: seal(services, thorough=True)),
            ("anchor", lambda: anchor(services)),
            ("verify all", lambda: OUT.print(verify(services).faults_in_all)),
            ("ten years pass", lambda: clock.advance_to(clock.now() + timedelta(days=YEARS))),
            ("judge all, and confirm", lambda: departs(services)),
            ("judge again, mark, prove, delete", lambda: OUT.print(empty_trail(services))),
            ("verify what is left", lambda: OUT.print(verify(services).faults_in_all)),
        ):
            cpu, seconds, peak = measured(work)
            table.add_row(name, f"{cpu:.2f}", f"{seconds:.1f}", f"{count / cpu:,.0f}" if cpu else "", str(peak))
        bootstrap.close(services)
    OUT.print(table)


if __name__ == "__main__":
    main()
