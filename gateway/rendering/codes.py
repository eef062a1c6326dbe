"""DataMatrix codes (ECC 200): encoding with zxing-cpp, and reading them back from what a page shows.

Only what is seen counts: a code is always read from a raster, so that vector codes, scans and turned pages are
one case. It draws nothing (that is `overlay`) and knows no meaning of a text (that is `domain.references`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
import zxingcpp
from PIL import Image

from gateway.domain.findings import Box
from gateway.rendering import geometry, reading
from gateway.rendering.ink import MM_PER_INCH

SHEET_CODE_VERSION = 5
"""18 × 18 modules: holds every sheet code, so that all have one size at one place, as inserting machines ask."""

READ_DPI = 200
"""Nearly four pixels a module of our sheet codes."""

_DATA_MATRIX = zxingcpp.BarcodeFormat.DataMatrix
_ONLY_DATA_MATRIX = zxingcpp.BarcodeFormats([_DATA_MATRIX])
_BY_SURROUNDINGS = zxingcpp.Binarizer.LocalAverage
_LOOKS = (_BY_SURROUNDINGS, zxingcpp.Binarizer.FixedThreshold)
_MAX_SIDE_MM = 500.0
"""Of a page larger than any office paper only this much is looked at, so that a wild page size costs no memory."""

Bounds = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True)
class ReadCode:
    """A code as found: page from 1, its text, and the box around its corners in mm."""

    page: int
    text: str
    box: Box


def datamatrix_modules(text: str, version: int | None = None) -> list[list[bool]]:
    """The modules of a square symbol for `text`, True is dark, without the quiet zone.

    The smallest that holds it, or of the given ECC 200 `version` (5 is 18 × 18 modules; `ValueError` if too small).
    """
    shape = {"forceSquare": True} if version is None else {"version": version}
    image: Any = zxingcpp.create_barcode(text, _DATA_MATRIX, **shape).to_image(1, False, False)
    rows, columns = image.shape
    cells = memoryview(image).tobytes()
    return [[cells[row * columns + column] == 0 for column in range(columns)] for row in range(rows)]


def datamatrix_svg(text: str, module_mm: float) -> str:
    """The symbol as an SVG of one path, `module_mm` wide modules, with its quiet zone of one module all round."""
    modules = datamatrix_modules(text)
    size = len(modules) + 2
    path = "".join(f"M{x + 1} {y + 1}h{width}v1h-{width}z" for y, x, width in dark_runs(modules))
    side = f"{size * module_mm:g}mm"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="0 0 {size} {size}" '
        f'shape-rendering="crispEdges"><path d="{path}"/></svg>'
    )


def dark_runs(modules: Sequence[Sequence[bool]]) -> list[tuple[int, int, int]]:
    """(row, first column, length) of every horizontal run of dark modules: fewer shapes, and no gaps in a run."""
    runs = []
    for row, cells in enumerate(modules):
        start = None
        for column, dark in enumerate([*cells, False]):
            if dark and start is None:
                start = column
            elif not dark and start is not None:
                runs.append((row, start, column - start))
                start = None
    return runs


def page_codes(pdf: bytes) -> list[tuple[int, str]]:
    """(page from 1, text) of every DataMatrix in a document or scan, top down, as inbound mail needs it.

    A code that stands twice on a page is named once. Raises `DocumentInvalid`.
    """
    with reading.opened(pdf) as document:
        pages = range(1, len(document) + 1)
        return [(page, text) for page in pages for text in _on_paper(_picture(document[page - 1], READ_DPI)[0])]


def read_codes(
    pdf: bytes, dpi: int = READ_DPI, pages: Iterable[int] | None = None, box: Box | None = None
) -> list[ReadCode]:
    """Every DataMatrix on `pages` (default all) within `box` (mm, default the whole page), page by page.

    Raises `DocumentInvalid` ('pdf-unreadable', 'pdf-encrypted').
    """
    with reading.opened(pdf) as document:
        wanted = range(1, len(document) + 1) if pages is None else pages
        return [code for page in wanted for code in _codes_on(document[page - 1], page, dpi, box)]


def texts_in(page: reading.PageReading, box: Box, dpi: int = READ_DPI) -> list[str]:
    """The text of every DataMatrix within `box` (mm) of a page that is open."""
    return [text for text, _ in read_image(page.picture(box, dpi))]


def read_image(image: Image.Image) -> list[tuple[str, Bounds]]:
    """(text, bounds in pixels) of every DataMatrix in a picture, top down, whatever way it is turned."""
    return sorted(_found(image.convert("L")), key=_top_down)


def _on_paper(picture: Image.Image) -> list[str]:
    """The text of every code on a scanned page, which is looked at in two ways.

    Shades that are compared with their surroundings carry faded paper; one threshold for all carries coarse pictures,
    where noise looks like modules. Both always: what the paper says against itself must be seen, too. None of our
    codes is printed light on dark; not looking for such pays for the second look.
    """
    grey = picture.convert("L")
    found = [each for binarizer in _LOOKS for each in _found(grey, binarizer, inverted=False)]
    return list(dict.fromkeys(text for text, _ in sorted(found, key=_top_down)))


def _found(
    grey: Image.Image, binarizer: zxingcpp.Binarizer = _BY_SURROUNDINGS, *, inverted: bool = True
) -> Iterator[tuple[str, Bounds]]:
    for code in zxingcpp.read_barcodes(
        grey, formats=_ONLY_DATA_MATRIX, binarizer=binarizer, try_invert=inverted
    ):
        corners = [
            code.position.top_left,
            code.position.top_right,
            code.position.bottom_right,
            code.position.bottom_left,
        ]
        across, down = [corner.x for corner in corners], [corner.y for corner in corners]
        yield code.text, (min(across), min(down), max(across), max(down))


def _top_down(found: tuple[str, Bounds]) -> tuple[int, int]:
    return found[1][1], found[1][0]


def _codes_on(page: pdfium.PdfPage, number: int, dpi: int, box: Box | None) -> list[ReadCode]:
    picture, area = _picture(page, dpi, box)
    scale = dpi / MM_PER_INCH
    return [ReadCode(number, text, _box_mm(pixels, area, scale)) for text, pixels in read_image(picture)]


def _picture(page: pdfium.PdfPage, dpi: int, box: Box | None = None) -> tuple[Image.Image, Box]:
    width_mm, height_mm = geometry.size_mm(page)
    area = box or Box(0, 0, min(width_mm, _MAX_SIDE_MM), min(height_mm, _MAX_SIDE_MM))
    return reading.raster(page, dpi, area), area


def _box_mm(pixels: Bounds, area: Box, scale: float) -> Box:
    x0, y0, x1, y1 = (pixel / scale for pixel in pixels)
    return Box(area.x0_mm + x0, area.y0_mm + y0, area.x0_mm + x1, area.y0_mm + y1)
