"""Reports about paper as scan centres write them: the same in JSON, XML and CSV. Knows nothing of what reads them."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr


def report_bytes(told: Mapping[str, Any], kind: str) -> bytes:
    """The report `told`, a certificate of destruction or an answer to recalls, as `kind`: json, xml or csv."""
    return _WRITERS[kind](told)


def _json(told: Mapping[str, Any]) -> bytes:
    return (json.dumps(told, ensure_ascii=False, indent=1) + "\n").encode()


def _xml(told: Mapping[str, Any]) -> bytes:
    """An element for each document or answer; what holds for the whole stands in the root."""
    name, (many, each) = str(told["schema"]).partition("/")[0], _lines(told)
    lines = "".join(f"    <{many[:-1]}{_attributes(one)}/>\n" for one in each)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}{_attributes(_whole(told))}>\n'
        f"  <{many}>\n{lines}  </{many}>\n</{name}>\n"
    ).encode()


def _csv(told: Mapping[str, Any]) -> bytes:
    """A line for each document or answer; what holds for the whole stands in each."""
    _, lines = _lines(told)
    rows = [{**_whole(told), **line} for line in lines]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _lines(told: Mapping[str, Any]) -> tuple[str, list[Mapping[str, Any]]]:
    name = "documents" if "documents" in told else "answers"
    return name, list(told[name])


def _whole(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in ("schema", "documents", "answers")}


def _attributes(fields: Mapping[str, Any]) -> str:
    return "".join(f" {name.replace('_', '-')}={quoteattr(str(value))}" for name, value in fields.items())


_WRITERS: Mapping[str, Callable[[Mapping[str, Any]], bytes]] = {"json": _json, "xml": _xml, "csv": _csv}
