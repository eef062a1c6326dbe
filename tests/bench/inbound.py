"""How fast a scan delivery is taken in, and how much memory that needs: `python -m tests.bench.inbound --documents N`.

The delivery is made before: one page of noise at 200 dpi each, half of them with a hidden text layer and a file number.
Some scans are really made, the others are copies that differ in a comment at their end. Measured is the import alone:
proving, reading codes and text, matching, storing, rows and receipt.
"""

import argparse
import hashlib
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from gateway import bootstrap
from gateway.application.arrivals.receiving import import_delivery
from gateway.testing.scans import ScanSpec, scan, write_manifest
from tests.world import world_settings

OUT = Console(width=200)
_KB = 1024
_MADE = 20


def main() -> None:
    """Make, take in, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=5000)
    count = parser.parse_args().documents
    with tempfile.TemporaryDirectory(prefix="inbound-bench-") as name:
        root = Path(name)
        folder = _make(root / "L-1", count)
        with bootstrap.gateway(world_settings(root / "data")) as services:
            before = _peak_mb(anew=True)
            started, busy = time.perf_counter(), time.process_time()
            report = import_delivery(services, folder, source="bench")
            seconds, busy = time.perf_counter() - started, time.process_time() - busy
            peak = _peak_mb()
    OUT.print(
        f"{sum(report.counts.values())} documents in {seconds:.1f} s: {count / seconds:.1f} a second, "
        f"{3600 * count / seconds:,.0f} an hour; {busy / count:.3f} s CPU each; peak memory {peak:.0f} MB, "
        f"{peak - before:.0f} MB above the start"
    )


def _make(folder: Path, count: int) -> Path:
    folder.mkdir()
    specs = [ScanSpec.unknown() if number % 2 else ScanSpec.letter("JC-1-00001") for number in range(_MADE)]
    scans = [scan(spec, seed=str(number)) for number, spec in enumerate(specs)]
    at, entries = datetime.now(UTC), []
    for number in range(count):
        document_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"bench:{number}"))
        content = scans[number % _MADE] + f"% {number}\n".encode()
        (folder / f"{document_id}.pdf").write_bytes(content)
        entries.append(
            {
                "document_id": document_id,
                "file": f"{document_id}.pdf",
                "sha256": hashlib.sha256(content).hexdigest(),
                "pages": 1,
                "class": "letter",
                "received_on": at.date().isoformat(),
                "scanned_at": at.isoformat(),
                "file_number": None,
                "box": "K-0001",
                "quality": "ok",
            }
        )
    whole = {"schema": "scan-delivery/1", "source": "bench", "delivery": "L-1", "sequence": 1}
    counts = {"documents": count, "pages": count}
    write_manifest(folder, {**whole, "created_at": at.isoformat(), "counts": counts, "documents": entries})
    return folder


def _peak_mb(*, anew: bool = False) -> float:
    """The most that was resident, since the start or since it was asked for `anew`."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / _KB


if __name__ == "__main__":
    main()
