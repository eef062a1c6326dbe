"""Two texts side by side, line by line, and the words that changed within a line. Knows nothing of what is compared."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """What a piece of text is."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    SKIPPED = "skipped"
    """Stands for lines that are equal and not shown."""


Piece = tuple[Mark, str]
"""A stretch of a line, and whether it changed."""


@dataclass(frozen=True)
class Row:
    """A line in both texts; empty where it is in one of them only."""

    mark: Mark
    """SAME, SKIPPED, or REMOVED / ADDED for a line that is in one text only or differs."""
    left: Sequence[Piece]
    right: Sequence[Piece]


_WORDS = re.compile(r"\s+|[^\s]+")


def side_by_side(before: Sequence[str], after: Sequence[str], *, context: int) -> list[Row]:
    """All changed lines beside their counterparts, with `context` equal lines around; the others are skipped."""
    rows: list[Row] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, left0, left1, right0, right1 in matcher.get_opcodes():
        if tag == "equal":
            first = left0 == 0 and right0 == 0
            last = left1 == len(before) and right1 == len(after)
            rows += _shortened(before[left0:left1], context, first=first, last=last)
        else:
            rows += _replaced(before[left0:left1], after[right0:right1])
    return rows


def changed(rows: Sequence[Row]) -> bool:
    """Whether anything differs."""
    return any(row.mark in {Mark.REMOVED, Mark.ADDED} for row in rows)


def unified(before: Sequence[str], after: Sequence[str], old: str, new: str) -> str:
    """The same as a unified diff, as programmers read it."""
    return "".join(f"{line}\n" for line in difflib.unified_diff(before, after, old, new, lineterm=""))


def _shortened(lines: Sequence[str], context: int, *, first: bool, last: bool) -> list[Row]:
    """Equal lines: only those that border on a change, and one row for the others."""
    head = 0 if first else context
    tail = 0 if last else context
    if len(lines) <= head + tail + 1:
        return [] if first and last else [_same(line) for line in lines]
    end = len(lines) - tail
    skipped = Row(Mark.SKIPPED, [(Mark.SKIPPED, str(end - head))], [])
    return [*map(_same, lines[:head]), skipped, *map(_same, lines[end:])]


def _same(line: str) -> Row:
    return Row(Mark.SAME, [(Mark.SAME, line)], [(Mark.SAME, line)])


def _replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[Row]:
    for left, right in zip(before, after, strict=False):
        yield Row(Mark.ADDED, *_words(left, right))
    for line in before[len(after) :]:
        yield Row(Mark.REMOVED, [(Mark.REMOVED, line)], [])
    for line in after[len(before) :]:
        yield Row(Mark.ADDED, [], [(Mark.ADDED, line)])


def _words(left: str, right: str) -> tuple[list[Piece], list[Piece]]:
    """Two lines, word by word."""
    ours, theirs = _WORDS.findall(left), _WORDS.findall(right)
    before: list[Piece] = []
    after: list[Piece] = []
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, left0, left1, right0, right1 in matcher.get_opcodes():
        same = tag == "equal"
        if left1 > left0:
            before.append((Mark.SAME if same else Mark.REMOVED, "".join(ours[left0:left1])))
        if right1 > right0:
            after.append((Mark.SAME if same else Mark.ADDED, "".join(theirs[right0:right1])))
    return before, after
