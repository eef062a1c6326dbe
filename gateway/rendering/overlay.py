"""What the print copy carries on top of the archived pages: the code of each sheet and the piece reference.

Drawn by ReportLab as vectors, black in DeviceGray, with one small embedded font, so that a PDF/A page stays one.
It makes a PDF of its own, one page a sheet; laying it over the pages is `assembly`.
"""

import io
from collections.abc import Sequence
from functools import cache

from fontTools import subset
from fontTools.ttLib import TTFont as FontToolsFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from gateway.domain.findings import Box
from gateway.domain.layout import A4_HEIGHT_MM, A4_WIDTH_MM, PrintProfile
from gateway.domain.references import SheetCode, for_people
from gateway.rendering.codes import SHEET_CODE_VERSION, dark_runs, datamatrix_modules
from gateway.rendering.fonts import FONT_FILES, MM_PER_PT, default_fonts_dir, font_bytes

RETURN_CODE_PT = 7.0
QUIET_MODULES = 3
"""Quiet zone inside the box of a sheet code; the standard asks for one module, printers drift."""

_FONT_NAME = "GatewayCodes"
_FONT_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
_BASELINE_ABOVE_EDGE_MM = 1.0
"""Above the lower edge of its box: on the line of the sender beside it."""


def overlay(codes: Sequence[SheetCode], profile: PrintProfile) -> bytes:
    """A PDF with one A4 page a sheet, in the order of `codes`; page 1 also carries the piece reference.

    The same input gives the same bytes.
    """
    target = io.BytesIO()
    _register_font()
    canvas = Canvas(
        target,
        pagesize=(A4_WIDTH_MM / MM_PER_PT, A4_HEIGHT_MM / MM_PER_PT),
        invariant=1,
        pageCompression=1,
        # Or ReportLab starts every page in Helvetica, which it does not embed. (Its type stub is wrong here.)
        initialFontName=_FONT_NAME,  # type: ignore[arg-type]
    )
    for index, code in enumerate(codes):
        canvas.setFillGray(0)
        _draw_code(canvas, code.encode(), profile.sheet_code)
        if index == 0:
            _draw_return_code(canvas, for_people(code.piece), profile.return_code)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _draw_code(canvas: Canvas, text: str, box: Box) -> None:
    """All dark modules as one shape, so that no viewer shows seams between them."""
    modules = datamatrix_modules(text, SHEET_CODE_VERSION)
    module_mm = min(box.x1_mm - box.x0_mm, box.y1_mm - box.y0_mm) / (len(modules) + 2 * QUIET_MODULES)
    left_mm, top_mm = box.x0_mm + QUIET_MODULES * module_mm, box.y0_mm + QUIET_MODULES * module_mm
    shape = canvas.beginPath()
    for row, column, length in dark_runs(modules):
        x, y = _point(left_mm + column * module_mm, top_mm + (row + 1) * module_mm)
        shape.rect(x, y, length * module_mm / MM_PER_PT, module_mm / MM_PER_PT)
    canvas.drawPath(shape, stroke=0, fill=1)


def _draw_return_code(canvas: Canvas, text: str, box: Box) -> None:
    """At the left edge of its box."""
    x, y = _point(box.x0_mm, box.y1_mm - _BASELINE_ABOVE_EDGE_MM)
    canvas.setFont(_FONT_NAME, RETURN_CODE_PT)
    canvas.drawString(x, y, text)


def _point(x_mm: float, y_mm: float) -> tuple[float, float]:
    return x_mm / MM_PER_PT, (A4_HEIGHT_MM - y_mm) / MM_PER_PT


@cache
def _register_font() -> None:
    """The letter font cut down to the characters of references: ReportLab reads TrueType only, and slowly."""
    regular = font_bytes(default_fonts_dir())[FONT_FILES["regular"]]
    font = FontToolsFont(io.BytesIO(regular), lazy=True, recalcTimestamp=False)
    cutter = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=True))
    cutter.populate(text=_FONT_CHARACTERS)
    cutter.subset(font)
    font.flavor = None
    truetype = io.BytesIO()
    font.save(truetype)
    truetype.seek(0)
    pdfmetrics.registerFont(TTFont(_FONT_NAME, truetype))
