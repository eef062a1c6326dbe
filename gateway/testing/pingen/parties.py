"""Sender and recipient in parts, which the provider wants for registered letters and for nothing else."""

import re
from collections.abc import Mapping
from typing import Any

_REGISTERED = re.compile(r"registered|[a-z]+_registered[a-z_]*")
_MOST = {"name": 45, "street": 40, "number": 10, "pobox": 45, "zip": 8, "city": 25, "country": 2}


def is_registered(attributes: Mapping[str, Any]) -> bool:
    """Whether the product is registered mail."""
    return bool(_REGISTERED.fullmatch(str(attributes.get("delivery_product"))))


def meta_data_fits(told: object) -> bool:
    """Whether every field is known, a text, and not too long."""
    return isinstance(told, dict) and all(
        party in {"recipient", "sender"} and isinstance(fields, dict) and all(map(_fits, fields.items()))
        for party, fields in told.items()
    )


def names_both(attributes: Mapping[str, Any]) -> bool:
    """Whether sender and recipient have all that the carrier needs."""
    told = attributes.get("meta_data") or {}
    return all(_is_whole(told.get(party) or {}) for party in ("recipient", "sender"))


def _is_whole(fields: Mapping[str, str]) -> bool:
    has_way = (fields.get("street") and fields.get("number")) or fields.get("pobox")
    return bool(has_way) and all(fields.get(name) for name in ("name", "zip", "city", "country"))


def _fits(field: tuple[str, object]) -> bool:
    name, value = field
    return isinstance(value, str) and len(value) <= _MOST.get(name, -1)
