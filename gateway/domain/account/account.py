"""The zero-balance account (*Tagessaldo*): approved = posted + held + cancelled + failed + under way, to the letter.

What came back was posted, then returned: it stays on its line, and is shown as a part of it. What none of the lines
explains is named, never rounded away.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from gateway.domain.account.standing import Standing


class Line(StrEnum):
    """A line of the account."""

    POSTED = "posted"
    HELD = "held"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNDER_WAY = "under_way"


LINE_OF = {
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
    office: str = ""
    chain: str = ""
    """Hashes from approval to case file, in one line."""


@dataclass(frozen=True)
class Account:
    """The balance: `approved` copies, how many on each line, and those that no line explains (name, code)."""

    approved: int
    lines: dict[Line, int] = field(default_factory=dict)
    unexplained: tuple[tuple[str, str], ...] = ()
    standings: Mapping[Standing, int] = field(default_factory=dict)
    """The lines in more detail."""
    offices: Mapping[str, Mapping[Line, int]] = field(default_factory=dict)
    """The lines by office; empty where only totals were counted."""
    returned_of: Mapping[str, int] = field(default_factory=dict)
    """What came back, by office, where it is not none; empty where only totals were counted."""
    digest: str = ""
    """SHA-256 over the chain of every copy that was read, in order; empty where only totals were counted."""

    @property
    def returned(self) -> int:
        """Of those that were posted: what came back, and is not proven to have been received."""
        return self.standings.get(Standing.RETURNED, 0)

    @property
    def balanced(self) -> bool:
        """Whether every approved copy is on exactly one line."""
        return not self.unexplained and self.approved == sum(self.lines.values())


def balance(entries: Iterable[Entry]) -> Account:
    """Put every approved copy on its line."""
    standings: Counter[Standing] = Counter()
    offices: dict[str, dict[Line, int]] = {}
    returned: Counter[str] = Counter()
    unexplained: list[tuple[str, str]] = []
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(f"{entry.name} {entry.standing.value} {entry.chain}\n".encode())
        line = LINE_OF.get(entry.standing)
        if entry.fault or line is None:
            unexplained.append((entry.name, entry.fault or f"standing-{entry.standing.value}"))
        else:
            standings[entry.standing] += 1
            offices.setdefault(entry.office, dict.fromkeys(Line, 0))[line] += 1
            returned[entry.office] += entry.standing is Standing.RETURNED
    found = _account(standings, unexplained, offices)
    return replace(
        found, returned_of={office: n for office, n in returned.items() if n}, digest=digest.hexdigest()
    )


def balance_of_totals(
    standings: Mapping[Standing, int], faulty: Mapping[Standing, int], unexplained: Iterable[tuple[str, str]]
) -> Account:
    """The same from totals. `faulty`: where the unexplained copies were counted; they are on no line."""
    left = Counter(standings)
    left.subtract(faulty)
    return _account({each: n for each, n in left.items() if each in LINE_OF}, list(unexplained), {})


def with_strays(account: Account, strays: Iterable[tuple[str, str]]) -> Account:
    """The account together with what was approved and of which not even the copy is left (name, code)."""
    found = tuple(strays)
    return replace(account, approved=account.approved + len(found), unexplained=account.unexplained + found)


def with_totals(account: Account, totals: Iterable[tuple[str, str]]) -> Account:
    """The account together with control totals that differ, although no copy is at fault (what was counted, code)."""
    return replace(account, unexplained=account.unexplained + tuple(totals))


def _account(
    standings: Mapping[Standing, int],
    unexplained: list[tuple[str, str]],
    offices: Mapping[str, Mapping[Line, int]],
) -> Account:
    lines = dict.fromkeys(Line, 0)
    for standing, count in standings.items():
        lines[LINE_OF[standing]] += count
    approved = sum(lines.values()) + len(unexplained)
    return Account(
        approved, lines, tuple(unexplained), {each: n for each, n in standings.items() if n}, offices
    )
