"""The audit chain as a rule: whatever single thing is done to it, it shows, and only there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.trail.chain import FAULTS, ChainCheck, ChainEntry, ChainSeal, sealed

START = datetime(2026, 11, 16, 7, tzinfo=UTC)
Pairs = list[tuple[ChainSeal, ChainEntry | None]]

words = st.text('aß€\x00"\\', max_size=4)
values = st.none() | st.booleans() | st.integers(-9, 2**70) | words | st.lists(words, max_size=2)
details = st.dictionaries(words, values | st.dictionaries(words, words, max_size=2), max_size=2)
links = st.tuples(st.integers(0, 50), st.integers(0, 200), words, words, words, words, details)
busy = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A machine that does other work, too, generates slowly."""


def chain_of(drawn: list[tuple[int, int, str, str, str, str, dict[str, Any]]]) -> Pairs:
    pairs: Pairs = []
    last = None
    for number, (second, delay, actor, action, subject, reason, told) in enumerate(drawn):
        at = START + timedelta(seconds=number * 60 + second)
        entry = ChainEntry(100 + number, at, actor, action, subject, reason, told)
        last = sealed(last, entry, at + timedelta(seconds=delay), "5a17" if reason else None)
        pairs.append((last, entry))
    return pairs


def chains(least: int = 2) -> st.SearchStrategy[Pairs]:
    return st.lists(links, min_size=least, max_size=6).map(chain_of)


def codes(pairs: Pairs) -> list[str]:
    check = ChainCheck()
    return [fault.code for seal, entry in pairs for fault in check.step(seal, entry)]


@busy
@given(chains(least=1))
def test_a_chain_that_nobody_touched_is_whole(pairs: Pairs) -> None:
    assert codes(pairs) == []


def _other(value: Any) -> Any:
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, int):
        return value + 1
    if isinstance(value, dict):
        return {**value, "another": 1}
    return f"{value or ''}x"


@busy
@given(chains(), st.data())
def test_any_single_change_of_an_entry_is_found(pairs: Pairs, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(pairs) - 1))
    seal, entry = pairs[place]
    assert entry is not None
    field = data.draw(st.sampled_from(sorted(vars(entry))))
    pairs[place] = (seal, replace(entry, **{field: _other(getattr(entry, field))}))
    assert codes(pairs)


@busy
@given(chains(), st.data())
def test_any_single_change_of_a_seal_is_found(pairs: Pairs, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(pairs) - 1))
    seal, entry = pairs[place]
    field = data.draw(st.sampled_from(["number", "sealed_at", "sha256", "reason_sha256"]))
    pairs[place] = (replace(seal, **{field: _other(getattr(seal, field))}), entry)
    assert codes(pairs)


@busy
@given(chains(least=3), st.data())
def test_a_seal_that_is_taken_out_put_in_twice_or_moved_is_found(pairs: Pairs, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(pairs) - 2))
    assert codes(pairs[:place] + pairs[place + 1 :])
    assert codes([*pairs[: place + 1], *pairs[place:]])
    moved = [*pairs]
    moved[place], moved[place + 1] = moved[place + 1], moved[place]
    assert codes(moved)
    renumbered = [(replace(seal, number=number), entry) for number, (seal, entry) in enumerate(moved, 1)]
    assert codes(renumbered)


@busy
@given(chains(), st.data())
def test_an_entry_that_is_gone_or_changes_places_with_another_is_found(
    pairs: Pairs, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(pairs) - 2))
    swapped = [*pairs]
    swapped[place] = (pairs[place][0], pairs[place + 1][1])
    swapped[place + 1] = (pairs[place + 1][0], pairs[place][1])
    assert "seal-broken" in codes(swapped)
    pairs[place] = (pairs[place][0], None)
    assert codes(pairs) == ["entry-missing"]


@busy
@given(chains(), st.data())
def test_one_fault_is_told_at_its_place_and_not_all_the_way_behind_it(
    pairs: Pairs, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(pairs) - 1))
    seal, entry = pairs[place]
    assert entry is not None
    pairs[place] = (seal, replace(entry, subject=entry.subject + "!"))
    check = ChainCheck()
    found = [fault.number for one, other in pairs for fault in check.step(one, other)]
    assert found == [seal.number]


def test_an_entry_of_last_year_that_is_sealed_today_is_found() -> None:
    check = ChainCheck()
    today = ChainEntry(1, START, "anna", "letter-read", "X", "", {})
    old = replace(today, id=2, at=START - timedelta(days=300))
    first = sealed(None, today, START, None)
    second = sealed(first, old, START, None)
    assert list(check.step(first, today)) == []
    assert [fault.code for fault in check.step(second, old)] == ["entry-backdated"]


def test_a_reason_can_go_and_the_rest_is_still_proven() -> None:
    entry = ChainEntry(1, START, "anna", "letter-held", "X", "Frau Muster ist verzogen", {})
    seal = sealed(None, entry, START, "00ff")
    emptied = replace(entry, reason="")
    assert codes([(seal, emptied)]) == ["reason-missing"]
    assert codes([(replace(seal, reason_salt=None), emptied)]) == []
    assert codes([(replace(seal, reason_salt=None), replace(emptied, actor="bea"))]) == ["seal-broken"]
    assert codes([(seal, replace(entry, reason="anderer Grund"))]) == ["reason-changed"]


def test_no_reason_is_in_the_clear_in_what_is_hashed() -> None:
    one = ChainEntry(1, START, "anna", "letter-held", "X", "Grund", {})
    assert sealed(None, one, START, "aa").sha256 != sealed(None, one, START, "bb").sha256


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_every_fault_says_in_german_what_it_means(code: str) -> None:
    assert len(FAULTS[code]) > 20
