"""Packaging and handing over ready letters of three pages by SFTP: `python -m tests.bench.hand_over`.

    assembling (codes on each sheet, read back, hash, stored)           at least 60 letters/s on two cores
    handing over assembled copies (read, proven, packed, uploaded, released)     at least 200 letters/s
    memory of each process                                              flat, below 300 MB
    CPU of a letter at 1,000, 10,000 and (--letters 100000) 100,000     the same within 10 %

Side by side with paramiko alone, which puts files of as many bytes to the same OpenSSH server, fastest settings. CPU
is that of our processes: where others use the machine too, it says more than seconds on the wall.
Everything is real: the archived document, the worker pool, the document store on disk, sshd on loopback. Not a test:
a busy machine changes the figures.
"""

import argparse
import hashlib
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import paramiko
import psutil
from rich.console import Console
from rich.table import Table

from gateway.blobs.folder import FolderBlobs
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.references import reference_from
from gateway.ports.provider import Consignment, PrintPiece, Sender
from gateway.providers.print_house import HouseRules
from gateway.providers.print_package import Packing
from gateway.providers.profiles import load_profile
from gateway.providers.sftp import SftpProvider, SftpSettings
from gateway.rendering.local import LocalRenderer, questions_at_once
from gateway.testing.print_centre import SftpPrintCentre
from tests.rendering import letters

OUT = Console()
PROFILE = load_profile("sftp")
PER_CONSIGNMENT = 2000
SENDER = Sender("Jobcenter Beispielstadt", "Am Markt 1", "46325", "Borken")


class Copy(NamedTuple):
    """An assembled print copy in the store."""

    reference: str
    sha256: str
    pages: int


class Stored(Collection[PrintPiece]):
    """The pieces of a consignment, read from the store one by one, as the application reads them."""

    def __init__(self, blobs: FolderBlobs, copies: Sequence[Copy]) -> None:
        self._blobs = blobs
        self._copies = copies

    def __len__(self) -> int:
        return len(self._copies)

    def __contains__(self, item: object) -> bool:
        return any(item == each for each in self)

    def __iter__(self) -> Iterator[PrintPiece]:
        for copy in self._copies:
            yield PrintPiece(
                key=f"{copy.reference}-1",
                pdf=self._blobs.get(copy.sha256),
                sha256=copy.sha256,
                pages=copy.pages,
                duplex=True,
                colour=False,
                service=Service.STANDARD,
                address_lines=letters.ADDRESS,
                sender=SENDER,
                cost_centre="JC01",
                batch=1,
            )


class Memory:
    """The most that this process and each of its workers held while the block lasted, in MB."""

    def __init__(self, *, workers: bool) -> None:
        self.own_mb = self.worker_mb = 0
        self._workers = workers
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._stop.wait(0.2):
            self.own_mb = max(self.own_mb, me.memory_info().rss >> 20)
            for worker in me.children() if self._workers else ():
                with suppress(psutil.NoSuchProcess):
                    self.worker_mb = max(self.worker_mb, worker.memory_info().rss >> 20)


def cpu_s() -> float:
    """Seconds of CPU that this process and its workers have used."""
    me = psutil.Process()
    return sum(sum(each.cpu_times()[:2]) for each in (me, *me.children(recursive=True)))


def assembled(blobs: FolderBlobs, count: int, workers: int, table: Table) -> list[Copy]:
    """Print copies of `count` letters in the store, made by warm workers; a line of the table for each half."""
    with closing(LocalRenderer(workers=workers, timeout_s=300, letters_per_worker=10**9)) as renderer:
        document = renderer.render(letters.request())
        if document.pages != 3:
            raise SystemExit(f"the sample letter has {document.pages} pages and not three")

        def assemble(number: int) -> Copy:
            reference = reference_from(number + 10**6)
            copy = renderer.assemble([document.pdf], piece=reference, profile=PROFILE, duplex=True)
            return Copy(reference, blobs.put(copy.pdf), copy.pages)

        copies: list[Copy] = []
        with ThreadPoolExecutor(questions_at_once(workers)) as pool:
            list(pool.map(assemble, range(4 * workers)))
            for half in (range(count // 2), range(count // 2, count)):
                with Memory(workers=True) as memory:
                    began, cpu_began_s = time.perf_counter(), cpu_s()
                    copies += pool.map(assemble, half)
                    spent_s, used_s = time.perf_counter() - began, cpu_s() - cpu_began_s
                table.add_row(
                    f"{half.start + 1} to {half.stop}",
                    f"{len(half) / spent_s:.1f}/s",
                    f"{1000 * used_s / len(half):.1f} ms",
                    f"{workers * len(half) / used_s:.0f}/s",
                    f"{memory.own_mb} MB, {memory.worker_mb} MB",
                )
        return copies


def handed_over(centre: SftpPrintCentre, blobs: FolderBlobs, copies: Sequence[Copy], name: str) -> None:
    """Stage and release the copies in consignments."""
    provider = SftpProvider(
        settings(centre), Packing("pieces", "json", frozenset(Service)), HouseRules(), PROFILE
    )
    for start in range(0, len(copies), PER_CONSIGNMENT):
        pieces = Stored(blobs, copies[start : start + PER_CONSIGNMENT])
        consignment = Consignment(f"{name}-{start}", pieces)
        provider.release(provider.stage(consignment), consignment)


def settings(centre: SftpPrintCentre) -> SftpSettings:
    """The account at the simulator."""
    return SftpSettings(centre.host, centre.port, centre.user, (centre.host_key,), centre.key_file)


def bare_put(centre: SftpPrintCentre, files: Sequence[Path]) -> None:
    """What paramiko alone needs for files that lie ready on disk."""
    with closing(paramiko.Transport((centre.host, centre.port))) as transport:
        transport.start_client(timeout=10)
        transport.auth_publickey(centre.user, paramiko.Ed25519Key.from_private_key_file(str(centre.key_file)))
        client = paramiko.SFTPClient.from_transport(transport)
        if client is None:
            raise SystemExit("no SFTP session")
        with closing(client):
            for number, file in enumerate(files):
                client.put(str(file), f"staging/bare-{number}")


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the wall and of this process's CPU."""
    began, cpu_began = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - cpu_began


def row(table: Table, count: int, blobs: FolderBlobs, copies: Sequence[Copy]) -> None:
    """One line of the table for `count` letters."""
    with SftpPrintCentre(speed=0, automatic=False) as centre:
        with Memory(workers=False) as memory:
            wall_s, used_s = spent(lambda: handed_over(centre, blobs, copies[:count], f"N{count}"))
        files = sorted((centre.root / "in").iterdir())
        if not all(intact(file, centre) for file in files):
            raise SystemExit("what arrived is not what was staged")
        bare_wall_s, bare_used_s = spent(lambda: bare_put(centre, files))
        size_mb = sum(file.stat().st_size for file in files) / 1e6
    table.add_row(
        f"{count}",
        f"{wall_s:.1f} s / {bare_wall_s:.1f} s",
        f"{count / wall_s:.0f}/s",
        f"{1000 * used_s / count:.2f} ms / {1000 * bare_used_s / count:.2f} ms",
        f"{count / used_s:.0f}/s",
        f"{size_mb:.0f} MB in {len(files)} files",
        f"{memory.own_mb} MB",
    )


def intact(file: Path, centre: SftpPrintCentre) -> bool:
    """Whether what arrived is what the note says was staged."""
    note = (centre.root / "staging" / f"{file.stem}.pieces").read_text(encoding="ascii").split()
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == note[0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=10_000, help="the most letters to hand over")
    parser.add_argument("--workers", type=int, default=2, help="processes that assemble")
    parser.add_argument("--assemble", type=int, default=1000, help="letters to assemble; the rest repeat them")
    chosen = parser.parse_args()
    counts = sorted({min(count, chosen.letters) for count in (1000, 10_000, chosen.letters)})
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        blobs = FolderBlobs(Path(folder))
        table = Table(
            "letters", "rate", "CPU a letter", "at full use", "memory: own, a worker",
            title=f"assembling, {chosen.workers} workers",
        )  # fmt: skip
        copies = assembled(blobs, min(chosen.assemble, chosen.letters), chosen.workers, table)
        OUT.print(table)
        repeated = [
            copies[number % len(copies)]._replace(reference=reference_from(number + 2 * 10**6))
            for number in range(chosen.letters)
        ]
        table = Table(
            "letters", "spent / bare put", "rate", "CPU a letter / bare put", "at full use", "arrived", "memory",
            title=f"handing over assembled copies by SFTP, {PER_CONSIGNMENT} a consignment",
        )  # fmt: skip
        for count in counts:
            row(table, count, blobs, repeated)
        OUT.print(table)


if __name__ == "__main__":
    main()
