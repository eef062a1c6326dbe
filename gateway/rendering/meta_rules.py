"""Rules in a template's `meta.toml` that point into its schema: each names fields, and must fit them."""

from collections.abc import Mapping
from typing import Any, cast

from gateway.domain.letters.requesting import RequestRule
from gateway.domain.runs.timeliness import Timing


def read_timing(entry: dict[str, Any], schema: Mapping[str, object]) -> Timing:
    """`[[timing]]` of a meta file: `field` (a date of the schema), `days`, `working_days` after notification."""
    field = _properties(schema)[entry["field"]]
    if field.get("format") != "date":
        raise ValueError("a timing is about a date")
    return Timing(title=str(field.get("title", entry["field"])), **entry)


def read_request(entry: dict[str, str] | None, schema: Mapping[str, object]) -> RequestRule | None:
    """`[request]` of a meta file: `items` (a list of the schema), `title` of each, `due` (a date of the schema)."""
    if entry is None:
        return None
    rule, known = RequestRule(**entry), _properties(schema)
    of_item = cast("Mapping[str, object]", known[rule.items].get("items", {}))
    if rule.title not in _properties(of_item):
        raise ValueError("a request names what it asks for")
    if rule.due is not None and known[rule.due].get("format") != "date":
        raise ValueError("a request is due on a date")
    return rule


def _properties(schema: Mapping[str, object]) -> Mapping[str, Mapping[str, object]]:
    return cast("Mapping[str, Mapping[str, object]]", schema.get("properties", {}))
