"""What a letter asks for, out of whatever its data are."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.letters.requesting import RequestRule, is_overdue, requested

RULE = RequestRule("documents", "title", "deadline")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["title", "x"]), inner, max_size=2)
    ),
    max_leaves=8,
)


def test_the_items_stand_in_the_order_of_the_letter() -> None:
    data = {"documents": [{"title": "Mietvertrag"}, {"title": "Kontoauszüge", "detail": "alle"}]}
    assert requested(RULE, {**data, "deadline": "2026-12-14"}) == (
        ["Mietvertrag", "Kontoauszüge"],
        date(2026, 12, 14),
    )
    assert requested(RequestRule("documents", "title"), data) == (["Mietvertrag", "Kontoauszüge"], None)


@given(JSON)
def test_data_of_any_shape_ask_for_texts_only(items: Any) -> None:
    titles, due = requested(RULE, {"documents": items})
    assert due is None
    assert all(isinstance(title, str) for title in titles)


@pytest.mark.parametrize(
    ("due", "missing", "today", "overdue"),
    [
        (date(2026, 12, 14), 1, date(2026, 12, 14), False),
        (date(2026, 12, 14), 1, date(2026, 12, 15), True),
        (date(2026, 12, 14), 0, date(2026, 12, 15), False),
        (None, 1, date(2026, 12, 15), False),
    ],
)
def test_the_day_itself_still_counts(due: date | None, missing: int, today: date, overdue: bool) -> None:
    assert is_overdue(due, missing, today) is overdue
