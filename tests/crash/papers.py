"""Paper released, recalled and certified as destroyed, with a SIGKILL at every step: `python -m tests.crash.papers`.

Four scans are filed and checked, eight weeks ago. A round releases the list, a case is locked and its paper recalled,
the scan site is told, and what it reports is read: a certificate of one paper, the answer to the recall. Each trial
forks, dies at its point, and another does the round again. Then each paper must be where it belongs, released once,
certified once, recalled once, and the scan site must have each file once. Prints a JSON line.
"""

import json
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlmodel import select

from gateway import bootstrap
from gateway.application.access.importing import import_cases
from gateway.application.arrivals.arriving import take_arrivals
from gateway.application.filing.filing import file_due
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.paper.paper_holding import compare
from gateway.application.paper.paper_releasing import release
from gateway.application.paper.paper_rounds import paper_round
from gateway.application.retention.locking import lock_deletion
from gateway.application.services import Services
from gateway.db.arrivals import ScanAnswer
from gateway.db.files import InboundDocument
from gateway.db.originals import DestructionCertificate, Original, OriginalEvent, ReleaseList, ScanReport
from gateway.domain.inbound.scan_sources import ScanSource
from gateway.domain.paper.originals import Paper, Quality
from gateway.errors import Conflict, InputError
from gateway.inbound.folder_site import FolderSite
from gateway.testing.clock import ManualClock
from gateway.testing.scans import ScanSpec, make_delivery
from tests.crash.arrivals import AT, in_child, judged, play
from tests.world import cases_document, world_settings

LATER = AT + timedelta(days=60)
F1, F2 = "JC-BOR-2026-00017", "JC-BOR-2026-00018"
_GONE, _RECALLED = 1, 3
"""The paper that the certificate names, and the one of the case that is locked."""


def main() -> None:
    """Try every `step`-th point, `step` from the command line."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory(prefix="papers-") as name:
        base = Path(name) / "base"
        in_child(lambda: _make(base))
        points = _play(base, Path(name) / "whole", None)
        faults = {}
        trials = range(1, points + 1, step)
        for point in trials:
            world = Path(name) / "trial"
            survived = _play(base, world, point)
            if found := [*_judge_after(world), *(["was not killed"] if survived else [])]:
                faults[point] = found
            shutil.rmtree(world)
        print(json.dumps({"points": points, "trials": len(trials), "faults": faults}))  # noqa: T201


def _make(base: Path) -> None:
    """Four checked scans in two cases, and what the scan site will say."""
    for part in ("site/in", "site/answers", "site/reports"):
        (base / part).mkdir(parents=True)
    services = _services(base, AT)
    import_cases(services, cases_document())
    scans = [replace(ScanSpec.unknown(), index_file_number=number) for number in (F1, F1, F2, F2)]
    make_delivery(base / "site" / "in" / "L-1", "west", "L-1", 1, scans, at=AT)
    take_arrivals(services)
    file_due(services)
    make_rounds(services)
    with services.db.reading() as session:
        documents = session.exec(select(InboundDocument).order_by(InboundDocument.id)).all()  # type: ignore[arg-type]
    for document in documents[:3]:
        compare(services, "post", document.id or 0, Quality.OK)
    certificate = {
        "schema": "destruction-certificate/1",
        "certificate": "VN-1",
        "destroyed_on": LATER.date().isoformat(),
        **dict.fromkeys(("container", "seal", "process", "signed_by"), "x"),
        "level": "P-5",
        "quantity": 1,
        "documents": [{"delivery": "L-1", "document_id": documents[_GONE - 1].document_id}],
    }
    reports = base / "site" / "reports"
    (reports / "VN-1.json").write_text(json.dumps(certificate))
    answer = {"recall": f"recall-{_RECALLED}-1", "answer": "sent", "shipment": "WS 1"}
    (reports / "answer.json").write_text(json.dumps({"schema": "recall-answer/1", "answers": [answer]}))
    bootstrap.close(services)


def _round(services: Services) -> None:
    """What people and the schedule do; what is done already is refused, and that is right."""
    with suppress(InputError):
        release(services, "post")
    with suppress(Conflict):
        lock_deletion(services, "anna", "F2", "Klage")
    make_rounds(services)
    paper_round(services)


def _play(base: Path, world: Path, point: int | None) -> int:
    return play(base, world, point, _services, _round)


def _judge_after(world: Path) -> list[str]:
    def judge() -> list[str]:
        _round(_services(world))
        # An answer whose sending was begun has its time again only now.
        later = _services(world, LATER + timedelta(minutes=20))
        _round(later)
        return _wrong(later, world)

    return judged(world, judge)


def _services(world: Path, now: object = LATER) -> Services:
    services = bootstrap.build(world_settings(world / "data"), clock=ManualClock(now))  # type: ignore[arg-type]
    site = FolderSite(
        "west",
        answers=world / "site" / "answers",
        inbox=world / "site" / "in",
        reports=world / "site" / "reports",
    )
    sources = {"west": ScanSource("west", agreed=True, first_sequence=1)}
    return replace(services, scan_sites={**services.scan_sites, "west": site}, scan_sources=sources)


def _wrong(services: Services, world: Path) -> list[str]:
    """Nothing lost, nothing doubled: lists, papers, events, reports, and each file at the scan site."""
    with services.db.reading() as session:
        papers = {row.inbound_id: row.paper for row in session.exec(select(Original)).all()}
        lists = session.exec(select(ReleaseList)).all()
        events = Counter(row.kind.value for row in session.exec(select(OriginalEvent)).all())
        reports = session.exec(select(ScanReport)).all()
        certificates = session.exec(select(DestructionCertificate)).all()
        answers = session.exec(select(ScanAnswer)).all()
    written = (world / "site" / "answers").iterdir()
    answered = {path.name: path.read_bytes() for path in written if path.suffix != ".part"}
    told = {"checked": 3, "released": 3, "recalled": 1, "sent-back": 1, "destroyed": 1}
    checks = {
        "papers": papers == {1: Paper.DESTROYED, 2: Paper.RELEASED, 3: Paper.RECALLED, 4: Paper.KEPT},
        "lists": [row.documents for row in lists] == [3],
        "events": events == told,
        "reports": [row.finding for row in reports] == [None, None],
        "certificates": len(certificates) == 1,
        "answers": answered == {row.name: row.content for row in answers},
        "told": sorted(row.kind for row in answers) == ["paper", "paper", "receipt"],
        "sent": all(row.sent_at for row in answers),
    }
    return [name for name, holds in checks.items() if not holds]


if __name__ == "__main__":
    main()
