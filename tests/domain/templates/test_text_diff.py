"""Two texts side by side."""

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.templates.text_diff import Mark, changed, side_by_side, unified

LINES = st.lists(st.text(alphabet="ab ", max_size=6), max_size=8)


@given(LINES, LINES)
@example(["a"], ["", "a"])
def test_each_side_can_be_read_off_again(before: list[str], after: list[str]) -> None:
    rows = side_by_side(before, after, context=100)
    left = ["".join(text for _, text in row.left) for row in rows if row.left or row.mark is Mark.SAME]
    right = ["".join(text for _, text in row.right) for row in rows if row.right or row.mark is Mark.SAME]
    if changed(rows):
        assert [line for line in left if line] == [line for line in before if line]
        assert [line for line in right if line] == [line for line in after if line]
    else:
        assert before == after


@given(LINES, LINES)
def test_there_is_a_difference_exactly_if_the_texts_differ(before: list[str], after: list[str]) -> None:
    assert changed(side_by_side(before, after, context=1)) == (before != after)
    assert bool(unified(before, after, "a", "b")) == (before != after)


def test_only_the_words_that_changed_are_marked() -> None:
    (row,) = side_by_side(["Kommen Sie am Montag um neun"], ["Kommen Sie am Dienstag um neun"], context=1)
    assert [text for mark, text in row.left if mark is Mark.REMOVED] == ["Montag"]
    assert [text for mark, text in row.right if mark is Mark.ADDED] == ["Dienstag"]


def test_long_stretches_without_a_change_are_skipped() -> None:
    before = [str(number) for number in range(40)]
    rows = side_by_side(before, [*before[:20], "neu", *before[21:]], context=1)
    assert [row.mark for row in rows] == [Mark.SKIPPED, Mark.SAME, Mark.ADDED, Mark.SAME, Mark.SKIPPED]
    assert rows[0].left == [(Mark.SKIPPED, "19")]
