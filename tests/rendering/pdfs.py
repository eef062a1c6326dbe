"""Small real PDFs, built when a test needs them: one good letter, and one for each finding.

All people and places are invented.
"""

import io
from collections.abc import Callable, Sequence
from functools import cache

import pikepdf
from fontTools.ttLib import TTFont as FontToolsFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from gateway.domain.sheets.layout import PrintProfile
from gateway.rendering import assembly_proof, structure
from gateway.rendering.fonts import FONT_FILES, default_fonts_dir

MM = 72 / 25.4
A4 = (210 * MM, 297 * MM)
ADDRESS = ("Frau", "Zoë Łukasz-Überall", "c/o Dvořák", "Ährenweg 7 b", "01234 Ödheim")
RETURN_LINE = "Jobcenter Musterkreis, Amtsweg 2, 46325 Borken"

Draw = Callable[[Canvas], None]


@cache
def font() -> str:
    """The letter font, registered with ReportLab whole."""
    target = io.BytesIO()
    with FontToolsFont(default_fonts_dir() / FONT_FILES["regular"], lazy=True) as face:
        face.flavor = None
        for record in face["name"].names:
            record.string = "TestNoto"  # ReportLab tells fonts apart by their own names
        face.save(target, reorderTables=None)
    target.seek(0)
    pdfmetrics.registerFont(TTFont("TestNoto", target))
    return "TestNoto"


def text(canvas: Canvas, x_mm: float, y_mm: float, words: str, size_pt: float = 9) -> None:
    """Text whose baseline starts at x, y (mm from the top left corner)."""
    canvas.setFont(font(), size_pt)
    canvas.drawString(x_mm * MM, (297 - y_mm) * MM, words)


def rectangle(canvas: Canvas, box: Sequence[float], *, grey: float = 0.0) -> None:
    """A filled rectangle [x0, y0, x1, y1] in mm from the top left corner."""
    x0, y0, x1, y1 = box
    canvas.saveState()
    canvas.setFillGray(grey)
    canvas.rect(x0 * MM, (297 - y1) * MM, (x1 - x0) * MM, (y1 - y0) * MM, stroke=0, fill=1)
    canvas.restoreState()


def address_block(canvas: Canvas, lines: Sequence[str] = ADDRESS, *, first_baseline_mm: float = 73.0) -> None:
    """An address, 3.8 mm a line, in the recipient zone."""
    for index, line in enumerate(lines):
        text(canvas, 25, first_baseline_mm + 3.8 * index, line)


def first_page(canvas: Canvas, address: Draw = address_block) -> None:
    """What a good first page has."""
    text(canvas, 42, 49.5, RETURN_LINE, 7)
    address(canvas)
    text(canvas, 25, 120, "Bewilligung von Leistungen", 11)
    for row in range(20):
        text(canvas, 25, 130 + 5 * row, "Für die Zeit ab Mai erhalten Sie 1.062,19 EUR im Monat.", 10)


def following_page(canvas: Canvas) -> None:
    """What a good later page has."""
    for row in range(30):
        text(canvas, 25, 40 + 5 * row, "Gegen diesen Bescheid kann Widerspruch erhoben werden.", 10)


def pdf(*pages: Draw, size: tuple[float, float] = A4) -> bytes:
    """A PDF of these pages; the same pages give the same bytes."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=size, invariant=1, initialFontName=font())  # type: ignore[arg-type]
    for draw in pages:
        canvas.setFillGray(0)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def letter(
    pages: int = 1, *, extra: Draw | None = None, on_page: int = 1, address: Draw = address_block
) -> bytes:
    """A good letter of so many pages; `extra` draws something more on one of them."""

    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            if number == 1:
                first_page(canvas, address)
            else:
                following_page(canvas)
            if extra and number == on_page:
                extra(canvas)

        return draw

    return pdf(*(page(number) for number in range(1, pages + 1)))


def numbered(pages: int, name: str) -> bytes:
    """A document whose pages each say which one they are."""
    return pdf(*((lambda canvas, n=n: text(canvas, 30, 150, f"{name}-{n}", 14)) for n in range(1, pages + 1)))


def changed(pdf_bytes: bytes, change: Callable[[pikepdf.Pdf], None], **save: object) -> bytes:
    """The same PDF after `change` has been at it with pikepdf."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf_bytes)) as document:
        change(document)
        document.save(target, **save)  # type: ignore[arg-type]
    return target.getvalue()


def turned(pdf_bytes: bytes, degrees: int) -> bytes:
    """The same picture on a page whose media lie turned and are turned back by /Rotate."""
    width, height = A4

    def change(document: pikepdf.Pdf) -> None:
        matrix, box = {
            90: (f"0 1 -1 0 {height} 0", [0, 0, height, width]),
            180: (f"-1 0 0 -1 {width} {height}", [0, 0, width, height]),
            270: (f"0 -1 1 0 0 {width}", [0, 0, height, width]),
        }[degrees]
        for page in document.pages:
            page.contents_add(f"q {matrix} cm\n".encode(), prepend=True)
            page.contents_add(b"\nQ")
            page.mediabox = pikepdf.Array(box)
            page.rotate(degrees, relative=False)

    return changed(pdf_bytes, change)


def moved(pdf_bytes: bytes, x_pt: float, y_pt: float) -> bytes:
    """The same picture on a page whose MediaBox does not start at 0, 0."""

    def change(document: pikepdf.Pdf) -> None:
        for page in document.pages:
            page.contents_add(f"q 1 0 0 1 {x_pt} {y_pt} cm\n".encode(), prepend=True)
            page.contents_add(b"\nQ")
            page.mediabox = pikepdf.Array([x_pt, y_pt, x_pt + A4[0], y_pt + A4[1]])

    return changed(pdf_bytes, change)


def cropped(pdf_bytes: bytes, margin_pt: float) -> bytes:
    """The same picture as the CropBox of larger media, with ink outside it."""

    def change(document: pikepdf.Pdf) -> None:
        for page in document.pages:
            page.contents_add(b"\n0 g %f %f 20 20 re f" % (-margin_pt, -margin_pt))
            page.cropbox = pikepdf.Array([0, 0, *A4])
            page.mediabox = pikepdf.Array([-margin_pt, -margin_pt, A4[0] + margin_pt, A4[1] + margin_pt])

    return changed(pdf_bytes, change)


def picture_page(image: ImageReader) -> bytes:
    """A scan: one page that is nothing but a picture."""

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(image, 0, 0, *A4)

    return pdf(draw)


def prove(final: bytes, documents: Sequence[bytes], *, piece: str, profile: PrintProfile, duplex: bool) -> None:
    """Hold a print copy against its documents."""
    prints = []
    for document in documents:
        with structure.opened(document) as source:
            prints.append(assembly_proof.fingerprints(source))
    assembly_proof.prove(final, prints, piece=piece, profile=profile, duplex=duplex)
