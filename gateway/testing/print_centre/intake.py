"""What the print centre does with a ZIP that arrived: read its manifest and compare everything with it.

The manifest is `manifest.json` or `manifest.xml`; what it promises (name, counts, files, hashes, pages) is checked on
the bytes that came. A fault of the whole rejects the batch, a fault of one piece that piece.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pypdfium2 as pdfium

from gateway.pdfium import LOCK

KNOWN_SERVICES = {"standard", "einwurf", "uebergabe", "rueckschein", "pzu"}


class BatchRejected(Exception):
    """The whole consignment cannot be produced; `reason` goes into the acknowledgement."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Item:
    """One piece of the manifest, and why it is not produced, if so."""

    key: str
    file: str
    first_page: int
    pages: int
    sha256: str
    duplex: bool
    service: str
    cost_centre: str
    address: tuple[str, ...]
    order: Mapping[str, str]
    fault: str = ""


@dataclass(frozen=True)
class Batch:
    """A consignment as the manifest describes it."""

    name: str
    packaging: str
    counts: Mapping[str, int]
    items: tuple[Item, ...]
    collated: Mapping[str, Any] = field(default_factory=dict)


def read_batch(path: Path, name: str) -> Batch:
    """The manifest of the ZIP at `path` that came as `name`.zip; raises `BatchRejected`."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "manifest.json" in names:
                batch = _from_json(archive.read("manifest.json"))
            elif "manifest.xml" in names:
                batch = _from_xml(archive.read("manifest.xml"))
            else:
                raise BatchRejected("manifest-unreadable")
            files = {item.file for item in batch.items}
            if names - files - {"manifest.json", "manifest.xml"}:
                raise BatchRejected("count-mismatch")
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, ElementTree.ParseError):
        raise BatchRejected("manifest-unreadable") from None
    if batch.name != name or not _counts_agree(batch):
        raise BatchRejected("count-mismatch")
    return batch


def _from_json(content: bytes) -> Batch:
    told = json.loads(content)
    return Batch(
        name=told["consignment"],
        packaging=told["packaging"],
        counts=told["counts"],
        items=tuple(_item(each, each["address"]) for each in told["pieces"]),
        collated=told.get("collated", {}),
    )


def _from_xml(content: bytes) -> Batch:
    root = ElementTree.fromstring(content)  # noqa: S314 - a simulator for tests, fed by the tests
    space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
    collated = root.find(f"{space}collated")
    counts = root.find(f"{space}counts")
    if counts is None:
        raise BatchRejected("manifest-unreadable")
    items = []
    for piece in root.findall(f"{space}piece"):
        told = {name.replace("-", "_"): value for name, value in piece.attrib.items()}
        lines = [line.text or "" for line in piece.findall(f"{space}address-line")]
        order = piece.find(f"{space}order")
        told_order = dict(order.attrib) if order is not None else {}
        items.append(_item({**told, "duplex": told["duplex"] == "true", "order": told_order}, lines))
    return Batch(
        name=root.attrib["consignment"],
        packaging=root.attrib["packaging"],
        counts={name: int(value) for name, value in counts.attrib.items()},
        items=tuple(items),
        collated=dict(collated.attrib) if collated is not None else {},
    )


def _item(told: Mapping[str, Any], address: list[str]) -> Item:
    return Item(
        key=str(told["key"]),
        file=str(told["file"]),
        first_page=int(told["first_page"]),
        pages=int(told["pages"]),
        sha256=str(told["sha256"]),
        duplex=bool(told["duplex"]),
        service=str(told["service"]),
        cost_centre=str(told["cost_centre"]),
        address=tuple(address),
        order=dict(told.get("order") or {}),
    )


def _counts_agree(batch: Batch) -> bool:
    sheets = sum((item.pages + 1) // 2 if item.duplex else item.pages for item in batch.items)
    counted = {"pieces": len(batch.items), "pages": sum(item.pages for item in batch.items), "sheets": sheets}
    return bool(batch.items) and all(int(batch.counts[name]) == value for name, value in counted.items())


def fault_of(item: Item, pdf: bytes) -> str:
    """Why a piece that came as a file of its own cannot be produced; empty if it can."""
    if item.service not in KNOWN_SERVICES:
        return "service-not-agreed"
    if item.service == "pzu" and not (item.order.get("reference") and item.order.get("postcode")):
        return "order-missing"
    if hashlib.sha256(pdf).hexdigest() != item.sha256:
        return "hash-mismatch"
    found = pages_of(pdf)
    if found is None:
        return "pdf-unreadable"
    return "" if found == item.pages else "page-count"


def check_collated(batch: Batch, pdf: bytes) -> None:
    """The one PDF against the manifest; raises `BatchRejected`."""
    if hashlib.sha256(pdf).hexdigest() != batch.collated.get("sha256"):
        raise BatchRejected("hash-mismatch")
    next_page = 1
    for item in batch.items:
        if item.first_page != next_page:
            raise BatchRejected("page-count")
        next_page += item.pages + (item.pages % 2 if item.duplex else 0)
    if pages_of(pdf) != next_page - 1 or int(batch.collated["pages"]) != next_page - 1:
        raise BatchRejected("page-count")


def pages_of(pdf: bytes) -> int | None:
    """Pages of a PDF; None if it is none."""
    with LOCK:
        try:
            document = pdfium.PdfDocument(pdf)
        except pdfium.PdfiumError:
            return None
        try:
            return len(document)
        finally:
            document.close()


def cut_out(pdf: bytes, first_page: int, pages: int) -> bytes:
    """The pages of one piece out of the one PDF, as a document."""
    with LOCK:
        source, piece = pdfium.PdfDocument(pdf), pdfium.PdfDocument.new()
        try:
            piece.import_pages(source, list(range(first_page - 1, first_page - 1 + pages)))
            return _saved(piece)
        finally:
            piece.close()
            source.close()


def _saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
