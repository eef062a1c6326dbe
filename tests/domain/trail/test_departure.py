"""Which entries of the trail may go, and that nothing but what a proof names is accepted as gone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.retention import Keep
from gateway.domain.trail.chain import Anchor, ChainCheck, ChainEntry, ChainSeal, entry_hash, sealed
from gateway.domain.trail.departure import (
    DEPARTED,
    Aged,
    DepartureCheck,
    DepartureSum,
    anchored_before,
    what_keeps_entry,
)

START = datetime(2026, 11, 16, 7, tzinfo=UTC)
TODAY = START + timedelta(days=4000)
YEARS = timedelta(days=3653)
CUT_OFF = date(2026, 11, 16)
Pairs = list[tuple[ChainSeal, ChainEntry | None]]

aged = st.builds(
    Aged,
    number=st.integers(1, 60),
    on=st.dates(date(2026, 11, 1), date(2026, 12, 1)),
    action=st.sampled_from(["letter-read", "personal-data-deleted", DEPARTED]),
    needed=st.booleans(),
    proves=st.booleans(),
)


@given(aged, st.integers(0, 60), st.dates(date(2026, 11, 1), date(2026, 12, 1)))
def test_nothing_goes_that_is_young_needed_a_proof_or_not_anchored(
    entry: Aged, anchored: int, cut_off: date
) -> None:
    keep = what_keeps_entry(entry, cut_off=cut_off, anchored=anchored)
    may_go = (
        entry.on <= cut_off
        and entry.number <= anchored
        and not entry.needed
        and not entry.proves
        and entry.action != DEPARTED
    )
    assert (keep is None) == may_go
    later = what_keeps_entry(entry, cut_off=cut_off + timedelta(days=1), anchored=anchored + 1)
    assert keep is not None or later is None  # what may go today may go tomorrow


def test_the_strongest_reason_is_told() -> None:
    entry = Aged(5, CUT_OFF, "letter-read", needed=True)
    assert what_keeps_entry(entry, cut_off=CUT_OFF, anchored=5) is Keep.IN_USE
    assert what_keeps_entry(replace(entry, needed=False), cut_off=CUT_OFF, anchored=4) is Keep.TERM_RUNNING
    assert what_keeps_entry(replace(entry, action=DEPARTED), cut_off=CUT_OFF, anchored=5) is Keep.PROOF


def test_only_an_anchor_that_is_itself_old_enough_says_how_old_an_entry_is() -> None:
    anchors = [(date(2026, 11, 15), 3), (CUT_OFF, 7), (date(2026, 11, 17), 9)]
    assert anchored_before(anchors, CUT_OFF) == 7
    assert anchored_before(anchors, date(2026, 11, 14)) == 0


class Trail:
    """Twelve old entries, of which some depart; the proof; the anchors."""

    def __init__(self, going: set[int]) -> None:
        self.pairs: Pairs = []
        self.anchors: list[Anchor] = []
        for number in range(1, 13):
            self.append(START + timedelta(minutes=number), "letter-read", {"number": number})
        self.anchor(START + timedelta(hours=1))
        total, before = DepartureSum(), "0" * 64
        for seal, entry in self.pairs:
            if seal.number in going and entry is not None:
                hashed = entry_hash(seal.number, seal.sealed_at, entry, seal.reason_sha256)
                total.add(seal.number, hashed, before, seal.sha256)
                marked = replace(seal, entry_sha256=hashed, departure=1)
                self.pairs[seal.number - 1] = (marked, None)
            before = seal.sha256
        self.told = total.told()
        self.append(TODAY, DEPARTED, {"departure": 1, "proposed_by": "admin", **vars(self.told)})
        self.anchor(TODAY, self.told.sha256)

    def append(self, at: datetime, action: str, details: dict[str, Any]) -> None:
        last = self.pairs[-1][0] if self.pairs else None
        entry = ChainEntry(len(self.pairs) + 100, at, "audit", action, "X", "", details)
        self.pairs.append((sealed(last, entry, at, None), entry))

    def anchor(self, at: datetime, departure: str | None = None) -> None:
        seal = self.pairs[-1][0]
        self.anchors.append(Anchor(at, seal.number, seal.sha256, departure))

    def change(self, number: int, **values: Any) -> None:
        seal, entry = self.pairs[number - 1]
        self.pairs[number - 1] = (replace(seal, **values), entry)

    def codes(self) -> set[str]:
        chain, departures = ChainCheck(), DepartureCheck()
        found = []
        for seal, entry in self.pairs:
            found += [*chain.step(seal, entry)]
            departures.step(seal, entry)
        found += departures.faults(self.anchors, datetime.date, lambda day: day - YEARS)
        return {fault.code for fault in found}


some = st.sets(st.integers(1, 12), min_size=1, max_size=12)


@given(some)
def test_any_stretches_may_depart_and_the_chain_is_whole(going: set[int]) -> None:
    trail = Trail(going)
    assert trail.codes() == set()
    assert trail.told.count == len(going)
    assert trail.told.stretches == sum(number - 1 not in going for number in going)


@given(some, st.integers(1, 12))
def test_an_entry_more_or_less_than_the_proof_names_is_found(going: set[int], number: int) -> None:
    trail = Trail(going)
    seal, entry = trail.pairs[number - 1]
    if number in going:
        trail.change(number, departure=None)
        assert trail.codes() == {"entry-missing", "departure-differs"}
    else:
        assert entry is not None
        hashed = entry_hash(seal.number, seal.sealed_at, entry, seal.reason_sha256)
        trail.pairs[number - 1] = (replace(seal, entry_sha256=hashed, departure=1), None)
        assert "departure-differs" in trail.codes()


@given(some, st.data())
def test_any_other_hash_in_a_departed_seal_is_found(going: set[int], data: st.DataObject) -> None:
    trail = Trail(going)
    number = data.draw(st.sampled_from(sorted(going)))
    field = data.draw(st.sampled_from(["entry_sha256", "sha256"]))
    trail.change(number, **{field: "f" * 64})
    assert "seal-broken" in trail.codes()


@given(st.sets(st.integers(1, 12), min_size=2, max_size=12))
def test_departed_seals_that_change_places_are_found(going: set[int]) -> None:
    trail = Trail(going)
    one, other = sorted(going)[:2]
    first, second = trail.pairs[one - 1][0], trail.pairs[other - 1][0]
    trail.pairs[one - 1] = (replace(second, number=one), None)
    trail.pairs[other - 1] = (replace(first, number=other), None)
    assert "seal-broken" in trail.codes()


def _without_proof(trail: Trail) -> None:
    trail.pairs[12] = (trail.pairs[12][0], None)


def _of_another_name(trail: Trail) -> None:
    for number in (3, 4):
        trail.change(number, departure=2)


def _not_witnessed(trail: Trail) -> None:
    trail.anchors[-1] = replace(trail.anchors[-1], departure=None)


def _witnessed_before_its_proof(trail: Trail) -> None:
    trail.anchors[-1] = replace(trail.anchors[-1], number=12)


def _twice(trail: Trail) -> None:
    trail.append(TODAY, DEPARTED, {"departure": 1, "proposed_by": "admin", **vars(trail.told)})


def _of_nothing(trail: Trail) -> None:
    trail.append(TODAY, DEPARTED, {"departure": "2"})


def _anchor_of_its_age_gone(trail: Trail) -> None:
    del trail.anchors[0]


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (_without_proof, {"entry-missing", "departure-unproven"}),
        (_of_another_name, {"departure-differs", "departure-unproven"}),
        (_not_witnessed, {"departure-forged"}),
        (_witnessed_before_its_proof, {"departure-forged"}),
        (_twice, {"departure-forged"}),
        (_of_nothing, {"departure-differs", "departure-by-one"}),
        (_anchor_of_its_age_gone, {"departure-too-young"}),
    ],
)
def test_what_is_wrong_with_a_proof_is_named(tamper: Callable[[Trail], None], expected: set[str]) -> None:
    trail = Trail({3, 4, 9})
    tamper(trail)
    assert trail.codes() == expected


def test_one_person_is_not_enough() -> None:
    trail = Trail({3, 4})
    seal, proof = trail.pairs.pop()
    assert proof is not None
    trail.pairs.append((sealed(trail.pairs[-1][0], replace(proof, actor="admin"), TODAY, None), None))
    trail.pairs[-1] = (trail.pairs[-1][0], replace(proof, actor="admin"))
    assert seal.number == 13
    assert trail.codes() == {"departure-by-one"}
