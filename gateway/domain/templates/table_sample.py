"""The table that users begin with: a header for every field of a template, and the sample letter as one row."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.domain.templates.cells import Kind, Schema
from gateway.domain.templates.table import CASE, Leaf, dotted, leaves

EXAMPLE_CASE = "AKTENZEICHEN"


def sample_table(schema: Schema, sample: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Header and example row, written as German spreadsheets write it; lists get as many entries as the sample has.

    Raises `InputError` ('template-not-flat').
    """
    names, cells = [CASE], [EXAMPLE_CASE]
    for leaf in leaves(schema):
        for entry, value in _values(leaf, sample):
            names.append(dotted(leaf.path, entry))
            cells.append(written(leaf.kind, value))
    return names, cells


def _values(leaf: Leaf, sample: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    if None not in leaf.path:
        yield 1, _at(sample, leaf.path)
        return
    place = leaf.path.index(None)
    entries = _at(sample, leaf.path[:place]) or [None]
    for number, entry in enumerate(entries, start=1):
        yield number, _at(entry, leaf.path[place + 1 :])


def _at(value: Any, path: tuple[str | None, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def written(kind: Kind, value: Any) -> str:
    """A value as people write it into a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nein"
    if kind is Kind.DATE:
        year, month, day = str(value).split("-")
        return f"{day}.{month}.{year}"
    return str(value).replace(".", ",") if kind is Kind.MONEY else str(value)
