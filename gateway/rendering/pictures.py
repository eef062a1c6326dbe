"""Pictures of pages for people: what will be printed, and where a finding is.

A picture is always made of the very bytes that are stored, never of a document rendered anew for the screen.
"""

import io
from collections.abc import Iterable

from PIL import Image, ImageDraw

from gateway.domain.findings import Box, Finding
from gateway.errors import NotFound
from gateway.rendering import geometry, reading
from gateway.rendering.ink import MM_PER_INCH

MAX_SIDE_PX = 4000
"""Longest side of a picture: a page of a wild size, or a wild resolution, must not eat the memory."""

_RED = (200, 0, 30)
_FRAME_MM = 0.6


def picture(pdf: bytes, page: int, dpi: int = 80) -> bytes:
    """A page as PNG, `page` from 1. Raises `NotFound` ('page-not-found'), `DocumentInvalid`."""
    image, _ = _image(pdf, page, dpi)
    return _png(image)


def picture_with_findings(pdf: bytes, page: int, findings: Iterable[Finding], dpi: int = 80) -> bytes:
    """A page as PNG with a red frame around each finding on it that has a box. Raises as `picture`."""
    image, px_per_mm = _image(pdf, page, dpi)
    draw = ImageDraw.Draw(image, "RGBA")
    for finding in findings:
        if finding.page == page and finding.box is not None:
            draw.rectangle(
                _frame(finding.box, px_per_mm),
                outline=_RED,
                fill=(*_RED, 40),
                width=max(1, round(_FRAME_MM / 2 * px_per_mm)),
            )
    return _png(image)


def _image(pdf: bytes, number: int, dpi: int) -> tuple[Image.Image, float]:
    with reading.opened(pdf) as document:
        if not 1 <= number <= len(document):
            raise NotFound(
                "page-not-found", f"Seite {number} gibt es nicht; das Dokument hat {len(document)} Seiten."
            )
        page = document[number - 1]
        px_per_mm = min(dpi / MM_PER_INCH, MAX_SIDE_PX / max(*geometry.size_mm(page), 1.0))
        return reading.raster(page, px_per_mm * MM_PER_INCH, colour=True), px_per_mm


def _frame(box: Box, px_per_mm: float) -> tuple[float, float, float, float]:
    """A little outside the box, so that the frame does not hide what it shows."""
    return (
        (box.x0_mm - _FRAME_MM) * px_per_mm,
        (box.y0_mm - _FRAME_MM) * px_per_mm,
        (box.x1_mm + _FRAME_MM) * px_per_mm,
        (box.y1_mm + _FRAME_MM) * px_per_mm,
    )


def _png(image: Image.Image) -> bytes:
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()
