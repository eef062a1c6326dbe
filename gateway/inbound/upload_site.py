"""A scan provider that uploads by HTTP: what it uploaded lies in our own folder, and it fetches its answers itself."""

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

from gateway.domain.findings import Finding
from gateway.inbound.delivery import READY
from gateway.inbound.zips import PACKED


class UploadSite:
    """Implements `ScanSite`: the rows of answers are where the provider reads them, so nothing is sent."""

    def __init__(self, source: str) -> None:
        self.source = source

    def arrivals(self, into: Path) -> Iterator[Path]:
        """Uploads that were kept and not taken in, by name: a kill came between."""
        for path in sorted(into.iterdir()):
            if (
                path.is_dir()
                and path.name[0] != "."
                and ((path / PACKED).is_file() or (path / READY).is_file())
            ):
                yield path

    def taken(self, arrival: Path) -> None:
        """Our copy goes."""
        rmtree(arrival, ignore_errors=True)

    def answer(self, name: str, content: bytes) -> None:
        """There is nothing to do: the provider reads the row."""

    def place(self, name: str) -> str:
        """Where it is fetched."""
        return f"/api/v1/scan-answers/{name}"

    def reports(self) -> Iterator[tuple[str, bytes]]:
        """None: this way takes deliveries only."""
        return iter(())

    def check(self) -> list[Finding]:
        """It comes to us."""
        return []
