"""A scan provider that uploads by HTTP: what it uploaded lies in our own folder, and it fetches its answers itself."""

from collections.abc import Iterator
from pathlib import Path

from gateway.domain.findings import Finding
from gateway.inbound.incoming import remove_left
from gateway.inbound.spool import drop, left_over
from gateway.ports.scans import RefusedArrival


class UploadSite:
    """Implements `ScanSite`: the rows of answers are where the provider reads them, so nothing is sent."""

    def __init__(self, source: str) -> None:
        self.source = source

    def arrivals(self, into: Path) -> Iterator[Path]:
        """Uploads that were kept and not taken in yet, by name."""
        remove_left(into)
        yield from left_over(into)

    def taken(self, arrival: Path) -> None:
        """Our copy goes."""
        drop(arrival)

    def set_aside(self, refused: RefusedArrival) -> None:
        """There is none: everything that is ready can be read."""

    def again(self, name: str, into: Path) -> None:
        """There is none: what was refused is kept here, whole."""

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
