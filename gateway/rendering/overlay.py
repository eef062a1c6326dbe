"""What the print copy carries on top of the archived pages: the code of each sheet and the piece reference.

Vectors, black in DeviceGray, with one small embedded font, so that a PDF/A page stays one. It makes a Form XObject a
sheet, of A4 size; laying it over the pages is `assembly`.
"""

import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import pikepdf
from fontTools import subset
from fontTools.ttLib import TTFont

from gateway.domain.findings import Box
from gateway.domain.references import SheetCode, for_people
from gateway.domain.sheets.layout import A4_HEIGHT_MM, A4_WIDTH_MM, MM_PER_PT, PrintProfile
from gateway.rendering.codes import SHEET_CODE_VERSION, dark_runs, datamatrix_modules
from gateway.rendering.fonts import FONT_FILES, default_fonts_dir, unpacked_fonts

RETURN_CODE_PT = 7.0
QUIET_MODULES = 3
"""Quiet zone inside the box of a sheet code; the standard asks for one module, printers drift."""

_FONT_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
_NON_SYMBOLIC = 32
_STEM_V = 80
_BASELINE_ABOVE_EDGE_MM = 1.0
"""Above the lower edge of its box: on the line of the sender beside it."""
_INSIDE_MM = 0.1
"""From the left edge of its box, so that no rounding puts the first character outside."""


def stamps(pdf: pikepdf.Pdf, codes: Sequence[SheetCode], profile: PrintProfile) -> list[pikepdf.Object]:
    """One Form XObject in `pdf` for each of `codes`; the first also carries the piece reference."""
    font = _embedded_font(pdf)
    drawn = [_code(code.encode(), profile.sheet_code) for code in codes]
    drawn[0] += _return_code(for_people(codes[0].piece), profile.return_code)
    return [_form(pdf, content, font) for content in drawn]


def _form(pdf: pikepdf.Pdf, content: str, font: pikepdf.Object) -> pikepdf.Object:
    return pdf.make_stream(
        content.encode("ascii"),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Form,
        BBox=pikepdf.Array([0, 0, A4_WIDTH_MM / MM_PER_PT, A4_HEIGHT_MM / MM_PER_PT]),
        Resources=pikepdf.Dictionary(Font=pikepdf.Dictionary(GatewayCodes=font)),
    )


def _code(text: str, box: Box) -> str:
    """All dark modules as one shape, so that no viewer shows seams; drawn in modules, y down, from the top left."""
    modules = datamatrix_modules(text, SHEET_CODE_VERSION)
    module_mm = min(box.x1_mm - box.x0_mm, box.y1_mm - box.y0_mm) / (len(modules) + 2 * QUIET_MODULES)
    x, y = _point(box.x0_mm + QUIET_MODULES * module_mm, box.y0_mm + QUIET_MODULES * module_mm)
    side = module_mm / MM_PER_PT
    shape = "".join(f"{column} {row} {length} 1 re\n" for row, column, length in dark_runs(modules))
    return f"q\n0 g\n{side:.5f} 0 0 {-side:.5f} {x:.4f} {y:.4f} cm\n{shape}f\nQ\n"


def _return_code(text: str, box: Box) -> str:
    """At the left edge of its box."""
    x, y = _point(box.x0_mm + _INSIDE_MM, box.y1_mm - _BASELINE_ABOVE_EDGE_MM)
    return f"BT\n0 g\n/GatewayCodes {RETURN_CODE_PT:g} Tf\n{x:.4f} {y:.4f} Td\n({text}) Tj\nET\n"


def _point(x_mm: float, y_mm: float) -> tuple[float, float]:
    return x_mm / MM_PER_PT, (A4_HEIGHT_MM - y_mm) / MM_PER_PT


@dataclass(frozen=True)
class _Font:
    """The letter font cut down to the characters of references, packed, and its measures in thousandths of an em."""

    program: bytes
    length: int
    widths: Sequence[int]
    bounds: Sequence[int]
    ascent: int
    descent: int
    capital_height: int


def _embedded_font(pdf: pikepdf.Pdf) -> pikepdf.Object:
    """A simple TrueType font in WinAnsiEncoding (ISO 32000-1, 9.6.3), which says of itself what each glyph means."""
    font = _font()
    name = pikepdf.Name("/GWCODE+NotoSans-Regular")
    descriptor = pikepdf.Dictionary(
        Type=pikepdf.Name.FontDescriptor,
        FontName=name,
        Flags=_NON_SYMBOLIC,
        FontBBox=pikepdf.Array(font.bounds),
        ItalicAngle=0,
        Ascent=font.ascent,
        Descent=font.descent,
        CapHeight=font.capital_height,
        StemV=_STEM_V,
        FontFile2=pdf.make_stream(font.program, Filter=pikepdf.Name.FlateDecode, Length1=font.length),
    )
    return pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.TrueType,
            BaseFont=name,
            Encoding=pikepdf.Name.WinAnsiEncoding,
            FirstChar=ord(min(_FONT_CHARACTERS)),
            LastChar=ord(max(_FONT_CHARACTERS)),
            Widths=pikepdf.Array(font.widths),
            FontDescriptor=pdf.make_indirect(descriptor),
        )
    )


@cache
def _font() -> _Font:
    """Cut once in a process: it is slow."""
    regular = unpacked_fonts(default_fonts_dir())[FONT_FILES["regular"]]
    font = TTFont(io.BytesIO(regular), lazy=True, recalcTimestamp=False)
    cutter = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=True, hinting=False))
    cutter.populate(text=_FONT_CHARACTERS)
    cutter.subset(font)
    program = io.BytesIO()
    font.save(program)
    head, glyphs, advances = font["head"], font.getBestCmap(), font["hmtx"]

    def thousandths(units: float) -> int:
        return round(1000 * units / int(head.unitsPerEm))

    characters = range(ord(min(_FONT_CHARACTERS)), ord(max(_FONT_CHARACTERS)) + 1)
    return _Font(
        program=zlib.compress(program.getvalue()),
        length=len(program.getvalue()),
        widths=[thousandths(advances[glyphs.get(code, ".notdef")][0]) for code in characters],
        bounds=[thousandths(edge) for edge in (head.xMin, head.yMin, head.xMax, head.yMax)],
        ascent=thousandths(font["hhea"].ascent),
        descent=thousandths(font["hhea"].descent),
        capital_height=thousandths(font["OS/2"].sCapHeight),
    )
