"""Scan deliveries as a scan provider makes them, for demonstrations, trainings and tests.

Pages are really rasterised: 200 dpi, a little askew, on greyish paper with noise, so that reading codes is as
hard as it is with paper. The same arguments give the same bytes. Imports nothing of the adapters that read this.
"""

import hashlib
import io
import json
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from gateway.pdfium import LOCK

DPI = 200
_A4_PT = (595.276, 841.89)
_MAX_TILT_DEGREES = 0.8
_NOISE = 0.07


class ScanKind(StrEnum):
    """What a scanned document is."""

    REPLY_SLIP = "reply-slip"
    """A page of one of our letters that a citizen sent back; a picture without a text layer."""
    RETURNED = "returned-mail"
    """A sheet or envelope of ours that could not be delivered; a picture without a text layer."""
    LETTER_WITH_TEXT = "letter-with-text"
    """A citizen's letter that names its file number, read by the scan provider: picture and hidden text layer."""
    UNKNOWN = "unknown"
    """A page that leads nowhere; a picture without a text layer."""


@dataclass(frozen=True)
class ScanSpec:
    """A document to be scanned.

    `pdf` and `page` (from 1, None the last): what lay on the scanner, for REPLY_SLIP and RETURNED. `file_number`:
    stands in the text of LETTER_WITH_TEXT. `index_file_number`: what the scan provider typed, if it typed anything.
    """

    kind: ScanKind
    pdf: bytes | None = None
    page: int | None = None
    file_number: str | None = None
    index_file_number: str | None = None
    received_on: date | None = None
    quality: str = "ok"
    box: str = "K-0001"

    @classmethod
    def reply_slip(cls, pdf: bytes, page: int | None = None) -> "ScanSpec":
        """The reply slip of one of our letters: its last page, unless told otherwise."""
        return cls(ScanKind.REPLY_SLIP, pdf, page)

    @classmethod
    def returned(cls, pdf: bytes, page: int = 1) -> "ScanSpec":
        """A sheet of a print copy that came back: its first page, unless told otherwise."""
        return cls(ScanKind.RETURNED, pdf, page)

    @classmethod
    def letter(cls, file_number: str) -> "ScanSpec":
        """A citizen's letter that names a file number."""
        return cls(ScanKind.LETTER_WITH_TEXT, file_number=file_number)

    @classmethod
    def unknown(cls) -> "ScanSpec":
        """A page that leads nowhere."""
        return cls(ScanKind.UNKNOWN)


def make_delivery(
    folder: Path,
    source: str,
    delivery: str,
    sequence: int,
    documents: Sequence[ScanSpec],
    *,
    at: datetime,
) -> Path:
    """Write a delivery made at the moment `at` into the new folder `folder`, READY last; returns the folder.

    `delivery` is its name in the manifest; `sequence` counts the deliveries of `source`.
    """
    folder.mkdir(parents=True)
    entries = []
    for number, spec in enumerate(documents, start=1):
        document_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"scan:{source}:{delivery}:{number}"))
        content = scan(spec, seed=f"{source}:{delivery}:{number}")
        (folder / f"{document_id}.pdf").write_bytes(content)
        entries.append(_entry(document_id, content, spec, at))
    manifest = {
        "schema": "scan-delivery/1",
        "source": source,
        "delivery": delivery,
        "sequence": sequence,
        "created_at": at.isoformat(),
        "counts": {"documents": len(entries), "pages": len(entries)},
        "documents": entries,
    }
    write_manifest(folder, manifest)
    return folder


def write_manifest(folder: Path, manifest: dict[str, object]) -> None:
    """Write a manifest, right or wrong, and the marker that matches its bytes."""
    content = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    (folder / "manifest.json").write_bytes(content)
    (folder / "READY").write_text(hashlib.sha256(content).hexdigest() + "\n", encoding="ascii")


@lru_cache(maxsize=64)
def scan(spec: ScanSpec, *, seed: str) -> bytes:
    """The one-page PDF that the scanner makes of a document."""
    if spec.kind is ScanKind.LETTER_WITH_TEXT:
        lines = _citizen_letter(spec.file_number)
        return _picture_pdf(_scanned(_page_image(_text_page(lines), 1), seed), hidden_text=lines)
    paper = spec.pdf if spec.pdf is not None else _text_page(_citizen_letter(None))
    return _picture_pdf(_scanned(_page_image(paper, spec.page), seed))


def _entry(document_id: str, content: bytes, spec: ScanSpec, at: datetime) -> dict[str, object]:
    return {
        "document_id": document_id,
        "file": f"{document_id}.pdf",
        "sha256": hashlib.sha256(content).hexdigest(),
        "pages": 1,
        "class": "letter" if spec.kind is ScanKind.LETTER_WITH_TEXT else spec.kind.value,
        "received_on": (spec.received_on or at.date()).isoformat(),
        "scanned_at": at.isoformat(),
        "file_number": spec.index_file_number,
        "box": spec.box,
        "quality": spec.quality,
    }


def _page_image(pdf: bytes, page: int | None) -> Image.Image:
    with LOCK:
        document = pdfium.PdfDocument(pdf)
        try:
            loaded = document[(page or len(document)) - 1]
            image: Image.Image = loaded.render(scale=DPI / 72, grayscale=True).to_pil().convert("L")
            loaded.close()
        finally:
            document.close()
    return image


def _scanned(page: Image.Image, seed: str) -> Image.Image:
    """The page as a scanner sees it: askew, greyish, noisy."""
    chance = random.Random(seed)  # noqa: S311  (noise on a picture)
    tilt = chance.uniform(0.2, _MAX_TILT_DEGREES) * chance.choice((-1, 1))
    askew = page.rotate(tilt, resample=Image.Resampling.BICUBIC, fillcolor=255)
    noise = Image.frombytes("L", askew.size, chance.randbytes(askew.width * askew.height))
    return Image.blend(askew, noise, _NOISE)


def _picture_pdf(page: Image.Image, hidden_text: Sequence[str] = ()) -> bytes:
    """A4 with the picture on it; `hidden_text` lies invisible behind, as character recognition leaves it."""
    jpeg = io.BytesIO()
    page.save(jpeg, format="JPEG", quality=70)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=_A4_PT, invariant=1)
    canvas.drawImage(ImageReader(io.BytesIO(jpeg.getvalue())), 0, 0, *_A4_PT)
    if hidden_text:
        _write(canvas, hidden_text, invisible=True)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _text_page(lines: Sequence[str]) -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=_A4_PT, invariant=1)
    _write(canvas, lines, invisible=False)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _write(canvas: Canvas, lines: Sequence[str], *, invisible: bool) -> None:
    text = canvas.beginText(70, 760)
    text.setFont("Helvetica", 11, leading=17)
    text.setTextRenderMode(3 if invisible else 0)
    for line in lines:
        text.textLine(line)
    canvas.drawText(text)


def _citizen_letter(file_number: str | None) -> list[str]:
    about = [f"Mein Zeichen bei Ihnen: {file_number}", ""] if file_number else []
    return [
        "An das Jobcenter",
        "",
        *about,
        "Sehr geehrte Damen und Herren,",
        "",
        "anbei schicke ich Ihnen die Unterlagen, um die Sie gebeten haben.",
        "Die Abrechnung der Heizkosten reiche ich nach, sobald mein Vermieter",
        "sie mir gegeben hat. Für Rückfragen bin ich nachmittags erreichbar.",
        "",
        "Mit freundlichen Grüßen",
    ]
