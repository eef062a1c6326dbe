"""Whether a call at our webhook address is Pingen's: header `Signature`, hex HMAC-SHA256 over the raw body.

The signature covers no time of sending, so a call can be played again: one that is too old is refused by the
`created_at` inside the signed body, and a younger one names the same event and therefore changes nothing.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.errors import InputError
from gateway.providers.pingen_reports import moment, text

HEADER = "signature"
_FUTURE = timedelta(minutes=15)


def verified(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    *,
    now: datetime,
    max_age: timedelta,
) -> Mapping[str, Any]:
    """The document of a call that carries the signature of one of our secrets and is not too old.

    Raises `InputError` ('webhook-signature-invalid', 'webhook-unreadable').
    """
    if not _is_signed(headers.get(HEADER, ""), body, secrets):
        raise _not_believed()
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None  # raised below: the decoder's exception holds the call
    if not isinstance(document, Mapping) or not isinstance(document.get("data"), Mapping):
        raise InputError("webhook-unreadable", "Der Aufruf des Druckdienstleisters ist nicht lesbar.")
    made_at = moment(text(document, "data", "attributes", "created_at"))
    if made_at and not now - max_age <= made_at <= now + _FUTURE:
        raise _not_believed()
    return document


def _is_signed(given: str, body: bytes, secrets: Sequence[str]) -> bool:
    """Every secret is tried, in constant time, so that nobody learns from the time which one was nearly right."""
    signature = given.strip().lower().encode("utf-8", "replace")
    fits = False
    for secret in secrets:
        expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()
        fits |= hmac.compare_digest(expected, signature)
    return fits


def _not_believed() -> InputError:
    return InputError(
        "webhook-signature-invalid",
        "Der Aufruf trägt keine gültige Unterschrift des Druckdienstleisters oder ist zu alt.",
    )
