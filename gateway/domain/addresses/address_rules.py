"""What cannot stand in an address window, or should not: one small rule a code.

Judged are lines, wherever they come from: composed, typed, imported, or read back out of a PDF. Messages name a
line by its number and never quote it. What `normalise_lines` mends by itself, and what would still arrive, is a
warning; the rest blocks.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gateway.domain.addresses.address_places import NO_PLACES, Places
from gateway.domain.addresses.address_text import (
    HOME_COUNTRY,
    SALUTATIONS,
    WidthMm,
    is_invisible,
    normalise,
    normalise_lines,
)
from gateway.domain.findings import Finding, Severity
from gateway.domain.sheets.layout import ADDRESS_LINE_WIDTH_MM, ADDRESS_MAX_LINES

MissingGlyphs = Callable[[str], str]
"""The characters of a text for which the font has no glyph."""


@dataclass(frozen=True)
class _Subject:
    """What the rules look at: the lines as given, the lines as they would print, the country (ISO code)."""

    raw: Sequence[str]
    lines: list[str]
    country: str
    width_mm: WidthMm
    missing_glyphs: MissingGlyphs
    places: Places

    @property
    def abroad(self) -> bool:
        return self.country != HOME_COUNTRY

    @property
    def place_number(self) -> int:
        """Number of the line with the place, from 1; 0 if there is none. Abroad the country follows it.

        In some countries the postcode has a line of its own below the place (`LONDON`, `SW1A 2AA`).
        """
        count = len(self.lines)
        if self.abroad and count > 3 and is_only_postcode(self.lines[-2]):
            return count - 2
        return count - 1 if self.abroad or self.has_line_after_place else count

    @property
    def has_line_after_place(self) -> bool:
        """Whether a domestic address goes on after postcode and place, as if a country had to follow."""
        return (
            not self.abroad
            and len(self.lines) > 2
            and bool(_POSTCODE.match(self.lines[-2]))
            and not any(character.isdigit() for character in self.lines[-1])
        )

    @property
    def place(self) -> str:
        return self.lines[self.place_number - 1] if self.place_number > 0 else ""


Rule = Callable[[_Subject], Iterator[Finding]]


def check_lines(
    lines: Sequence[str],
    *,
    width_mm: WidthMm,
    missing_glyphs: MissingGlyphs,
    country: str = HOME_COUNTRY,
    places: Places = NO_PLACES,
) -> list[Finding]:
    """What is wrong with the lines of one address, in the order of `RULES`. Errors block a letter.

    `country` (ISO 3166 alpha-2) is where it goes: abroad the last line is the country, above it are place and
    postcode in the order of that country. `places` are German postcodes; without them nothing is said about these.
    """
    subject = _Subject(lines, normalise_lines(lines), country.upper(), width_mm, missing_glyphs, places)
    return [finding for rule in RULES for finding in rule(subject)]


def _error(code: str, message: str) -> Finding:
    return Finding(code, Severity.ERROR, message)


def _warning(code: str, message: str) -> Finding:
    return Finding(code, Severity.WARNING, message)


def _too_many_lines(subject: _Subject) -> Iterator[Finding]:
    if len(subject.lines) > ADDRESS_MAX_LINES:
        yield _error(
            "address-too-many-lines",
            f"Die Anschrift hat {len(subject.lines)} Zeilen, ins Fenster passen {ADDRESS_MAX_LINES}."
            " Bitte Zeilen zusammenfassen.",
        )


def _too_few_lines(subject: _Subject) -> Iterator[Finding]:
    least = 3 if subject.abroad else 2
    if len(subject.lines) < least:
        what = "Name, Ort und Land" if subject.abroad else "Name sowie Postleitzahl mit Ort"
        yield _error("address-too-few-lines", f"Die Anschrift braucht mindestens {what}. Bitte ergänzen.")


def _line_too_wide(subject: _Subject) -> Iterator[Finding]:
    for number, line in enumerate(subject.lines, start=1):
        width_mm = subject.width_mm(line)
        if width_mm > ADDRESS_LINE_WIDTH_MM:
            yield _error(
                "address-line-too-wide",
                f"Zeile {number} ist {_comma(width_mm)} mm breit, im Fenster sichtbar sind"
                f" {_comma(ADDRESS_LINE_WIDTH_MM)} mm. Bitte umbrechen oder kürzen.",
            )


def _comma(value_mm: float) -> str:
    return f"{value_mm:.1f}".replace(".", ",")


_POSTCODE = re.compile(r"([0-9]{5})(?!\S)")
_DOMESTIC_PREFIX = re.compile(r"^(?:DE|D)\s?[-–]?\s?(?=[0-9])", re.IGNORECASE)
_FOREIGN_PREFIX = re.compile(r"^[A-Z]{1,3}\s?[-–]\s?(?=[0-9])")
_LEADING_CODE = re.compile(r"^[0-9][0-9 ]*(?=\s|$)")
_POSTCODE_HAS_PREFIX = frozenset({"LT", "LU", "LV", "MD", "VG"})
"""Countries whose official postcode begins with letters and a hyphen (LV-1010)."""


def _country_prefix(subject: _Subject) -> Iterator[Finding]:
    pattern = _FOREIGN_PREFIX if subject.abroad else _DOMESTIC_PREFIX
    if pattern.match(subject.place) and subject.country not in _POSTCODE_HAS_PREFIX:
        yield _error(
            "address-country-prefix",
            "Vor der Postleitzahl steht ein Länderkennzeichen; das ist unzulässig. Bitte entfernen"
            " und das Land bei Auslandspost in die letzte Zeile schreiben.",
        )


def _postcode_invalid(subject: _Subject) -> Iterator[Finding]:
    """German postcodes have five digits, 01001 to 99998; foreign ones are not judged."""
    if subject.abroad or len(subject.lines) < 2:
        return
    found = _POSTCODE.match(_DOMESTIC_PREFIX.sub("", subject.place))
    if found is None or not "01001" <= found[1] <= "99998":
        yield _error(
            "address-postcode-invalid",
            f"Zeile {subject.place_number} beginnt nicht mit einer gültigen fünfstelligen Postleitzahl."
            " Bitte berichtigen; bei Auslandspost das Land in die letzte Zeile schreiben.",
        )


def _no_place(subject: _Subject) -> Iterator[Finding]:
    rest = _LEADING_CODE.sub("", _DOMESTIC_PREFIX.sub("", subject.place))
    if len(subject.lines) >= 2 and not any(character.isalpha() for character in rest):
        yield _error("address-no-place", "In der Anschrift fehlt der Ort. Bitte ergänzen.")


def _line_after_place(subject: _Subject) -> Iterator[Finding]:
    if subject.has_line_after_place:
        yield _warning(
            "address-line-after-place",
            "Nach Postleitzahl und Ort steht noch eine Zeile; bei Inlandspost steht dort kein Land. Bitte entfernen.",
        )


def _capitals_abroad(subject: _Subject) -> Iterator[Finding]:
    ending = subject.lines[subject.place_number - 1 :]
    if subject.abroad and len(subject.lines) > 2 and any(line != line.upper() for line in ending):
        yield _warning(
            "address-not-in-capitals",
            "Bei Auslandspost stehen Ort und Land in Großbuchstaben. Bitte umschreiben.",
        )


def is_only_postcode(line: str) -> bool:
    """Whether every word of a line has a digit, as in `SW1A 2AA` or `8001`."""
    return all(any(character.isdigit() for character in word) for word in line.split())


def _place_does_not_match(subject: _Subject) -> Iterator[Finding]:
    found = None if subject.abroad else _POSTCODE.match(_DOMESTIC_PREFIX.sub("", subject.place))
    if found is None:
        return
    place = found.string[found.end() :].strip()
    if place and subject.places.contradicts(found[1], place):
        known = ", ".join(subject.places.of(found[1])[:_PLACES_NAMED])
        yield _warning(
            "place-does-not-match-postcode",
            f"Zur Postleitzahl {found[1]} sind andere Orte bekannt: {known}. Bitte Postleitzahl und Ort vergleichen.",
        )


_PLACES_NAMED = 5


def _without_street(subject: _Subject) -> bool:
    """Whether nothing stands between the name and the place: no street, no Postfach, nobody to deliver to."""
    above = subject.lines[: max(subject.place_number - 1, 0)]
    names = [line for line in above if line not in SALUTATIONS]
    return not subject.abroad and len(names) == 1 and not any(map(str.isdigit, names[0]))


def _large_recipient(subject: _Subject) -> Iterator[Finding]:
    """A large recipient has a postcode of its own, and then neither street nor Postfach."""
    found = _POSTCODE.match(subject.place)
    if found and subject.places.names and not subject.places.of(found[1]) and _without_street(subject):
        yield Finding(
            "address-large-recipient",
            Severity.INFO,
            "Die Anschrift hat weder Straße noch Postfach, ihre Postleitzahl ist keine der Straßenzustellung:"
            " Sie wird als Anschrift eines Großempfängers gelesen.",
        )


def _no_street(subject: _Subject) -> Iterator[Finding]:
    found = _POSTCODE.match(subject.place)
    if found and subject.places.of(found[1]) and _without_street(subject):
        yield _warning(
            "address-no-street",
            "Straße und Hausnummer oder Postfach fehlen; nur unter der Postleitzahl eines Großempfängers entfallen sie."
            " Bitte ergänzen.",
        )


_PACKSTATION = re.compile(r"\b(packstation|paketbox|postfiliale)\b", re.IGNORECASE)


def _packstation(subject: _Subject) -> Iterator[Finding]:
    if any(_PACKSTATION.search(line) for line in subject.lines):
        yield _error(
            "address-packstation",
            "An eine Packstation oder Postfiliale werden keine Bescheide zugestellt."
            " Bitte eine Hausanschrift oder ein Postfach erfragen.",
        )


def _character_without_glyph(subject: _Subject) -> Iterator[Finding]:
    for number, line in enumerate(subject.lines, start=1):
        if missing := subject.missing_glyphs(line):
            codes = ", ".join(sorted({f"U+{ord(character):04X}" for character in missing}))
            yield _error(
                "address-character-without-glyph",
                f"Zeile {number} enthält Zeichen, die die Schrift nicht kennt ({codes})."
                " Bitte in lateinischer Schrift nach DIN 91379 schreiben.",
            )


def _blank_line(subject: _Subject) -> Iterator[Finding]:
    if any(not normalise(line) for line in subject.raw):
        yield _warning("address-blank-line", "Die Anschrift enthält Leerzeilen; sie werden weggelassen.")


def _invisible_character(subject: _Subject) -> Iterator[Finding]:
    if any(is_invisible(character) for line in subject.raw for character in line):
        yield _warning(
            "address-invisible-character", "Die Anschrift enthält unsichtbare Zeichen; sie werden entfernt."
        )


def _not_nfc(subject: _Subject) -> Iterator[Finding]:
    if any(not unicodedata.is_normalized("NFC", line) for line in subject.raw):
        yield _warning(
            "address-not-nfc",
            "Die Anschrift enthält Buchstaben mit losem Akzent; sie werden zusammengesetzt.",
        )


def _trailing_punctuation(subject: _Subject) -> Iterator[Finding]:
    for number, line in enumerate(subject.lines, start=1):
        if line.endswith((",", ";", ":")):
            yield _warning(
                "address-trailing-punctuation", f"Zeile {number} endet mit einem Satzzeichen. Bitte entfernen."
            )


RULES: tuple[Rule, ...] = (
    _too_many_lines,
    _too_few_lines,
    _line_too_wide,
    _country_prefix,
    _postcode_invalid,
    _no_place,
    _line_after_place,
    _capitals_abroad,
    _packstation,
    _character_without_glyph,
    _blank_line,
    _invisible_character,
    _not_nfc,
    _trailing_punctuation,
    _place_does_not_match,
    _no_street,
    _large_recipient,
)
"""Every rule has one code; an address is sound if none has an error to report."""
