"""JSON from outside: in UTF-8, each name once in its object, numbers that are numbers. Judges no content."""

import json
from collections.abc import Sequence
from typing import Any


class NotJson(ValueError):
    """The bytes are no JSON that is read here; the message says why, in German, without any of their content."""


def parse_json(content: bytes) -> Any:
    """The value; the mark that some programs write before it (BOM) is none of it. Raises `NotJson`."""
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number)
    except NotJson:
        raise
    except (ValueError, RecursionError):
        raise NotJson("es ist kein JSON in UTF-8") from None


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one name, nobody knows which is meant."""
    said = dict(pairs)
    if len(said) != len(pairs):
        raise NotJson("eine Angabe steht zweimal")
    return said


def _no_number(_word: str) -> None:
    raise NotJson("eine Zahl ist keine")
