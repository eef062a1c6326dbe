"""What pdfium says a page draws: texts, forms within forms, pictures with their resolution on paper.

Bare calls of pdfium, asked thousands of times; only `reading` uses them, under its lock.
"""

import ctypes
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2.raw as pdfium_c

from gateway.domain.findings import Box

_MAX_FORM_DEPTH = 15


@dataclass(frozen=True)
class PlacedImage:
    """A picture on the page: where it stands, and its resolution there in the worse and the better direction."""

    box: Box
    min_dpi: float
    max_dpi: float


Matrix = tuple[float, float, float, float, float, float]
Where = Callable[[float, float, float, float], bool]
"""Whether an object with these bounds (left, bottom, right, top in the page's own points) is meant."""
UPRIGHT: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True)
class Calls:
    """The same three calls exist twice: for what a page draws, and for what a form draws."""

    count: Callable[..., int]
    get: Callable[..., Any]
    remove: Callable[..., int]


ON_PAGE = Calls(pdfium_c.FPDFPage_CountObjects, pdfium_c.FPDFPage_GetObject, pdfium_c.FPDFPage_RemoveObject)
_IN_FORM = Calls(
    pdfium_c.FPDFFormObj_CountObjects, pdfium_c.FPDFFormObj_GetObject, pdfium_c.FPDFFormObj_RemoveObject
)


def _objects(owner: Any, calls: Calls) -> list[tuple[int, Any]]:
    """(kind, object) of everything that is drawn, in order."""
    things = [calls.get(owner, index) for index in range(calls.count(owner))]
    return [(pdfium_c.FPDFPageObj_GetType(thing), thing) for thing in things]


def text_objects(owner: Any, calls: Calls, depth: int = 0) -> Iterator[tuple[Any, tuple[float, ...]]]:
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
            yield from ((text, bounds) for text, _ in text_objects(thing, _IN_FORM, depth + 1))


def only_black_text(owner: Any, is_near: Where) -> bool:
    """Whether a page draws nothing but plain black text where `is_near` says so.

    Then `leave_text` would change nothing there, and need not be tried.
    """
    edges = [ctypes.c_float() for _ in range(4)]
    for kind, thing in _objects(owner, ON_PAGE):
        known = pdfium_c.FPDFPageObj_GetBounds(thing, *edges)
        near = not known or is_near(*(edge.value for edge in edges))
        if near and not (kind == pdfium_c.FPDF_PAGEOBJ_TEXT and _is_black(thing)):
            return False
    return True


def _is_black(text: Any) -> bool:
    colour = [ctypes.c_uint() for _ in range(4)]
    filled = pdfium_c.FPDFTextObj_GetTextRenderMode(text) == pdfium_c.FPDF_TEXTRENDERMODE_FILL
    known = filled and pdfium_c.FPDFPageObj_GetFillColor(text, *colour)
    return bool(known) and [part.value for part in colour] == [0, 0, 0, 255]


def leave_text(owner: Any, calls: Calls, depth: int = 0) -> None:
    """Take away whatever is not text, and make the text black."""
    for kind, thing in _objects(owner, calls):
        if kind == pdfium_c.FPDF_PAGEOBJ_TEXT:
            pdfium_c.FPDFPageObj_SetFillColor(thing, 0, 0, 0, 255)
            pdfium_c.FPDFPageObj_SetStrokeColor(thing, 0, 0, 0, 255)
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < _MAX_FORM_DEPTH:
            leave_text(thing, _IN_FORM, depth + 1)
        elif calls.remove(owner, thing):
            pdfium_c.FPDFPageObj_Destroy(thing)


def leave_near(page: Any, is_near: Where) -> None:
    """Take away what a page draws elsewhere than where `is_near` says so."""
    edges = [ctypes.c_float() for _ in range(4)]
    for _, thing in _objects(page, ON_PAGE):
        known = pdfium_c.FPDFPageObj_GetBounds(thing, *edges)
        if known and not is_near(*(edge.value for edge in edges)) and ON_PAGE.remove(page, thing):
            pdfium_c.FPDFPageObj_Destroy(thing)


def images(
    owner: Any, calls: Calls, outer: Matrix, seen_box: Callable[..., Box], depth: int = 0
) -> Iterator[PlacedImage]:
    """Every picture with its place as `seen_box` sees it; `outer` takes the owner to the page."""
    for kind, thing in _objects(owner, calls):
        if kind == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            yield from _image(thing, _combined(_matrix(thing), outer), seen_box)
        elif kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth < _MAX_FORM_DEPTH:
            yield from images(thing, _IN_FORM, _combined(_matrix(thing), outer), seen_box, depth + 1)


def _image(image: Any, matrix: Matrix, seen_box: Callable[..., Box]) -> Iterator[PlacedImage]:
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


def _matrix(thing: Any) -> Matrix:
    found = pdfium_c.FS_MATRIX()
    pdfium_c.FPDFPageObj_GetMatrix(thing, found)
    return found.a, found.b, found.c, found.d, found.e, found.f


def _combined(first: Matrix, then: Matrix) -> Matrix:
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
