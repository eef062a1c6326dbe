"""Reports of the scan site about paper in three formats: JSON as it is, XML and CSV brought into its shape.

    <destruction-certificate certificate="VN-1" destroyed-on="2026-11-20" container="C-1" seal="P-1"
        process="Schreddern" level="P-5" quantity="1" signed-by="M. Muster">
      <documents><document delivery="L-1" document-id="…"/></documents>
    </destruction-certificate>
    <recall-answer><answers><answer recall="recall-17-1" answer="sent" shipment="WS 1"/></answers></recall-answer>

A CSV has a line for each document or answer; its columns are those that the configuration names, else our own names.
What holds for the certificate as a whole stands in every line alike. Which of the two it is, its columns say.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Any

import jsonschema

from gateway.domain.inbound.scan_sources import ManifestFormat, ScanSource
from gateway.inbound.manifest_formats import NotReadable, german_day
from gateway.inbound.strict_csv import NotCsv, parse_csv
from gateway.inbound.strict_json import NotJson, parse_json
from gateway.inbound.strict_xml import NotXml, fields, local, parse_xml, parts

_MOST = 100_000
"""Documents or answers in one report."""
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
    reader = _READERS[ManifestFormat(ending) if ending in set(ManifestFormat) else ManifestFormat.JSON]
    try:
        said = reader(content, source)
    except (NotJson, NotXml, NotCsv) as error:
        raise NotReadable(str(error)) from None
    _refuse_too_many(said)
    fault = jsonschema.exceptions.best_match(_validator().iter_errors(said))
    if fault is not None or not isinstance(said, dict):
        path = "/".join(str(part) for part in fault.absolute_path) if fault else ""
        raise NotReadable(f"die Stelle {path or 'ganz oben'} ist nicht, wie vereinbart")
    return said


@cache
def _validator() -> jsonschema.Draft202012Validator:
    schema = Path(__file__).with_name("scan_report.schema.json")
    return jsonschema.Draft202012Validator(json.loads(schema.read_text("utf-8")))


def _refuse_too_many(said: Any) -> None:
    """Before each of them is held against the schema."""
    listed = [said.get("documents"), said.get("answers")] if isinstance(said, dict) else []
    if any(isinstance(each, list) and len(each) > _MOST for each in listed):
        raise NotReadable(f"es nennt mehr als {_MOST} Dokumente")


def _json(content: bytes, _source: ScanSource) -> Any:
    return parse_json(content)


def _xml(content: bytes, _source: ScanSource) -> Any:
    root = parse_xml(content)
    kind = local(root.tag)
    if kind not in (CERTIFICATE, ANSWER):
        raise NotReadable("das Element ist kein bekanntes")
    found = parts(root)
    if kind == ANSWER:
        return _answers([fields(each) for each in found.get("answers", ())])
    return _certificate(fields(root), [fields(each) for each in found.get("documents", ())])


def _csv(content: bytes, source: ScanSource) -> Any:
    rows = _rows(content, source)
    if any(row["recall"] for row in rows):
        return _answers(rows)
    whole = {name: rows[0][name] for name in _WHOLE}
    if any(row[name] != value for row in rows for name, value in whole.items()):
        raise NotReadable("eine Zeile nennt einen anderen Nachweis als die erste")
    return _certificate(whole, rows)


def _rows(content: bytes, source: ScanSource) -> list[dict[str, str]]:
    if not (read := parse_csv(content, source.delimiter, _MOST)):
        raise NotReadable("es hat keine Zeile")
    column = {name: source.columns.get(name, name) for name in REPORT_FIELDS}
    return [{name: row.get(column[name], "").strip() for name in REPORT_FIELDS} for row in read]


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
