"""Departures from the audit trail (*Löschung alter Protokolleinträge*): which entries may go, and what proves it.

The entry goes, its seal stays and keeps the entry's hash, so the chain can still be walked. What went together is
named by one proof, itself a sealed entry: numbers, count, the links at both ends, and a sum over every number and
hash. A seal without its entry is accepted only if exactly such a proof names it. Stretches need not be contiguous: an
entry that something living still needs stays, and its neighbours go.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from gateway.domain.retention import Keep
from gateway.domain.trail.chain import GENESIS, Anchor, ChainEntry, ChainFault, ChainSeal

DEPARTED = "entries-departed"
"""The action of the proof."""
REASONS_DELETED = "personal-data-deleted"
"""The action that proves that the reasons of a subject's entries were deleted."""


@dataclass(frozen=True)
class Aged:
    """A sealed entry, as the rule must know it. `on` is its local day."""

    number: int
    on: date
    action: str
    needed: bool = False
    """Something that is not finished, not emptied, or locked is named by it."""
    proves: bool = False
    """It proves that the reason of another entry was deleted, and that entry is still here."""


def what_keeps_entry(entry: Aged, *, cut_off: date, anchored: int) -> Keep | None:
    """Why an entry must stay, None if it may go.

    Only what lies before an anchor that is itself old enough may go: so its age is known from outside of the database.
    `anchored` is that anchor's number, 0 without one.
    """
    if entry.action == DEPARTED or entry.proves:
        return Keep.PROOF
    if entry.needed:
        return Keep.IN_USE
    if entry.on > cut_off or entry.number > anchored:
        return Keep.TERM_RUNNING
    return None


def anchored_before(anchors: Sequence[tuple[date, int]], cut_off: date) -> int:
    """The highest number that an anchor of that day or earlier names; each anchor as its local day and number."""
    return max((number for day, number in anchors if day <= cut_off), default=0)


@dataclass(frozen=True)
class Departed:
    """What went together.

    `before` and `after` are the links at both ends: the hash of the seal before the first, and that of the last.
    `sha256` is over a line "number:hash of the entry" each.
    """

    count: int
    first: int
    last: int
    stretches: int
    before: str
    after: str
    sha256: str


class DepartureSum:
    """Adds up what goes together, in the order of the numbers; keeps nothing but the sum."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._count = self._first = self._last = self._stretches = 0
        self._before = self._after = GENESIS

    def add(self, number: int, entry_sha256: str, before: str, after: str) -> None:
        """One more seal: its number, the hash of its entry, the hash of the seal before it, and its own."""
        if self._count == 0:
            self._first, self._before = number, before
        if self._count == 0 or number != self._last + 1:
            self._stretches += 1
        self._count += 1
        self._last, self._after = number, after
        self._hash.update(f"{number}:{entry_sha256}\n".encode())

    def told(self) -> Departed:
        """The sum so far."""
        return Departed(
            self._count,
            self._first,
            self._last,
            self._stretches,
            self._before,
            self._after,
            self._hash.hexdigest(),
        )


@dataclass
class _Found:
    """What the seals say about one departure."""

    sum: DepartureSum = field(default_factory=DepartureSum)
    missing: int = 0
    """How many of its entries are gone by now."""


@dataclass(frozen=True)
class _Proof:
    number: int
    at: datetime
    actor: str
    details: Mapping[str, Any]

    @property
    def departure(self) -> int:
        """Which one it proves; 0 if it does not say."""
        named = self.details.get("departure")
        return named if isinstance(named, int) else 0


class DepartureCheck:
    """Walks along a chain beside `ChainCheck`, and holds the seals whose entries departed against the proofs of it.

    Keeps a sum for every departure, nothing of its entries.
    """

    def __init__(self) -> None:
        self._found: dict[int, _Found] = {}
        self._proofs: dict[int, list[_Proof]] = {}
        self._before = GENESIS
        self.missing = 0

    def step(self, seal: ChainSeal, entry: ChainEntry | None) -> None:
        """Note the next seal, and its entry, None if that is gone."""
        if seal.departure is not None and seal.entry_sha256 is not None:
            found = self._found.setdefault(seal.departure, _Found())
            found.sum.add(seal.number, seal.entry_sha256, self._before, seal.sha256)
            found.missing += entry is None
            self.missing += entry is None
        if entry is not None and entry.action == DEPARTED:
            proof = _Proof(seal.number, entry.at, entry.actor, entry.details)
            self._proofs.setdefault(proof.departure, []).append(proof)
        self._before = seal.sha256

    def faults(
        self, anchors: Sequence[Anchor], day_of: Callable[[datetime], date], cut_off: Callable[[date], date]
    ) -> Iterator[ChainFault]:
        """What is not proven. `day_of` gives the local day of a moment, `cut_off` the last day old enough on a day."""
        days = [(day_of(each.at), each.number) for each in anchors]
        for key in sorted({*self._found, *self._proofs}):
            told = self._found.get(key, _Found()).sum.told()
            missing = self._found[key].missing if key in self._found else 0
            if missing and key not in self._proofs:
                yield ChainFault("departure-unproven", told.first)
            for place, proof in enumerate(self._proofs.get(key, ())):
                old_enough = anchored_before(days, cut_off(day_of(proof.at)))
                witnessed = not missing or _is_witnessed(proof, anchors)
                for code in _codes(proof, told, old_enough, alone=place == 0, witnessed=witnessed):
                    yield ChainFault(code, proof.number)


def _codes(proof: _Proof, told: Departed, old_enough: int, *, alone: bool, witnessed: bool) -> Iterator[str]:
    if not alone or not witnessed:
        yield "departure-forged"
    if any(proof.details.get(name) != value for name, value in vars(told).items()):
        yield "departure-differs"
    if proof.details.get("proposed_by") in {None, "", proof.actor}:
        yield "departure-by-one"
    if told.last > old_enough:
        yield "departure-too-young"


def _is_witnessed(proof: _Proof, anchors: Sequence[Anchor]) -> bool:
    """Before anything was deleted, the departure was written down outside of the database, behind its proof."""
    named = proof.details.get("sha256")
    return any(each.departure == named is not None and each.number >= proof.number for each in anchors)
