"""The print-and-post provider (*Druckdienstleister*), as the application sees it.

Adapters make one attempt a call and state facts: they return, or raise `NotSent`, `Refused`, `AlreadyReleased`
or `OutcomeUnknown` from `gateway.errors`. The retry policy lives in the application. Every call has timeouts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from gateway.domain.findings import Finding
from gateway.domain.layout import PrintProfile
from gateway.domain.mailpiece import Service
from gateway.domain.status import Status
from gateway.domain.submission import DuplicateGuard


@dataclass(frozen=True)
class Capabilities:
    """What a provider truthfully can do; the protocol relies on it."""

    guard: DuplicateGuard
    settle_time: timedelta
    """After an unknown outcome, how long until a lookup is conclusive (guard LOOKUP)."""
    key_lifetime: timedelta
    """How long a key is remembered (guard KEY)."""
    services: frozenset[Service]
    can_cancel: bool
    min_poll_interval: timedelta


@dataclass(frozen=True)
class Sender:
    """Return address of the office, as one line and in parts."""

    name: str
    street: str
    postcode: str
    place: str


@dataclass(frozen=True)
class PrintPiece:
    """One mail piece as it is handed over. `key` is unique for ever and names the submission at the provider.

    `address_lines` are the lines in the window, top down, 2 to 6; `pdf` the final print copy.
    """

    key: str
    pdf: bytes
    sha256: str
    pages: int
    duplex: bool
    colour: bool
    service: Service
    address_lines: Sequence[str]
    sender: Sender
    cost_centre: str
    batch: int
    """Number of the batch (*Charge*) at the provider, for grouping only."""


@dataclass(frozen=True)
class Found:
    """What the provider knows under our key."""

    provider_reference: str
    count: int
    """How many pieces it holds under our key; more than one is an alarm."""


@dataclass(frozen=True)
class StatusReport:
    """One statement of the provider about one piece.

    `dedup_key` is the same whenever the same statement arrives again. `occurred_at` is timezone-aware.
    `posted_on` is the day the provider claims as posting (Aufgabe zur Post), if it claims one.
    """

    key: str
    provider_reference: str
    status: Status
    provider_status: str
    occurred_at: datetime
    dedup_key: str
    raw: dict[str, object]
    posted_on: date | None = None
    reason: str | None = None


class Provider(Protocol):
    """One print-and-post provider."""

    name: str
    capabilities: Capabilities
    profile: PrintProfile

    def check(self) -> list[Finding]:
        """Reachability and credentials, without side effects."""

    def stage(self, piece: PrintPiece) -> str:
        """Prepare; prints nothing, may be repeated. Returns the handle that `release` needs."""

    def release(self, handle: str, piece: PrintPiece) -> str:
        """The point of no return: one request, no hidden retries. Returns the provider's reference."""

    def find(self, key: str) -> Found | None:
        """What the provider holds under our key; None if it holds nothing."""

    def cancel(self, provider_reference: str) -> None:
        """Take back before production; `Refused` where it is too late or not offered."""

    def poll(self, provider_references: Sequence[str]) -> Iterable[StatusReport]:
        """Current statements about the given pieces, in as few calls as the interface allows."""

    def close(self) -> None:
        """Close connections."""
