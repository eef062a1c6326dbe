"""The text of a page character by character: what it says, and where each glyph and the pen stood.

Thousands of characters a letter, asked one by one of pdfium, which knows no other way: so without detours.
Use it inside `reading.opened` only, and with one page at a time.
"""

import ctypes
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import repeat
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from gateway.domain.findings import Box
from gateway.rendering.geometry import Geometry

INVISIBLE = frozenset({pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP})
_ODD = re.compile("[\x00\ufffd\ue000-\uf8ff\udb80-\udbff\U000f0000-\U0010ffff].", re.DOTALL)
"""Unmapped, replaced or private characters, before the zero that ends the text."""


def _bare(function: Any, answer: Any, *others: Any) -> Callable[..., int]:
    """The same function of pdfium taking addresses as numbers, and not letting other threads in.

    Both cost more than the call. `others`: what it takes after the address of the page's text.
    """
    kind = ctypes.PYFUNCTYPE(answer, ctypes.c_void_p, *others)
    return kind(ctypes.cast(function, ctypes.c_void_p).value or 0)


_INT, _ADDRESS = ctypes.c_int, ctypes.c_void_p
_char_origin = _bare(pdfium_c.FPDFText_GetCharOrigin, _INT, _INT, _ADDRESS, _ADDRESS)
_char_box = _bare(pdfium_c.FPDFText_GetCharBox, _INT, _INT, *[_ADDRESS] * 4)
_loose_box = _bare(pdfium_c.FPDFText_GetLooseCharBox, _INT, _INT, _ADDRESS)
_is_hyphen = _bare(pdfium_c.FPDFText_IsHyphen, _INT, _INT)
_is_generated = _bare(pdfium_c.FPDFText_IsGenerated, _INT, _INT)
_unicode = _bare(pdfium_c.FPDFText_GetUnicode, ctypes.c_uint, _INT)
_text_object = _bare(pdfium_c.FPDFText_GetTextObject, _ADDRESS, _INT)
_render_mode = _bare(pdfium_c.FPDFTextObj_GetTextRenderMode, _INT)


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


class TextLayer:
    """What pdfium reads as text on one page; closed with the document."""

    def __init__(self, page: pdfium.PdfPage, geometry: Geometry) -> None:
        self._textpage = page.get_textpage()  # kept: it would be closed with its last reference
        # The bare handle: asked thousands of times, the wrapper costs more than pdfium does.
        self._text = ctypes.cast(self._textpage.raw, ctypes.c_void_p).value or 0
        self._count = self._textpage.count_chars()
        self._geometry = geometry
        self._edges = (ctypes.c_double * 4)()  # left, right, bottom, top
        self._loose = pdfium_c.FS_RECTF()
        first, width = ctypes.addressof(self._edges), ctypes.sizeof(ctypes.c_double)
        self._edge_addresses = range(first, first + 4 * width, width)
        self._loose_address = ctypes.addressof(self._loose)
        self._invisible: dict[int, bool] = {}

    @cached_property
    def is_plain(self) -> bool:
        """Whether every character is mapped, and none is a replacement or of a private area: asked in one call.

        pdfium leaves characters without a mapping out of its text, so that is shorter then.
        """
        units = (ctypes.c_ushort * (self._count + 1))()
        written = pdfium_c.FPDFText_GetText(self._textpage, 0, self._count, units)
        return written == self._count + 1 and not _ODD.search(bytes(units).decode("utf-16-le", "surrogatepass"))

    @cached_property
    def code_points(self) -> tuple[int, ...]:
        """Every character's UTF-16 unit in the PDF's own order; 0 where a glyph is mapped to nothing."""
        return tuple(map(partial(_unicode, self._text), range(self._count)))

    def characters(self, zone: Box) -> list[Character]:
        """The characters whose pen position lies in `zone`, in the PDF's own order."""
        left, bottom, right, top = self._geometry.box_pt(zone)
        across, up = self._pens
        return [
            self.character(index)
            for index, y in enumerate(up)
            if bottom <= y <= top and left <= across[index] <= right and _is_generated(self._text, index) != 1
        ]

    def character(self, index: int) -> Character:
        """The character at `index` of `code_points`."""
        text, geometry, edges, loose = self._text, self._geometry, self._edges, self._loose
        across, up = self._pens
        x_mm, baseline_mm = geometry.point_mm(across[index], up[index])
        _char_box(text, index, *self._edge_addresses)
        _loose_box(text, index, self._loose_address)
        # A hyphen at the end of a line comes as a control character; on paper it is a hyphen.
        is_hyphen = _is_hyphen(text, index) == 1
        return Character(
            code_point=ord("-") if is_hyphen else _unicode(text, index),
            box=geometry.box_mm(edges[0], edges[2], edges[1], edges[3]),
            x_mm=x_mm,
            pen_end_mm=geometry.box_mm(loose.left, loose.bottom, loose.right, loose.top).x1_mm,
            baseline_mm=baseline_mm,
            invisible=self._is_invisible(_text_object(text, index)),
        )

    def _is_invisible(self, owner: int) -> bool:
        """Whether the text object at this address, 0 for none, leaves no ink; asked once of each."""
        if owner not in self._invisible:
            self._invisible[owner] = bool(owner) and _render_mode(owner) in INVISIBLE
        return self._invisible[owner]

    @cached_property
    def _pens(self) -> tuple[Sequence[float], Sequence[float]]:
        """Where the pen stood for every character, x and y in the page's own points."""
        pens = (ctypes.c_double * (2 * self._count))()
        start, end = ctypes.addressof(pens), ctypes.addressof(pens) + ctypes.sizeof(pens)
        width = ctypes.sizeof(ctypes.c_double)
        across, up = (range(start + offset, end + offset, 2 * width) for offset in (0, width))
        for _ in map(_char_origin, repeat(self._text), range(self._count), across, up):
            pass
        return pens[::2], pens[1::2]
