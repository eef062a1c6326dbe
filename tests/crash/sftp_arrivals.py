"""Fetches from a real OpenSSH server that die by SIGKILL at every step: `python -m tests.crash.sftp_arrivals`.

The site holds four deliveries: one with a bad document and a subfolder that nobody reads, a packed one, one that is
wrong as a whole, and one that is too large to be fetched. Points are, beside those of `tests.crash.arrivals` (our own
files, commits), before each packet of the SFTP protocol and after it, while its answer is awaited: the server may have
done what was asked, and nobody here knows. After the death the provider delivers once more, under a name that is free
again. Then another process takes in what is there, and every byte that was at the site must be taken, or kept in
quarantine or there; every receipt must be there once. Prints a JSON line.
"""

import hashlib
import io
import json
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from paramiko.sftp import BaseSFTP
from sqlmodel import select

from gateway import bootstrap
from gateway.application.arrivals.arriving import take_arrivals
from gateway.application.services import Services
from gateway.db.arrivals import QuarantinedDelivery, ScanAnswer
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.domain.inbound.scan_sources import ScanSource
from gateway.inbound.sftp_site import SftpSite
from gateway.sftp_line import SftpSettings
from gateway.testing.clock import ManualClock
from gateway.testing.house.sshd import Sshd
from tests.crash.arrivals import AT, Points, deliver, judged, play
from tests.world import world_settings

_LARGEST = 50_000
_OF_THE_DELIVERY = ("manifest.json", "READY")
_OURS = {".claimed", ".taken", ".refused"}
_ours: list["Trials"] = []
"""Of a process that tries."""


class Trials:
    """A base to be copied, and the server before which the copies lie."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "served").mkdir()
        self._server = Sshd(folder / "ssh", folder / "served")
        self._base = folder / "served" / "base"
        _make(self._base)
        self._server.start()

    def close(self) -> None:
        """End the server."""
        self._server.stop()

    def points(self) -> int:
        """How many there are."""
        return self._play("whole", None)

    def faults(self, point: int) -> list[str]:
        """What is wrong after a death at this point and another look at the site."""
        world = self._folder / "served" / f"trial-{point}"
        survived = self._play(world.name, point)
        _deliver_once_more(world / "site" / "in")
        found = [*self._judge(world), *(["was not killed"] if survived else [])]
        shutil.rmtree(world)
        return found

    def _play(self, name: str, point: int | None) -> int:
        world = self._folder / "served" / name
        return play(self._base, world, point, self._services, take_arrivals, _around_packets)

    def _judge(self, world: Path) -> list[str]:
        def judge() -> list[str]:
            # An answer whose sending was begun has its time again only then.
            services = replace(self._services(world), clock=ManualClock(AT + timedelta(minutes=20)))
            take_arrivals(services)
            take_arrivals(services)  # a delivery under a name that a claim holds is taken at the next look
            return [*_wrong(services, world), *_lost(services, self._base / "site" / "in", world)]

        return judged(world, judge)

    def _services(self, world: Path) -> Services:
        services = bootstrap.build(world_settings(world / "data"), clock=ManualClock(AT))
        server = self._server
        line = SftpSettings("127.0.0.1", server.port, server.user, (server.host_key,), server.key_file)
        inbox, answers = (f"{world.name}/site/{part}" for part in ("in", "answers"))
        site = SftpSite("west", line, inbox=inbox, answers=answers, max_bytes=_LARGEST)
        sources = {"west": ScanSource("west", agreed=True, first_sequence=1)}
        return replace(services, scan_sites={**services.scan_sites, "west": site}, scan_sources=sources)


def main() -> None:
    """Try every `step`-th point, `step` from the command line, on all cores."""
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory(prefix="arrivals-") as name:
        trials = Trials(Path(name))
        try:
            points = trials.points()
            tried = range(1 + step // 2, points + 1, step)
            with get_context("fork").Pool(initializer=_begin, initargs=(trials,)) as pool:
                found = zip(tried, pool.map(_try, tried, chunksize=1), strict=True)
        finally:
            trials.close()
    faults = {point: wrong for point, wrong in found if wrong}
    print(json.dumps({"points": points, "trials": len(tried), "faults": faults}))  # noqa: T201


def _begin(trials: Trials) -> None:
    _ours.append(trials)


def _try(point: int) -> list[str]:
    return _ours[0].faults(point)


def _make(base: Path) -> None:
    """A migrated data folder and a site with four deliveries."""
    inbox = base / "site" / "in"
    for part in ("in", "answers", "reports"):
        (base / "site" / part).mkdir(parents=True)
    bootstrap.close(bootstrap.build(world_settings(base / "data"), clock=ManualClock(AT)))
    (deliver(inbox / "L-1", 1, bad=True) / "more").mkdir()
    (inbox / "L-1" / "more" / "unread.pdf").write_bytes(b"of a subfolder")
    _pack(base, inbox / "L-2.zip", 2)
    (deliver(inbox / "L-3", 3) / "manifest.json").write_text("{}")
    (deliver(inbox / "L-4", 4) / "large.pdf").write_bytes(bytes(_LARGEST))


def _deliver_once_more(inbox: Path) -> None:
    """A fifth delivery, under the name of the packed one if that is free again."""
    free = not (inbox / "L-2.zip").exists()
    _pack(inbox.parents[1], inbox / ("L-2.zip" if free else "L-5.zip"), 5)


def _pack(world: Path, target: Path, number: int) -> None:
    """As a provider does: under another name, then complete, then its marker."""
    folder, part = deliver(world / f"packed-{number}", number), target.with_name(f".{target.name}")
    with zipfile.ZipFile(part, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    part.rename(target)
    target.with_name(f"{target.name}.READY").touch()


def _around_packets(points: Points) -> None:
    """Points before and after each packet that we send."""
    packets: Any = BaseSFTP  # its method is not public
    plain = packets._send_packet

    def sent(client: BaseSFTP, kind: Any, packet: Any) -> None:
        points.reach()
        plain(client, kind, packet)
        points.reach()

    packets._send_packet = sent


def _wrong(services: Services, world: Path) -> list[str]:
    """Nothing doubled, and nothing left to do: rows, quarantine, answers, the inbox and our copies."""
    with services.db.reading() as session:
        deliveries = [row.delivery for row in session.exec(select(ScanDelivery)).all()]
        documents = session.exec(select(InboundDocument)).all()
        kept = session.exec(select(QuarantinedDelivery)).all()
        answers = session.exec(select(ScanAnswer)).all()
    taken = [row for row in documents if row.state is not InboundState.QUARANTINE]
    written = (world / "site" / "answers").iterdir()
    # What a kill left half-written is called .part, and nobody reads it.
    answered = {path.name: path.read_bytes() for path in written if path.suffix != ".part"}
    inbox = world / "site" / "in"
    aside = sorted(path.name.rpartition("-")[0] for path in (inbox / ".refused").iterdir())
    checks = {
        "deliveries": sorted(deliveries) == ["L-1", "L-2", "L-5"],
        "documents": (len(documents), len(taken)) == (6, 5),
        "quarantine": sorted(row.code for row in kept) == ["delivery-too-large", "manifest-hash-wrong"],
        "answers": answered == {row.name: row.content for row in answers} and len(answered) == 5,
        "sent": all(row.sent_at for row in answers),
        "inbox": {path.name for path in inbox.iterdir()} <= _OURS,
        "claims": [*(inbox / ".claimed").iterdir(), *(inbox / ".taken").glob("*")] == [],
        "aside": aside == ["L-1", "L-4"],
        "spool": [path.name for path in (services.scan_spool / "west").iterdir() if path.name != ".refused"]
        == [],
    }
    return [name for name, holds in checks.items() if not holds]


def _lost(services: Services, given: Path, world: Path) -> list[str]:
    """Documents that lay at the site, in folders and ZIPs, and are nowhere any more."""
    places = (services.quarantine_dir, world / "site" / "in" / ".refused")
    kept = {content for place in places for content in _contents(place)}
    lost = [content for content in _contents(given) if content not in kept]
    hashes = [hashlib.sha256(content).hexdigest() for content in lost]
    return [f"lost {each}" for each in hashes if not services.blobs.has(each)]


def _contents(folder: Path) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
                yield from (archive.read(name) for name in archive.namelist() if name not in _OF_THE_DELIVERY)
        elif path.is_file() and path.name.split(".zip.")[-1] not in _OF_THE_DELIVERY:
            yield path.read_bytes()


if __name__ == "__main__":
    main()
