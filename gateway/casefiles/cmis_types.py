"""What a repository's types allow, and our values in its terms (CMIS 1.1, 2.1.3).

Which kind of value a property takes is asked of the repository, never configured. Moments and days are milliseconds
since the epoch; a day is its midnight in UTC, which is the same day in Germany. A text that is longer than the
property allows is cut visibly: the log entry beside it has it whole.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gateway.errors import CaseFileUnavailable

Values = Mapping[str, Sequence[str]]
"""Property id → the values as they stand in a form."""


@dataclass(frozen=True)
class Property:
    """One property definition."""

    id: str
    query_name: str
    kind: str
    """string, id, uri, html, integer, decimal, boolean, datetime."""
    many: bool
    updatability: str
    """readonly, oncreate, readwrite, whencheckedout."""
    queryable: bool
    required: bool
    max_length: int | None


@dataclass(frozen=True)
class ObjectType:
    """A type with its properties, those of the secondary types that go with it included."""

    id: str
    base: str
    query_name: str
    creatable: bool
    queryable: bool
    versionable: bool
    properties: Mapping[str, Property]


def object_type(definition: Mapping[str, Any], secondary: Sequence[Mapping[str, Any]] = ()) -> ObjectType:
    """A type from the repository's JSON. Raises `CaseFileUnavailable` where that is no type."""
    try:
        found = {
            each.id: each
            for part in (definition, *secondary)
            for each in _properties(part["propertyDefinitions"])
        }
        return ObjectType(
            id=definition["id"],
            base=definition["baseId"],
            query_name=definition.get("queryName") or definition["id"],
            creatable=bool(definition.get("creatable", True)),
            queryable=bool(definition.get("queryable")),
            versionable=bool(definition.get("versionable")),
            properties=found,
        )
    except (KeyError, TypeError, AttributeError):
        raise CaseFileUnavailable(
            "cmis-unreadable", "Das DMS beschreibt seine Typen nicht so, wie CMIS 1.1 es vorsieht."
        ) from None


def _properties(definitions: Mapping[str, Mapping[str, Any]]) -> Iterator[Property]:
    for name, definition in definitions.items():
        yield Property(
            id=name,
            query_name=definition.get("queryName") or name,
            kind=definition["propertyType"],
            many=definition.get("cardinality") == "multi",
            updatability=definition.get("updatability", "readwrite"),
            queryable=bool(definition.get("queryable")),
            required=bool(definition.get("required")),
            max_length=definition.get("maxLength") if isinstance(definition.get("maxLength"), int) else None,
        )


def in_form(definition: Property, value: object) -> list[str]:
    """One value of ours for a property; empty where there is nothing to say or the kind does not fit."""
    parts = [str(part) for part in value] if isinstance(value, list | tuple) else [str(value)]
    parts = [part for part in parts if part.strip()]
    if parts and not definition.many:
        parts = ["\n".join(parts)]
    convert = _KINDS.get(definition.kind, _text)
    return [found for part in parts if (found := convert(definition, part)) is not None]


def fits(definition: Property, value: object) -> bool:
    """Whether a value can be told in a property at all."""
    return bool(in_form(definition, value))


def _text(definition: Property, value: str) -> str:
    most = definition.max_length
    return value if most is None or len(value) <= most else f"{value[: most - 1]}…"


def _integer(_definition: Property, value: str) -> str | None:
    return value if value.lstrip("-").isdecimal() else None


def _decimal(_definition: Property, value: str) -> str | None:
    whole, _, rest = value.lstrip("-").partition(".")
    return value if (whole + rest).isdecimal() else None


def _boolean(_definition: Property, value: str) -> str | None:
    return {"yes": "true", "true": "true", "no": "false", "false": "false"}.get(value.lower())


def _datetime(_definition: Property, value: str) -> str | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return str(round(aware.timestamp() * 1000))


_KINDS: Mapping[str, Callable[[Property, str], str | None]] = {
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "datetime": _datetime,
}
