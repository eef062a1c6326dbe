"""File numbers (*Aktenzeichen*) and BG numbers as they stand in texts: found however they are written.

They have no check digit: a number that a recognition misread may be the number of somebody else. So how a number is
written, and what stands beside it, counts as much as the number.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

_TOKEN = re.compile(r"[^\W_]+")
_MAX_TOKENS = 6
"""A file number has at most this many groups."""
_MIN_LENGTH = 6
"""Shorter numbers would be found by chance in any text."""
_MAX_TEXT = 50_000
"""Characters of text that are read: some twenty pages."""
_JOINS = "-–./_"
_HEAD = 2_000
"""Characters in which the head of a letter ends."""
_LABEL = re.compile(
    r"(?:akten(?:zeichen|-?nr\.?|nummer)|gesch[äa]ftszeichen|\baz\b\.?|\bbg\b[ -]?(?:nr\.?|nummer)?"
    r"|\b(?:ihr|mein)e?\s+zeichen(?:\s+bei\s+ihnen)?|kunden-?(?:nummer|nr\.?))\s*[:.]?\s*$",
    re.IGNORECASE,
)
"""What a sender writes before our number. *Unser Zeichen* is not among it: that stands on our own letters."""


def normalise_file_number(text: str) -> str:
    """A file number for comparing: capitals and digits only; blanks, dashes, dots and slashes do not count."""
    return "".join(_TOKEN.findall(text)).upper()


def file_numbers_in(text: str) -> dict[str, bool]:
    """Everything in a text that could be a file number, normalised; the value says whether it is written plainly.

    Groups are joined by dashes, dots or slashes. Not plain is a number broken by bare blanks, where the blank may be
    the end of a shorter number ("JC-BOR-2026-0001 7 Seiten"), and one that goes on before or after with digits
    ("JC-BOR-2026-0001-17"): it may be part of a longer one. Look the keys up among the known numbers.
    """
    found: dict[str, bool] = {}
    for number, plain, _ in _numbers(text):
        found[number] = found.get(number, False) or plain
    return found


def labelled_in_head(text: str, numbers: Collection[str]) -> bool:
    """Whether one of `numbers` (normalised) is named in the head of the letter as the sender's file number with us."""
    head = text[:_HEAD]
    return any(
        number in numbers and plain and _LABEL.search(head[max(0, start - 40) : start])
        for number, plain, start in _numbers(head)
    )


def names_in(text: str, names: Iterable[Sequence[str]]) -> bool:
    """Whether one of `names` (given names and family name) stands in the text with all its parts as whole words."""
    words = set(_words(text[:_MAX_TEXT]))
    return any(len(parts) > 1 and all(set(_words(part)) <= words for part in parts) for parts in names)


def _words(text: str) -> list[str]:
    return _TOKEN.findall(unicodedata.normalize("NFC", text).casefold())


def _numbers(text: str) -> Iterable[tuple[str, bool, int]]:
    """(normalised, plain, where it begins) of all that could be a number."""
    text = text[:_MAX_TEXT]
    tokens = list(_TOKEN.finditer(text))
    for first, token in enumerate(tokens):
        continues = first > 0 and _goes_on(text, tokens[first - 1], token, tokens[first - 1].group())
        run = tokens[first : first + _MAX_TOKENS + 1]
        for number, plain, last in _numbers_from(text, run[:_MAX_TOKENS]):
            after = tokens[last + first + 1] if last + first + 1 < len(tokens) else None
            ends = after is None or not _goes_on(text, tokens[last + first], after, after.group())
            yield number, plain and ends and not continues, token.start()


def _goes_on(text: str, left: re.Match[str], right: re.Match[str], other: str) -> bool:
    """Whether `left` and `right` are joined without a blank, and `other`, the one outside, has a digit."""
    between = text[left.end() : right.start()]
    return len(between) == 1 and between in _JOINS and any(character.isdigit() for character in other)


def _numbers_from(text: str, tokens: Sequence[re.Match[str]]) -> Iterable[tuple[str, bool, int]]:
    number, plain = "", True
    for position, token in enumerate(tokens):
        if position:
            between = text[tokens[position - 1].end() : token.start()]
            if between.strip(" \t\r\n" + _JOINS):
                return
            plain = plain and not between.isspace()
        number += token.group().upper()
        if len(number) >= _MIN_LENGTH and any(character.isdigit() for character in number):
            yield number, plain, position
