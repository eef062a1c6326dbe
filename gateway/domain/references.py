"""References that people type and machines read: letter reference, piece reference, codes on sheets and slips.

The check character is ISO 7064 MOD 37,36: it finds every single wrong character and nearly all swaps.
The alphabet of the random part is Crockford's base 32 (no I, L, O, U), so that a clerk can read it off paper.
"""

from dataclasses import dataclass

_CHECK_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
RANDOM_BITS = 35
"""Bits of randomness in a reference: seven characters of five bits."""


def check_character(body: str) -> str:
    """ISO 7064 MOD 37,36 check character of `body` (characters 0-9, A-Z)."""
    product = 36
    for character in body:
        total = (_CHECK_ALPHABET.index(character) + product) % 36 or 36
        product = (total * 2) % 37
    return _CHECK_ALPHABET[(37 - product) % 36]


def reference_from(random_value: int) -> str:
    """Eight characters: seven of `random_value` (0 <= value < 2**35) and the check character."""
    if not 0 <= random_value < 2**RANDOM_BITS:
        raise ValueError("random_value out of range")
    body = "".join(_CROCKFORD[(random_value >> shift) & 31] for shift in range(30, -1, -5))
    return body + check_character(body)


def read_reference(text: str) -> str | None:
    """A reference as a person or a scanner wrote it, normalised, or None if the check character is wrong.

    Blanks and hyphens are ignored, and in the random part I and L are read as 1, O as 0, U as V.
    """
    compact = "".join(text.split()).replace("-", "").upper()
    if len(compact) != 8 or not compact.isascii() or not compact.isalnum():
        return None
    body = compact[:7].translate(_READ_AS)
    return body + compact[7] if check_character(body) == compact[7] else None


def for_people(reference: str) -> str:
    """A reference in two groups of four, as it stands on paper: `7K4M-9QXZ`."""
    return f"{reference[:4]}-{reference[4:]}"


@dataclass(frozen=True)
class SheetCode:
    """What the DataMatrix of a sheet says: this is sheet `sheet` of `of` of the mail piece `piece`."""

    piece: str
    sheet: int
    of: int

    def encode(self) -> str:
        """The text in the code, 17 characters: `S7K4M9QXZ00010003`."""
        return f"S{self.piece}{self.sheet:04d}{self.of:04d}"


def sheet_codes(piece: str, sheets: int) -> list[SheetCode]:
    """The codes of all sheets of a piece, in order."""
    return [SheetCode(piece, sheet, sheets) for sheet in range(1, sheets + 1)]


def decode_sheet_code(text: str) -> SheetCode | None:
    """A sheet code from the text of a DataMatrix, or None if it is none of ours."""
    if len(text) != 17 or text[0] != "S" or not (text[9:].isascii() and text[9:].isdigit()):
        return None
    piece = read_reference(text[1:9])
    if piece is None:
        return None
    sheet, of = int(text[9:13]), int(text[13:])
    return SheetCode(piece, sheet, of) if 1 <= sheet <= of else None


def encode_reply_code(letter_reference: str) -> str:
    """The text in the DataMatrix of a reply slip: `R` and the letter's reference."""
    return f"R{letter_reference}"


def decode_reply_code(text: str) -> str | None:
    """The letter reference on a reply slip, or None if the code is none of ours."""
    return read_reference(text[1:]) if len(text) == 9 and text.startswith("R") else None
