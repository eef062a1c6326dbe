"""The print-and-post provider (*Druckdienstleister*), as the application sees it.

Adapters make one attempt a call and state facts: they return, or raise `NotSent`, `Refused`, `AlreadyReleased`
or `OutcomeUnknown` from `gateway.errors`. The retry policy lives in the application. Every call has timeouts.

What one external effect carries is a consignment: a single piece, or many at a print centre that takes files.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from gateway.domain.findings import Finding
from gateway.domain.pieces.formal_service import ServiceOrder
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.posting.posting_list import Counts, Item
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import DuplicateGuard
from gateway.domain.runs.tally import Held
from gateway.domain.sheets.layout import PrintProfile


class Unit(StrEnum):
    """What one hand-over to a provider carries."""

    PIECE = "piece"
    """One mail piece a request."""
    BATCH = "batch"
    """Many pieces of one batch in one file."""
    PERSON = "person"
    """A person takes each piece; the sweep that hands over leaves it alone."""


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
    unit: Unit = Unit.PIECE
    max_pieces: int = 1
    """Of one consignment; 1 with unit PIECE."""
    parallel: int = 1
    """How many consignments may be handed over to it at the same time, each on a connection of its own."""
    has_webhooks: bool = False
    """Whether the provider calls us; `poll` is there all the same."""
    has_hold_basket: bool = False
    """Whether what is handed over waits there for a due date, and can go earlier; then it is a `HoldBasket`."""
    one_sided: frozenset[Service] = frozenset()
    """What it prints on one side only, whatever was agreed for everything else."""
    inland_only: frozenset[Service] = frozenset()
    """What it does not carry abroad."""
    has_list: bool = False
    """Whether it lists what it accepted in a day; then the adapter is a `Listing`."""

    def carries(self, service: Service, *, abroad: bool) -> bool:
        """Whether it takes a piece of this service to where it goes."""
        return service in self.services and not (abroad and service in self.inland_only)


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
    order: ServiceOrder | None = None
    """What is ordered with a Postzustellungsauftrag; None with every other service."""


@dataclass(frozen=True)
class Consignment:
    """What one external effect carries (*Lieferung*). `key` is unique for ever; with unit PIECE it is the piece's.

    `pieces` can be iterated again and again. With unit BATCH the bytes are read while iterating, so that a large
    consignment never lies in memory; reading may raise `IntegrityError` or `NotFound` before anything has left.
    """

    key: str
    pieces: Collection[PrintPiece]

    @classmethod
    def of(cls, piece: PrintPiece) -> "Consignment":
        """A piece alone, as interfaces of unit PIECE take it."""
        return cls(piece.key, (piece,))

    @property
    def only(self) -> PrintPiece:
        """The piece of a consignment of unit PIECE; `ValueError` if there are others."""
        [piece] = self.pieces
        return piece

    def __iter__(self) -> Iterator[PrintPiece]:
        return iter(self.pieces)

    def __len__(self) -> int:
        return len(self.pieces)


@dataclass(frozen=True)
class Found:
    """What the provider knows under our key."""

    provider_reference: str
    count: int
    """How many pieces it holds under our key; more than one is an alarm."""


@dataclass(frozen=True)
class StatusReport:
    """One statement of the provider about one piece.

    `key` is the piece's own, never the consignment's. `dedup_key` is the same whenever the same statement arrives
    again. `occurred_at` is timezone-aware.
    `posted_on` is the day the provider claims as posting (Aufgabe zur Post), if it claims one; `delivered_on` the day
    on which it says that registered mail was delivered.
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
    delivered_on: date | None = None


@dataclass(frozen=True)
class PieceNumbers:
    """By which numbers the carrier knows a piece; empty where the provider does not say.

    `franking_id` is the *Frankier-ID* of DV-Freimachung, `tracking_number` that of registered mail.
    """

    franking_id: str = ""
    tracking_number: str = ""

    def __or__(self, other: "PieceNumbers") -> "PieceNumbers":
        """With what the other one says besides; what is known first stays."""
        return PieceNumbers(
            self.franking_id or other.franking_id, self.tracking_number or other.tracking_number
        )


@runtime_checkable
class NamesNumbers(Protocol):
    """A provider whose statements name the carrier's numbers; not every one's do."""

    def numbers_in(self, raw: Mapping[str, object]) -> PieceNumbers:
        """The numbers in the raw payload of one statement."""
        ...


class Provider(Protocol):
    """One print-and-post provider."""

    name: str
    capabilities: Capabilities
    profile: PrintProfile

    def check(self) -> list[Finding]:
        """Reachability and credentials, without side effects."""

    def stage(self, consignment: Consignment) -> str:
        """Prepare; prints nothing, may be repeated. Returns the handle that `release` needs.

        `Refused` with a `piece_key` declines that piece only; the others are staged again without it.
        """

    def release(self, handle: str, consignment: Consignment) -> str:
        """The point of no return: one request, no hidden retries. Returns the provider's reference.

        With unit BATCH no bytes are read any more: everything was staged.
        """

    def find(self, key: str) -> Found | None:
        """What the provider holds under the key of a consignment; None if it holds nothing."""

    def cancel(self, provider_reference: str) -> None:
        """Take back before production; `Refused` where it is too late or not offered."""

    def poll(self, provider_references: Sequence[str]) -> Iterable[StatusReport]:
        """Current statements about the given pieces, in as few calls as the interface allows.

        Statements about other pieces of ours may be among them: who publishes files publishes them for all.
        """

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[StatusReport]:
        """What a call of the provider says; header names in lower case.

        Raises `InputError`: 'webhook-signature-invalid' (forged, altered or too old), 'webhook-unreadable',
        'webhook-not-offered'.
        """

    def close(self) -> None:
        """Close connections."""


@dataclass(frozen=True)
class ListSignature:
    """The signature that was agreed for a posting list: its bytes, empty if there is none, and what is wrong with it.

    `fault` is empty if it is over exactly these bytes and from whom we trust; else signature-missing,
    signature-broken, signature-expired or signature-untrusted.
    """

    content: bytes
    fault: str


@dataclass(frozen=True)
class ReceivedList:
    """A posting list as it came: its bytes, and what they say. `number` is the provider's own, or names the file.

    `told_sha256` is what the provider says about the bytes, empty if nothing; `signature` is None if none was agreed.
    """

    name: str
    content: bytes
    number: str
    day: date | None
    carrier: str
    told: Counts
    items: Sequence[Item]
    told_sha256: str = ""
    signature: ListSignature | None = None


@runtime_checkable
class PostingLists(Protocol):
    """A provider that publishes posting lists (*Einlieferungslisten*); not every one does."""

    def posting_lists(self, since: datetime | None) -> Iterable[ReceivedList]:
        """The lists that were written after a moment, or all that lie there, also such as contradict themselves.

        Raises `NotSent` if the provider cannot be reached.
        """


@dataclass(frozen=True)
class ReceivedCertificate:
    """A certificate of service as data: what it says, and its picture as PDF. `number` is the provider's own.

    `reference` is the piece's, as it was ordered; `told_sha256` what the provider says about the picture.
    """

    number: str
    reference: str
    outcome: str
    effective_on: date | None
    occurred_at: datetime | None
    place: str
    received_by: str
    image: bytes
    told_sha256: str


@runtime_checkable
class Certificates(Protocol):
    """A provider that publishes certificates of service as data (*ePZA*); not every one does."""

    def certificates(self) -> Iterable[ReceivedCertificate]:
        """All that lie there, also such as came before: the application knows them by their numbers.

        Raises `NotSent` if the provider cannot be reached.
        """


@runtime_checkable
class Listing(Protocol):
    """A provider that can list what it holds, beside answering about single pieces; not every one can (`has_list`)."""

    capabilities: Capabilities

    def holdings(self, day: date) -> Iterable[Held]:
        """All that it accepted on a local day, failed pieces too; nothing is an answer, and is empty.

        What it lists of the day before and the day after comes with it, since midnight passes between two sides.
        Raises `ProviderError` where the list of the day cannot be had or read: that is never nothing.
        """


@runtime_checkable
class HoldBasket(Protocol):
    """A provider with which a piece waits before it goes to print; not every one can (`has_hold_basket`)."""

    capabilities: Capabilities

    def release_from_hold(self, provider_reference: str) -> None:
        """Let it go to print now. `Refused` if it does not wait there; `NotSent` or `OutcomeUnknown`: ask again."""


@dataclass(frozen=True)
class TrialAnswer:
    """What a provider said about a test letter; `printable` is what it would print, if it shows that."""

    accepted: bool
    pages: int | None
    remarks: Sequence[str]
    """Codes of its warnings, notes and errors, sorted."""
    printed: bool = False
    printable: bytes | None = None


@runtime_checkable
class Trial(Protocol):
    """A provider that takes a letter on trial: checked as any other, certain never to be printed. Not every one can."""

    def try_out(self, piece: PrintPiece) -> str:
        """Hand over a test letter, once. Returns the provider's reference.

        Raises `NotSent`, `Refused` (also where no trial is set up: nothing was transmitted then) or `OutcomeUnknown`.
        """

    def tried(self, key: str) -> TrialAnswer | None:
        """What came of it, by our key; None while it is not known. Raises `NotSent`, `OutcomeUnknown`."""
