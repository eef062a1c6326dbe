"""What an adapter's tests lend to the provider contract: an adapter, a simulator, and ways to spoil what it answers.

A bench is one fixture: fresh for every test, with a provider simulator of its own that keeps a ledger of what it
printed. What an interface cannot have (a file transfer answers no 429) is declared in `lacks` with a reason; nothing
is left out silently, and the contract proves where it can that what is declared missing is indeed not claimed.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.status import Status
from gateway.ports.provider import Consignment, PrintPiece, Provider, Sender, Unit
from gateway.testing.epost.samples import ADDRESS, letter_pdf


class Step(StrEnum):
    """The call that goes wrong."""

    CHECK = "check"
    STAGE = "stage"
    RELEASE = "release"
    FIND = "find"
    CANCEL = "cancel"
    POLL = "poll"


class Fault(StrEnum):
    """How the next call of a step goes wrong at the provider."""

    LOST_REQUEST = "lost-request"
    """The connection breaks before the provider does anything."""
    LOST_ANSWER = "lost-answer"
    """The provider does it; the connection breaks before the answer."""
    ERROR_BEFORE = "error-before"
    """The provider reports an internal fault and does nothing."""
    ERROR_AFTER = "error-after"
    """The provider reports an internal fault although it does it."""
    TOO_MANY = "too-many"
    """The provider does nothing and asks to come back after `RETRY_AFTER_S`."""
    NONSENSE = "nonsense"
    """The provider does it and answers something that cannot be read."""
    SLOW = "slow"
    """The answer comes later than the adapter may wait."""


class Lack(StrEnum):
    """What an interface may not have; each with the reason in `Bench.lacks`."""

    TOO_MANY = "too-many"
    SERVER_ERRORS = "server-errors"
    NONSENSE = "nonsense"
    CANCEL = "cancel"
    WEBHOOKS = "webhooks"
    LIST = "list"
    """What was accepted in a day cannot be listed."""
    FOREIGN_STATUS = "foreign-status"
    """The simulator cannot say a status that nobody knows."""
    SIGNED_LISTS = "signed-lists"
    """It publishes no posting lists, or none that can be signed."""
    MANY_BYTES = "many-bytes"
    """There is no limit for the size of a piece."""


class ListFlaw(StrEnum):
    """What is wrong with the signature of a posting list."""

    SOUND = "sound"
    MISSING = "missing"
    FOREIGN = "foreign"
    """By somebody else than was agreed."""
    OTHER_BYTES = "other-bytes"
    """Over other bytes than the list's."""
    EXPIRED = "expired"
    """With a certificate that was agreed and has ended."""


RETRY_AFTER_S = 17
"""What the provider asks for with `Fault.TOO_MANY`."""


@dataclass(frozen=True)
class Printed:
    """One piece in the ledger: our key, and the SHA-256 of the bytes that were printed."""

    key: str
    sha256: str


@dataclass(frozen=True)
class Call:
    """A call of the provider at our webhook address; header names in lower case."""

    headers: Mapping[str, str]
    body: bytes


class ProviderBench(ABC):
    """One test's provider and what can be done to it. `patience_s`: no call may take longer."""

    provider: Provider
    """Talks to the simulator, and waits for its answers as long as `wait_s`."""
    wait_s: float = 30.0
    """Generous, so that a busy machine is no fault; `hurry` makes it short."""
    secrets: Sequence[str] = ()
    """What must never be shown: passwords, tokens, keys."""
    lacks: Mapping[Lack, str] = {}
    patience_s: float = 15.0
    slow_steps: frozenset[Step] = frozenset({Step.CHECK, Step.STAGE, Step.RELEASE, Step.FIND, Step.POLL})
    """The steps that talk to the provider at all, and can be kept waiting."""

    @abstractmethod
    def inject(self, step: Step, fault: Fault) -> None:
        """Spoil the next request of `step`; for SLOW every request until the test ends, by more than `patience_s`."""

    def hurry(self) -> None:
        """From now on `provider` gives up soon, so that slow answers do not slow the tests."""
        self.wait_s = 1.0
        self.provider = self.fresh()

    @abstractmethod
    def printed_in_the_end(self) -> Sequence[Printed]:
        """Let the provider's time pass until everything it has is printed, and read its ledger."""

    @abstractmethod
    def advance(self, span: timedelta) -> None:
        """Let time pass, for the provider and the adapter together."""

    @abstractmethod
    def fresh(self) -> Provider:
        """The adapter as another process would make it: same configuration, same simulator, nothing remembered."""

    @abstractmethod
    def unreachable(self) -> Provider:
        """The adapter, configured for an address at which nobody listens."""

    @abstractmethod
    def life(self) -> Sequence[tuple[timedelta, Status]]:
        """How an ordinary piece fares: how long after the stage before, and what is known then."""

    def say_unknown(self, reference: str) -> None:
        """Let the provider state something about a piece that nobody knows."""
        raise NotImplementedError(self.lacks[Lack.FOREIGN_STATUS])

    def call(self, reference: str, *, secret: int = 0, age: timedelta = timedelta(0)) -> Call:
        """What the provider calls us with about a piece it posted.

        `secret` signs it: 0 the newest of ours, 1 the one before, 2 one that was never ours.
        """
        raise NotImplementedError(self.lacks[Lack.WEBHOOKS])

    def end_day(self) -> date:
        """Let the provider's local day end, and its list be published; returns that day."""
        raise NotImplementedError(self.lacks[Lack.LIST])

    def certify(self, piece: str, number: str, outcome: str, day: date | None) -> None:
        """Let the provider publish a certificate of service about the order with this reference, if it does that."""
        raise NotImplementedError("the provider publishes no certificates of service")

    def spoil_list(self, day: date) -> None:
        """Let the list of that day be unreadable from now on."""
        raise NotImplementedError(self.lacks[Lack.LIST])

    def publish_list(self, flaw: ListFlaw) -> None:
        """Let the provider post something and publish the posting list, signed with this flaw."""
        raise NotImplementedError(self.lacks[Lack.SIGNED_LISTS])

    def demanding(self) -> Provider:
        """The adapter, configured to demand signed lists by this signer, whose ended certificate it trusts too."""
        raise NotImplementedError(self.lacks[Lack.SIGNED_LISTS])

    def make_uncancellable(self) -> None:
        """Let the time pass in which a piece can be taken back."""
        raise NotImplementedError(self.lacks[Lack.CANCEL])

    def piece(self, key: str, **changes: Any) -> PrintPiece:
        """A piece that the provider takes; its bytes are its own. Of a fictional person."""
        pdf = changes.pop("pdf", None) or letter_pdf(text=key, pages=3)
        made = PrintPiece(
            key=key,
            pdf=pdf,
            sha256=hashlib.sha256(pdf).hexdigest(),
            pages=3,
            duplex=False,
            colour=False,
            service=Service.STANDARD,
            address_lines=ADDRESS,
            sender=Sender("Jobcenter Beispielstadt", "Am Markt 1", "46325", "Borken"),
            cost_centre="JC01",
            batch=7,
        )
        return replace(made, **changes)

    def consignment(self, key: str, **changes: Any) -> Consignment:
        """What one external effect carries: one piece, or three where the interface takes many."""
        if self.provider.capabilities.unit is Unit.PIECE:
            return Consignment.of(self.piece(key, **changes))
        return Consignment(key, tuple(self.piece(f"{key}-{number}", **changes) for number in (1, 2, 3)))
