"""Whether a place can belong to a postcode, from a list of postcodes that is passed in as values.

The list knows municipalities, not every Ortsteil, and no postcodes of Postfächer or large recipients. So only what
is surely wrong is called wrong: a place that is known elsewhere, or one misspelt. Nothing here blocks a letter.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_QUALIFIER = re.compile(
    r"\s*[(/,].*$"
    r"|\s+(?:a|an|am|auf|b|bei|beim|d|der|im|i|in|ob|o|unter|u|v|vor|vorm)\b\.?\s?.*$"
    r"|\s+(?:westf|westfalen|niederrhein|rhld|bayern|oldb|oldenburg|holst|sachs|thuer|thueringen|hess|hessen|saale)\.?$"
)
"""What tells towns of one name apart, and is written in many ways: `(Westf.)`, `a. d. Saale`, `/Saale`, `am Main`."""
_ARTICLES = ("bad ", "st. ", "st ", "sankt ")


@dataclass(frozen=True)
class Places:
    """The places of each German postcode that is delivered street by street."""

    names: Mapping[str, Sequence[str]]

    def of(self, postcode: str) -> Sequence[str]:
        """The places known for a postcode; empty if the list does not know it (Postfach, large recipient)."""
        return self.names.get(postcode, ())

    def contradicts(self, postcode: str, place: str) -> bool:
        """Whether `place` surely is not what lies at `postcode`: it lies elsewhere, or is one of these misspelt.

        A name that the list does not know at all may be an Ortsteil, and is believed.
        """
        here = [core(name) for name in self.of(postcode)]
        if not here or any(candidate in here for candidate in _candidates(place)):
            return False
        given = core(place)
        return given in self._everywhere or any(_nearly(given, name) for name in here)

    @cached_property
    def _everywhere(self) -> frozenset[str]:
        return frozenset(core(name) for names in self.names.values() for name in names)


NO_PLACES = Places({})
"""Nothing is known; nothing is contradicted."""


def core(place: str) -> str:
    """A place's name without what people write in different ways: case, umlauts, `Sankt`, and what is added to it."""
    text = unicodedata.normalize("NFC", place).casefold().translate(_SPELLED_OUT)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    text = re.sub(r"^(?:sankt|st\.?)\s*(?=\w)", "st ", " ".join(text.split()))
    prefix = next((article for article in _ARTICLES if text.startswith(article)), "")
    return prefix + _QUALIFIER.sub("", text[len(prefix) :]).strip(" .")


def _candidates(place: str) -> Iterable[str]:
    """What a line may mean: the place, or the place with its Ortsteil: `Münster-Hiltrup`, `Epe, Gronau`."""
    yield core(place)
    parts = re.split(r"\s*[-–,/()]\s*|\s+OT\s+", place)
    yield from (core(part) for part in parts if part.strip())
    yield from (core("-".join(parts[:count])) for count in range(2, len(parts)))


def _nearly(one: str, other: str) -> bool:
    """Whether one letter too many, too few, wrong, or two changed places, make the one the other."""
    if one == other or min(len(one), len(other)) < 4 or abs(len(one) - len(other)) > 1:
        return False
    start = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    one, other = one[start:], other[start:]
    swapped = len(one) > 1 and one[1::-1] == other[:2] and one[2:] == other[2:]
    return swapped or one[1:] == other[1:] or one[1:] == other or one == other[1:]
