"""The text of an address line: what is normalised, what nobody can see."""

import re
import unicodedata
from collections.abc import Callable, Sequence

HOME_COUNTRY = "DE"
SALUTATIONS = frozenset({"Frau", "Herr", "Herrn", "Firma", "Familie", "Eheleute"})
"""What may stand on a line of its own above the name."""
WidthMm = Callable[[str], float]
"""Width of a text in mm, in the font and size of the address."""

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Joiners, fillers and variation selectors that Unicode does not count as format characters."""


def normalise(text: str) -> str:
    """NFC, without invisible characters, every run of white space one blank, none at the ends. Idempotent."""
    visible = "".join(character for character in text if not is_invisible(character))
    return " ".join(unicodedata.normalize("NFC", visible).split())


def normalise_lines(lines: Sequence[str]) -> list[str]:
    """Every line normalised, blank ones left out."""
    return [line for line in map(normalise, lines) if line]


def is_invisible(character: str) -> bool:
    """Format and control characters, lone surrogates and fillers; white space is none of them."""
    if character.isspace():
        return False
    return unicodedata.category(character) in {"Cf", "Cc", "Cs"} or bool(_INVISIBLE.match(character))
