"""The readable log of a folder case file: Markdown for people, made wholly from the index.

Must not hold anything that the index does not.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

_BERLIN = ZoneInfo("Europe/Berlin")

LABELS = {
    "address_lines": "Anschrift",
    "template_version": "Vorlage",
    "provider_reference": "Auftrag beim Druckdienstleister",
    "product": "Produkt",
    "confirmed_by": "Bestätigt von",
    "deemed_notified_on": "Gilt als bekannt gegeben am",
    "objection_deadline": "Rechtsbehelfsfrist bis",
    "reasons": "Herleitung",
    "received_on": "Eingang",
    "match": "Zuordnung",
}
"""What of the metadata a person wants to read; the rest is in the index."""


def readable_log(index: Mapping[str, Any]) -> str:
    """The log of a case in German, by time; ends with a line break."""
    entries = sorted(index["entries"], key=lambda entry: datetime.fromisoformat(entry["occurred_at"]))
    lines = [
        f"# Akte {index['file_number']}",
        "",
        f"BG-Nummer {index['bg_number']} · Dienststelle {index['office']}",
        "",
        "Diese Übersicht wird aus index.json erzeugt; Änderungen von Hand gehen verloren.",
        "",
        *(line for entry in entries for line in _entry_lines(entry)),
    ]
    return "\n".join(lines) + "\n"


def _entry_lines(entry: Mapping[str, Any]) -> list[str]:
    moment = datetime.fromisoformat(entry["occurred_at"]).astimezone(_BERLIN)
    lines = [f"- **{moment:%d.%m.%Y %H:%M}** {_one_line(entry['title'])}"]
    if entry["file"]:
        lines.append(f"  - Dokument: [{entry['document_key']}]({entry['file']}), SHA-256 {entry['sha256']}")
    metadata = entry["metadata"]
    lines += [f"  - {label}: {_value(metadata[name])}" for name, label in LABELS.items() if metadata.get(name)]
    return lines


def _value(value: object) -> str:
    if isinstance(value, list):
        return " · ".join(_one_line(str(item)) for item in value)
    return _one_line(str(value))


def _one_line(text: str) -> str:
    return " ".join(text.split())
