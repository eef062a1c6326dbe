"""How fast a scan delivery is taken in, and how much memory that needs: `python -m tests.bench.inbound --documents N`.

The delivery is made before: one page of noise at 200 dpi with a hidden text layer each, half of them with a file
number. Measured is the import alone: proving, reading codes and text, matching, storing, rows and receipt.
"""

import argparse
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from gateway import bootstrap
from gateway.application.receiving import import_delivery
from gateway.testing.scans import ScanSpec, make_delivery
from tests.world import world_settings

OUT = Console()
_KB = 1024


def main() -> None:
    """Make, take in, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=5000)
    count = parser.parse_args().documents
    with tempfile.TemporaryDirectory(prefix="inbound-bench-") as name:
        root = Path(name)
        specs = [ScanSpec.unknown() if number % 2 else ScanSpec.letter("JC-1-00001") for number in range(count)]
        folder = make_delivery(root / "L-1", "bench", "L-1", 1, specs, at=datetime.now(UTC))
        with bootstrap.gateway(world_settings(root / "data")) as services:
            before = _peak_mb()
            started = time.perf_counter()
            report = import_delivery(services, folder, source="bench")
            seconds = time.perf_counter() - started
            peak = _peak_mb()
    OUT.print(
        f"{sum(report.counts.values())} documents in {seconds:.1f} s: {count / seconds:.1f} a second, "
        f"{3600 * count / seconds:,.0f} an hour; peak memory {peak:.0f} MB, {peak - before:.0f} MB above the start"
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KB


if __name__ == "__main__":
    main()
