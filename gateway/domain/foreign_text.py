"""Foreign text: does a page carry a reference, file number or BG number that belongs to somebody else.

A number is found however the layout broke it: blanks, hyphens and the separators that such numbers have among
them are ignored, but it must begin and end where a word does. What is too short, or has no digit, would be found in
any text and is not looked for (`IdentifierIndex.not_checkable` counts it).
Every text is read once, whatever the number of identifiers.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 6
_ALWAYS_IGNORED = frozenset(" \t\r\n-\u00a0\u00ad\u2010\u2011\u0002\ufffe")
_WIDEST_GAP = 4
_REFERENCE_LENGTH = 8
_MOST_WORDS = 12
"""An identifier in more pieces than this is not looked for."""


class Kind(StrEnum):
    """What an identifier names."""

    PIECE = "piece-reference"
    LETTER = "letter-reference"
    FILE_NUMBER = "file-number"
    BG_NUMBER = "bg-number"


_REFERENCES = frozenset({Kind.PIECE, Kind.LETTER})


@dataclass(frozen=True)
class Identifier:
    """A piece or letter reference, file number or BG number, and whose it is.

    `owner` is a piece for piece references, and a case for all others; `piece` is one piece that it stands for.
    """

    kind: Kind
    text: str
    owner: int
    piece: str


@dataclass
class IdentifierIndex:
    """All identifiers of a run, to be looked up in texts."""

    not_checkable: int = 0
    checkable: int = 0
    _known: dict[str, list[Identifier]] = field(default_factory=lambda: defaultdict(list))
    _separators: set[str] = field(default_factory=lambda: set(_ALWAYS_IGNORED))
    _lengths: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, identifiers: Iterable[Identifier]) -> "IdentifierIndex":
        """An index of these."""
        index = cls()
        for identifier in identifiers:
            index._add(identifier)
        return index

    def _add(self, identifier: Identifier) -> None:
        key = "".join(_WORD.findall(identifier.text)).upper()
        if identifier.kind not in _REFERENCES and not _is_telling(key):
            self.not_checkable += 1
            return
        self.checkable += 1
        self._known[key].append(identifier)
        self._lengths.add(len(key))
        self._separators.update(set(identifier.text) - set(key) - set(key.lower()))

    def found_in(self, text: str) -> set[Identifier]:
        """Every known identifier that stands in `text`, whoever it belongs to."""
        found: set[Identifier] = set()
        for written in self._candidates(text):
            for identifier in self._known.get(written.upper(), ()):
                if identifier.kind not in _REFERENCES or _is_reference(written):
                    found.add(identifier)
        return found

    def _candidates(self, text: str) -> Iterator[str]:
        """Words, and neighbouring words joined, that are as long as one of the identifiers."""
        longest = max(self._lengths, default=0)
        words = [(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]
        for first in range(len(words)):
            joined, behind = "", words[first][1]
            for word, start, end in words[first : first + _MOST_WORDS]:
                joined += word
                gap = text[behind:start]
                if len(joined) > longest or len(gap) > _WIDEST_GAP or not self._separators.issuperset(gap):
                    break
                behind = end
                if len(joined) in self._lengths:
                    yield joined


def _is_telling(key: str) -> bool:
    return len(key) >= _SHORTEST and any(character.isdigit() for character in key)


def _is_reference(written: str) -> bool:
    """References are printed in capitals; a word of eight small letters is none."""
    return len(written) == _REFERENCE_LENGTH and written == written.upper()


def foreign(found: Iterable[Identifier], *, piece: int, cases: frozenset[int]) -> list[Identifier]:
    """Those of `found` that belong neither to this piece nor to one of its cases, in a stable order.

    Two cases can share a BG number: what one of ours carries as well is not foreign.
    """
    found = set(found)
    ours = {each.text for each in found if _is_ours(each, piece, cases)}
    others = (each for each in found if not _is_ours(each, piece, cases) and each.text not in ours)
    return sorted(others, key=lambda each: (each.kind, each.text, each.owner))


def _is_ours(identifier: Identifier, piece: int, cases: frozenset[int]) -> bool:
    return identifier.owner == piece if identifier.kind is Kind.PIECE else identifier.owner in cases
