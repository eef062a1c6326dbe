"""The page *Originale* among much paper: `python -m tests.bench.originals --papers 100000`.

    milliseconds of each part of the page, whatever paper has been destroyed before     the same

Four fifths of the paper are destroyed, each delivery of 500 by a list of its own; the check of the two newest
deliveries is open, and the newest fifth of the deliveries is kept.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, text
from sqlmodel import Session

from gateway import bootstrap
from gateway.application.paper import paper_view
from gateway.application.paper.paper_releasing import release_plan
from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.engine import Database
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.db.originals import Original, ReleaseList
from gateway.domain.paper.originals import Paper, Quality
from tests.world import world_settings

OUT = Console()
_EACH = 500
_SAMPLED = 25


def fill(database: Database, papers: int) -> None:
    """Deliveries, documents, lists and paper; nothing else."""
    deliveries, now = papers // _EACH, datetime.now(UTC)
    with database.engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        for table, rows in (
            (ScanDelivery, (_delivery(number, deliveries, now) for number in range(deliveries))),
            (ReleaseList, (_list(number, now) for number in range(deliveries))),
            (InboundDocument, (_document(number, now) for number in range(papers))),
            (Original, (_paper(number, deliveries, now) for number in range(papers))),
        ):
            connection.execute(insert(table_of(table)), list(rows))
        connection.execute(text("ANALYZE"))
        connection.commit()


def _delivery(number: int, deliveries: int, now: datetime) -> dict[str, object]:
    return {
        "id": number + 1,
        "source": "bench",
        "delivery": f"L-{number}",
        "sequence": number + 1,
        "manifest_sha256": "0" * 64,
        "documents": _EACH,
        "pages": _EACH,
        "received_at": now - timedelta(days=deliveries - number),
        "receipt_written_at": now,
    }


def _list(number: int, now: datetime) -> dict[str, object]:
    return {
        "id": number + 1,
        "name": f"bench-{number}",
        "source": "bench",
        "day": date(2026, 1, 1),
        "documents": _EACH,
        "sha256": "0" * 64,
        "confirmed_by": "bench",
        "confirmed_at": now,
    }


def _document(number: int, now: datetime) -> dict[str, object]:
    return {
        "id": number + 1,
        "delivery_id": number // _EACH + 1,
        "document_id": f"d-{number}",
        "source": "bench",
        "state": InboundState.ASSIGNED,
        "sha256": f"{number:064x}",
        "pages": 1,
        "document_class": "letter",
        "received_on": date(2026, 1, 1),
        "scanned_at": now,
        "box": "",
        "match_reason": "",
        "case_id": 1,
        "filed_at": now,
    }


def _paper(number: int, deliveries: int, now: datetime) -> dict[str, object]:
    delivery, sampled = number // _EACH, number % _EACH < _SAMPLED
    gone, checked = delivery < deliveries * 0.8, sampled and delivery < deliveries - 2
    return {
        "inbound_id": number + 1,
        "delivery_id": delivery + 1,
        "paper": Paper.DESTROYED if gone else Paper.KEPT,
        "sampled": sampled,
        "quality": Quality.OK if checked else None,
        "quality_by": "bench" if checked else None,
        "quality_at": now if checked else None,
        "holds": 0,
        "list_id": delivery + 1 if gone else None,
        "destroyed_on": date(2026, 1, 1) if gone else None,
    }


def parts(services: Services) -> Iterator[tuple[str, Callable[[Session], object]]]:
    """What the page asks for."""
    yield "counts", paper_view._counts
    yield "checks that are open", paper_view.to_compare
    yield "lists", lambda session: paper_view._lists(session, services)
    yield "recalled", lambda session: paper_view._recalled(session, services)
    yield "may go today", lambda _: release_plan(services)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", type=int, nargs="*", default=[10_000, 100_000])
    table = Table("papers", "part", "ms CPU")
    for papers in parser.parse_args().papers:
        with (
            tempfile.TemporaryDirectory(prefix="originals-bench-") as folder,
            bootstrap.gateway(world_settings(Path(folder))) as services,
        ):
            fill(services.db, papers)
            for name, ask in parts(services):
                began = time.process_time()
                for _ in range(3):
                    with services.db.reading() as session:
                        ask(session)
                table.add_row(f"{papers:,}", name, f"{1000 * (time.process_time() - began) / 3:.1f}")
    OUT.print(table)


if __name__ == "__main__":
    main()
