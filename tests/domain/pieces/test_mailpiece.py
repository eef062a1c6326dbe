"""Which page lands on which side of which sheet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.pieces.mailpiece import SheetSide, impose, sheets_for

PAGES = st.integers(1, 300)


@given(PAGES, st.booleans())
def test_every_page_is_printed_exactly_once_and_in_order(pages: int, duplex: bool) -> None:
    printed = [side.page for side in impose(pages, duplex=duplex) if side.page is not None]
    assert printed == list(range(1, pages + 1))


@given(PAGES, st.booleans())
def test_the_sheets_of_a_document_are_the_ones_that_are_counted(pages: int, duplex: bool) -> None:
    sides = impose(pages, duplex=duplex)
    assert sorted({side.sheet for side in sides}) == list(range(1, sheets_for(pages, duplex=duplex) + 1))


@given(PAGES)
def test_in_duplex_every_sheet_has_front_and_back_so_the_next_document_starts_on_a_new_one(pages: int) -> None:
    sides = impose(pages, duplex=True)
    assert [(side.sheet, side.front) for side in sides] == [
        (sheet, front) for sheet in range(1, sheets_for(pages, duplex=True) + 1) for front in (True, False)
    ]


@given(PAGES)
def test_only_the_last_back_may_be_blank_and_no_front_ever(pages: int) -> None:
    blanks = [side for side in impose(pages, duplex=True) if side.page is None]
    assert blanks == ([SheetSide((pages + 1) // 2, False, None)] if pages % 2 else [])


@given(PAGES)
def test_in_simplex_nothing_is_on_a_back(pages: int) -> None:
    assert all(side.front and side.page == side.sheet for side in impose(pages, duplex=False))


@given(st.lists(PAGES, min_size=2, max_size=5))
def test_documents_in_one_envelope_never_share_a_sheet(documents: list[int]) -> None:
    owners: dict[int, set[int]] = {}
    first = 0
    for number, pages in enumerate(documents):
        sides = impose(pages, duplex=True)
        for side in sides:
            owners.setdefault(first + side.sheet, set()).add(number)
        first += len(sides) // 2
    assert all(len(documents_on_sheet) == 1 for documents_on_sheet in owners.values())
    assert len(owners) == sum(sheets_for(pages, duplex=True) for pages in documents)


@pytest.mark.parametrize("pages", [0, -1])
def test_a_document_without_pages_is_refused(pages: int) -> None:
    with pytest.raises(ValueError, match="at least one page"):
        sheets_for(pages, duplex=True)
