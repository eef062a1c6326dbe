"""The text layer of a scanned PDF, if it has one, for finding file numbers. Judges nothing, recognises nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2 as pdfium

from gateway.errors import DocumentInvalid
from gateway.pdfium import LOCK

MAX_PAGES = 20
"""A file number stands on the first pages or nowhere."""


def document_text(pdf: bytes, pages: int = MAX_PAGES) -> str:
    """Text of the first pages, a line break between them; empty for a raster picture. Raises `DocumentInvalid`."""
    with opened(pdf) as document:
        return "\n".join(_page_text(document, number) for number in range(min(len(document), pages)))


@contextmanager
def opened(pdf: bytes) -> Iterator[pdfium.PdfDocument]:
    """The scan open in pdfium, for this thread alone. Raises `DocumentInvalid`."""
    with LOCK:
        try:
            document = pdfium.PdfDocument(pdf)
        except pdfium.PdfiumError as error:
            raise DocumentInvalid(
                "scan-unreadable", "Das gescannte Dokument ist keine lesbare PDF-Datei. Bitte neu anfordern."
            ) from error
        try:
            yield document
        finally:
            document.close()


def _page_text(document: pdfium.PdfDocument, number: int) -> str:
    try:
        page = document[number]
    except pdfium.PdfiumError:
        return ""
    text_page = page.get_textpage()
    try:
        return str(text_page.get_text_bounded())
    finally:
        text_page.close()
        page.close()
