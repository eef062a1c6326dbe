"""A mail piece as a letter of Pingen's interface, and what can be known of it before anything is sent.

The interface has no field for the address of an ordinary letter: it is read from the window of the document. A
registered one has (`pingen_registered`).
"""

import hashlib
import re
from collections.abc import Mapping

from gateway.domain.pieces.mailpiece import Service, sheets_for
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import IntegrityError, Refused
from gateway.ports.provider import PrintPiece
from gateway.providers.pingen_account import PingenSettings
from gateway.providers.pingen_registered import meta_data
from gateway.providers.pingen_reports import FILE_SUFFIX

_KEY = re.compile(r"[0-9A-Za-z._-]{1,56}")
"""An Idempotency-Key has at most 64 characters; the step is added to our key."""


def services(settings: PingenSettings) -> frozenset[Service]:
    """What the account offers: ordinary letters, and registered mail of which the product is known."""
    return frozenset({Service.STANDARD, *settings.registered_products()})


def check(piece: PrintPiece, profile: PrintProfile, settings: PingenSettings) -> None:
    """Raises `Refused` for what cannot be expressed, `IntegrityError` if the bytes are not the approved ones."""
    if not _KEY.fullmatch(piece.key):
        raise Refused("pingen-key", "Der Schlüssel der Übergabe braucht 1 bis 56 Zeichen aus 0-9 A-Z a-z . _ -")
    if hashlib.sha256(piece.pdf).hexdigest() != piece.sha256:
        raise IntegrityError("print-copy-changed", "Die Druckdatei stimmt nicht mit ihrem Hashwert überein.")
    if len(piece.pdf) > profile.max_bytes:
        raise Refused("pingen-too-large", f"Die Druckdatei ist größer als {profile.max_bytes} Bytes.")
    if sheets_for(piece.pages, duplex=piece.duplex) > profile.max_sheets:
        raise Refused("pingen-too-many-sheets", f"Die Sendung hat mehr als {profile.max_sheets} Blätter.")
    if piece.service not in services(settings):
        raise Refused("pingen-service-not-offered", "Diese Versandart ist für Pingen nicht eingerichtet.")
    if piece.service is not Service.STANDARD:
        meta_data(piece)


def idempotency_key(piece_key: str, step: str) -> str:
    """The same for every repeat of a step of a piece, another for every other."""
    return f"{piece_key}-{step}"


def draft_attributes(
    piece: PrintPiece, settings: PingenSettings, url: str, signature: str
) -> dict[str, object]:
    """What creates a draft: nothing is printed until it is sent off."""
    return {
        "file_original_name": piece.key + FILE_SUFFIX,
        "file_url": url,
        "file_url_signature": signature,
        "address_position": settings.address_position,
        "auto_send": False,
        **send_attributes(piece, settings),
        **({} if piece.service is Service.STANDARD else {"meta_data": meta_data(piece)}),
    }


def send_attributes(piece: PrintPiece, settings: PingenSettings) -> Mapping[str, object]:
    """How it is produced and travels."""
    return {
        "delivery_product": settings.registered_products().get(piece.service, settings.delivery_product),
        "print_mode": "duplex" if piece.duplex else "simplex",
        "print_spectrum": "color" if piece.colour else "grayscale",
    }
