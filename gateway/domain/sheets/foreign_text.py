"""Foreign text: does a page carry a reference, file number or BG number that belongs to somebody else.

A number is found however the layout broke it: blanks, hyphens and the separators that such numbers have among
them are ignored, but it must begin and end where a word does. What is too short, or has no digit, would be found in
any text and is not looked for (`IdentifierIndex.not_checkable` counts it).
Every text is read once, whatever the number of identifiers.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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


_KINDS = tuple(Kind)
_REFERENCES = frozenset({Kind.PIECE, Kind.LETTER})


@dataclass(frozen=True)
class Identifier:
    """A piece or letter reference, file number or BG number, and whose it is.

    `owner` is a piece for piece references, and a case for all others; `piece` is one piece that it stands for.
    """

    kind: Kind
    text: str
    owner: int
    piece: int

    def plain(self) -> "Identifier":
        """As it is compared: letters and digits alone, in capitals."""
        return replace(self, text=_plain(self.text))


class IdentifierIndex:
    """All identifiers of a run, to be looked up in texts: some thirty bytes each, since a run may have a million.

    Texts are kept as hashes of 64 bits, sorted. That a word of a page meets the hash of another text is to be expected
    once in a million runs of 100,000 pieces.
    """

    def __init__(self, identifiers: Iterable[Identifier] = ()) -> None:
        self.not_checkable = 0
        self._separators = set(_ALWAYS_IGNORED)
        self._lengths: set[int] = set()
        columns = array("q"), array("b"), array("q"), array("q")
        for identifier in identifiers:
            self._add(identifier, columns)
        order = sorted(range(len(columns[0])), key=columns[0].__getitem__)
        self._hashes, self._kinds, self._owners, self._pieces = (
            array(column.typecode, map(column.__getitem__, order)) for column in columns
        )

    @property
    def checkable(self) -> int:
        """How many identifiers are looked for."""
        return len(self._hashes)

    def _add(self, identifier: Identifier, columns: Sequence["array[int]"]) -> None:
        key = _plain(identifier.text)
        if identifier.kind not in _REFERENCES and not _is_telling(key):
            self.not_checkable += 1
            return
        row = hash(key), _KINDS.index(identifier.kind), identifier.owner, identifier.piece
        for column, value in zip(columns, row, strict=True):
            column.append(value)
        self._lengths.add(len(key))
        self._separators.update(set(identifier.text) - set(key) - set(key.lower()))

    def found_in(self, text: str) -> set[Identifier]:
        """Every known identifier that stands in `text`, whoever it belongs to, as it is compared."""
        return {
            identifier
            for written in set(self._candidates(text))
            for identifier in self._known(written.upper())
            if identifier.kind not in _REFERENCES or _is_reference(written)
        }

    def _known(self, key: str) -> Iterator[Identifier]:
        sought = hash(key)
        for at in range(bisect_left(self._hashes, sought), len(self._hashes)):
            if self._hashes[at] != sought:
                return
            yield Identifier(_KINDS[self._kinds[at]], key, self._owners[at], self._pieces[at])

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


def _plain(text: str) -> str:
    return "".join(_WORD.findall(text)).upper()


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
