"""Small PDFs to try the simulator with, without the renderer: letters that pass, and ones that must not."""

import io
from collections.abc import Sequence

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfgen.canvas import Canvas

_PT_PER_MM = 72 / 25.4
ADDRESS = ("Erika Beispiel", "Musterweg 1", "46325 Borken")
"""Of a fictional person."""


def letter_pdf(
    address: Sequence[str] = ADDRESS,
    *,
    pages: int = 1,
    text: str = "Ein Beispielbrief",
    ink_in_band: bool = False,
    size: tuple[float, float] = A4,
) -> bytes:
    """A letter with its address in the window (from y = 70 mm) and the sender line above the restricted band.

    `text` makes the bytes differ; `ink_in_band` prints where the franking goes.
    """
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, invariant=1)
    _address_page(canvas, size[1], address, ink_in_band=ink_in_band)
    for number in range(1, pages + 1):
        canvas.setFont("Helvetica", 11)
        canvas.drawString(25 * _PT_PER_MM, size[1] - 110 * _PT_PER_MM, f"{text} (Seite {number})")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def landscape_pdf() -> bytes:
    """A first page that lies across."""
    return letter_pdf(size=landscape(A4))


def _address_page(canvas: Canvas, height_pt: float, address: Sequence[str], *, ink_in_band: bool) -> None:
    left_pt = 25 * _PT_PER_MM
    canvas.setFont("Helvetica", 7)
    canvas.drawString(
        left_pt, height_pt - 49 * _PT_PER_MM, "Jobcenter Beispielstadt · Am Markt 1 · 46325 Borken"
    )
    if ink_in_band:
        canvas.drawString(left_pt, height_pt - 60 * _PT_PER_MM, "Persönlich")
    canvas.setFont("Helvetica", 9)
    for number, line in enumerate(address):
        canvas.drawString(left_pt, height_pt - (72.5 + 3.4 * number) * _PT_PER_MM, line)
