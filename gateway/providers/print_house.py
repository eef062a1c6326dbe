"""Handing over to a print house through folders: exactly once, without the house's help.

    stage      pack → upload to `staging/KEY.part`, which the house does not watch, and prove its size
    release    one atomic rename into the inbox

After an unknown outcome the release is repeated (guard STAGED): either `KEY.part` still lies there, then nothing was
released; or it is gone, and the inbox or an acknowledgement shows that it was. Gone without a trace is stated as
`OutcomeUnknown`, never guessed. `staging/KEY.pieces` remembers what was staged: hash, size and the keys of the pieces.

What the house writes back is read as often as it is asked for, and stays where it lies; see `print_reports`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NoReturn

from gateway.domain.findings import Finding, Severity
from gateway.domain.runs.submission import DuplicateGuard
from gateway.domain.runs.tally import Held
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import AlreadyReleased, InputError, OutcomeUnknown, ProviderError, Refused
from gateway.ports.provider import (
    Capabilities,
    Consignment,
    Found,
    ReceivedCertificate,
    ReceivedList,
    StatusReport,
    Unit,
)
from gateway.providers.print_collation import MOST_PIECES
from gateway.providers.print_lists import held_around
from gateway.providers.print_outbox import Outbox
from gateway.providers.print_package import Packing, check_key, packed
from gateway.providers.print_shelf import Shelf, Shelves
from gateway.providers.print_staging import Handle, Notes, Staging

_LEFT_OVER = timedelta(days=1)


@dataclass(frozen=True)
class HouseRules:
    """What was agreed with a house. Folders are relative to where a login ends up.

    `acknowledge_within`: how long an acknowledgement may take before it is missed. `read_again`: how long files that
    the house names itself (returns, …) are read; the house keeps files at least as long. `daily_list`: it publishes a
    list of what arrived for every day, also without letters. `list_signers`: the certificates (PEM) to which the
    signatures of its posting lists must lead; empty if none is agreed.
    """

    staging: str = "staging"
    inbox: str = "in"
    outbox: str = "out"
    max_pieces: int = 2000
    max_bytes: int = 2_000_000_000
    min_poll_interval: timedelta = timedelta(minutes=5)
    acknowledge_within: timedelta = timedelta(hours=24)
    read_again: timedelta = timedelta(days=60)
    daily_list: bool = True
    list_signers: tuple[bytes, ...] = ()


class PrintHouse:
    """Implements `gateway.ports.provider.Provider` over any shelf; safe to share between threads."""

    def __init__(
        self,
        name: str,
        shelves: Shelves,
        packing: Packing,
        rules: HouseRules,
        profile: PrintProfile,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self.profile = profile
        most = MOST_PIECES if packing.packaging == "collated" else rules.max_pieces
        self.capabilities = Capabilities(
            guard=DuplicateGuard.STAGED,
            settle_time=timedelta(0),
            key_lifetime=timedelta(0),
            services=packing.services,
            can_cancel=False,
            min_poll_interval=rules.min_poll_interval,
            unit=Unit.BATCH,
            max_pieces=min(most, rules.max_pieces),
            has_list=rules.daily_list,
        )
        self._shelves = shelves
        self._packing = packing
        self._rules = rules
        self._now = now
        self._staging = Staging(rules.staging)
        self._outbox = Outbox(rules.outbox, rules.read_again, now, rules.list_signers)

    def __repr__(self) -> str:
        return f"PrintHouse({self.name!r})"

    def close(self) -> None:
        """Nothing is kept open between calls."""

    def check(self) -> list[Finding]:
        """Whether the house can be reached and renames atomically; what lies there unread or unanswered."""
        try:
            with self._shelves.open() as shelf:
                shelf.prove_atomic()
                shelf.files(self._rules.inbox)
                return [*shelf.check(), *self._left_over(shelf), *self._outbox.check(shelf)]
        except ProviderError as error:
            return [Finding(error.code, Severity.ERROR, error.message)]

    def stage(self, consignment: Consignment) -> str:
        """Pack and upload beside the inbox. Returns the handle: how many pieces, which bytes.

        Raises `NotSent`, `Refused`, or `IntegrityError` for bytes that are not the approved ones.
        """
        with packed(consignment, self._packing, self.profile) as package:
            if package.size_bytes > self._rules.max_bytes:
                raise Refused(
                    "print-house-consignment-too-large",
                    f"Die Lieferung ist größer als die vereinbarten {self._rules.max_bytes} Bytes.",
                )
            with self._shelves.open() as shelf:
                shelf.prove_atomic()
                self._staging.put(shelf, consignment.key, package)
                self._staging.forget_before(shelf, self._now())
        return str(Handle(len(package.keys), package.size_bytes, package.sha256))

    def release(self, handle: str, consignment: Consignment) -> str:
        """Rename into the inbox, once. Returns the key of the consignment.

        Raises `NotSent`, `Refused`, `AlreadyReleased` or `OutcomeUnknown`.
        """
        key = check_key(consignment.key)
        staged = Handle.read(handle)
        with self._shelves.open() as shelf:
            self._raise_if_released(shelf, key)
            size_bytes = shelf.size(self._staging.part(key))
            if size_bytes is None:
                self._part_is_gone()
            if size_bytes != staged.size_bytes or len(consignment) != staged.pieces:
                raise Refused(
                    "print-house-staged-changed",
                    "Was beim Druckdienstleister bereitliegt, ist nicht mehr diese Lieferung. "
                    "Sie wurde nicht freigegeben; bitte neu übergeben.",
                )
            if not shelf.publish(self._staging.part(key), self._released_as(key)):
                self._raise_if_released(shelf, key)
                self._part_is_gone()
        return key

    def find(self, key: str) -> Found | None:
        """Whether a consignment was released; None only if that is certain.

        Raises `OutcomeUnknown` where it was staged and is gone without a trace.
        """
        check_key(key)
        with self._shelves.open() as shelf:
            if self._is_released(shelf, key):
                return Found(key, 1)
            if shelf.size(self._staging.part(key)) is None and shelf.size(self._staging.note(key)) is not None:
                self._part_is_gone()
        return None

    def cancel(self, provider_reference: str) -> None:  # noqa: ARG002 - the protocol names it
        """Not offered: the house may have taken the file out of its inbox at any moment."""
        raise Refused(
            "print-house-cancel-not-offered",
            "Eine übergebene Lieferung kann bei diesem Dienstleister nur telefonisch zurückgenommen werden.",
        )

    def poll(self, provider_references: Sequence[str]) -> Iterable[StatusReport]:
        """What the house wrote about the given consignments, and its returns and daily lists. Raises `NotSent`.

        Files that cannot be read stay where they lie; `check` names them.
        """
        with self._shelves.open() as shelf:
            notes = Notes(self._staging, shelf)
            yield from self._outbox.reports(shelf, frozenset(provider_references), notes)

    def holdings(self, day: date) -> Iterable[Held]:
        """What the house lists for the day and the days beside; see `print_lists`. Raises `NotSent`."""
        with self._shelves.open() as shelf:
            yield from held_around(day, self._outbox, shelf, Notes(self._staging, shelf))

    def posting_lists(self, since: datetime | None) -> Iterable[ReceivedList]:
        """The house's posting lists that were written after a moment, or all that lie there. Raises `NotSent`."""
        with self._shelves.open() as shelf:
            yield from self._outbox.posting_lists(shelf, since)

    def certificates(self) -> Iterable[ReceivedCertificate]:
        """The certificates of service that the house published; see `print_certificates`. Raises `NotSent`."""
        with self._shelves.open() as shelf:
            yield from self._outbox.certificates(shelf)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Sequence[StatusReport]:  # noqa: ARG002
        """Not offered: the house writes files."""
        raise InputError("webhook-not-offered", "Dieser Druckdienstleister ruft das Gateway nicht an.")

    def _released_as(self, key: str) -> str:
        return f"{self._rules.inbox}/{key}.zip"

    def _is_released(self, shelf: Shelf, key: str) -> bool:
        """It lies in the inbox, or the house has written about it."""
        places = (self._released_as(key), *self._outbox.acknowledgements(key))
        return any(shelf.size(place) is not None for place in places)

    def _raise_if_released(self, shelf: Shelf, key: str) -> None:
        if self._is_released(shelf, key):
            raise AlreadyReleased(
                "print-house-already-released",
                "Die Lieferung liegt dem Druckdienstleister schon vor.",
                provider_reference=key,
            )

    def _part_is_gone(self) -> NoReturn:
        raise OutcomeUnknown(
            "print-house-staged-gone",
            "Die Lieferung liegt nicht mehr bereit, und der Druckdienstleister hat sie noch nicht bestätigt. "
            "Wahrscheinlich wird sie gerade verarbeitet; es wird weiter nachgesehen und nichts wiederholt.",
        )

    def _left_over(self, shelf: Shelf) -> Iterator[Finding]:
        """What was staged and never released, and what was released and never acknowledged."""
        lying = {file.name: file for file in shelf.files(self._rules.staging)}
        answered = {file.name for file in shelf.files(self._rules.outbox)}
        now = self._now()
        for name, file in sorted(lying.items()):
            key, _, ending = name.rpartition(".")
            if ending == "part" and now - file.changed_at > _LEFT_OVER:
                text = f"Die Lieferung {key} wurde vor mehr als einem Tag vorbereitet und nicht freigegeben."
                yield Finding("print-house-left-staged", Severity.WARNING, text)
            is_released = ending == "pieces" and f"{key}.part" not in lying
            late = now - file.changed_at > self._rules.acknowledge_within
            if is_released and late and not answered & self._outbox.acknowledgement_names(key):
                text = f"Der Druckdienstleister hat die Lieferung {key} nicht bestätigt. Bitte nachfragen."
                yield Finding("print-house-not-acknowledged", Severity.ERROR, text)
