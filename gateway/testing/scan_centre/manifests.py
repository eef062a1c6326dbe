"""Manifests as scan centres write them: the same in JSON, XML and CSV. Knows nothing of what reads them."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

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
)
"""Columns that every CSV has; what a document says beside them follows."""


def manifest_bytes(told: Mapping[str, Any], kind: str) -> bytes:
    """The manifest `told`, in the words of `scan-delivery/1`, as `kind`: json, xml or csv."""
    return _WRITERS[kind](told)


def _json(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _xml(told: Mapping[str, Any]) -> bytes:
    whole = {name: value for name, value in told.items() if name not in ("schema", "counts", "documents")}
    documents = "".join(f"    <document{_attributes(each)}/>\n" for each in told["documents"])
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<scan-delivery{_attributes(whole)}>\n'
        f"  <counts{_attributes(told['counts'])}/>\n  <documents>\n{documents}  </documents>\n</scan-delivery>\n"
    ).encode()


def _attributes(fields: Mapping[str, Any]) -> str:
    return "".join(
        f" {name.replace('_', '-')}={quoteattr(str(value))}"
        for name, value in fields.items()
        if value is not None
    )


def _csv(told: Mapping[str, Any]) -> bytes:
    """A line for each document; what holds for the delivery stands in each."""
    whole = {name: value for name, value in told.items() if name not in ("schema", "counts", "documents")}
    counts = {f"count_{name}": value for name, value in told["counts"].items()}
    more = {name: None for each in told["documents"] for name in each}
    columns = list(dict.fromkeys((*whole, *counts, *_OF_DOCUMENT, *more)))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, delimiter=";", restval="")
    writer.writeheader()
    writer.writerows({**whole, **counts, **each} for each in told["documents"])
    return text.getvalue().encode("utf-8-sig")


_WRITERS: Mapping[str, Callable[[Mapping[str, Any]], bytes]] = {"json": _json, "xml": _xml, "csv": _csv}
