"""Packaging and handing over ready letters of three pages by SFTP: `python -m tests.bench.hand_over --letters 10000`.

    assembling (codes on each sheet, read back, hash, stored)           at least 60 letters/s on two cores
    handing over assembled copies (read, proven, packed, uploaded, released)     at least 200 letters/s
    memory                                                              flat, below 300 MB
    cost of a letter at the smaller and the larger number               the same within 10 %

Side by side with paramiko alone, which puts a file of as many bytes to the same OpenSSH server, fastest settings.
Everything is real: the archived document, the worker pool, the document store on disk, sshd on loopback. Not a test:
a busy machine changes the figures.
"""

import argparse
import hashlib
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import paramiko
import psutil
from rich.console import Console
from rich.table import Table

from gateway.blobs.folder import FolderBlobs
from gateway.domain.mailpiece import Service
from gateway.domain.references import reference_from
from gateway.ports.provider import Consignment, PrintPiece, Sender
from gateway.providers.print_house import HouseRules
from gateway.providers.print_package import Packing
from gateway.providers.profiles import load_profile
from gateway.providers.sftp import SftpProvider, SftpSettings
from gateway.rendering.local import LocalRenderer
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
    """The most that this process and its children held while the block lasted, in MB, looked at ten times a second."""

    def __init__(self) -> None:
        self.own_mb = 0
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
        while not self._stop.wait(0.1):
            own = me.memory_info().rss >> 20
            self.own_mb = max(self.own_mb, own)


def cpu_s() -> float:
    """Seconds of CPU that this process and its workers have used."""
    me = psutil.Process()
    return sum(sum(each.cpu_times()[:2]) for each in (me, *me.children(recursive=True)))


def assembled(blobs: FolderBlobs, count: int, workers: int) -> tuple[list[Copy], float, float]:
    """Print copies of `count` letters in the store, and the seconds and CPU seconds it took with warm workers."""
    with closing(LocalRenderer(workers=workers, letters_per_worker=10**9)) as renderer:
        document = renderer.render(letters.request())
        if document.pages != 3:
            raise SystemExit(f"the sample letter has {document.pages} pages and not three")

        def assemble(number: int) -> Copy:
            reference = reference_from(number + 10**6)
            copy = renderer.assemble([document.pdf], piece=reference, profile=PROFILE, duplex=True)
            return Copy(reference, blobs.put(copy.pdf), copy.pages)

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(assemble, range(2 * workers)))
            began, cpu_began_s = time.perf_counter(), cpu_s()
            copies = list(pool.map(assemble, range(2 * workers, count + 2 * workers)))
            return copies, time.perf_counter() - began, cpu_s() - cpu_began_s


def handed_over(centre: SftpPrintCentre, blobs: FolderBlobs, copies: Sequence[Copy], name: str) -> float:
    """Seconds to stage and release the copies in consignments."""
    provider = SftpProvider(
        settings(centre), Packing("pieces", "json", frozenset(Service)), HouseRules(), PROFILE
    )
    began = time.perf_counter()
    for start in range(0, len(copies), PER_CONSIGNMENT):
        pieces = Stored(blobs, copies[start : start + PER_CONSIGNMENT])
        consignment = Consignment(f"{name}-{start}", pieces)
        provider.release(provider.stage(consignment), consignment)
    return time.perf_counter() - began


def settings(centre: SftpPrintCentre) -> SftpSettings:
    """The account at the simulator."""
    return SftpSettings(centre.host, centre.port, centre.user, (centre.host_key,), centre.key_file)


def bare_put(centre: SftpPrintCentre, sizes: Sequence[int]) -> float:
    """Seconds that paramiko alone needs for files of these sizes, which lie ready on disk."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / str(number) for number in range(len(sizes))]
        for file, size in zip(files, sizes, strict=True):
            file.write_bytes(bytes(size))
        began = time.perf_counter()
        with closing(paramiko.Transport((centre.host, centre.port))) as transport:
            transport.start_client(timeout=10)
            transport.auth_publickey(
                centre.user, paramiko.Ed25519Key.from_private_key_file(str(centre.key_file))
            )
            client = paramiko.SFTPClient.from_transport(transport)
            if client is None:
                raise SystemExit("no SFTP session")
            with closing(client):
                for file in files:
                    client.put(str(file), f"staging/bare-{file.name}")
        return time.perf_counter() - began


def rows(table: Table, count: int, blobs: FolderBlobs, copies: Sequence[Copy]) -> None:
    """One line of the table for `count` letters."""
    with SftpPrintCentre(speed=0, automatic=False) as centre:
        with Memory() as memory:
            spent_s = handed_over(centre, blobs, copies[:count], f"N{count}")
        sizes = [file.stat().st_size for file in sorted((centre.root / "in").iterdir())]
        bare_s = bare_put(centre, sizes)
        arrived = sum(1 for file in sorted((centre.root / "in").iterdir()) if intact(file, centre))
    table.add_row(
        f"{count}",
        f"{spent_s:.1f} s",
        f"{count / spent_s:.0f}/s",
        f"{1000 * spent_s / count:.2f} ms",
        f"{sum(sizes) / 1e6:.0f} MB in {arrived} files",
        f"{bare_s:.1f} s",
        f"{spent_s / bare_s:.2f}",
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
    parser.add_argument("--letters", type=int, default=10_000, help="letters to hand over")
    parser.add_argument("--workers", type=int, default=2, help="processes that assemble")
    parser.add_argument(
        "--assemble", type=int, default=None, help="letters to assemble, else all; the rest repeat"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        blobs = FolderBlobs(Path(folder))
        wanted = min(chosen.assemble or chosen.letters, chosen.letters)
        copies, spent_s, used_s = assembled(blobs, wanted, chosen.workers)
        OUT.print(
            f"assembling: {wanted} letters in {spent_s:.1f} s = {wanted / spent_s:.1f} letters/s;"
            f" {1000 * used_s / wanted:.1f} ms of CPU a letter, of all processes together"
        )
        while len(copies) < chosen.letters:
            again = copies[: chosen.letters - len(copies)]
            copies += [
                copy._replace(reference=reference_from(len(copies) + n + 2 * 10**6))
                for n, copy in enumerate(again)
            ]
        table = Table(
            "letters", "spent", "rate", "a letter", "bytes", "bare paramiko put", "ratio", "memory of the process",
            title=f"handing over assembled copies by SFTP, {PER_CONSIGNMENT} a consignment",
        )  # fmt: skip
        for count in sorted({min(1000, chosen.letters), chosen.letters}):
            rows(table, count, blobs, copies)
        OUT.print(table)


if __name__ == "__main__":
    main()
