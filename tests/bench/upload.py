"""How much memory an uploaded scan delivery needs, and how fast it is on disk: `python -m tests.bench.upload --mb 200`.

Server and client are one process, so the figures are an upper bound; the client sends the ZIP from a file.
"""

import argparse
import dataclasses
import os
import tempfile
import time
import zipfile
from pathlib import Path

import requests
from rich.console import Console

from gateway import bootstrap
from gateway.application.access.importing import import_cases
from gateway.application.services import Services
from gateway.domain.inbound.scan_sources import ScanSource
from gateway.domain.scopes import Scope
from gateway.inbound.upload_site import UploadSite
from gateway.testing.clock import ManualClock
from gateway.testing.epost import EpostSimulator
from tests.web.api_client import system
from tests.web.site import serve
from tests.world import MONDAY, World, at, cases_document, world_settings

OUT = Console()
_KB = 1024
_FILE_BYTES = 1_000_000


def main() -> None:
    """Make, upload, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=200)
    count = parser.parse_args().mb
    with tempfile.TemporaryDirectory(prefix="upload-bench-") as name, EpostSimulator() as simulator:
        root, clock = Path(name), ManualClock(at(MONDAY, "08:00"))
        packed = _packed(root / "delivery.zip", count)
        settings = world_settings(root / "data")
        with bootstrap.gateway(settings, clock=clock) as services:
            import_cases(services, cases_document())
            world = World(_with_source(services), clock, simulator, settings)
            with serve(world) as site:
                caller = system(site, "post", Scope.SCANS_DELIVER)
                _measure(caller.url, caller.token, packed)


def _measure(url: str, token: str, packed: Path) -> None:

    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/zip",
        "Idempotency-Key": "bench-0001",
    }
    before, started = _peak_mb(anew=True), time.perf_counter()
    with packed.open("rb") as content:
        answer = requests.post(f"{url}/scan-deliveries", data=content, headers=headers, timeout=600)
    seconds, peak = time.perf_counter() - started, _peak_mb()
    size = packed.stat().st_size / 1_000_000
    OUT.print(
        f"{answer.status_code}: {size:.0f} MB in {seconds:.1f} s; peak memory {peak:.0f} MB, "
        f"{peak - before:.1f} MB above the start"
    )


def _packed(file: Path, count: int) -> Path:
    """Files that do not pack, and a marker; that it is no delivery is found out later."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number in range(count):
            archive.writestr(f"{number}.pdf", os.urandom(_FILE_BYTES))
        archive.writestr("READY", "0" * 64)
    return file


def _with_source(services: Services) -> Services:
    source = ScanSource("west", agreed=True, account="post")
    sites = {**services.scan_sites, "west": UploadSite("west")}
    return dataclasses.replace(services, scan_sources={"west": source}, scan_sites=sites)


def _peak_mb(*, anew: bool = False) -> float:
    """The most that was resident, since the start or since it was asked for `anew`."""
    if anew:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / _KB


if __name__ == "__main__":
    main()
