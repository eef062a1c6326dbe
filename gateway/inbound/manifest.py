"""The manifest of a scan delivery: what the scan provider says it delivered.

Reads and judges the manifest alone; the documents beside it are `delivery`'s matter.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import jsonschema

from gateway.domain.inbound.scan_sources import ScanSource
from gateway.errors import DocumentInvalid
from gateway.inbound.manifest_formats import NotReadable, TooMany, load_manifest
from gateway.ports.scans import KeyedIn, Manifest, ScannedDocument

_SCHEMA_FILE = Path(__file__).with_name("scan_delivery.schema.json")
_YEARS = range(1900, 2200)
Day = TypeVar("Day", bound=date)


def parse_manifest(content: bytes, sha256: str, source: ScanSource) -> Manifest:
    """Read a manifest.

    Raises `DocumentInvalid`: manifest-invalid, manifest-too-many, manifest-count-wrong, manifest-duplicate-id.
    """
    raw = _load(content, source)
    _check_schema(raw)
    documents = tuple(_document(entry) for entry in raw["documents"])
    _check_counts(raw["counts"], documents)
    _check_unique(documents)
    return Manifest(
        source=raw["source"],
        delivery=raw["delivery"],
        sequence=int(raw["sequence"]),
        created_at=_moment(raw["created_at"], "created_at"),
        documents=documents,
        sha256=sha256,
    )


def _load(content: bytes, source: ScanSource) -> Any:
    try:
        return load_manifest(content, source)
    except NotReadable as error:
        raise _invalid(str(error)) from error
    except TooMany:
        raise DocumentInvalid(
            "manifest-too-many",
            f"Die Scanlieferung hat mehr als {source.limits.max_documents} Dokumente. Die Lieferung wurde abgelehnt;"
            " bitte geteilt neu anfordern.",
        ) from None


def _check_schema(raw: Any) -> None:
    error = jsonschema.exceptions.best_match(_validator().iter_errors(raw))
    if error is not None:
        # Only the place is named: the value may hold personal data.
        raise _invalid(f"Angabe {error.json_path}, Regel {error.validator}")


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(_SCHEMA_FILE.read_text("utf-8")))


def _document(entry: Mapping[str, Any]) -> ScannedDocument:
    return ScannedDocument(
        document_id=entry["document_id"],
        file=entry["file"],
        sha256=entry["sha256"],
        pages=int(entry["pages"]),
        document_class=entry["class"],
        received_on=_day(entry["received_on"], "received_on"),
        scanned_at=_moment(entry["scanned_at"], "scanned_at"),
        file_number=entry["file_number"] or None,
        box=entry["box"],
        quality=entry["quality"],
        batch=entry.get("batch") or None,
        sender=entry.get("sender") or None,
        replaces=entry.get("replaces") or None,
        note=entry.get("note") or None,
        keyed=_keyed(entry),
    )


def _keyed(entry: Mapping[str, Any]) -> KeyedIn:
    return KeyedIn(
        return_reason=entry.get("return_reason") or None,
        new_address=entry.get("new_address") or None,
        outcome=entry.get("service_outcome") or None,
        served_on=_day(entry["served_on"], "served_on") if entry.get("served_on") else None,
        place=entry.get("service_place") or None,
        served_by=entry.get("served_by") or None,
    )


def _check_counts(counts: Mapping[str, Any], documents: tuple[ScannedDocument, ...]) -> None:
    pages = sum(document.pages for document in documents)
    if (counts["documents"], counts["pages"]) != (len(documents), pages):
        raise DocumentInvalid(
            "manifest-count-wrong",
            f"Das Manifest nennt {counts['documents']} Dokumente mit {counts['pages']} Seiten, führt aber"
            f" {len(documents)} mit {pages} auf. Die Lieferung wurde abgelehnt; bitte bei der"
            " Scanstelle neu anfordern.",
        )


def _check_unique(documents: Iterable[ScannedDocument]) -> None:
    documents = tuple(documents)
    ids = Counter(document.document_id for document in documents)
    names = [document.file for document in documents] + [
        document.note for document in documents if document.note
    ]
    files = Counter(name.casefold() for name in names)
    if any(count > 1 for counter in (ids, files) for count in counter.values()):
        raise DocumentInvalid(
            "manifest-duplicate-id",
            "Das Manifest nennt ein Dokument oder eine Datei zweimal. Die Lieferung wurde abgelehnt; bitte bei der"
            " Scanstelle neu anfordern.",
        )


def _moment(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _invalid(f"Zeitpunkt {name}") from error
    if moment.tzinfo is None:
        raise _invalid(f"Zeitpunkt {name} ohne Zeitzone")
    return _of_our_time(moment, f"Zeitpunkt {name}")


def _day(text: str, name: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _invalid(f"Tag {name}") from error
    return _of_our_time(day, f"Tag {name}")


def _of_our_time(day: Day, name: str) -> Day:
    """At the ends of the calendar neither zones nor terms can be reckoned."""
    if day.year not in _YEARS:
        raise _invalid(f"{name} liegt nicht zwischen {_YEARS[0]} und {_YEARS[-1]}")
    return day


def _invalid(what: str) -> DocumentInvalid:
    return DocumentInvalid(
        "manifest-invalid",
        f"Das Manifest der Scanlieferung ist nicht lesbar ({what}). Die Lieferung wurde abgelehnt; bitte bei der"
        " Scanstelle neu anfordern.",
    )
