"""Finds the case that a scanned document belongs to.

Evidence, strongest first: our own code on the paper (reply slip, or a sheet of a piece that came back), the file
number that the scan provider typed, the file number in the text layer. Where two of them contradict, a person
decides: a document in the wrong citizen's file is worse than one on the desk.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from gateway.domain.references import decode_reply_code, decode_sheet_code, read_reference

Case = TypeVar("Case")
"""However the caller names a case: an id or a reference."""

_TOKEN = re.compile(r"[^\W_]+")
_MAX_TOKENS = 6
"""A file number has at most this many groups."""
_MIN_LENGTH = 6
"""Shorter numbers would be found by chance in any text."""
_MAX_TEXT = 50_000
"""Characters of text that are read: some twenty pages."""


class Confidence(StrEnum):
    """How sure a match is."""

    CERTAIN = "certain"
    """Filed without asking."""
    DOUBTFUL = "doubtful"
    """A suggestion at most; a person decides."""
    NONE = "none"
    """Nothing leads to a case; a person looks."""


@dataclass(frozen=True)
class Match(Generic[Case]):
    """Result of matching. `reason` is a German sentence for the desk; it names no person.

    `letter` is the reference of the letter answered or returned, if exactly one is known; `returned` is set where
    the paper is a sheet of ours that came back. `candidates` are all cases that anything points to.
    """

    case: Case | None
    letter: str | None
    confidence: Confidence
    reason: str
    returned: bool = False
    candidates: tuple[Case, ...] = ()


def normalise_file_number(text: str) -> str:
    """A file number for comparing: capitals and digits only; blanks, dashes, dots and slashes do not count."""
    return "".join(_TOKEN.findall(text)).upper()


def file_numbers_in(text: str) -> dict[str, bool]:
    """Everything in a text that could be a file number, normalised; the value says whether it is written plainly.

    Groups are joined by dashes, dots or slashes. A number broken by bare blanks is not plain: the blank may be
    the end of a shorter number ("JC-BOR-2026-0001 7 Seiten"). Look the keys up among the known numbers.
    """
    tokens = list(_TOKEN.finditer(text[:_MAX_TEXT]))
    found: dict[str, bool] = {}
    for first in range(len(tokens)):
        for number, plain in _numbers_from(text, tokens[first : first + _MAX_TOKENS]):
            found[number] = found.get(number, False) or plain
    return found


def _numbers_from(text: str, tokens: Sequence[re.Match[str]]) -> Iterable[tuple[str, bool]]:
    number, plain = "", True
    for position, token in enumerate(tokens):
        if position:
            between = text[tokens[position - 1].end() : token.start()]
            if between.strip(" \t\r\n-–./_"):
                return
            plain = plain and not between.isspace()
        number += token.group().upper()
        if len(number) >= _MIN_LENGTH and any(character.isdigit() for character in number):
            yield number, plain


def match(
    codes: Sequence[str],
    index_file_number: str | None,
    text: str,
    *,
    letters: Mapping[str, Case],
    pieces: Mapping[str, Sequence[str]],
    known_file_numbers: Mapping[str, Case],
) -> Match[Case]:
    """Find the case of a document.

    `codes` are the texts of all codes on all pages; `letters` maps letter references to cases, `pieces` piece
    references to those of their letters, `known_file_numbers` normalised file numbers to cases.
    """
    by_code = _read_codes(codes, letters, pieces)
    indexed = known_file_numbers.get(normalise_file_number(index_file_number)) if index_file_number else None
    in_text = _read_text(text, known_file_numbers)
    evidence = _Evidence(by_code, index_file_number, indexed, in_text)
    return evidence.judge()


@dataclass(frozen=True)
class _Codes(Generic[Case]):
    cases: tuple[Case, ...] = ()
    letters: tuple[str, ...] = ()
    returned: bool = False
    unknown: bool = False
    """A code of our form that leads to no letter of ours."""


@dataclass(frozen=True)
class _Text(Generic[Case]):
    plain: tuple[Case, ...] = ()
    broken: tuple[Case, ...] = ()


def _read_codes(
    codes: Sequence[str], letters: Mapping[str, Case], pieces: Mapping[str, Sequence[str]]
) -> _Codes[Case]:
    replies = [letter for code in codes if (letter := decode_reply_code(code)) is not None]
    found = [*replies]
    returned = unknown = False
    for code in codes:
        if decode_reply_code(code) is not None:
            continue
        inside = _letters_in(code, pieces)
        returned = returned or bool(inside)
        unknown = unknown or (decode_sheet_code(code) is not None and not inside)
        # A reply slip says which letter of the envelope it belongs to; without one all of them may be meant.
        found += [] if set(inside) & set(replies) else inside
    known = _distinct(letter for letter in found if letter in letters)
    unknown = unknown or any(letter not in letters for letter in found)
    # A reply slip is a sheet of ours, too, and carries both codes: that it was sent back is what it is for.
    return _Codes(_distinct(letters[letter] for letter in known), known, returned and not replies, unknown)


def _letters_in(code: str, pieces: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The letters of the piece whose sheet code or reference this is."""
    piece = _piece_in(code)
    return pieces.get(piece, ()) if piece else ()


def _piece_in(code: str) -> str | None:
    sheet = decode_sheet_code(code)
    return sheet.piece if sheet else read_reference(code)


def _read_text(text: str, known: Mapping[str, Case]) -> _Text[Case]:
    numbers = [(number, plain) for number, plain in file_numbers_in(text).items() if number in known]
    return _Text(
        _distinct(known[number] for number, plain in numbers if plain),
        _distinct(known[number] for number, plain in numbers if not plain),
    )


@dataclass(frozen=True)
class _Evidence(Generic[Case]):
    codes: _Codes[Case]
    index_number: str | None
    indexed: Case | None
    text: _Text[Case]

    def judge(self) -> Match[Case]:
        if self.codes.cases:
            return self._by_code(self.codes.cases)
        if self.codes.unknown:
            return self._doubt(
                "Der Code auf dem Papier gehört zu keinem bekannten Schreiben.", self._first_of_all()
            )
        if self.indexed is not None:
            return self._by_index(self.indexed)
        return self._by_text()

    def _by_code(self, cases: tuple[Case, ...]) -> Match[Case]:
        if len(cases) > 1:
            return self._doubt(
                "Die Codes gehören zu verschiedenen Fällen; vielleicht wurden zwei Schreiben zusammen gescannt, oder "
                "sie lagen in einem Umschlag.",
                None,
            )
        case = cases[0]
        if self.codes.unknown:
            return self._doubt("Ein weiterer Code gehört zu keinem bekannten Schreiben.", case)
        if self.indexed is not None and self.indexed != case:
            return self._doubt(
                "Der Code und das Aktenzeichen der Scanstelle gehören zu verschiedenen Fällen.", case
            )
        if self.text.plain and case not in self.text.plain:
            return self._doubt("Der Code und das Aktenzeichen im Text gehören zu verschiedenen Fällen.", case)
        what = "ein eigenes Blatt, das zurückkam" if self.codes.returned else "einen Antwortbogen"
        return self._certain(f"Der Code weist das Papier als {what} aus.", case)

    def _by_index(self, case: Case) -> Match[Case]:
        if self.text.plain and case not in self.text.plain:
            return self._doubt(
                "Das Aktenzeichen der Scanstelle und das im Text gehören zu verschiedenen Fällen.", case
            )
        return self._certain("Die Scanstelle hat das Aktenzeichen erfasst.", case)

    def _by_text(self) -> Match[Case]:
        plain, broken = self.text.plain, self.text.broken
        if len(_distinct((*plain, *broken))) > 1:
            return self._doubt("Im Text stehen Aktenzeichen verschiedener Fälle.", None)
        if not plain and broken:
            return self._doubt("Das Aktenzeichen im Text ist nicht eindeutig geschrieben.", broken[0])
        if plain and self.index_number:
            return self._doubt(
                "Das Aktenzeichen der Scanstelle ist unbekannt; im Text steht ein bekanntes.", plain[0]
            )
        if plain:
            return self._certain("Im Text steht genau ein bekanntes Aktenzeichen.", plain[0])
        if self.index_number:
            return self._nothing(
                "Das Aktenzeichen der Scanstelle ist unbekannt, und im Text steht kein bekanntes."
            )
        return self._nothing("Kein Code und kein bekanntes Aktenzeichen gefunden.")

    def _certain(self, reason: str, case: Case) -> Match[Case]:
        return Match(case, self._letter(), Confidence.CERTAIN, reason, self.codes.returned, self._all())

    def _doubt(self, reason: str, case: Case | None) -> Match[Case]:
        letter = self._letter() if case in self.codes.cases else None
        return Match(case, letter, Confidence.DOUBTFUL, reason, self.codes.returned, self._all())

    def _nothing(self, reason: str) -> Match[Case]:
        return Match(None, None, Confidence.NONE, reason, self.codes.returned)

    def _letter(self) -> str | None:
        return self.codes.letters[0] if len(self.codes.letters) == 1 else None

    def _all(self) -> tuple[Case, ...]:
        indexed = () if self.indexed is None else (self.indexed,)
        return _distinct((*self.codes.cases, *indexed, *self.text.plain, *self.text.broken))

    def _first_of_all(self) -> Case | None:
        return next(iter(self._all()), None)


def _distinct(values: Iterable[Case]) -> tuple[Case, ...]:
    return tuple(dict.fromkeys(values))
