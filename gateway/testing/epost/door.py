"""What the provider checks of a Letter object at the door, before it looks at the paper.

Field table, limits and codes: interface description v2.6.1, `POST /api/Letter`.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from gateway.testing.epost.basket import check_plug_ins
from gateway.testing.epost.codes import Reject

MAX_PDF_BYTES = 20_000_000
REGISTERED_TEXTS = frozenset({"Einwurf Einschreiben", "Einschreiben", "Einschreiben Rückschein"})
SENDER_SINCE_2025 = ("senderAdressLine1", "senderStreet", "senderZipCode", "senderCity")

_COUNTRIES = Path(__file__).with_name("countries.json")
_DOMESTIC_POSTCODE = re.compile(r"\d{5}", re.ASCII)
_FILE_NAME = re.compile(r"[\w.+ -]+")


def _text(longest: int, shortest: int = 0) -> dict[str, object]:
    return {
        "type": ["string", "null"] if not shortest else "string",
        "minLength": shortest,
        "maxLength": longest,
    }


_FLAG = {"type": "boolean"}
LETTER_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["fileName", "data", "addressLine1", "zipCode", "city"],
    "properties": {
        "fileName": _text(200, 5),
        "data": {"type": "string", "minLength": 1},
        "isColor": _FLAG,
        "isDuplex": _FLAG,
        "batchID": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
        "registeredLetter": _text(50),
        **{f"registeredLetterAdressLine{number}": _text(80) for number in (1, 2, 3)},
        "registeredLetterZipCode": _text(20),
        "registeredLetterCity": _text(80),
        "testFlag": _FLAG,
        "testEMail": _text(100),
        "testShowRestrictedArea": _FLAG,
        "coverLetter": _FLAG,
        "coverData": {"type": ["string", "null"]},
        "addressLine1": _text(80, 1),
        **{f"addressLine{number}": _text(80) for number in (2, 3, 4, 5)},
        "zipCode": _text(20, 3),
        "city": _text(80, 1),
        "country": _text(80),
        **{name: _text(80) for name in SENDER_SINCE_2025},
        "senderAdressLineComplete": _text(200),
        **{f"custom{number}": _text(80) for number in range(1, 6)},
        "vendorSystemInformation": _text(120),
        "costCenter": {"type": ["string", "null"], "pattern": "^[0-9a-zA-Z]{0,8}$"},
        "plugInList": {"type": ["array", "null"]},
        "activateDuplicateFailsafe": _FLAG,
    },
}
_VALIDATOR = Draft202012Validator(LETTER_SCHEMA)


@cache
def countries() -> list[dict[str, str]]:
    """The provider's list of countries: `{CountryCode, Country}`, German names in capitals."""
    listed: list[dict[str, str]] = json.loads(_COUNTRIES.read_text(encoding="utf-8"))
    return listed


def check_letter(letter: Mapping[str, Any]) -> bytes:
    """The PDF out of a Letter object that may pass; raises `Reject` with the first rule that is broken."""
    _check_schema(letter)
    _check_service(letter)
    _check_address(letter)
    if not (letter.get("senderAdressLineComplete") or all(letter.get(name) for name in SENDER_SINCE_2025)):
        raise Reject("E333")
    check_plug_ins(letter)
    pdf = _decoded(letter["data"])
    if len(pdf) > MAX_PDF_BYTES:
        raise Reject("E303")
    return pdf


def _check_schema(letter: object) -> None:
    error = next(iter(_VALIDATOR.iter_errors(letter)), None)
    if error is not None:
        where = "/".join(str(part) for part in error.absolute_path) or "Letter"
        raise Reject("E313", detail=f"{where} ({error.validator})")
    if isinstance(letter, dict) and not _FILE_NAME.fullmatch(letter["fileName"]):
        raise Reject("E313", detail="fileName (Sonderzeichen)")


def _check_service(letter: Mapping[str, Any]) -> None:
    registered = letter.get("registeredLetter")
    if not registered:
        return
    if registered not in REGISTERED_TEXTS:
        raise Reject("E317")
    if letter.get("isDuplex"):
        raise Reject("E312")
    if letter.get("country"):
        raise Reject("E311")


def _check_address(letter: Mapping[str, Any]) -> None:
    country = letter.get("country")
    if not country:
        if not _DOMESTIC_POSTCODE.fullmatch(letter["zipCode"]):
            raise Reject("E306")
    elif country == "DEUTSCHLAND":
        raise Reject("E203")
    elif all(country != known["Country"] for known in countries()):
        raise Reject("E305")
    elif letter.get("addressLine5"):
        raise Reject("E306")


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        raise Reject("E313", detail="data (base64)") from None
