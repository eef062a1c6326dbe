"""Registered mail at Pingen: sender and recipient in parts (`meta_data`), with the limits of the interface.

Ordinary letters have no such fields: their address is read from the window. Which product means which service is
not documented, so nothing is offered until it was settled with the provider. The parts are taken out of the lines
in the window; what cannot be told apart, or does not fit, is refused before anything is sent, and never cut.
"""

import re
from collections.abc import Sequence

from gateway.domain.addresses.address_text import SALUTATIONS
from gateway.errors import Refused
from gateway.ports.provider import PrintPiece, Sender

LIMITS = {"name": 45, "street": 40, "number": 10, "pobox": 45, "zip": 8, "city": 25}
"""Characters a field, from the provider's client."""

_PLACE = re.compile(r"(?P<zip>\d{5}) (?P<city>\S.*)", re.ASCII)
_STREET = re.compile(r"(?P<street>.*\D),? (?P<number>\d+ ?[a-zA-Z]?(?: ?[-/+] ?\d+ ?[a-zA-Z]?)*)", re.ASCII)
_PO_BOX = re.compile(r"Postfach (?P<pobox>\d[\d ]*)", re.ASCII)


def meta_data(piece: PrintPiece) -> dict[str, object]:
    """`meta_data` of a registered letter. Raises `Refused` with the rule that is broken."""
    return {
        "recipient": _checked(_recipient(piece.address_lines), "pingen-registered-address", "Die Anschrift"),
        "sender": _checked(
            _sender(piece.sender), "pingen-registered-sender", "Die Absenderangabe der Dienststelle"
        ),
    }


def _recipient(lines: Sequence[str]) -> dict[str, str]:
    """Name, street or box, and place; a line between them (c/o, floor) stays in the window alone."""
    place = _PLACE.fullmatch(lines[-1]) if len(lines) > 2 else None
    if place is None:
        raise Refused(
            "pingen-registered-abroad",
            "Einschreiben gehen bei Pingen nur an Anschriften im Inland mit Name, Straße oder Postfach und Ort.",
        )
    names = [line for line in lines[:-2] if line not in SALUTATIONS]
    return {"name": next(iter(names), ""), **_way(lines[-2]), **place.groupdict(), "country": "DE"}


def _sender(sender: Sender) -> dict[str, str]:
    return {
        "name": sender.name,
        **_way(sender.street),
        "zip": sender.postcode,
        "city": sender.place,
        "country": "DE",
    }


def _way(line: str) -> dict[str, str]:
    """Street and number apart, or the number of a Postfach."""
    found = _PO_BOX.fullmatch(line) or _STREET.fullmatch(line)
    return {name: value.strip(" ,") for name, value in found.groupdict().items()} if found else {"street": ""}


def _checked(parts: dict[str, str], code: str, whose: str) -> dict[str, str]:
    """No message names a value: it is about a person."""
    if not all(parts.values()):
        raise Refused(code, f"{whose} lässt sich nicht in Name, Straße mit Hausnummer und Ort zerlegen.")
    for name, most in LIMITS.items():
        if len(parts.get(name, "")) > most:
            raise Refused(code, f"{whose} passt nicht: {_GERMAN[name]} hat mehr als {most} Zeichen.")
    return parts


_GERMAN = {
    "name": "der Name",
    "street": "die Straße",
    "number": "die Hausnummer",
    "pobox": "das Postfach",
    "zip": "die Postleitzahl",
    "city": "der Ort",
}
