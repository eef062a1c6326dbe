"""A mail piece as the `Letter` object of the E-POSTBUSINESS interface (v2.6.1, `POST /api/Letter`).

What the interface cannot express is an error at once, before anything is handed over; what the provider may
refuse by its own lights (its list of countries, what stands in the window) is sent and its answer believed.
"""

import base64
import hashlib
import re
from collections.abc import Sequence

from gateway.domain.addresses.address_rules import is_only_postcode
from gateway.domain.pieces.mailpiece import Service, sheets_for
from gateway.domain.sheets.layout import ADDRESS_MAX_LINES, PrintProfile
from gateway.errors import IntegrityError, Refused
from gateway.ports.provider import PrintPiece, Sender

REGISTERED_TEXTS = {
    Service.EINWURF: "Einwurf Einschreiben",
    Service.UEBERGABE: "Einschreiben",
    Service.RUECKSCHEIN: "Einschreiben Rückschein",
}
SERVICES = frozenset({Service.STANDARD, *REGISTERED_TEXTS})

NO_POSTCODE = "   "
"""The interface wants three blanks where a foreign place has no postcode."""

_FIELD_MAX = 80
_BATCH_END = 2**31
_KEY = re.compile(r"[0-9A-Za-z._-]{1,80}")
_COST_CENTRE = re.compile(r"[0-9A-Za-z]{0,8}")
_DOMESTIC_PLACE = re.compile(r"(?P<postcode>\d{5}) (?P<place>\S.*)", re.ASCII)
_DUTCH_PLACE = re.compile(r"(?P<postcode>\d{4} [A-Z]{2}) (?P<place>\S.*)", re.ASCII)
_FOREIGN_PLACE = re.compile(r"(?P<postcode>\d[\d-]*(?: \d[\d-]*)*) (?P<place>\S.*)", re.ASCII)


def file_name(key: str) -> str:
    """The file name under which the provider knows a piece; unique because the key is."""
    return f"{key}.pdf"


def letter_from(piece: PrintPiece, profile: PrintProfile) -> dict[str, object]:
    """The `Letter` without its `data`.

    Raises `Refused` for what the interface cannot express, `IntegrityError` if the bytes are not the approved
    ones.
    """
    address = address_fields(piece.address_lines)
    _check_document(piece, profile)
    _check_service(piece, abroad="country" in address)
    letter: dict[str, object] = {
        "fileName": file_name(_checked_key(piece.key)),
        "custom1": piece.key,
        "isColor": piece.colour,
        "isDuplex": piece.duplex,
        "batchID": _checked_batch(piece.batch),
        "activateDuplicateFailsafe": True,
        **address,
        **_sender_fields(piece.sender),
    }
    if piece.service in REGISTERED_TEXTS:
        letter["registeredLetter"] = REGISTERED_TEXTS[piece.service]
    if _checked_cost_centre(piece.cost_centre):
        letter["costCenter"] = piece.cost_centre
    return letter


def encoded(pdf: bytes) -> str:
    """The `data` field."""
    return base64.b64encode(pdf).decode("ascii")


def address_fields(lines: Sequence[str]) -> dict[str, str]:
    """Address metadata from the lines in the window, top down.

    The lines above the place become `addressLine1` to `5`; postcode, place and country stand in fields of their
    own and nowhere else. Abroad the country (capitals) is the last line. Raises `Refused` with the broken rule.
    """
    if not 2 <= len(lines) <= ADDRESS_MAX_LINES:
        raise Refused("epost-address-lines", "Die Anschrift braucht 2 bis 6 Zeilen.")
    if any(not line.strip() or len(line) > _FIELD_MAX for line in lines):
        raise Refused("epost-address-length", "Jede Anschriftzeile braucht 1 bis 80 Zeichen.")
    domestic = _DOMESTIC_PLACE.fullmatch(lines[-1])
    if domestic:
        upper, place = lines[:-1], {"zipCode": domestic["postcode"], "city": domestic["place"]}
    elif len(lines) > 3 and is_only_postcode(lines[-2]):  # as Great Britain writes it
        _foreign_place(lines[-3], lines[-1])
        upper, place = lines[:-3], {"zipCode": lines[-2], "city": lines[-3], "country": lines[-1]}
    else:
        upper, place = lines[:-2], _foreign_place(lines[-2], lines[-1])
    if not upper:
        raise Refused("epost-address-lines", "In der Anschrift fehlt die Zeile mit dem Namen.")
    return {f"addressLine{number}": line for number, line in enumerate(upper, start=1)} | place


def _foreign_place(place_line: str, country: str) -> dict[str, str]:
    if any(character.isdigit() for character in country) or country != country.upper():
        raise Refused(
            "epost-address-place",
            "Die letzte Zeile der Anschrift ist weder „PLZ Ort“ noch ein Land in Großbuchstaben.",
        )
    if place_line != place_line.upper():
        raise Refused("epost-address-capitals", "Bei Anschriften im Ausland steht der Ort in Großbuchstaben.")
    shape = _DUTCH_PLACE if country == "NIEDERLANDE" else _FOREIGN_PLACE
    found = shape.fullmatch(place_line)
    if found and len(found["postcode"]) >= len(NO_POSTCODE):
        return {"zipCode": found["postcode"], "city": found["place"], "country": country}
    return {"zipCode": NO_POSTCODE, "city": place_line, "country": country}


def _check_document(piece: PrintPiece, profile: PrintProfile) -> None:
    if hashlib.sha256(piece.pdf).hexdigest() != piece.sha256:
        raise IntegrityError("print-copy-changed", "Die Druckdatei stimmt nicht mit ihrem Hashwert überein.")
    if len(piece.pdf) > profile.max_bytes:
        raise Refused("epost-too-large", f"Die Druckdatei ist größer als {profile.max_bytes} Bytes.")
    if sheets_for(piece.pages, duplex=piece.duplex) > profile.max_sheets:
        raise Refused("epost-too-many-sheets", f"Die Sendung hat mehr als {profile.max_sheets} Blätter.")


def _check_service(piece: PrintPiece, *, abroad: bool) -> None:
    if piece.service not in SERVICES:
        raise Refused("epost-service-not-offered", "Diese Versandart bietet die E-POST-Schnittstelle nicht an.")
    if piece.service is Service.STANDARD:
        return
    if piece.duplex:
        raise Refused("epost-registered-duplex", "Einschreiben druckt der Dienstleister nur einseitig (E312).")
    if abroad:
        raise Refused(
            "epost-registered-abroad", "Einschreiben ins Ausland bietet der Dienstleister nicht an (E311)."
        )


def _checked_key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise Refused("epost-key", "Der Schlüssel der Übergabe braucht 1 bis 80 Zeichen aus 0-9 A-Z a-z . _ -")
    return key


def _checked_batch(batch: int) -> int:
    if not 0 <= batch < _BATCH_END:
        raise Refused("epost-batch", "Die Nummer der Charge muss zwischen 0 und 2147483647 liegen.")
    return batch


def _checked_cost_centre(cost_centre: str) -> str:
    if not _COST_CENTRE.fullmatch(cost_centre):
        raise Refused("epost-cost-centre", "Die Kostenstelle darf höchstens 8 Zeichen aus 0-9 A-Z a-z haben.")
    return cost_centre


def _sender_fields(sender: Sender) -> dict[str, str]:
    """Mandatory since 2025-01-01 (E333). The interface does spell it "Adress"."""
    fields = {
        "senderAdressLine1": sender.name,
        "senderStreet": sender.street,
        "senderZipCode": sender.postcode,
        "senderCity": sender.place,
    }
    if any(not value.strip() or len(value) > _FIELD_MAX for value in fields.values()):
        raise Refused(
            "epost-sender", "Die Absenderangabe der Dienststelle ist unvollständig oder länger als 80 Zeichen."
        )
    return fields
