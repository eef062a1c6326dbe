"""The zero-balance account (*Tagessaldo*): approved = posted + held + cancelled + failed + under way, to the letter.

What none of the lines explains is named, never rounded away.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.standing import Standing


class Line(StrEnum):
    """A line of the account."""

    POSTED = "posted"
    HELD = "held"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNDER_WAY = "under_way"


_LINE_OF = {
    Standing.APPROVED: Line.UNDER_WAY,
    Standing.PLANNED: Line.UNDER_WAY,
    Standing.IN_DOUBT: Line.UNDER_WAY,
    Standing.HANDED_OVER: Line.UNDER_WAY,
    Standing.IN_PRODUCTION: Line.UNDER_WAY,
    Standing.POSTED: Line.POSTED,
    Standing.DELIVERED: Line.POSTED,
    Standing.RETURNED: Line.POSTED,
    Standing.HELD: Line.HELD,
    Standing.CANCELLED: Line.CANCELLED,
    Standing.FAULTY: Line.FAILED,
    Standing.REFUSED: Line.FAILED,
    Standing.FAILED: Line.FAILED,
}


@dataclass(frozen=True)
class Entry:
    """One approved recipient's copy. `fault` says what is missing in the rows, as a code, or is None."""

    name: str
    standing: Standing
    fault: str | None = None


@dataclass(frozen=True)
class Account:
    """The balance: `approved` copies, how many on each line, and those that no line explains (name, code)."""

    approved: int
    lines: dict[Line, int] = field(default_factory=dict)
    unexplained: tuple[tuple[str, str], ...] = ()

    @property
    def balanced(self) -> bool:
        """Whether every approved copy is on exactly one line."""
        return not self.unexplained and self.approved == sum(self.lines.values())


def balance(entries: Iterable[Entry]) -> Account:
    """Put every approved copy on its line."""
    lines = dict.fromkeys(Line, 0)
    unexplained: list[tuple[str, str]] = []
    approved = 0
    for entry in entries:
        approved += 1
        line = _LINE_OF.get(entry.standing)
        if entry.fault or line is None:
            unexplained.append((entry.name, entry.fault or f"standing-{entry.standing.value}"))
        else:
            lines[line] += 1
    return Account(approved, lines, tuple(unexplained))
