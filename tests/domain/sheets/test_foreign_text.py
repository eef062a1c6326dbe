"""Foreign identifiers in a text: found however they are broken, and nowhere else."""

import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.references import for_people, reference_from
from gateway.domain.sheets.foreign_text import Identifier, IdentifierIndex, Kind, foreign

OURS = Identifier(Kind.FILE_NUMBER, "JC-BOR-2026-00017", 1, 1)
OTHER = Identifier(Kind.FILE_NUMBER, "JC-BOR-2026-00018", 2, 2)
BG = Identifier(Kind.BG_NUMBER, "35702//0012346", 2, 2)
PIECE = Identifier(Kind.PIECE, "7K4M9QXZ", 2, 2)
INDEX = IdentifierIndex([OURS, OTHER, BG, PIECE])


@pytest.mark.parametrize(
    "text",
    [
        "Aktenzeichen JC-BOR-2026-00018, BG",
        "JC-BOR-2026-\n00018",
        "JC-BOR-\u00ad2026-000\ufffe18",
        "jc-bor-2026-00018",
        "JC BOR 2026 00018.",
        "(JC–BOR-2026-00018)".replace("–", "-"),
    ],
)
def test_a_number_is_found_however_it_is_broken(text: str) -> None:
    assert INDEX.found_in(text) == {OTHER.plain()}


@pytest.mark.parametrize("text", ["35702//0012346", "35702 // 0012346", "35702/0012346", "BG: 357020012346"])
def test_a_bg_number_is_found_with_and_without_its_strokes(text: str) -> None:
    assert INDEX.found_in(text) == {BG.plain()}


@pytest.mark.parametrize("text", ["7K4M-9QXZ", "7K4M9QXZ", "Sendung 7K4M-\n9QXZ."])
def test_a_reference_is_found_in_capitals(text: str) -> None:
    assert INDEX.found_in(text) == {PIECE.plain()}


@pytest.mark.parametrize(
    "text",
    [
        "JC-BOR-2026-000180",
        "XJC-BOR-2026-00018",
        "JC-BOR-2026-0001",
        "35702.00,12346",
        "35702     0012346",
        "7k4m9qxz",
        "A7K4M-9QXZ",
        "",
    ],
)
def test_what_only_looks_alike_is_not_found(text: str) -> None:
    assert INDEX.found_in(text) == set()


def test_what_is_ours_is_not_foreign() -> None:
    found = INDEX.found_in("JC-BOR-2026-00017 und 35702//0012346 und 7K4M-9QXZ")
    assert foreign(found, piece=1, cases=frozenset({1})) == [BG.plain(), PIECE.plain()]
    assert foreign(found, piece=2, cases=frozenset({2})) == [OURS.plain()]
    assert foreign(found, piece=2, cases=frozenset({1, 2})) == []


def test_a_bg_number_that_two_cases_share_is_foreign_to_neither() -> None:
    shared = [Identifier(Kind.BG_NUMBER, "35702//0012346", case, case) for case in (2, 3)]
    found = IdentifierIndex(shared).found_in("35702//0012346")
    assert foreign(found, piece=2, cases=frozenset({2})) == []
    assert foreign(found, piece=9, cases=frozenset({9})) == [each.plain() for each in shared]


def test_numbers_that_would_be_found_in_any_text_are_counted_and_not_looked_for() -> None:
    weak = [Identifier(Kind.FILE_NUMBER, text, 2, 2) for text in ("17", "AKTE-BORKEN", "12/26")]
    index = IdentifierIndex([*weak, OTHER])
    assert (index.not_checkable, index.checkable) == (3, 1)
    assert index.found_in("Seite 17, AKTE-BORKEN, 12/26") == set()


words = st.text("abcXYZ019 .,/-\n", max_size=60)


@given(st.integers(0, 2**35 - 1), words, words, st.sampled_from(["{}", "{}-{}", "{}-\n{}", "{} {}"]))
def test_any_reference_is_found_between_any_words(value: int, before: str, after: str, form: str) -> None:
    reference = reference_from(value)
    written = form.format(reference[:4], reference[4:]) if form.count("{}") == 2 else reference
    index = IdentifierIndex([Identifier(Kind.PIECE, reference, 1, 1)])
    assert index.found_in(f"{before} {written} {after}")
    assert index.found_in(f"{before};{for_people(reference)};{after}")


def test_the_index_of_a_large_run_is_small() -> None:
    tracemalloc.start()
    try:
        identifiers = (
            Identifier(Kind.FILE_NUMBER, f"JC-BOR-2026-{number:06}", number, number) for number in range(40_000)
        )
        index = IdentifierIndex(identifiers)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert index.checkable == 40_000
    assert kept / 40_000 < 50


def test_ten_thousand_cases_do_not_make_a_page_slow() -> None:
    many = [
        Identifier(Kind.FILE_NUMBER, f"JC-BOR-2026-{number:05}", number, number) for number in range(10_000)
    ]
    index = IdentifierIndex(many)
    page = "Für die Zeit ab Mai erhalten Sie 1.062,19 EUR im Monat. " * 60
    started = time.process_time()
    assert index.found_in(page + "JC-BOR-2026-09999") == {many[9_999].plain()}
    assert time.process_time() - started < 0.25
