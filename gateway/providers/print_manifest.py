"""The manifest of a consignment for a print house: what lies in the ZIP, piece by piece, as JSON or XML.

The format is ours (providers know no standard here) and is agreed with the house:

    consignment           its key; the file name of everything that is said about it
    packaging             "pieces": a PDF a piece; "collated": one PDF, in which a piece has a range of pages
    counts                pieces, pages, sheets, bytes of the PDFs
    collated              with that packaging: file, sha256 and pages of the one PDF
    pieces                in the order of printing: key (ours, unique for ever), file, first_page, pages, sheets,
                          sha256 and bytes of the piece's print copy, duplex, colour, service, batch, cost_centre,
                          address (lines in the window), sender; with service pzu also its order: reference (stands on
                          the certificate), options, and postcode and place of the outer envelope

The same consignment gives the same bytes: no moment of writing, no machine, no order but that of the pieces.
Must not know about ZIPs or servers.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from gateway.domain.pieces.formal_service import ServiceOrder
from gateway.domain.pieces.mailpiece import Service, sheets_for
from gateway.ports.provider import PrintPiece, Sender

SCHEMA = "hybrid-mail-consignment/1"
XML_NAMESPACE = "urn:hybrid-mail:consignment:1"

_NO_ATTRIBUTES: "AttributesImpl[str]" = AttributesImpl({})

ManifestFormat = Literal["json", "xml"]
Packaging = Literal["pieces", "collated"]


@dataclass(frozen=True)
class Entry:
    """One piece without its bytes. `first_page` is counted from 1 in `file`."""

    key: str
    file: str
    first_page: int
    pages: int
    sheets: int
    sha256: str
    size_bytes: int
    duplex: bool
    colour: bool
    service: Service
    batch: int
    cost_centre: str
    address: tuple[str, ...]
    sender: Sender
    order: ServiceOrder | None = None


@dataclass(frozen=True)
class CollatedFile:
    """The one PDF of all pieces."""

    file: str
    sha256: str
    pages: int


def entry_for(piece: PrintPiece, file: str, first_page: int) -> Entry:
    """What the manifest says about a piece that lies in `file` from `first_page` on."""
    return Entry(
        key=piece.key,
        file=file,
        first_page=first_page,
        pages=piece.pages,
        sheets=sheets_for(piece.pages, duplex=piece.duplex),
        sha256=piece.sha256,
        size_bytes=len(piece.pdf),
        duplex=piece.duplex,
        colour=piece.colour,
        service=piece.service,
        batch=piece.batch,
        cost_centre=piece.cost_centre,
        address=tuple(piece.address_lines),
        sender=piece.sender,
        order=piece.order,
    )


def manifest_bytes(
    kind: ManifestFormat, consignment: str, entries: Sequence[Entry], collated: CollatedFile | None = None
) -> bytes:
    """The whole manifest, UTF-8."""
    head: dict[str, object] = {
        "schema": SCHEMA,
        "consignment": consignment,
        "packaging": "collated" if collated else "pieces",
        "counts": _counts(entries),
    }
    if collated:
        head["collated"] = {"file": collated.file, "sha256": collated.sha256, "pages": collated.pages}
    if kind == "json":
        return _as_json(head, entries)
    return _as_xml(head, entries)


def _counts(entries: Sequence[Entry]) -> dict[str, int]:
    return {
        "pieces": len(entries),
        "pages": sum(entry.pages for entry in entries),
        "sheets": sum(entry.sheets for entry in entries),
        "bytes": sum(entry.size_bytes for entry in entries),
    }


def _facts(entry: Entry) -> dict[str, object]:
    return {
        "key": entry.key,
        "file": entry.file,
        "first_page": entry.first_page,
        "pages": entry.pages,
        "sheets": entry.sheets,
        "sha256": entry.sha256,
        "bytes": entry.size_bytes,
        "duplex": entry.duplex,
        "colour": entry.colour,
        "service": entry.service.value,
        "batch": entry.batch,
        "cost_centre": entry.cost_centre,
    }


def _sender(sender: Sender) -> dict[str, str]:
    return {
        "name": sender.name,
        "street": sender.street,
        "postcode": sender.postcode,
        "place": sender.place,
    }


def _order(entry: Entry) -> dict[str, dict[str, str]]:
    if entry.order is None:
        return {}
    order = entry.order
    return {
        "order": {
            "reference": order.reference,
            "options": " ".join(order.options),
            "postcode": order.postcode,
            "place": order.place,
        }
    }


def _as_json(head: Mapping[str, object], entries: Sequence[Entry]) -> bytes:
    """One line a piece, so that a person can read it and a diff can show it."""
    lines = (
        json.dumps(
            {**_facts(entry), "address": list(entry.address), "sender": _sender(entry.sender), **_order(entry)},
            ensure_ascii=False,
        )
        for entry in entries
    )
    start = json.dumps(head, ensure_ascii=False, indent=1)[:-2]
    return f'{start},\n "pieces": [\n{_joined(lines)}\n ]\n}}\n'.encode()


def _joined(lines: Iterator[str]) -> str:
    return ",\n".join(f"  {line}" for line in lines)


def _as_xml(head: Mapping[str, object], entries: Sequence[Entry]) -> bytes:
    out = io.BytesIO()
    writer = XMLGenerator(out, encoding="UTF-8", short_empty_elements=True)
    writer.startDocument()
    plain = {name: value for name, value in head.items() if not isinstance(value, dict)}
    _open(writer, "consignment", {"xmlns": XML_NAMESPACE} | _attributes(plain))
    for name, value in head.items():
        if isinstance(value, dict):
            _empty(writer, name, value)
    for entry in entries:
        _open(writer, "piece", _attributes(_facts(entry)))
        for line in entry.address:
            _text(writer, "address-line", line)
        _empty(writer, "sender", _sender(entry.sender))
        for name, facts in _order(entry).items():
            _empty(writer, name, facts)
        writer.endElement("piece")
        writer.characters("\n")
    writer.endElement("consignment")
    writer.endDocument()
    return out.getvalue()


def _attributes(facts: Mapping[str, object]) -> dict[str, str]:
    """Values as XML writes them; names with hyphens."""
    return {
        name.replace("_", "-"): str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in facts.items()
    }


def _open(writer: XMLGenerator, name: str, attributes: dict[str, str]) -> None:
    writer.startElement(name, AttributesImpl(attributes))
    writer.characters("\n")


def _empty(writer: XMLGenerator, name: str, facts: Mapping[str, object]) -> None:
    writer.startElement(name, AttributesImpl(_attributes(facts)))
    writer.endElement(name)
    writer.characters("\n")


def _text(writer: XMLGenerator, name: str, text: str) -> None:
    writer.startElement(name, _NO_ATTRIBUTES)
    writer.characters(text)
    writer.endElement(name)
