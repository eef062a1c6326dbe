"""The same manifest in three formats: JSON as it is, XML and CSV brought into its shape.

    <scan-delivery source="west" delivery="L-1" sequence="1" created-at="2026-11-20T15:00:00+01:00">
      <counts documents="1" pages="2"/>
      <documents><document document-id="…" file="….pdf" sha256="…" pages="2" class="letter" …/></documents>
    </scan-delivery>

A field is an attribute or an element with text, its name with dash or underscore. A CSV has a line for each document,
its columns are named in the configuration; what holds for the delivery as a whole stands in every line alike. Its
counts may be left out: the marker READY proves that no line is missing.
"""

import re
from collections.abc import Callable, Mapping, Sized
from typing import Any
from xml.etree.ElementTree import Element

from gateway.domain.inbound.scan_sources import ManifestFormat, ScanSource
from gateway.inbound.strict_csv import NotCsv, parse_csv
from gateway.inbound.strict_json import NotJson, parse_json
from gateway.inbound.strict_xml import NotXml, fields, local, parse_xml, parts

SCHEMA = "scan-delivery/1"
_OF_DELIVERY = ("source", "delivery", "sequence", "created_at")
_COUNTS = {"documents": "count_documents", "pages": "count_pages"}
_KEYED = ("return_reason", "new_address", "service_outcome", "served_on", "service_place", "served_by")
"""What the person at the scanner reads off returned mail and certificates of service."""
_OF_DOCUMENT = (
    "document_id",
    "file",
    "sha256",
    "pages",
    "class",
    "received_on",
    "scanned_at",
    "file_number",
    "box",
    "quality",
    "batch",
    "sender",
    "replaces",
    "note",
    *_KEYED,
)
CSV_FIELDS = frozenset({*_OF_DELIVERY, *_COUNTS.values(), *_OF_DOCUMENT})
"""Our names that the configuration may give a column of a CSV."""
_MAY_BE_EMPTY = {"file_number", "batch", "sender", "replaces", "note", *_KEYED}
_NEEDED = tuple(name for name in (*_OF_DELIVERY, *_OF_DOCUMENT) if name not in _MAY_BE_EMPTY)
_DAYS = ("received_on", "served_on")
_NUMBERS = {"sequence", "pages", "documents"}
_GERMAN_DAY = re.compile(r"(\d{2})\.(\d{2})\.(\d{4})")


class NotReadable(ValueError):
    """The manifest is not what was agreed; the message names the place, never a value."""


class TooMany(Exception):
    """It names more documents than agreed; said before more than their number is looked at."""


def load_manifest(content: bytes, source: ScanSource) -> Any:
    """The manifest in the shape of its JSON schema, not yet held against it. Raises `NotReadable`, `TooMany`."""
    try:
        raw = _READERS[source.manifest](content, source)
    except (NotJson, NotXml, NotCsv) as error:
        raise NotReadable(str(error)) from None
    if isinstance(raw, dict) and isinstance(raw.get("documents"), list):
        _keep_to(source, raw["documents"])
        raw["documents"] = [_in_our_words(entry, source) for entry in raw["documents"]]
    return raw


def _keep_to(source: ScanSource, documents: Sized) -> None:
    if len(documents) > source.limits.max_documents:
        raise TooMany


def _in_our_words(entry: Any, source: ScanSource) -> Any:
    words = {
        "class": source.classes,
        "return_reason": source.return_reasons,
        "service_outcome": source.service_outcomes,
    }
    if not isinstance(entry, dict):
        return entry
    said = {name: entry[name] for name in words if isinstance(entry.get(name), str)}
    return {**entry, **{name: words[name].get(word, word) for name, word in said.items()}}


def _json(content: bytes, _source: ScanSource) -> Any:
    return parse_json(content)


def _xml(content: bytes, source: ScanSource) -> Any:
    root = parse_xml(content)
    if local(root.tag) != "scan-delivery":
        raise NotReadable("das Element scan-delivery fehlt")
    found = parts(root)
    counts, documents = found.get("counts"), found.get("documents")
    if counts is None or documents is None:
        raise NotReadable("counts oder documents fehlt")
    _keep_to(source, documents)
    return {
        **_fields(root),
        "schema": SCHEMA,
        "counts": _fields(counts),
        "documents": [_of_document(_fields(child)) for child in documents],
    }


def _fields(element: Element) -> dict[str, Any]:
    return _typed(fields(element))


def _csv(content: bytes, source: ScanSource) -> Any:
    lines = parse_csv(content, source.delimiter, source.limits.max_documents)
    _keep_to(source, lines)
    rows = [_by_our_names(row, source.columns) for row in lines]
    if not rows:
        raise NotReadable("es hat keine Zeile")
    whole = {name: rows[0].get(name, "") for name in (*_OF_DELIVERY, *_COUNTS.values())}
    for number, row in enumerate(rows, start=2):
        if any(row.get(name, "") != value for name, value in whole.items()):
            raise NotReadable(f"Zeile {number} nennt eine andere Lieferung als die erste")
    documents = [_of_document(_typed({name: row.get(name, "") for name in _OF_DOCUMENT})) for row in rows]
    told = {name: whole[column] for name, column in _COUNTS.items() if whole[column]}
    summed = {"documents": len(documents), "pages": _sum(documents)}
    return {
        "schema": SCHEMA,
        **_typed({name: whole[name] for name in _OF_DELIVERY}),
        "counts": {**summed, **_typed(told)},
        "documents": documents,
    }


def _by_our_names(row: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    """A line by our names of the fields. A missing cell is empty, as is the column of what need not be said."""
    for name in _NEEDED:
        if (column := columns.get(name, name)) not in row:
            raise NotReadable(f"die Spalte {column} fehlt")
    return {name: row.get(columns.get(name, name), "").strip() for name in CSV_FIELDS}


def _of_document(said: dict[str, Any]) -> dict[str, Any]:
    """Empty where nothing was said; days may be written as in Germany."""
    known = {name: said.get(name) or None for name in _MAY_BE_EMPTY}
    dated = {name: german_day(said[name]) for name in _DAYS if isinstance(said.get(name), str)}
    return {**said, **known, **{name: day for name, day in dated.items() if day}}


def german_day(written: str) -> str:
    """A day as ISO, if it is written as in Germany; anything else as it is."""
    day = _GERMAN_DAY.fullmatch(written)
    return f"{day[3]}-{day[2]}-{day[1]}" if day else written


def _typed(texts: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: int(value)
        if name in _NUMBERS and value.isascii() and value.isdigit() and len(value) < 10
        else value
        for name, value in texts.items()
    }


def _sum(documents: list[dict[str, Any]]) -> int:
    return sum(entry["pages"] for entry in documents if isinstance(entry.get("pages"), int))


_READERS: Mapping[ManifestFormat, Callable[[bytes, ScanSource], Any]] = {
    ManifestFormat.JSON: _json,
    ManifestFormat.XML: _xml,
    ManifestFormat.CSV: _csv,
}
