"""What a PDF says and shows, in millimetres as a person sees the page: size, characters, ink, fonts.

The page is the *visible* page: /Rotate, a CropBox and a MediaBox whose origin is not 0 are taken into account
here, once, so that no check has to think of them. This module judges nothing (that is `preflight`) and it
changes nothing (that is `assembly`).

pdfium keeps global state and is not thread-safe, not even for two different documents, and its calls let go
of Python's global lock. So every use of pdfium in this package goes through `opened`, which holds one lock for
as long as a document is open, and closes everything before it lets go.
"""

import ctypes
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from gateway.domain.findings import Box
from gateway.pdfium import LOCK
from gateway.rendering import structure
from gateway.rendering.ink import MM_PER_INCH, Ink

MM_PER_PT = MM_PER_INCH / 72
INK_DPI = 100
"""Raster for whole pages: a quarter of a millimetre, and two milliseconds a page."""

_INVISIBLE = frozenset({pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP})
_MAX_FORM_DEPTH = 15


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


@dataclass(frozen=True)
class PlacedImage:
    """A picture on the page: where it stands, and its resolution there in the worse and the better direction."""

    box: Box
    min_dpi: float
    max_dpi: float


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
        return Ink(raster(self._page, dpi, box), _origin_mm(box, dpi), dpi)

    def ink_of_text_alone(self, box: Box, dpi: int) -> Ink:
        """Part of the page as it would be if there were nothing but its text, all of it in black."""
        page = self._page.pdf[self.number - 1]  # another copy: what is taken away here stays in the first
        try:
            _leave_text(page.raw, _ON_PAGE)
            return Ink(raster(page, dpi, box, annotations=False), _origin_mm(box, dpi), dpi)
        finally:
            page.close()

    @cached_property
    def images(self) -> tuple[PlacedImage, ...]:
        """Every picture that is drawn, with its resolution on paper."""
        return tuple(_images(self._page.raw, _ON_PAGE, _UPRIGHT, self._seen_box))

    @cached_property
    def code_points(self) -> tuple[int, ...]:
        """Every character's UTF-16 unit in the PDF's own order; 0 where a glyph is mapped to nothing."""
        text, count = self._text
        return tuple(map(partial(pdfium_c.FPDFText_GetUnicode, text), range(count)))

    def characters(self, zone: Box) -> list[Character]:
        """The characters whose pen position lies in `zone`, in the PDF's own order."""
        text, _ = self._text
        return [
            self._character(index, x_mm, y_mm)
            for index, (x_mm, y_mm) in enumerate(self._pens)
            if _within(zone, x_mm, y_mm) and pdfium_c.FPDFText_IsGenerated(text, index) != 1
        ]

    def character(self, index: int) -> Character:
        """The character at `index` of `code_points`."""
        return self._character(index, *self._pens[index])

    @cached_property
    def fonts(self) -> tuple[UsedFont, ...]:
        """The fonts that visible text on this page uses, each once."""
        fonts: dict[int, UsedFont] = {}
        for text, bounds in _text_objects(self._page.raw, _ON_PAGE):
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
    def _pens(self) -> list[tuple[float, float]]:
        """Where the pen stood for every character, as seen: thousands of them, so without detours."""
        text, count = self._text
        a, b, c, d, e, f = self._to_seen
        x, y = ctypes.c_double(), ctypes.c_double()
        origin, found = pdfium_c.FPDFText_GetCharOrigin, []
        for index in range(count):
            origin(text, index, x, y)
            x_pt, y_pt = x.value, y.value
            found.append((a * x_pt + c * y_pt + e, b * x_pt + d * y_pt + f))
        return found

    def _character(self, index: int, x_mm: float, baseline_mm: float) -> Character:
        text, _ = self._text
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
def read(pdf: bytes) -> Iterator[Reading]:
    """A PDF open for reading. Raises `DocumentInvalid` ('pdf-unreadable', 'pdf-encrypted')."""
    facts = structure.read(pdf)
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


def _within(zone: Box, x_mm: float, y_mm: float) -> bool:
    return zone.x0_mm <= x_mm <= zone.x1_mm and zone.y0_mm <= y_mm <= zone.y1_mm


def _font_name(font: Any) -> str:
    buffer = ctypes.create_string_buffer(200)
    pdfium_c.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace")


def _origin_mm(box: Box, dpi: int) -> tuple[float, float]:
    """Where the first pixel of a raster of `box` stands."""
    scale = dpi / MM_PER_INCH
    return round(box.x0_mm * scale) / scale, round(box.y0_mm * scale) / scale


_Matrix = tuple[float, float, float, float, float, float]
_UPRIGHT: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class _Calls:
    """The same three calls exist twice: for what a page draws, and for what a form draws."""

    count: Callable[..., int]
    get: Callable[..., Any]
    remove: Callable[..., int]


_ON_PAGE = _Calls(pdfium_c.FPDFPage_CountObjects, pdfium_c.FPDFPage_GetObject, pdfium_c.FPDFPage_RemoveObject)
_IN_FORM = _Calls(
    pdfium_c.FPDFFormObj_CountObjects, pdfium_c.FPDFFormObj_GetObject, pdfium_c.FPDFFormObj_RemoveObject
)


def _objects(owner: Any, calls: _Calls) -> list[tuple[int, Any]]:
    """(kind, object) of everything that is drawn, in order."""
    things = [calls.get(owner, index) for index in range(calls.count(owner))]
    return [(pdfium_c.FPDFPageObj_GetType(thing), thing) for thing in things]


def _text_objects(owner: Any, calls: _Calls, depth: int = 0) -> Iterator[tuple[Any, tuple[float, ...]]]:
    """Every text object with its bounds; inside a Form XObject, the bounds of the outermost one."""
    edges = [ctypes.c_float() for _ in range(4)]
    for kind, thing in _objects(owner, calls):
        if kind not in (pdfium_c.FPDF_PAGEOBJ_TEXT, pdfium_c.FPDF_PAGEOBJ_FORM):
            continue
        pdfium_c.FPDFPageObj_GetBounds(thing, *edges)
        bounds = tuple(edge.value for edge in edges)
        if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
            yield thing, bounds
        elif depth < _MAX_FORM_DEPTH:
            yield from ((text, bounds) for text, _ in _text_objects(thing, _IN_FORM, depth + 1))


def _leave_text(owner: Any, calls: _Calls, depth: int = 0) -> None:
    """Take away whatever is not text, and make the text black."""
    for kind, thing in _objects(owner, calls):
        if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
            pdfium_c.FPDFPageObj_SetFillColor(thing, 0, 0, 0, 255)
            pdfium_c.FPDFPageObj_SetStrokeColor(thing, 0, 0, 0, 255)
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < _MAX_FORM_DEPTH:
            _leave_text(thing, _IN_FORM, depth + 1)
        elif calls.remove(owner, thing):
            pdfium_c.FPDFPageObj_Destroy(thing)


def _images(
    owner: Any, calls: _Calls, outer: _Matrix, seen_box: Callable[..., Box], depth: int = 0
) -> Iterator[PlacedImage]:
    for kind, thing in _objects(owner, calls):
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            yield from _image(thing, _combined(_matrix(thing), outer), seen_box)
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < _MAX_FORM_DEPTH:
            yield from _images(thing, _IN_FORM, _combined(_matrix(thing), outer), seen_box, depth + 1)


def _image(image: Any, matrix: _Matrix, seen_box: Callable[..., Box]) -> Iterator[PlacedImage]:
    """A picture is drawn on the unit square, which the matrix puts on the page."""
    a, b, c, d, e, f = matrix
    width_pt, height_pt = math.hypot(a, b), math.hypot(c, d)
    width, height = ctypes.c_uint(), ctypes.c_uint()
    pdfium_c.FPDFImageObj_GetImagePixelSize(image, width, height)
    if not (width_pt and height_pt and width.value and height.value):
        return
    dpi = sorted((72 * width.value / width_pt, 72 * height.value / height_pt))
    across, up = [e, e + a, e + c, e + a + c], [f, f + b, f + d, f + b + d]
    yield PlacedImage(seen_box(min(across), min(up), max(across), max(up)), *dpi)


def _matrix(thing: Any) -> _Matrix:
    found = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFPageObj_GetMatrix(thing, found)
    return found.a, found.b, found.c, found.d, found.e, found.f


def _combined(first: _Matrix, then: _Matrix) -> _Matrix:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (
        a * p + b * r,
        a * q + b * s,
        c * p + d * r,
        c * q + d * s,
        e * p + f * r + t,
        e * q + f * s + u,
    )
