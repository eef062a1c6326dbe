"""Imports of scan deliveries that die by SIGKILL at every step, and are done again: `python -m tests.crash.arrivals`.

A process without threads loads everything and makes one site with three deliveries: two good ones (one packed, one
with a bad document), and one that is wrong as a whole. Then it forks for each trial. Points are counted in the child:
every rename, removal and file opened for writing, and every commit. At its point the child kills itself; another
takes in what is there, and the world is held against what must be true. Prints a JSON line.
"""

import hashlib
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pikepdf
from sqlalchemy import event
from sqlmodel import select

from gateway import bootstrap
from gateway.application.arrivals.arriving import take_arrivals
from gateway.application.services import Services
from gateway.db.arrivals import QuarantinedDelivery, ScanAnswer
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.domain.inbound.scan_sources import ScanSource
from gateway.inbound.folder_site import FolderSite
from gateway.testing.clock import ManualClock
from gateway.testing.scans import write_manifest
from tests.world import world_settings

AT = datetime(2026, 11, 16, 8, tzinfo=ZoneInfo("Europe/Berlin"))
_OURS = {".claimed", ".taken"}
_EVENTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"}


def main() -> None:
    """Try every `step`-th point, `step` from the command line."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory(prefix="arrivals-") as name:
        base = Path(name) / "base"
        _make(base)
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
    """A migrated data folder and a site with three deliveries."""
    for part in ("site/in", "site/answers", "site/reports"):
        (base / part).mkdir(parents=True)
    bootstrap.close(bootstrap.build(world_settings(base / "data"), clock=ManualClock(AT)))
    deliver(base / "site" / "in" / "L-1", 1, bad=True)
    deliver(base / "packed", 2)
    with zipfile.ZipFile(base / "site" / "in" / "L-2.zip", "w") as archive:
        for path in sorted((base / "packed").iterdir()):
            archive.write(path, path.name)
    (base / "site" / "in" / "L-2.zip.READY").touch()
    (deliver(base / "site" / "in" / "L-3", 3) / "manifest.json").write_text("{}")


def deliver(folder: Path, number: int, *, bad: bool = False) -> Path:
    folder.mkdir(parents=True)
    entries = []
    for place in range(2):
        document_id = f"0000000{number}-0000-4000-8000-00000000000{place}"
        content = _pdf(number * 10 + place)
        (folder / f"{document_id}.pdf").write_bytes(content + (b"x" if bad and place else b""))
        entries.append(
            {
                "document_id": document_id,
                "file": f"{document_id}.pdf",
                "sha256": hashlib.sha256(content).hexdigest(),
                "pages": 1,
                "class": "letter",
                "received_on": "2026-11-16",
                "scanned_at": AT.isoformat(),
                "file_number": None,
                "box": "K-1",
                "quality": "ok",
            }
        )
    whole = {"schema": "scan-delivery/1", "source": "west", "delivery": f"L-{number}", "sequence": number}
    counts = {"documents": 2, "pages": 2}
    write_manifest(folder, {**whole, "created_at": AT.isoformat(), "counts": counts, "documents": entries})
    return folder


def _pdf(width: int) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(width, 20))
        document.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def _play(base: Path, world: Path, point: int | None) -> int:
    return play(base, world, point, _services, take_arrivals)


def _judge_after(world: Path) -> list[str]:
    """What is wrong after everything was done again."""

    def judge() -> list[str]:
        services = _services(world)
        take_arrivals(services)
        # An answer whose sending was begun has its time again only now.
        services = replace(services, clock=ManualClock(AT + timedelta(minutes=20)))
        take_arrivals(services)
        return _wrong(services, world)

    return judged(world, judge)


def play(
    base: Path,
    world: Path,
    point: int | None,
    build: Callable[[Path], Services],
    round_: Callable[[Services], object],
    more: Callable[["Points"], object] = lambda _points: None,
) -> int:
    """Make a round in a copy of `base`, in a child that dies at `point`; without one, it tells how many there are.

    `more` adds points of another kind.
    """
    shutil.copytree(base, world)
    told = world / "points"

    def work() -> None:
        services = build(world)
        points = Points(world, point, services)
        more(points)
        round_(services)
        told.write_text(str(points.passed))

    in_child(work)
    return int(told.read_text()) if told.exists() else 0


def judged(world: Path, judge: Callable[[], list[str]]) -> list[str]:
    """What `judge` finds wrong, in a child of its own."""
    found = world / "found"
    in_child(lambda: found.write_text(json.dumps(judge())))
    return list(json.loads(found.read_text())) if found.exists() else ["the second round died"]


def in_child(work: Callable[[], object]) -> None:
    """Do it in a process of its own, which may be killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def _services(world: Path) -> Services:
    services = bootstrap.build(world_settings(world / "data"), clock=ManualClock(AT))
    site = FolderSite("west", answers=world / "site" / "answers", inbox=world / "site" / "in")
    sources = {"west": ScanSource("west", agreed=True, first_sequence=1)}
    return replace(services, scan_sites={**services.scan_sites, "west": site}, scan_sources=sources)


class Points:
    """Counts what may be the last thing that the process does."""

    def __init__(self, world: Path, last: int | None, services: Services) -> None:
        self.passed = 0
        self._last = last
        self._world = str(world)
        sys.addaudithook(self._audited)
        event.listen(services.db.engine, "commit", lambda _connection: self.reach())

    def _audited(self, name: str, arguments: tuple[Any, ...]) -> None:
        writes = (
            name == "open" and isinstance(arguments[2], int) and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
        )
        if (writes or name in _EVENTS) and self._world in str(arguments[0]):
            self.reach()

    def reach(self) -> None:
        """A point."""
        self.passed += 1
        if self.passed == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def _wrong(services: Services, world: Path) -> list[str]:
    """Nothing lost, nothing doubled: rows, bytes, quarantine, answers, and nothing left to do."""
    with services.db.reading() as session:
        deliveries = [row.delivery for row in session.exec(select(ScanDelivery)).all()]
        documents = session.exec(select(InboundDocument)).all()
        kept = session.exec(select(QuarantinedDelivery)).all()
        answers = session.exec(select(ScanAnswer)).all()
    taken = [row for row in documents if row.state is not InboundState.QUARANTINE]
    rejected = services.quarantine_dir / "west" / "L-1"
    written = (world / "site" / "answers").iterdir()
    # What a kill left half-written is called .part, and nobody reads it.
    answered = {path.name: path.read_bytes() for path in written if path.suffix != ".part"}
    checks = {
        "deliveries": sorted(deliveries) == ["L-1", "L-2"],
        "documents": (len(documents), len(taken)) == (4, 3),
        "bytes": all(row.sha256 and services.blobs.get(row.sha256) for row in taken),
        "rejected bytes": rejected.is_dir() and len(list(rejected.iterdir())) == 1,
        "quarantine": [row.code for row in kept] == ["manifest-hash-wrong"],
        "quarantined bytes": all(len(list(Path(row.folder).iterdir())) == 4 for row in kept),
        "answers": answered == {row.name: row.content for row in answers} and len(answered) == 3,
        "sent": all(row.sent_at for row in answers),
        "inbox": [path for path in (world / "site" / "in").rglob("*") if path.name not in _OURS] == [],
        "spool": list((services.scan_spool / "west").iterdir()) == [],
    }
    return [name for name, holds in checks.items() if not holds]


if __name__ == "__main__":
    main()
