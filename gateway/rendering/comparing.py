"""Two versions of a document beside each other: what changed on the page is framed, left as it was, right as it is.

Pages are compared as pictures, so that everything shows that a reader could see, a moved line as well as a thinner
rule. Judges nothing.
"""

import io
from collections.abc import Iterator
from itertools import zip_longest

import pypdfium2 as pdfium
from PIL import Image, ImageChops, ImageDraw

from gateway.ports.renderer import PagePair
from gateway.rendering import reading
from gateway.rendering.ink import MM_PER_INCH

CELL_MM = 2.0
"""Changes are collected in squares of this side."""
REACH_CELLS = 2
"""Changed squares that are no further apart belong to one region."""
_NOTICEABLE = 24
"""Difference of grey values, of 255, that is more than rounding."""
_REMOVED = (190, 40, 30)
_ADDED = (20, 120, 60)
_GAP_PX = 16

Cell = tuple[int, int]
Pixels = tuple[int, int, int, int]


def compare(old: bytes, new: bytes, dpi: int = 80) -> list[PagePair]:
    """Every page of the longer document beside its counterpart. Raises `DocumentInvalid`."""
    pairs = zip_longest(_pages(old, dpi), _pages(new, dpi))
    return [_pair(before, after, dpi) for before, after in pairs]


def _pages(pdf: bytes, dpi: int) -> list[Image.Image]:
    with reading.opened(pdf) as document:
        return [_raster(page, dpi) for page in document]


def _raster(page: pdfium.PdfPage, dpi: int) -> Image.Image:
    return reading.raster(page, dpi, colour=True).convert("RGB")


def _pair(before: Image.Image | None, after: Image.Image | None, dpi: int) -> PagePair:
    if before is None or after is None:
        there = before or after
        boxes = [(0, 0, there.width, there.height)] if there else []
    else:
        boxes = list(changed_boxes(before, after, max(1, round(CELL_MM / MM_PER_INCH * dpi))))
    return PagePair(len(boxes), _beside(before, after, boxes))


def changed_boxes(before: Image.Image, after: Image.Image, cell_px: int) -> Iterator[Pixels]:
    """Rectangles in pixels around everything that differs, each around what lies close together."""
    size = (max(before.width, after.width), max(before.height, after.height))
    difference = ImageChops.difference(_on_paper(before, size), _on_paper(after, size)).convert("L")
    marks = difference.point(lambda grey: 255 if grey > _NOTICEABLE else 0)
    cells = {
        (left // cell_px, top // cell_px)
        for top in range(0, size[1], cell_px)
        for left in range(0, size[0], cell_px)
        if marks.crop((left, top, min(left + cell_px, size[0]), min(top + cell_px, size[1]))).getbbox()
    }
    for region in _regions(cells):
        columns, rows = [x for x, _ in region], [y for _, y in region]
        right, bottom = (max(columns) + 1) * cell_px, (max(rows) + 1) * cell_px
        yield min(columns) * cell_px, min(rows) * cell_px, min(right, size[0]), min(bottom, size[1])


def _regions(cells: set[Cell]) -> Iterator[set[Cell]]:
    left = set(cells)
    while left:
        region, edge = set[Cell](), [left.pop()]
        while edge:
            column, row = edge.pop()
            region.add((column, row))
            near = {
                (column + across, row + down)
                for across in range(-REACH_CELLS, REACH_CELLS + 1)
                for down in range(-REACH_CELLS, REACH_CELLS + 1)
            } & left
            left -= near
            edge += near
        yield region


def _on_paper(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    paper = Image.new("RGB", size, "white")
    paper.paste(image)
    return paper


def _beside(before: Image.Image | None, after: Image.Image | None, boxes: list[Pixels]) -> bytes:
    there = [image for image in (before, after) if image is not None]
    width, height = max(image.width for image in there), max(image.height for image in there)
    sheet = Image.new("RGB", (2 * width + _GAP_PX, height), (225, 225, 225))
    for left, image, colour in ((0, before, _REMOVED), (width + _GAP_PX, after, _ADDED)):
        if image is not None:
            sheet.paste(_framed(image, boxes, colour), (left, 0))
    target = io.BytesIO()
    sheet.save(target, "PNG")
    return target.getvalue()


def _framed(image: Image.Image, boxes: list[Pixels], colour: tuple[int, int, int]) -> Image.Image:
    framed = image.copy()
    draw = ImageDraw.Draw(framed, "RGBA")
    for box in boxes:
        draw.rectangle(box, outline=colour, fill=(*colour, 36), width=2)
    return framed
