"""What is wrong with a posting list, and with a piece that is said to be posted: each fault has its own code."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.findings import Severity
from gateway.domain.posting.posting_list import (
    Counts,
    Day,
    Evidence,
    Item,
    ListFacts,
    PieceFacts,
    blocks,
    check_list,
    check_piece,
    gap_before,
    is_sound,
    posting_day,
)
from gateway.facts import is_holiday_nrw

MONDAY, TUESDAY, THURSDAY = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 19)
TODAY = Day(THURSDAY, is_holiday_nrw)
HASH = "a" * 64
PIECE = PieceFacts(MONDAY, frozenset({TUESDAY}), 2, 3, "Standardbrief", HASH)
LINE = Item("K1", TUESDAY, 2, 3, "Standardbrief", "A01", HASH)
GOOD = ListFacts(
    number="EL-000007",
    day=TUESDAY,
    items=(LINE, replace(LINE, key="K2")),
    told=Counts(2, 4, 6),
    sha256=HASH,
    told_sha256=HASH,
    ours=Counts(2, 4, 6),
    numbers_before=("EL-000006", "EL-000005", "OTHER-9"),
)
OURS = {"K1", "K2"}


def codes(facts: ListFacts, ours: set[str] = OURS) -> list[str]:
    return [finding.code for finding in check_list(facts, THURSDAY, ours)]


def against(
    piece: PieceFacts = PIECE, item: Item | None = LINE, evidence: Evidence = Evidence.LIST
) -> list[str]:
    return [finding.code for finding in check_piece(piece, item, evidence, TODAY)]


def test_nothing_is_said_against_a_list_and_a_piece_that_agree() -> None:
    assert codes(GOOD) == []
    assert against() == []
    assert against(item=None, evidence=Evidence.STATUS_FIELD) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"told_sha256": "b" * 64}, "list-hash-differs"),
        ({"same_number": True}, "list-number-repeated"),
        ({"numbers_before": ("EL-000004",)}, "list-number-gap"),
        ({"told": Counts(3, 4, 6)}, "list-total-differs"),
        ({"told": Counts(2, 5, 6), "ours": Counts()}, "list-total-differs"),
        ({"told": Counts(2, 4, 7), "ours": Counts()}, "list-total-differs"),
        ({"ours": Counts(2, 5, 6)}, "list-counts-differ"),
        ({"ours": Counts(2, 4, 5)}, "list-counts-differ"),
        ({"items": (LINE, LINE)}, "item-repeated"),
        ({"items": (LINE, replace(LINE, key="X"))}, "item-unknown"),
        ({"day": THURSDAY + timedelta(days=1)}, "list-day-in-future"),
    ],
)
def test_each_fault_of_a_list_is_named_and_nothing_else(change: dict[str, object], code: str) -> None:
    assert codes(replace(GOOD, **change)) == [code]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"reported": frozenset({TUESDAY, MONDAY + timedelta(days=2)})}, "posting-days-differ"),
        ({"handed_over_on": TUESDAY + timedelta(days=1)}, "posted-before-hand-over"),
        ({"handed_over_on": None}, "posted-before-hand-over"),
        ({"withdrawn": True}, "posting-contradicted"),
        ({"void": True}, "item-void"),
        ({"lists": 2}, "piece-on-two-lists"),
        ({"unsound_list": "EL-7"}, "list-not-sound"),
        ({"sheets": 1}, "sheets-differ"),
        ({"pages": 4}, "pages-differ"),
        ({"print_sha256": "b" * 64}, "print-hash-differs"),
    ],
)
def test_each_fault_of_a_piece_keeps_it_from_being_confirmed(change: dict[str, object], code: str) -> None:
    piece = replace(PIECE, **change)  # type: ignore[arg-type]
    assert against(piece) == [code]
    assert blocks(check_piece(piece, LINE, Evidence.LIST, TODAY))


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2026, 11, 15), "posted-on-rest-day"),  # Sunday
        (date(2026, 12, 25), "posted-on-rest-day"),
        (date(2026, 11, 21), None),  # a Saturday is a posting day
        (date(2026, 12, 24), None),
    ],
)
def test_no_post_is_taken_in_on_sundays_and_holidays(day: date, code: str | None) -> None:
    piece = replace(PIECE, handed_over_on=day, reported=frozenset({day}))
    found = check_piece(piece, None, Evidence.STATUS_FIELD, Day(day, is_holiday_nrw))
    assert [finding.code for finding in found] == ([code] if code else [])


def test_a_day_in_the_future_and_none_at_all_are_no_posting() -> None:
    tomorrow = THURSDAY + timedelta(days=1)
    assert against(replace(PIECE, reported=frozenset({tomorrow})), replace(LINE, posted_on=tomorrow)) == [
        "posted-in-future"
    ]
    assert against(replace(PIECE, reported=frozenset()), replace(LINE, posted_on=None)) == [
        "posting-day-missing"
    ]


def test_what_was_agreed_decides_what_proves_a_posting() -> None:
    assert against(item=None) == ["posting-not-listed"]
    assert against(item=None, evidence=Evidence.NONE) == ["evidence-not-agreed"]
    assert against(evidence=Evidence.NONE) == ["evidence-not-agreed"]


def test_another_product_is_a_warning_only() -> None:
    (finding,) = check_piece(PIECE, replace(LINE, product="Kompaktbrief"), Evidence.LIST, TODAY)
    assert (finding.code, finding.severity) == ("product-differs", Severity.WARNING)


def test_a_line_about_nobodys_piece_says_nothing_against_the_others() -> None:
    unknown = check_list(replace(GOOD, items=(LINE, replace(LINE, key="X"))), THURSDAY, OURS)
    assert blocks(unknown)
    assert is_sound(unknown)
    assert not is_sound(check_list(replace(GOOD, told_sha256="b" * 64), THURSDAY, OURS))


@pytest.mark.parametrize(
    ("number", "before", "gap"),
    [
        ("EL-000007", ("EL-000006",), None),
        ("EL-000009", ("EL-000006", "EL-000002"), "EL-000007 bis EL-000008"),
        ("EL-000008", ("EL-000006",), "EL-000007"),
        ("EL-000001", (), None),
        ("2027-1", ("2026-341",), None),
        ("ohne Zahl", ("EL-1",), None),
        ("EL-5", ("EL-9",), None),
    ],
)
def test_a_missing_list_is_seen_in_the_count(number: str, before: tuple[str, ...], gap: str | None) -> None:
    assert gap_before(number, before) == gap


@given(st.sets(st.integers(1, 60), min_size=1), st.integers(1, 60))
def test_a_gap_is_told_exactly_when_the_number_before_is_missing(earlier: set[int], own: int) -> None:
    before = {number for number in earlier if number < own}
    gap = gap_before(f"L{own:03d}", [f"L{number:03d}" for number in earlier])
    assert (gap is None) == (not before or own - 1 in before)


@given(st.sets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=3), st.none() | st.dates())
def test_the_list_decides_the_day_and_differing_days_never_pass(
    reported: set[date], listed: date | None
) -> None:
    piece = replace(PIECE, reported=frozenset(reported))
    item = replace(LINE, posted_on=listed)
    assert posting_day(piece, item) == (listed or min(reported, default=None))
    told = reported | ({listed} if listed else set())
    assert ("posting-days-differ" in against(piece, item)) == (len(told) > 1)
