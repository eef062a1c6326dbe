"""What the provider sees in a document: pages and flaws, by its own event codes."""

from typing import Any

import pypdfium2 as pdfium

from gateway.pdfium import LOCK

MAX_BYTES = 20_000_000
MAX_PAGES = 180
_MM_PER_PT = 25.4 / 72
_TOLERANCE_MM = 2.0


def inspect(pdf: bytes) -> tuple[int, str]:
    """How many pages, and the code of the first flaw, empty if there is none."""
    if len(pdf) > MAX_BYTES:
        return 0, "file_size_over_limit"
    with LOCK:
        try:
            document = pdfium.PdfDocument(pdf)
        except pdfium.PdfiumError:
            return 0, "invalid_pdf_binary_content"
        try:
            pages = len(document)
            return pages, _flaw(document, pages)
        finally:
            document.close()


def _flaw(document: Any, pages: int) -> str:
    if pages > MAX_PAGES:
        return "file_too_many_pages"
    for number in range(pages):
        width_mm, height_mm = (side * _MM_PER_PT for side in document.get_page_size(number))
        if abs(width_mm - 210) > _TOLERANCE_MM or abs(height_mm - 297) > _TOLERANCE_MM:
            return "file_not_a4_portrait"
    return ""
