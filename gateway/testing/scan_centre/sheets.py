"""Sheets of PDF documents as pictures: what lies on the scanner's glass."""

import io
from collections.abc import Sequence

import pikepdf
import pypdfium2 as pdfium
from PIL import Image

from gateway.pdfium import LOCK

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in mm from the top left corner."""


def pages_of(pdf: bytes) -> int:
    """How many pages."""
    with LOCK:
        document = pdfium.PdfDocument(pdf)
        try:
            return len(document)
        finally:
            document.close()


def page_image(pdf: bytes, number: int, dpi: int) -> Image.Image:
    """Page `number` (from 1) in shades of grey."""
    with LOCK:
        document = pdfium.PdfDocument(pdf)
        try:
            page = document[number - 1]
            image: Image.Image = page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
            page.close()
        finally:
            document.close()
    return image


def cut_out(pdf: bytes, number: int, box: Box, dpi: int = 300) -> Image.Image:
    """A part of a page."""
    left, top, right, bottom = (round(each / 25.4 * dpi) for each in box)
    return page_image(pdf, number, dpi).crop((left, top, right, bottom))


def pick(pdf: bytes, pages: Sequence[int]) -> bytes:
    """Some pages (from 1), in this order."""
    with pikepdf.open(io.BytesIO(pdf)) as document, pikepdf.new() as picked:
        for number in pages:
            picked.pages.append(document.pages[number - 1])
        out = io.BytesIO()
        picked.save(out, deterministic_id=True)
        return out.getvalue()
