"""Where things stand on a page as a person sees it: from the PDF's own points to millimetres from the top left.

The page is the *visible* page: /Rotate, a CropBox and a MediaBox whose origin is not 0 are taken into account
here, once, so that no check has to think of them.
"""

import pypdfium2 as pdfium

from gateway.domain.findings import Box
from gateway.domain.sheets.layout import MM_PER_PT


class Geometry:
    """The matrix of one page, and its way back."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._matrix = _to_seen(page)

    def point_mm(self, x_pt: float, y_pt: float) -> tuple[float, float]:
        """A point of the page's own coordinates, as seen: mm from the top left corner of the turned page."""
        a, b, c, d, e, f = self._matrix
        return a * x_pt + c * y_pt + e, b * x_pt + d * y_pt + f

    def box_mm(self, left: float, bottom: float, right: float, top: float) -> Box:
        """A box of the page's own coordinates, as seen."""
        (xa, ya), (xb, yb) = self.point_mm(left, bottom), self.point_mm(right, top)
        return Box(min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb))

    def box_pt(self, zone: Box) -> tuple[float, float, float, float]:
        """(left, bottom, right, top) of a zone as seen, in the page's own points."""
        a, b, c, d, e, f = self._matrix
        scale = a * d - b * c
        corners = ((zone.x0_mm - e, zone.y0_mm - f), (zone.x1_mm - e, zone.y1_mm - f))
        across, up = zip(*(((d * x - c * y) / scale, (a * y - b * x) / scale) for x, y in corners), strict=True)
        return min(across), min(up), max(across), max(up)


def size_mm(page: pdfium.PdfPage) -> tuple[float, float]:
    """Width and height of the visible page, after /Rotate."""
    width_pt, height_pt = page.get_size()
    return width_pt * MM_PER_PT, height_pt * MM_PER_PT


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
