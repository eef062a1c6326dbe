"""Reports of the scan site about paper in three formats: JSON as it is, XML and CSV brought into its shape.

    <destruction-certificate certificate="VN-1" destroyed-on="2026-11-20" container="C-1" seal="P-1"
        process="Schreddern" level="P-5" quantity="1" signed-by="M. Muster">
      <documents><document delivery="L-1" document-id="…"/></documents>
    </destruction-certificate>
    <recall-answer><answers><answer recall="recall-17-1" answer="sent" shipment="WS 1"/></answers></recall-answer>

A CSV has a line for each document or answer; its columns are those that the configuration names, else our own names.
What holds for the certificate as a whole stands in every line alike. Which of the two it is, its columns say.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Any
from xml.etree.ElementTree import Element

import jsonschema

from gateway.domain.inbound.scan_sources import ManifestFormat, ScanSource
from gateway.inbound.manifest_formats import NotReadable, german_day
from gateway.inbound.strict_xml import NotXml, local, parse_xml

CERTIFICATE, ANSWER = "destruction-certificate", "recall-answer"
_WHOLE = ("certificate", "destroyed_on", "container", "seal", "process", "level", "quantity", "signed_by")
_OF_PAPER = ("delivery", "document_id")
_OF_ANSWER = ("recall", "answer", "shipment")
REPORT_FIELDS = frozenset({*_WHOLE, *_OF_PAPER, *_OF_ANSWER})
"""Our names that the configuration may give a column of a CSV."""


def load_report(name: str, content: bytes, source: ScanSource) -> Mapping[str, Any]:
    """A report in the shape of its JSON schema, held against it; its ending says how it is written.

    Raises `NotReadable`; the message names the place, never a value.
    """
    ending = PurePath(name).suffix.removeprefix(".").lower()
    said = _READERS[ManifestFormat(ending) if ending in set(ManifestFormat) else ManifestFormat.JSON](
        content, source
    )
    error = jsonschema.exceptions.best_match(_validator().iter_errors(said))
    if error is not None or not isinstance(said, dict):
        path = "/".join(str(part) for part in error.absolute_path) if error else ""
        raise NotReadable(f"die Stelle {path or 'ganz oben'} ist nicht, wie vereinbart")
    return said


@cache
def _validator() -> jsonschema.Draft202012Validator:
    schema = Path(__file__).with_name("scan_report.schema.json")
    return jsonschema.Draft202012Validator(json.loads(schema.read_text("utf-8")))


def _json(content: bytes, _source: ScanSource) -> Any:
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise NotReadable("es ist kein JSON") from None


def _xml(content: bytes, _source: ScanSource) -> Any:
    try:
        root = parse_xml(content)
    except NotXml as error:
        raise NotReadable(str(error)) from None
    kind = local(root.tag)
    if kind not in (CERTIFICATE, ANSWER):
        raise NotReadable("das Element ist kein bekanntes")
    parts = {local(child.tag): child for child in root if len(child)}
    if kind == ANSWER:
        return _answers([_fields(each) for each in parts.get("answers", ())])
    return _certificate(_fields(root), [_fields(each) for each in parts.get("documents", ())])


def _fields(element: Element) -> dict[str, str]:
    texts = {local(child.tag): (child.text or "").strip() for child in element if not len(child)}
    named = {local(name): value.strip() for name, value in element.attrib.items()} | texts
    return {name.replace("-", "_"): value for name, value in named.items()}


def _csv(content: bytes, source: ScanSource) -> Any:
    rows = _rows(content, source)
    if any(row["recall"] for row in rows):
        return _answers(rows)
    whole = {name: rows[0][name] for name in _WHOLE}
    if any(row[name] != value for row in rows for name, value in whole.items()):
        raise NotReadable("eine Zeile nennt einen anderen Nachweis als die erste")
    return _certificate(whole, rows)


def _rows(content: bytes, source: ScanSource) -> list[dict[str, str]]:
    try:
        text = content.decode("utf-8-sig")
        read = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=source.delimiter, strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise NotReadable("es ist kein CSV in UTF-8") from None
    if not read or any(None in row for row in read):
        raise NotReadable("es hat keine Zeile, oder eine hat mehr Felder als Spalten")
    column = {name: source.columns.get(name, name) for name in REPORT_FIELDS}
    return [{name: (row.get(column[name]) or "").strip() for name in REPORT_FIELDS} for row in read]


def _certificate(whole: Mapping[str, str], documents: list[dict[str, str]]) -> dict[str, Any]:
    said: dict[str, Any] = {name: whole.get(name, "") for name in _WHOLE}
    if said["quantity"].isascii() and said["quantity"].isdigit() and len(said["quantity"]) < 10:
        said["quantity"] = int(said["quantity"])
    return {
        "schema": f"{CERTIFICATE}/1",
        **said,
        "destroyed_on": german_day(said["destroyed_on"]),
        "documents": [{name: each.get(name, "") for name in _OF_PAPER} for each in documents],
    }


def _answers(answers: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "schema": f"{ANSWER}/1",
        "answers": [{name: each.get(name, "") for name in _OF_ANSWER} for each in answers],
    }


_READERS: Mapping[ManifestFormat, Callable[[bytes, ScanSource], Any]] = {
    ManifestFormat.JSON: _json,
    ManifestFormat.XML: _xml,
    ManifestFormat.CSV: _csv,
}
