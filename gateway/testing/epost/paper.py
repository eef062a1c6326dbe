"""What the provider checks of the paper: the PDF as it would lie in the envelope.

Zones in mm from the top left corner: interface description v2.6.1 and its template text (restricted band for
franking y 52-68, recipient y 69-90). Pages are read and drawn by pdfium, which is not thread-safe: one at a time.
"""

import io
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pypdfium2 as pdfium

from gateway.pdfium import LOCK
from gateway.testing.epost.codes import Reject

MAX_SHEETS = 94
"""94 sheets, 188 pages in duplex (the provider's answers to users; the text of E304 says pages)."""

A4_MM = (210.0, 297.0)
TOLERANCE_MM = 2.0
WINDOW_X_MM = (20.0, 108.0)
RESTRICTED_Y_MM = (52.0, 68.0)
RECIPIENT_Y_MM = (69.0, 90.0)

_MM_PER_PT = 25.4 / 72
_INK = 235
"""Grey below this (of 255) is ink, so that a hairline counts and the fringe of a letter outside does not."""
_DPI = 100


def check_paper(pdf: bytes, letter: Mapping[str, Any]) -> int:
    """The number of pages of a PDF that may be printed; raises `Reject` with the first rule that is broken."""
    with _opened(pdf) as document:
        pages = len(document)
        if pages > MAX_SHEETS * (2 if letter.get("isDuplex") else 1):
            raise Reject("E304")
        _check_sizes(document)
        _check_zones(document[0])
        _check_address(document[0], letter)
        return pages


def page_png(pdf: bytes, number: int, dpi: int = 72) -> bytes:
    """A page as a picture, counted from 1; raises `LookupError` if there is none, `Reject` if it is no PDF."""
    with _opened(pdf) as document:
        if not 1 <= number <= len(document):
            raise LookupError("no such page")
        picture = document[number - 1].render(scale=dpi / 72).to_pil()
    out = io.BytesIO()
    picture.save(out, format="PNG")
    return out.getvalue()


@contextmanager
def _opened(pdf: bytes) -> Iterator[Any]:
    with LOCK:
        try:
            document = pdfium.PdfDocument(pdf)
        except pdfium.PdfiumError:
            raise Reject("E301") from None
        try:
            if not len(document):
                raise Reject("E301")
            yield document
        finally:
            document.close()


def _check_sizes(document: Any) -> None:
    for number in range(len(document)):
        size_mm = [side * _MM_PER_PT for side in document.get_page_size(number)]
        if number == 0 and size_mm[0] > size_mm[1]:
            raise Reject("E307")
        if any(abs(side - a4) > TOLERANCE_MM for side, a4 in zip(size_mm, A4_MM, strict=True)):
            raise Reject("E308")


def _check_zones(page: Any) -> None:
    picture = page.render(scale=_DPI / 72).to_pil().convert("L")
    if _has_ink(picture, RESTRICTED_Y_MM):
        raise Reject("E302")
    if not _has_ink(picture, RECIPIENT_Y_MM):
        raise Reject("E323")


def _has_ink(picture: Any, y_mm: tuple[float, float]) -> bool:
    scale = _DPI / 25.4
    box = tuple(round(mm * scale) for mm in (WINDOW_X_MM[0], y_mm[0], WINDOW_X_MM[1], y_mm[1]))
    darkest: int = picture.crop(box).getextrema()[0]
    return darkest < _INK


def _check_address(page: Any, letter: Mapping[str, Any]) -> None:
    """The place in the window is the place in the metadata (E203); a window that is a picture cannot be compared."""
    height_pt = page.get_height()
    left, right = (mm / _MM_PER_PT for mm in WINDOW_X_MM)
    top, bottom = (height_pt - mm / _MM_PER_PT for mm in RECIPIENT_Y_MM)
    text = page.get_textpage()
    window = _comparable(text.get_text_bounded(left=left, bottom=bottom, right=right, top=top))
    text.close()
    wanted = (_comparable(letter["zipCode"]), _comparable(letter["city"]))
    if window and not all(part in window for part in wanted):
        raise Reject("E203")


def _comparable(text: str) -> str:
    folded = unicodedata.normalize("NFC", text).casefold()
    return "".join(character for character in folded if character.isalnum())
