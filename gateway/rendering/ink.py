"""Ink: what part of a page will show in print, asked in millimetres.

It knows pixels and millimetres and nothing of PDF.
"""

import math
from functools import cached_property

from PIL import Image, ImageChops

from gateway.domain.findings import Box

MM_PER_INCH = 25.4
INK_BELOW = 245
"""A grey level (0 black, 255 white) below this is ink: the palest hairline counts, a white fill does not."""

_TO_INK = [255 if level < INK_BELOW else 0 for level in range(256)]
# To compare two rasters, pixels that are half covered at the edge of a stroke count for neither side.
_TO_CORE = [255 if level < 80 else 0 for level in range(256)]
_TO_DARK = [255 if level < 160 else 0 for level in range(256)]
_TO_LIGHT = [255 if level > 200 else 0 for level in range(256)]
_TO_BLANK = [255 if level > 250 else 0 for level in range(256)]


class Ink:
    """A grey raster of `dpi` whose top left corner is `origin_mm`."""

    def __init__(self, image: Image.Image, origin_mm: tuple[float, float], dpi: int) -> None:
        self._image = image
        self._x_mm, self._y_mm = origin_mm
        self._px_per_mm = dpi / MM_PER_INCH

    def missing_from(self, wanted: "Ink") -> "Ink":
        """What `wanted`, a raster of the same place, has in full black and this one leaves white."""
        return self._like(wanted._image.point(_TO_CORE), self._image.point(_TO_LIGHT))

    def added_to(self, wanted: "Ink") -> "Ink":
        """What is dark here and blank in `wanted`, a raster of the same place."""
        return self._like(self._image.point(_TO_DARK), wanted._image.point(_TO_BLANK))

    def pixels(self, zone: Box) -> int:
        """How many pixels of ink `zone` holds, pixels on its edge included."""
        left, top, right, bottom = self._outer(zone)
        return self._dark.crop((left, top, right, bottom)).histogram()[255]

    @cached_property
    def _dark(self) -> Image.Image:
        """The whole raster as ink or none; dear for a page, of which mostly some edges are asked."""
        return self._image.point(_TO_INK)

    def for_many_questions(self) -> "Ink":
        """The same, prepared at once for many small zones."""
        _ = self._dark
        return self

    def _like(self, one: Image.Image, other: Image.Image) -> "Ink":
        both = ImageChops.invert(ImageChops.darker(one, other))
        return Ink(both, (self._x_mm, self._y_mm), round(self._px_per_mm * MM_PER_INCH))

    def bounds(self, zone: Box, *blank: Box) -> Box | None:
        """The tight box around the ink in `zone`, the boxes `blank` left out; None if there is none.

        Pixels that only touch the edge of the zone, or of a blank, do not count.
        """
        left, top, right, bottom = self._inner(zone)
        edges = left, top, right, bottom
        whole = "_dark" in vars(self)
        part = self._dark.crop(edges) if whole else self._image.crop(edges).point(_TO_INK)
        for box in blank:
            x0, y0, x1, y1 = self._outer(box)
            part.paste(0, (x0 - left, y0 - top, x1 - left, y1 - top))
        found = part.getbbox()
        if found is None:
            return None
        return Box(
            self._x_mm + (left + found[0]) / self._px_per_mm,
            self._y_mm + (top + found[1]) / self._px_per_mm,
            self._x_mm + (left + found[2]) / self._px_per_mm,
            self._y_mm + (top + found[3]) / self._px_per_mm,
        )

    def _edges(self, box: Box) -> tuple[float, float, float, float]:
        scale = self._px_per_mm
        return (
            (box.x0_mm - self._x_mm) * scale,
            (box.y0_mm - self._y_mm) * scale,
            (box.x1_mm - self._x_mm) * scale,
            (box.y1_mm - self._y_mm) * scale,
        )

    def _inner(self, box: Box) -> tuple[int, int, int, int]:
        x0, y0, x1, y1 = self._edges(box)
        left, top = max(0, math.ceil(x0)), max(0, math.ceil(y0))
        right, bottom = min(self._image.width, math.floor(x1)), min(self._image.height, math.floor(y1))
        return left, top, max(left, right), max(top, bottom)

    def _outer(self, box: Box) -> tuple[int, int, int, int]:
        x0, y0, x1, y1 = self._edges(box)
        return math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)
