"""Entries of a case file as people read them, in German; shared by the adapters that write them out.

Must not hold anything that the entries do not.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.filing.filing_fields import FIELDS

_BERLIN = ZoneInfo("Europe/Berlin")

_DAY = re.compile(r"^(\d{4})-(\d{2})-(\d{2})$")
_NOT_FOR_READING = frozenset(
    {"item_id", "file_number", "bg_number", "office", "process", "sha256", "print_sha256"}
)
"""What stands above, is repeated in every entry, or tells a person nothing; it is in the index or the last line."""


def readable_log(index: Mapping[str, Any]) -> str:
    """The log of a case in Markdown, by time; ends with a line break."""
    entries = sorted(index["entries"], key=lambda entry: datetime.fromisoformat(entry["occurred_at"]))
    lines = [
        f"# Akte {index['file_number']}",
        "",
        f"BG-Nummer {index['bg_number']} · Dienststelle {index['office']}",
        "",
        "Diese Übersicht wird aus index.json erzeugt; Änderungen von Hand gehen verloren.",
        "",
        *(line for entry in entries for line in _markdown(entry)),
    ]
    return "\n".join(lines) + "\n"


def entry_lines(metadata: Mapping[str, Any]) -> list[str]:
    """What is known about an entry, a line each."""
    return [
        f"{label}: {_value(metadata[name])}"
        for name, label in FIELDS.items()
        if name not in _NOT_FOR_READING and metadata.get(name)
    ]


def local(moment: datetime) -> str:
    """A moment at the authority's seat."""
    return f"{moment.astimezone(_BERLIN):%d.%m.%Y %H:%M}"


def _markdown(entry: Mapping[str, Any]) -> list[str]:
    moment = datetime.fromisoformat(entry["occurred_at"])
    lines = [f"- **{local(moment)}** {_one_line(entry['title'])}"]
    if entry["file"]:
        lines.append(f"  - Dokument: [{entry['document_key']}]({entry['file']}), SHA-256 {entry['sha256']}")
    return lines + [f"  - {line}" for line in entry_lines(entry["metadata"])]


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return " · ".join(_one_line(str(item)) for item in value)
    text = _one_line(str(value))
    return _DAY.sub(r"\3.\2.\1", text)


def _one_line(text: str) -> str:
    return " ".join(text.split())
