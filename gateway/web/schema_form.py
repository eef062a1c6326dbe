"""A form made from the JSON Schema of a template's data: fields, reading what was typed, adding and removing rows.

Pure: knows neither HTTP nor HTML. A field is named by its dotted path (`persons.0.name`), as the messages of
`DataInvalid` name it. Schemas have no `$ref` (the catalogue resolves them). Whether data is right is decided by
the renderer's own check; this module only says which required fields are still empty.
"""

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]

LONG_TEXT_FROM = 200
"""Texts that may be longer than this get several lines."""
WIDE_FROM = 60
"""Texts that may be this long get a whole line."""
MAX_ROWS = 200
"""Rows that a form can have in one list, whatever it claims."""

_MONEY_END = r"\.[0-9]{2}$"
_GERMAN_MONEY = re.compile(r"^\d{1,3}(\.\d{3})+(,\d{1,2})?$|^\d+(,\d{1,2})?$")
_FIELD_FAULT = re.compile(r"\(([A-Za-z0-9_.]+)\): (.+)$")


class Kind(StrEnum):
    """How a field is shown."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    DATE = "date"
    MONTH = "month"
    TIME = "time"
    MONEY = "money"
    INTEGER = "integer"
    IBAN = "iban"
    CHECKBOX = "checkbox"
    CHOICE = "choice"
    GROUP = "group"
    ROWS = "rows"


_SHORT = frozenset({Kind.MONEY, Kind.INTEGER})


@dataclass(frozen=True)
class Field:
    """A field with what was typed; `children` of a group are fields, of rows one entry a row."""

    name: str
    title: str
    kind: Kind
    required: bool
    value: str = ""
    checked: bool = False
    options: tuple[str, ...] = ()
    children: tuple["Field", ...] = ()
    max_length: int | None = None
    error: str | None = None
    new: bool = False
    """A row that was just added: the cursor goes there."""
    compact: bool = False
    """Rows of single short values stand side by side."""
    quiet: bool = False
    """Inside an optional group or a compact list: what is voluntary there goes without saying."""
    entry: str = ""
    """What one row of a list is called."""

    @property
    def wide(self) -> bool:
        """Whether it takes a whole line."""
        long = self.kind in {Kind.TEXT, Kind.CHOICE} and (self.max_length or LONG_TEXT_FROM) >= WIDE_FROM
        return long or self.kind in {Kind.LONG_TEXT, Kind.GROUP, Kind.ROWS}

    @property
    def lines(self) -> int:
        """Lines of a long text to begin with."""
        return 2 if (self.max_length or LONG_TEXT_FROM) <= 2 * LONG_TEXT_FROM else 5

    @property
    def id(self) -> str:
        """Its id in the page."""
        return "f-" + self.name.replace(".", "-")


def blank(schema: Schema, *, required: bool = True) -> Any:
    """What an untouched form holds: defaults, and the rows that are needed in any case."""
    if "default" in schema:
        return copy.deepcopy(schema["default"])
    kind = kind_of(schema)
    if kind is Kind.GROUP:
        needed = schema.get("required", ())
        return {name: blank(part, required=name in needed) for name, part in _properties(schema).items()}
    if kind is Kind.ROWS:
        count = max(schema.get("minItems", 0), 1 if required else 0)
        return [blank(schema["items"]) for _ in range(count)]
    return False if kind is Kind.CHECKBOX else ""


def read(schema: Schema, form: Mapping[str, str], name: str = "") -> Any:
    """What was typed, in the shape of the data. Money, numbers and IBANs are taken as people write them."""
    kind = kind_of(schema)
    if kind is Kind.GROUP:
        return {key: read(part, form, _join(name, key)) for key, part in _properties(schema).items()}
    if kind is Kind.ROWS:
        count = min(_number(form.get(f"{name}.#", "0")), MAX_ROWS)
        return [read(schema["items"], form, f"{name}.{position}") for position in range(count)]
    if kind is Kind.CHECKBOX:
        return name in form
    return _value(kind, form.get(name, "").replace("\r\n", "\n").strip())


def add_row(schema: Schema, data: Any, path: str) -> Any:
    """The data with an empty row more at `path`, shaped like the row above it; unchanged if there is no such list."""
    found = _find(schema, data, path)
    if found is None or kind_of(found[0]) is not Kind.ROWS or len(found[1]) >= MAX_ROWS:
        return data
    part, rows = found
    rows.append(_emptied(part["items"], rows[-1]) if rows else blank(part["items"]))
    return data


def remove_row(schema: Schema, data: Any, path: str) -> Any:
    """The data without the row at `path` (`persons.1`)."""
    parent, _, position = path.rpartition(".")
    found = _find(schema, data, parent)
    if found and kind_of(found[0]) is Kind.ROWS and position.isdigit() and int(position) < len(found[1]):
        del found[1][int(position)]
    return data


def last_row(schema: Schema, data: Any, path: str) -> str | None:
    """The path of the last row of the list at `path`."""
    found = _find(schema, data, path)
    return f"{path}.{len(found[1]) - 1}" if found and isinstance(found[1], list) and found[1] else None


def clean(schema: Schema, data: Any) -> Any:
    """The data as it is validated: without optional groups and fields that were left empty, and empty last rows."""
    kind = kind_of(schema)
    if kind is Kind.GROUP:
        cleaned = {key: clean(part, data.get(key, "")) for key, part in _properties(schema).items()}
        needed = schema.get("required", ())
        return {
            key: value
            for key, value in cleaned.items()
            if not _is_left_out(_properties(schema)[key], value, required=key in needed)
        }
    if kind is Kind.ROWS:
        rows = [clean(schema["items"], item) for item in data]
        while rows and not _is_nullable(schema["items"]) and _is_empty(rows[-1]):
            rows.pop()
        return rows
    return None if data == "" and _is_nullable(schema) else data


def missing(schema: Schema, data: Any, name: str = "") -> dict[str, str]:
    """Required fields of cleaned data that are still empty, all at once: path → message."""
    kind = kind_of(schema)
    found: dict[str, str] = {}
    if kind is Kind.GROUP:
        for key, part in _properties(schema).items():
            path = _join(name, key)
            if key in data:
                found |= missing(part, data[key], path)
            elif key in schema.get("required", ()):
                found[path] = "Bitte ausfüllen."
    elif kind is Kind.ROWS:
        for position, item in enumerate(data):
            found |= missing(schema["items"], item, f"{name}.{position}")
        if len(data) < schema.get("minItems", 0):
            found[name] = "Hier fehlt mindestens ein Eintrag."
    return found


def build(
    schema: Schema,
    data: Any,
    errors: Mapping[str, str],
    *,
    name: str = "",
    required: bool = True,
    title: str | None = None,
    new: str | None = None,
    quiet: bool = False,
) -> Field:
    """The form with what was typed and the messages at their fields; `new` is the path of a row just added."""
    kind = kind_of(schema)
    children: tuple[Field, ...] = ()
    if kind is Kind.GROUP:
        needed = schema.get("required", ())
        values = data if isinstance(data, Mapping) else {}
        children = tuple(
            build(
                part,
                values.get(key, ""),
                errors,
                name=_join(name, key),
                required=key in needed,
                new=new,
                quiet=quiet or not required,
            )
            for key, part in _properties(schema).items()
        )
    elif kind is Kind.ROWS:
        rows = data if isinstance(data, list) else []
        own = str(schema["items"].get("title") or schema.get("title", ""))
        alike = kind_of(schema["items"]) in _SHORT
        children = tuple(
            build(
                schema["items"],
                item,
                errors,
                name=f"{name}.{position}",
                title=f"{own} {position + 1}",
                new=new,
                quiet=quiet or alike,
            )
            for position, item in enumerate(rows)
        )
    return Field(
        name=name,
        title=title or str(schema.get("title", name.rpartition(".")[2])),
        kind=kind,
        required=required and not _may_stay_empty(schema),
        value="" if children or kind is Kind.CHECKBOX else _shown(kind, data),
        checked=data is True,
        options=tuple(map(str, schema.get("enum", ()))),
        children=children,
        max_length=schema.get("maxLength"),
        error=errors.get(name),
        new=new is not None and name == new,
        compact=kind is Kind.ROWS and kind_of(schema["items"]) in _SHORT,
        quiet=quiet,
        entry=str(schema["items"].get("title", "Eintrag")) if kind is Kind.ROWS else "",
    )


def fault_of(message: str) -> tuple[str, str] | None:
    """Path and bare message out of what the validation said, if it names a field."""
    found = _FIELD_FAULT.search(message)
    return (found[1], found[2][:1].upper() + found[2][1:]) if found else None


def kind_of(schema: Schema) -> Kind:
    """How a part of a schema is shown."""
    types = schema.get("type", "object")
    kinds = {"object": Kind.GROUP, "array": Kind.ROWS, "boolean": Kind.CHECKBOX, "integer": Kind.INTEGER}
    for kind in [types] if isinstance(types, str) else types:
        if kind in kinds:
            return kinds[kind]
    return _kind_of_text(schema)


def _kind_of_text(schema: Schema) -> Kind:
    pattern = str(schema.get("pattern", ""))
    if "enum" in schema:
        return Kind.CHOICE
    if schema.get("format") in {"date", "iban"}:
        return Kind(schema["format"])
    if pattern.endswith(_MONEY_END):
        return Kind.MONEY
    if "(0[1-9]|1[0-2])" in pattern:
        return Kind.MONTH
    if pattern.endswith(":[0-5][0-9]$"):
        return Kind.TIME
    return Kind.LONG_TEXT if schema.get("maxLength", 0) > LONG_TEXT_FROM else Kind.TEXT


def _value(kind: Kind, text: str) -> Any:
    if kind is Kind.MONEY and _GERMAN_MONEY.match(text):
        whole, _, cents = text.replace(".", "").partition(",")
        return f"{int(whole)}.{cents:0<2}"
    if kind is Kind.INTEGER and text.isascii() and text.isdigit():
        return int(text)
    if kind is Kind.IBAN:
        return "".join(text.split()).upper()
    return text


def _shown(kind: Kind, data: Any) -> str:
    """A value as people write it."""
    text = "" if data is None or isinstance(data, list | dict) else str(data)
    if kind is Kind.MONEY and re.fullmatch(r"\d+\.\d{2}", text):
        return text.replace(".", ",")
    if kind is Kind.IBAN:
        return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
    return text


def _is_left_out(schema: Schema, value: Any, *, required: bool) -> bool:
    if not required:
        return _is_empty(value) and "default" not in schema
    return value == "" and not _may_stay_empty(schema)


def _may_stay_empty(schema: Schema) -> bool:
    """Whether an empty text or list is a proper value: then the field need not be filled."""
    kind = kind_of(schema)
    if kind is Kind.CHECKBOX or _is_nullable(schema):
        return True
    if kind is Kind.TEXT or kind is Kind.LONG_TEXT:
        return not schema.get("minLength") and "pattern" not in schema
    return False


def _is_nullable(schema: Schema) -> bool:
    return isinstance(schema.get("type"), list) and "null" in schema["type"]


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_empty(item) for item in value.values())
    if isinstance(value, list):
        return all(_is_empty(item) for item in value)
    return value in ("", None, False)


def _emptied(schema: Schema, like: Any) -> Any:
    """An empty row with as many entries in its lists as the row `like`."""
    kind = kind_of(schema)
    if kind is Kind.GROUP and isinstance(like, Mapping):
        return {key: _emptied(part, like.get(key)) for key, part in _properties(schema).items()}
    if kind is Kind.ROWS and isinstance(like, list):
        return [_emptied(schema["items"], item) for item in like]
    return blank(schema)


def _find(schema: Schema, data: Any, path: str) -> tuple[Schema, Any] | None:
    """The part of schema and data at a path, or None if there is none."""
    for step in path.split(".") if path else ():
        kind = kind_of(schema)
        if kind is Kind.GROUP and step in _properties(schema) and step in data:
            schema, data = _properties(schema)[step], data[step]
        elif kind is Kind.ROWS and step.isdigit() and int(step) < len(data):
            schema, data = schema["items"], data[int(step)]
        else:
            return None
    return schema, data


def _properties(schema: Schema) -> Mapping[str, Schema]:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    return properties


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _join(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key
