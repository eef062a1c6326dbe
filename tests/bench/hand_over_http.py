"""Handing over over HTTP, letter by letter, on one connection and on several: `python -m tests.bench.hand_over_http`.

The whole application does it: rows, locks, document store, adapter, and the simulator of E-POSTBUSINESS in a process of
its own, which answers after `--latency-ms` as a provider on the Internet would. Not a test: a busy machine changes the
figures.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from rich.console import Console
from rich.table import Table

from gateway.application.runs.submitting import hand_over
from gateway.testing.epost import EpostSimulator
from tests.world import Prototype

OUT = Console()
CONNECTIONS = (1, 2, 4, 8)
LETTER = "POST /api/Letter"


class Elsewhere:
    """A simulator in another process, as `World` wants it."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def slow_down(self, latency_ms: int) -> None:
        """Let every letter take so long."""
        faults = [{"on": LETTER, "kind": f"slow:{latency_ms / 1000}", "times": 10**6}] if latency_ms else []
        requests.post(
            f"{self.base_url}/_simulator/faults", json={"faults": faults}, timeout=10
        ).raise_for_status()

    def printed(self) -> list[str]:
        """The keys of what it took."""
        told = requests.get(f"{self.base_url}/_simulator/ledger", timeout=60).json()
        return [letter["custom1"] for letter in told["letters"]]


@contextmanager
def simulator() -> Iterator[Elsewhere]:
    """Started, and ended afterwards."""
    start = "from gateway.cli.main import run; run()"
    command = [sys.executable, "-c", start, "simulate", "epost", "--port", "0", "--speed", "1000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        line = process.stdout.readline() if process.stdout else ""
        found = re.search(r"http://\S+", line)
        if found is None:
            raise SystemExit("the simulator did not start")
        try:
            yield Elsewhere(found[0])
        finally:
            process.terminate()


def prepared(prototype: Prototype, folder: Path, letters: int) -> None:
    """Letters that are assembled and certified, none handed over: the provider takes nothing yet."""
    with EpostSimulator(speed=0) as busy, prototype.world(folder, busy) as world:
        busy.plan_fault(LETTER, "429:1", times=10**6)
        for number in range(letters):
            world.approved(appointment_time=f"{8 + number % 10:02d}:{number // 10 % 60:02d}")
        world.evening()


def measured(
    prototype: Prototype, made: Path, folder: Path, connections: int, latency_ms: int
) -> tuple[int, float]:
    """Letters handed over, and the seconds it took."""
    shutil.copytree(made, folder)
    with simulator() as elsewhere:
        elsewhere.slow_down(latency_ms)
        url = f"sqlite:///{folder / 'gateway.db'}"
        with prototype.world_at(url, folder, elsewhere, connections=connections) as world:  # type: ignore[arg-type]
            began = time.perf_counter()
            report = hand_over(world.services, retry_now=True)
            spent_s = time.perf_counter() - began
            keys = sorted(each.key for each in world.submissions())
            if sorted(elsewhere.printed()) != keys:
                raise SystemExit("not every letter arrived once")
            return report.released, spent_s


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=100)
    parser.add_argument("--latency-ms", type=int, nargs="+", default=[0, 150])
    chosen = parser.parse_args()
    table = Table("connections", "answers after", "letters", "spent", "rate", title="handing over by HTTP")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        (Path(name) / "prototype").mkdir()
        prototype, made = Prototype.build(Path(name) / "prototype"), Path(name) / "made"
        prepared(prototype, made, chosen.letters)
        for latency_ms in chosen.latency_ms:
            for connections in CONNECTIONS:
                folder = Path(name) / f"c{connections}-{latency_ms}"
                letters, spent_s = measured(prototype, made, folder, connections, latency_ms)
                rate = f"{letters / spent_s:.1f}/s"
                table.add_row(str(connections), f"{latency_ms} ms", str(letters), f"{spent_s:.1f} s", rate)
    OUT.print(table)


if __name__ == "__main__":
    main()
