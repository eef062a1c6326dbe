"""What the print centre has printed: one entry a letter that went through the printer, twice if it went twice.

Kept in a folder as one JSON file a delivery and the PDFs beside it, so that it outlives the process.
"""

import json
import threading
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from gateway.testing.house.clock import afternoon_after

STARTED_AFTER = timedelta(hours=1)
PRINTED_AFTER = timedelta(hours=3)


@dataclass(frozen=True)
class Letter:
    """A piece that arrived. `fault` says why it was not printed; printed ones have none. Moments are UTC."""

    delivery: int
    consignment: str
    key: str
    sha256: str
    pages: int
    service: str
    cost_centre: str
    address: tuple[str, ...]
    received_at: datetime
    fault: str = ""
    sheets: int = 1
    reference: str = ""
    """Of the order for formal service; empty with every other service."""

    @property
    def started_at(self) -> datetime:
        """When production takes it up."""
        return self.received_at + STARTED_AFTER

    @property
    def printed_at(self) -> datetime:
        """When it goes through the printer."""
        return self.received_at + PRINTED_AFTER

    @property
    def posted_at(self) -> datetime:
        """When it is given to the carrier: in the afternoon of the next working day."""
        return afternoon_after(self.printed_at, working_days=1)


@dataclass(frozen=True)
class Delivery:
    """One file that arrived in the inbox. `fault` is why the whole of it was rejected."""

    number: int
    consignment: str
    sha256: str
    received_at: datetime
    letters: tuple[Letter, ...]
    fault: str = ""

    @property
    def good(self) -> tuple[Letter, ...]:
        """What is produced of it."""
        return tuple(letter for letter in self.letters if not letter.fault)


class Ledger:
    """All deliveries, oldest first; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        (folder / "pdf").mkdir(parents=True, exist_ok=True)
        self._deliveries = [_read(file) for file in sorted(folder.glob("delivery-*.json"))]

    def opened_on(self, today: date) -> date:
        """The day on which the centre was first opened; from then on there is a list of every day."""
        file = self._folder / "opened-on"
        if not file.exists():
            file.write_text(today.isoformat(), encoding="ascii")
        return date.fromisoformat(file.read_text(encoding="ascii"))

    def add(self, delivery: Delivery) -> None:
        """Write down a delivery; the PDFs were kept before."""
        with self._lock:
            file = self._folder / f"delivery-{delivery.number:06d}.json"
            part = file.with_suffix(".part")
            part.write_text(json.dumps(asdict(delivery), default=str, ensure_ascii=False), encoding="utf-8")
            part.replace(file)
            self._deliveries.append(delivery)

    def next_number(self) -> int:
        """Of the delivery to come."""
        with self._lock:
            return len(self._deliveries) + 1

    def deliveries(self) -> list[Delivery]:
        """All that arrived."""
        with self._lock:
            return list(self._deliveries)

    def keep_pdf(self, delivery: int, key: str, pdf: bytes) -> None:
        """The bytes as they went to the printer."""
        (self._folder / "pdf" / f"{delivery:06d}-{key}.pdf").write_bytes(pdf)

    def pdf(self, letter: Letter) -> bytes:
        """The bytes of a letter."""
        return (self._folder / "pdf" / f"{letter.delivery:06d}-{letter.key}.pdf").read_bytes()


def _read(file: Path) -> Delivery:
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    letters = tuple(
        Letter(
            **{
                **each,
                "address": tuple(each["address"]),
                "received_at": datetime.fromisoformat(each["received_at"]),
            }
        )
        for each in told["letters"]
    )
    return Delivery(**{**told, "letters": letters, "received_at": datetime.fromisoformat(told["received_at"])})
