"""What a PDF says and shows, in millimetres as a person sees the page: size, characters, ink, fonts.

The page is the *visible* page: /Rotate, a CropBox and a MediaBox whose origin is not 0 are taken into account
here, once, so that no check has to think of them. This module judges nothing (that is `preflight`) and it
changes nothing (that is `assembly`).

pdfium keeps global state and is not thread-safe, not even for two different documents, and its calls let go
of Python's global lock. So every use of pdfium in this package goes through `opened`, which holds one lock for
as long as a document is open, and closes everything before it lets go.
"""

import ctypes
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import repeat
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from gateway.domain.findings import Box
from gateway.pdfium import LOCK
from gateway.rendering import objects, structure
from gateway.rendering.ink import MM_PER_INCH, Ink

MM_PER_PT = MM_PER_INCH / 72
INK_DPI = 100
"""Raster for whole pages: a quarter of a millimetre, and two milliseconds a page."""

_NEAR_MM = 3.0
"""A thick line may reach a little beyond its bounds."""
_ODD = re.compile("[\x00\ufffd\ue000-\uf8ff\udb80-\udbff\U000f0000-\U0010ffff].", re.DOTALL)
"""Unmapped, replaced or private characters, before the zero that ends the text."""
_INVISIBLE = frozenset({pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP})


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
class Character:
    """One character as it stands on the page.

    `code_point` is a UTF-16 unit as pdfium gives it, 0 where the PDF maps a glyph to nothing. `box` is the
    tight box of its glyph, `x_mm` and `baseline_mm` where the pen stood, `pen_end_mm` where it went on.
    `invisible`: text render mode 3 or 7, as in the hidden text layer of a scan.
    """

    code_point: int
    box: Box
    x_mm: float
    pen_end_mm: float
    baseline_mm: float
    invisible: bool


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


def size_mm(page: pdfium.PdfPage) -> tuple[float, float]:
    """Width and height of the visible page, after /Rotate."""
    width_pt, height_pt = page.get_size()
    return width_pt * MM_PER_PT, height_pt * MM_PER_PT


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

    def __init__(self, page: pdfium.PdfPage, number: int, facts: structure.Structure) -> None:
        self._page = page
        self._facts = facts
        self._to_seen = _to_seen(page)
        self.number = number
        self.width_mm, self.height_mm = size_mm(page)
        self.user_unit = facts.user_units[number - 1]

    @property
    def is_transparent(self) -> bool:
        """Whether the page uses transparency."""
        return self._facts.transparent[self.number - 1]

    @property
    def has_jpeg2000(self) -> bool:
        """Whether the page shows JPEG 2000 pictures."""
        return self._facts.jpeg2000[self.number - 1]

    @property
    def annotations(self) -> list[SeenAnnotation]:
        """Annotations that show or may show."""
        return [
            SeenAnnotation(annotation.kind, self._seen_box(*annotation.rect))
            for annotation in self._facts.annotations[self.number - 1]
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

        def is_near(bounds: tuple[float, ...]) -> bool:
            return self._seen_box(*bounds).overlaps(near)

        near = Box(box.x0_mm - _NEAR_MM, box.y0_mm - _NEAR_MM, box.x1_mm + _NEAR_MM, box.y1_mm + _NEAR_MM)
        return not self.annotations and objects.only_black_text(self._page.raw, is_near)

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
        return tuple(objects.images(self._page.raw, objects.ON_PAGE, objects.UPRIGHT, self._seen_box))

    @cached_property
    def is_plain_text(self) -> bool:
        """Whether every character is mapped, and none is a replacement or of a private area: asked in one call.

        pdfium leaves characters without a mapping out of its text, so that is shorter then.
        """
        text, count = self._text
        units = (ctypes.c_ushort * (count + 1))()
        written = pdfium_c.FPDFText_GetText(text, 0, count, units)
        return written == count + 1 and not _ODD.search(bytes(units).decode("utf-16-le", "surrogatepass"))

    @cached_property
    def code_points(self) -> tuple[int, ...]:
        """Every character's UTF-16 unit in the PDF's own order; 0 where a glyph is mapped to nothing."""
        text, count = self._text
        return tuple(map(partial(pdfium_c.FPDFText_GetUnicode, text), range(count)))

    def characters(self, zone: Box) -> list[Character]:
        """The characters whose pen position lies in `zone`, in the PDF's own order."""
        text, _ = self._text
        left, bottom, right, top = self._page_box(zone)
        across, up = self._pens
        standing = [
            index for index, y in enumerate(up) if bottom <= y <= top and left <= across[index] <= right
        ]
        return [self.character(index) for index in standing if pdfium_c.FPDFText_IsGenerated(text, index) != 1]

    @cached_property
    def fonts(self) -> tuple[UsedFont, ...]:
        """The fonts that visible text on this page uses, each once."""
        fonts: dict[int, UsedFont] = {}
        for text, bounds in objects.text_objects(self._page.raw, objects.ON_PAGE):
            font = pdfium_c.FPDFTextObj_GetFont(text)
            key = ctypes.cast(font, ctypes.c_void_p).value
            if key and key not in fonts and pdfium_c.FPDFTextObj_GetTextRenderMode(text) not in _INVISIBLE:
                embedded = pdfium_c.FPDFFont_GetIsEmbedded(font) == 1
                fonts[key] = UsedFont(_font_name(font), embedded, self._seen_box(*bounds))
        return tuple(fonts.values())

    @cached_property
    def _text(self) -> tuple[Any, int]:
        """What pdfium reads as text, and its length; closed with the document."""
        self._textpage = self._page.get_textpage()  # kept: it would be closed with its last reference
        # The bare handle: asked thousands of times, the wrapper costs more than pdfium does.
        return self._textpage.raw, self._textpage.count_chars()

    @cached_property
    def _pens(self) -> tuple[Sequence[float], Sequence[float]]:
        """Where the pen stood for every character, x and y in the page's own points: thousands, so without detours."""
        text, count = self._text
        pens = (ctypes.c_double * (2 * count))()
        start, end = ctypes.addressof(pens), ctypes.addressof(pens) + ctypes.sizeof(pens)
        width = ctypes.sizeof(ctypes.c_double)
        across, up = (range(start + offset, end + offset, 2 * width) for offset in (0, width))
        for _ in map(_char_origin(), repeat(text), range(count), across, up):
            pass
        return pens[::2], pens[1::2]

    def character(self, index: int) -> Character:
        """The character at `index` of `code_points`."""
        text, _ = self._text
        across, up = self._pens
        x_mm, baseline_mm = self._seen(across[index], up[index])
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        pdfium_c.FPDFText_GetCharBox(text, index, left, right, bottom, top)
        # A hyphen at the end of a line comes as a control character; on paper it is a hyphen.
        is_hyphen = pdfium_c.FPDFText_IsHyphen(text, index) == 1
        owner = pdfium_c.FPDFText_GetTextObject(text, index)
        loose = pdfium_c.FS_RECTF()
        pdfium_c.FPDFText_GetLooseCharBox(text, index, loose)
        return Character(
            code_point=ord("-") if is_hyphen else pdfium_c.FPDFText_GetUnicode(text, index),
            box=self._seen_box(left.value, bottom.value, right.value, top.value),
            x_mm=x_mm,
            pen_end_mm=self._seen_box(loose.left, loose.bottom, loose.right, loose.top).x1_mm,
            baseline_mm=baseline_mm,
            invisible=bool(owner) and pdfium_c.FPDFTextObj_GetTextRenderMode(owner) in _INVISIBLE,
        )

    def _seen(self, x_pt: float, y_pt: float) -> tuple[float, float]:
        """A point of the page's own coordinates, as seen: mm from the top left corner of the turned page."""
        a, b, c, d, e, f = self._to_seen
        return a * x_pt + c * y_pt + e, b * x_pt + d * y_pt + f

    def _page_box(self, zone: Box) -> tuple[float, float, float, float]:
        """(left, bottom, right, top) of a zone as seen, in the page's own points."""
        a, b, c, d, e, f = self._to_seen
        scale = a * d - b * c
        corners = ((zone.x0_mm - e, zone.y0_mm - f), (zone.x1_mm - e, zone.y1_mm - f))
        across, up = zip(*(((d * x - c * y) / scale, (a * y - b * x) / scale) for x, y in corners), strict=True)
        return min(across), min(up), max(across), max(up)

    def _seen_box(self, left: float, bottom: float, right: float, top: float) -> Box:
        (xa, ya), (xb, yb) = self._seen(left, bottom), self._seen(right, top)
        return Box(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))


class Reading:
    """An open document: its facts, and its pages one at a time, so that memory stays that of one page."""

    def __init__(self, document: pdfium.PdfDocument, facts: structure.Structure) -> None:
        self._document = document
        self.facts = facts
        self.page_count = len(document)

    def page(self, number: int) -> PageReading:
        """Page `number`, counted from 1."""
        return PageReading(self._document[number - 1], number, self.facts)


@contextmanager
def read(pdf: bytes, facts: structure.Structure | None = None) -> Iterator[Reading]:
    """A PDF open for reading; `facts` of just these bytes, if they are known already.

    Raises `DocumentInvalid` ('pdf-unreadable', 'pdf-encrypted').
    """
    facts = facts or structure.read(pdf)
    with opened(pdf) as document:
        if len(document) == 0 or len(document) != len(facts.annotations):
            raise structure.unreadable()
        yield Reading(document, facts)


def _to_seen(page: pdfium.PdfPage) -> tuple[float, float, float, float, float, float]:
    """The matrix from the page's own points to mm as seen, y down: for each /Rotate, from its visible box."""
    left, bottom, right, top = page.get_bbox()
    in_points = {
        0: (1, 0, 0, -1, -left, top),
        90: (0, 1, 1, 0, -bottom, -left),
        180: (-1, 0, 0, 1, right, -bottom),
        270: (0, -1, -1, 0, top, right),
    }[page.get_rotation()]
    a, b, c, d, e, f = (number * MM_PER_PT for number in in_points)
    return a, b, c, d, e, f


@cache
def _char_origin() -> Callable[..., int]:
    """The same function taking bare addresses: converting two pointers a character costs more than the call."""
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    return kind(ctypes.cast(pdfium_c.FPDFText_GetCharOrigin, ctypes.c_void_p).value or 0)


def _font_name(font: Any) -> str:
    buffer = ctypes.create_string_buffer(200)
    pdfium_c.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace")


def _origin_mm(box: Box, dpi: int) -> tuple[float, float]:
    """Where the first pixel of a raster of `box` stands."""
    scale = dpi / MM_PER_INCH
    return round(box.x0_mm * scale) / scale, round(box.y0_mm * scale) / scale
