"""Postal addresses: in which order their lines stand, how text is normalised, and where a letter travels.

Widths and country names come from libraries and are passed in. Rules of the address zone: DIN 5008 (six lines,
no blank ones), 66 mm that stay visible in every position of C6/5 and C4, and Deutsche Post (place and country
in capitals abroad). A line is wrapped or left whole for `address_rules` to report, never cut.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.addresses.address_rules import check_lines
from gateway.domain.addresses.address_text import HOME_COUNTRY, SALUTATIONS, WidthMm, normalise, normalise_lines
from gateway.domain.findings import Finding
from gateway.domain.sheets.layout import ADDRESS_LINE_WIDTH_MM, ADDRESS_MAX_LINES

__all__ = [
    "HOME_COUNTRY",
    "Countries",
    "PostalAddress",
    "Zone",
    "as_json",
    "check_lines",
    "compose_lines",
    "normalise",
    "normalise_lines",
    "zone",
]


class PlaceOrder(StrEnum):
    """How place and postcode stand in the lines of a country."""

    POSTCODE_FIRST = "postcode-first"
    """`8000 ZÜRICH`"""
    PLACE_FIRST = "place-first"
    """`WASHINGTON DC 20500`"""
    POSTCODE_BELOW = "postcode-below"
    """`LONDON`, and on the next line `SW1A 2AA`"""


class Zone(StrEnum):
    """Where a letter travels."""

    DOMESTIC = "domestic"
    EUROPE = "europe"
    WORLD = "world"


@dataclass(frozen=True)
class PostalAddress:
    """Where a recipient gets post; the recipient's name is not part of it. `country` is ISO 3166 alpha-2.

    `extra` is a floor, building or room; `district` the Ortsteil; `po_box` the number of a Postfach, which beats
    a street. The postcode is text: leading zeros exist.
    """

    care_of: str | None = None
    extra: str | None = None
    district: str | None = None
    street: str | None = None
    po_box: str | None = None
    postcode: str | None = None
    place: str | None = None
    country: str = HOME_COUNTRY


@dataclass(frozen=True)
class Countries:
    """German names by ISO code, codes by case-folded spelling, and which codes are Europe."""

    names: Mapping[str, str]
    spellings: Mapping[str, str]
    europe: frozenset[str]
    place_orders: Mapping[str, PlaceOrder] = field(default_factory=dict)

    def place_order(self, code: str) -> PlaceOrder:
        """How place and postcode stand in a country; most put the postcode first."""
        return self.place_orders.get(code.upper(), PlaceOrder.POSTCODE_FIRST)

    def name(self, code: str) -> str:
        """The German name of a country; the code itself if it is unknown."""
        return self.names.get(code.upper(), code.upper())

    def read(self, line: str) -> str | None:
        """The ISO code if a line is a country's name, in any case."""
        return self.spellings.get(normalise(line).casefold())


def zone(address: PostalAddress | Sequence[str], countries: Countries) -> Zone:
    """Where an address lies; of lines, the last one tells (no country: domestic)."""
    if isinstance(address, PostalAddress):
        code = address.country.upper()
    else:
        code = (countries.read(address[-1]) if address else None) or HOME_COUNTRY
    if code == HOME_COUNTRY:
        return Zone.DOMESTIC
    return Zone.EUROPE if code in countries.europe else Zone.WORLD


_BREAK = re.compile(r"(?<=\s)|(?<=[^\W\d_]-)(?=\w)")
"""A line may break after a blank, or after a hyphen between letters (never inside `12-14`)."""


def compose_lines(
    name_lines: Sequence[str],
    address: PostalAddress,
    *,
    width_mm: WidthMm,
    country_name: Callable[[str], str],
    place_order: Callable[[str], PlaceOrder] = lambda _: PlaceOrder.POSTCODE_FIRST,
    max_width_mm: float = ADDRESS_LINE_WIDTH_MM,
    max_lines: int = ADDRESS_MAX_LINES,
) -> list[str]:
    """The lines as they stand in the window: name, c/o, extra, Ortsteil, street or Postfach, place, country.

    With too many lines a lone salutation joins the name; a line too wide wraps while lines are free. What still
    does not fit stays as it is, for `check_lines` to report.
    """
    head = normalise_lines(
        [*name_lines, _care_of(address.care_of), address.extra or "", *_street_lines(address)]
    )
    tail = _place_lines(address, country_name, place_order)
    if len(head) + len(tail) > max_lines:
        head = _join_salutation(head, width_mm, max_width_mm)
    return _wrap_while_free(head, max_lines - len(tail), width_mm, max_width_mm) + tail


def _care_of(text: str | None) -> str:
    name = re.sub(r"^c/o\b\s*", "", normalise(text or ""), flags=re.IGNORECASE)
    return f"c/o {name}" if name else ""


def _street_lines(address: PostalAddress) -> list[str]:
    """A Postfach stands alone: its postcode belongs to it, neither street nor Ortsteil is served."""
    box = normalise(address.po_box or "")
    if not box:
        return [address.district or "", address.street or ""]
    number = re.sub(r"^(postfach|p\.? ?o\.? ?box)\s*", "", box, flags=re.IGNORECASE)
    if address.country.upper() != HOME_COUNTRY:
        return [f"PO Box {number}"]
    return [f"Postfach {_in_pairs(number)}"]


def _in_pairs(number: str) -> str:
    """`110643` as `11 06 43`: pairs from the right (DIN 5008)."""
    digits = number.replace(" ", "")
    if not (digits.isascii() and digits.isdigit()):
        return number
    odd = len(digits) % 2
    return " ".join([digits[:odd]] * odd + [digits[i : i + 2] for i in range(odd, len(digits), 2)])


def _place_lines(
    address: PostalAddress, country_name: Callable[[str], str], place_order: Callable[[str], PlaceOrder]
) -> list[str]:
    postcode, place = address.postcode or "", address.place or ""
    if address.country.upper() == HOME_COUNTRY:
        return normalise_lines([f"{postcode} {place}"])
    lines = {
        PlaceOrder.POSTCODE_FIRST: [f"{postcode} {place}"],
        PlaceOrder.PLACE_FIRST: [f"{place} {postcode}"],
        PlaceOrder.POSTCODE_BELOW: [place, postcode],
    }[place_order(address.country)]
    return normalise_lines([*(line.upper() for line in lines), country_name(address.country).upper()])


def _join_salutation(lines: list[str], width_mm: WidthMm, max_width_mm: float) -> list[str]:
    if len(lines) < 2 or lines[0] not in SALUTATIONS:
        return lines
    joined = f"{lines[0]} {lines[1]}"
    return [joined, *lines[2:]] if width_mm(joined) <= max_width_mm else lines


def _wrap_while_free(lines: list[str], max_lines: int, width_mm: WidthMm, max_width_mm: float) -> list[str]:
    free = max_lines - len(lines)
    result: list[str] = []
    for line in lines:
        parts = _wrap(line, width_mm, max_width_mm)
        if len(parts) - 1 <= free:
            free -= len(parts) - 1
            result += parts
        else:
            result.append(line)
    return result


def _wrap(line: str, width_mm: WidthMm, max_width_mm: float) -> list[str]:
    """A line in as few parts as it takes; a word that is wider than the window stays whole."""
    parts = [""]
    for piece in _BREAK.split(line):
        if parts[-1] and width_mm((parts[-1] + piece).rstrip()) > max_width_mm:
            parts.append(piece)
        else:
            parts[-1] += piece
    return [part.strip() for part in parts]


def as_json(lines: Sequence[str], findings: Sequence[Finding], countries: Countries) -> dict[str, object]:
    """A checked address in the shape that commands and API print."""
    return {
        "lines": list(lines),
        "zone": zone(lines, countries).value,
        "findings": [
            {"code": finding.code, "severity": finding.severity.value, "message": finding.message}
            for finding in findings
        ],
    }
