"""Plain documents of rows (*Nachweise*): texts at columns, page after page, for certificates and other proofs.

Drawn row by row, so that a document of a hundred thousand rows needs no more memory than a short one.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from fontTools.ttLib import TTFont as FontToolsFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from gateway.domain.sheets.layout import A4_HEIGHT_MM, A4_WIDTH_MM, MM_PER_PT
from gateway.rendering.fonts import FONT_FILES, default_fonts_dir, unpacked_fonts

_REGULAR, _BOLD = "GatewayProof", "GatewayProofBold"
LEFT_MM, RIGHT_MM = 25.0, 190.0
_TOP_MM, _BOTTOM_MM = 22.0, 20.0


@dataclass(frozen=True)
class Row:
    """A line of the document: texts at their columns."""

    texts: Sequence[str]
    columns_mm: Sequence[float] = (LEFT_MM,)
    size_pt: float = 9.0
    bold: bool = False
    before_mm: float = 0.0
    rule: bool = False

    @property
    def height_mm(self) -> float:
        """Line height."""
        return self.size_pt * MM_PER_PT * 1.5


def rows_pdf(title: str, rows: Callable[[], Iterator[Row]]) -> bytes:
    """The document; `rows` is called twice, to count the pages first. The same input gives the same bytes."""
    _register_fonts()
    target = io.BytesIO()
    canvas = Canvas(
        target,
        pagesize=(A4_WIDTH_MM / MM_PER_PT, A4_HEIGHT_MM / MM_PER_PT),
        invariant=1,
        pageCompression=1,
        initialFontName=_REGULAR,  # type: ignore[arg-type]
        lang="de-DE",
    )
    canvas.setTitle(title)
    pages = sum(1 for _ in _pages(rows()))
    for number, page in enumerate(_pages(rows()), start=1):
        _draw(canvas, page)
        _foot(canvas, f"{title} · Seite {number} von {pages}")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def broken(text: str, size_pt: float, width_mm: float = RIGHT_MM - LEFT_MM) -> list[str]:
    """The lines of a text that are no wider, broken between words; within one only if it is wider by itself."""
    _register_fonts()
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _width_mm(longer, size_pt) <= width_mm:
            lines[-1] = longer
            continue
        lines.append("")
        for character in word:
            if _width_mm(lines[-1] + character, size_pt) > width_mm:
                lines.append("")
            lines[-1] += character
    return [line for line in lines if line] or [""]


def _width_mm(text: str, size_pt: float) -> float:
    width_pt: float = pdfmetrics.stringWidth(text, _REGULAR, size_pt)
    return width_pt * MM_PER_PT


def _pages(rows: Iterator[Row]) -> Iterator[list[tuple[float, Row]]]:
    """Rows with their baselines (mm from the top), page by page; a heading is not left alone at the end of one."""
    page: list[tuple[float, Row]] = []
    y_mm = _TOP_MM
    for row in rows:
        space = row.height_mm + (row.before_mm if page else 0)
        keep = 12.0 if row.bold else 0.0
        if page and y_mm + space + keep > A4_HEIGHT_MM - _BOTTOM_MM:
            yield page
            page, y_mm, space = [], _TOP_MM, row.height_mm
        y_mm += space
        page.append((y_mm, row))
    if page:
        yield page


def _draw(canvas: Canvas, rows: Sequence[tuple[float, Row]]) -> None:
    for y_mm, row in rows:
        canvas.setFont(_BOLD if row.bold else _REGULAR, row.size_pt)
        for x_mm, text in zip(row.columns_mm, row.texts, strict=True):
            canvas.drawString(x_mm / MM_PER_PT, (A4_HEIGHT_MM - y_mm) / MM_PER_PT, text)
        if row.rule:
            below = (A4_HEIGHT_MM - y_mm - 1.2) / MM_PER_PT
            canvas.setLineWidth(0.5)
            canvas.line(LEFT_MM / MM_PER_PT, below, RIGHT_MM / MM_PER_PT, below)


def _foot(canvas: Canvas, text: str) -> None:
    canvas.setFont(_REGULAR, 8)
    canvas.drawString(LEFT_MM / MM_PER_PT, 12 / MM_PER_PT, text)


@cache
def _register_fonts() -> None:
    """Whole, since ReportLab reads TrueType only and cuts them itself."""
    files = unpacked_fonts(default_fonts_dir())
    for name, file in ((_REGULAR, FONT_FILES["regular"]), (_BOLD, FONT_FILES["bold"])):
        with FontToolsFont(io.BytesIO(files[file]), lazy=True, recalcTimestamp=False) as face:
            for record in face["name"].names:
                record.string = name  # ReportLab tells fonts apart by their own names
            truetype = io.BytesIO()
            face.save(truetype)
        truetype.seek(0)
        pdfmetrics.registerFont(TTFont(name, truetype))
