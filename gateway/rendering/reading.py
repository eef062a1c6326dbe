"""What a PDF says and shows, in millimetres as a person sees the page: size, characters, ink, fonts.

This module judges nothing (that is `preflight`) and it changes nothing (that is `assembly`).

pdfium keeps global state and is not thread-safe, not even for two different documents, and its calls let go
of Python's global lock. So every use of pdfium in this package goes through `opened`, which holds one lock for
as long as a document is open, and closes everything before it lets go.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from gateway.domain.findings import Box
from gateway.pdfium import LOCK
from gateway.rendering import objects, structure
from gateway.rendering.geometry import Geometry, size_mm
from gateway.rendering.ink import MM_PER_INCH, Ink
from gateway.rendering.text_layer import INVISIBLE, Character, TextLayer

INK_DPI = 100
"""Raster for whole pages: a quarter of a millimetre, and two milliseconds a page."""

_NEAR_MM = 3.0
"""A thick line may reach a little beyond its bounds."""


@contextmanager
def opened(pdf: bytes) -> Iterator[pdfium.PdfDocument]:
    """The document, open in pdfium, alone. Raises `DocumentInvalid` ('pdf-unreadable', 'pdf-encrypted').

    Do not nest: the lock is not re-entrant.
    """
    with LOCK:
        document = None
        try:
            document = pdfium.PdfDocument(pdf)
            yield document
        except pdfium.PdfiumError as error:
            if getattr(error, "err_code", None) == pdfium_c.FPDF_ERR_PASSWORD:
                raise structure.encrypted() from None
            raise structure.unreadable() from None
        finally:
            if document is not None:
                document.close()


@dataclass(frozen=True)
class UsedFont:
    """A font that visible text uses, and where it is used first."""

    name: str
    embedded: bool
    box: Box


@dataclass(frozen=True)
class SeenAnnotation:
    """An annotation and where it stands."""

    kind: str
    box: Box


def raster(
    page: pdfium.PdfPage, dpi: float, box: Box | None = None, *, colour: bool = False, annotations: bool = True
) -> Image.Image:
    """A picture of `box` (mm, default the whole page) as it prints, grey or in colour.

    Call it inside `opened` only. What lies outside the page is white.
    """
    scale = dpi / MM_PER_INCH
    page_width, page_height = size_mm(page)
    area = box or Box(0, 0, page_width, page_height)
    x, y = round(area.x0_mm * scale), round(area.y0_mm * scale)
    width, height = max(1, round(area.x1_mm * scale) - x), max(1, round(area.y1_mm * scale) - y)
    whole = max(1, round(page_width * scale)), max(1, round(page_height * scale))
    flags = pdfium_c.FPDF_PRINTING | (0 if colour else pdfium_c.FPDF_GRAYSCALE)
    flags |= pdfium_c.FPDF_ANNOT if annotations else 0
    bitmap = pdfium.PdfBitmap.new_native(
        width, height, pdfium_c.FPDFBitmap_BGR if colour else pdfium_c.FPDFBitmap_Gray
    )
    try:
        bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
        pdfium_c.FPDF_RenderPageBitmap(bitmap, page, -x, -y, *whole, 0, flags)
        picture: Image.Image = bitmap.to_pil()  # over a buffer that Python owns, so it outlives the bitmap
    finally:
        bitmap.close()
    return picture


class PageReading:
    """One page of an open document, `number` counted from 1. What is asked is read then, and once."""

    def __init__(self, page: pdfium.PdfPage, number: int, document: "Reading") -> None:
        self._page = page
        self._document = document
        self._geometry = Geometry(page)
        self.number = number
        self.width_mm, self.height_mm = size_mm(page)

    @property
    def user_unit(self) -> float:
        """Of how many points the page's own unit is."""
        return self._document.facts.user_units[self.number - 1]

    @property
    def is_transparent(self) -> bool:
        """Whether the page uses transparency."""
        return self._document.facts.transparent[self.number - 1]

    @property
    def has_jpeg2000(self) -> bool:
        """Whether the page shows JPEG 2000 pictures."""
        return self._document.facts.jpeg2000[self.number - 1]

    @property
    def annotations(self) -> list[SeenAnnotation]:
        """Annotations that show or may show."""
        return [
            SeenAnnotation(annotation.kind, self._geometry.box_mm(*annotation.rect))
            for annotation in self._document.facts.annotations[self.number - 1]
        ]

    @cached_property
    def ink(self) -> Ink:
        """The whole page at `INK_DPI`. Ask it of pages of a sane size only: it is a picture in memory."""
        return self.ink_in(Box(0, 0, self.width_mm, self.height_mm), INK_DPI)

    def ink_in(self, box: Box, dpi: int) -> Ink:
        """Part of the page at `dpi`."""
        return Ink(self.picture(box, dpi), _origin_mm(box, dpi), dpi)

    def picture(self, box: Box, dpi: int) -> Image.Image:
        """Part of the page at `dpi`, in grey."""
        return raster(self._page, dpi, box)

    def shows_only_black_text(self, box: Box) -> bool:
        """Whether nothing but plain black text is drawn in `box` or near it; then that is all its ink."""
        return not self.annotations and objects.only_black_text(self._page.raw, self._is_near(box))

    def narrow_to(self, box: Box) -> None:
        """Forget what is drawn away from `box`, for good: of thousands of characters only those are read then."""
        objects.leave_near(self._page.raw, self._is_near(box))

    def _is_near(self, box: Box) -> objects.Where:
        near = Box(box.x0_mm - _NEAR_MM, box.y0_mm - _NEAR_MM, box.x1_mm + _NEAR_MM, box.y1_mm + _NEAR_MM)
        left, bottom, right, top = self._geometry.box_pt(near)
        return lambda x0, y0, x1, y1: x0 < right and left < x1 and y0 < top and bottom < y1

    def ink_of_text_alone(self, box: Box, dpi: int) -> Ink:
        """Part of the page as it would be if there were nothing but its text, all of it in black."""
        page = self._page.pdf[self.number - 1]  # another copy: what is taken away here stays in the first
        try:
            objects.leave_text(page.raw, objects.ON_PAGE)
            return Ink(raster(page, dpi, box, annotations=False), _origin_mm(box, dpi), dpi)
        finally:
            page.close()

    @cached_property
    def images(self) -> tuple[objects.PlacedImage, ...]:
        """Every picture that is drawn, with its resolution on paper."""
        return tuple(objects.images(self._page.raw, objects.ON_PAGE, objects.UPRIGHT, self._geometry.box_mm))

    @cached_property
    def text(self) -> TextLayer:
        """Its text, as pdfium reads it."""
        return TextLayer(self._page, self._geometry)

    def characters(self, zone: Box) -> list[Character]:
        """The characters whose pen position lies in `zone`, in the PDF's own order."""
        return self.text.characters(zone)

    @cached_property
    def fonts(self) -> tuple[UsedFont, ...]:
        """The fonts that visible text on this page uses, each once."""
        fonts: dict[int, UsedFont] = {}
        for text, bounds in objects.text_objects(self._page.raw, objects.ON_PAGE):
            font = pdfium_c.FPDFTextObj_GetFont(text)
            key = ctypes.cast(font, ctypes.c_void_p).value
            if key and key not in fonts and pdfium_c.FPDFTextObj_GetTextRenderMode(text) not in INVISIBLE:
                embedded = pdfium_c.FPDFFont_GetIsEmbedded(font) == 1
                fonts[key] = UsedFont(_font_name(font), embedded, self._geometry.box_mm(*bounds))
        return tuple(fonts.values())


class Reading:
    """An open document: its facts, and its pages one at a time, so that memory stays that of one page."""

    def __init__(self, document: pdfium.PdfDocument, facts: Callable[[], structure.Structure]) -> None:
        self._document = document
        self._facts = facts
        self.page_count = len(document)

    @cached_property
    def facts(self) -> structure.Structure:
        """What it carries besides its pages' content."""
        return self._facts()

    def page(self, number: int) -> PageReading:
        """Page `number`, counted from 1."""
        return PageReading(self._document[number - 1], number, self)


@contextmanager
def read(pdf: bytes, examined_pages: int | None = None) -> Iterator[Reading]:
    """A PDF open for reading. Raises `DocumentInvalid` ('pdf-unreadable', 'pdf-encrypted').

    examined_pages: how many pages the caller has examined in just these bytes; other facts are then read if asked.
    """
    facts = cache(partial(structure.read, pdf))
    # Before pdfium sees it: what is damaged is refused here.
    pages = examined_pages or len(facts().annotations)
    with opened(pdf) as document:
        if len(document) != pages:
            raise structure.unreadable()
        yield Reading(document, facts)


def _font_name(font: Any) -> str:
    buffer = ctypes.create_string_buffer(200)
    pdfium_c.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace")


def _origin_mm(box: Box, dpi: int) -> tuple[float, float]:
    """Where the first pixel of a raster of `box` stands."""
    scale = dpi / MM_PER_INCH
    return round(box.x0_mm * scale) / scale, round(box.y0_mm * scale) / scale
