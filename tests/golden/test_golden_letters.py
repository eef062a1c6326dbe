"""Golden letters: every template's sample against what was looked at and found good, by text position and raster.

A new version of a dependency may move a line or change a glyph; bytes differ anyway. `make golden` writes the golden
letters anew: look at what changed (`git diff`, the pictures) before committing.
"""

import io
import json
import os
from functools import cache
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from gateway.rendering.pictures import picture
from tests.rendering import letters

FOLDER = Path(__file__).parent
TWIN = "bewilligungsbescheid.grossdruck"
"""The twin in large print of the letter with the most tables."""
NAMES = [*(template.meta.name for template in letters.catalogue().all()), TWIN]
REWRITE = os.environ.get("GOLDEN") == "rewrite"
DPI = 40
TOLERANCE_MM = 0.15
"""Positions are kept to 0.1 mm."""
SHADES = 16
CLEARLY_DIFFERENT = 50
"""Of 255 grey levels: more than smoothing of an unmoved edge."""
MAX_DIFFERENT = 0.0001
"""Part of a page's pixels: fifteen of 155,000; a line that moves by half a millimetre changes hundreds."""

Line = tuple[str, float, float, float, float]

pytestmark = pytest.mark.slow


def sample_of(name: str) -> bytes:
    """The sample letter, or its twin."""
    template, _, twin = name.partition(".")
    return letters.sample_twin_pdf(template) if twin else letters.sample_pdf(template)


@cache
def text_of(name: str) -> list[list[Line]]:
    """The lines of every page with their outlines in mm, rounded."""
    pdf = sample_of(name)
    return [
        [
            (line.text.replace("\u00a0", " "), *(round(value, 1) for value in line.box.as_list()))  # type: ignore[misc]
            for line in letters.lines(pdf, page)
            if line.text
        ]
        for page in range(1, letters.page_count(pdf) + 1)
    ]


def raster_of(name: str, page: int) -> Image.Image:
    """A page in a few shades of grey."""
    seen = Image.open(io.BytesIO(picture(sample_of(name), page, DPI))).convert("L")
    return seen.point([round(shade / 255 * (SHADES - 1)) * 255 // (SHADES - 1) for shade in range(256)])


def golden_text(name: str) -> list[list[Line]]:
    """The lines as they are kept."""
    kept = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return [[tuple(line) for line in page] for page in kept["pages"]]


def write(name: str) -> None:
    """Keep a letter as it is now."""
    pages = text_of(name)
    rows = ",\n".join(
        "[" + ",\n".join(json.dumps(line, ensure_ascii=False) for line in page) + "]" for page in pages
    )
    (FOLDER / f"{name}.json").write_text('{"pages": [\n' + rows + "\n]}\n", "utf-8")
    for old in FOLDER.glob(f"{name}-[0-9].png"):
        old.unlink()
    for page in range(1, len(pages) + 1):
        raster_of(name, page).save(FOLDER / f"{name}-{page}.png", optimize=True)


def moved(expected: list[list[Line]], now: list[list[Line]]) -> list[str]:
    """What differs, line by line, in words; empty if nothing does."""
    if len(expected) != len(now):
        return [f"{len(now)} pages instead of {len(expected)}"]
    found = []
    for page, (before, after) in enumerate(zip(expected, now, strict=True), start=1):
        if len(before) != len(after):
            found.append(f"page {page}: {len(after)} lines instead of {len(before)}")
        for one, other in zip(before, after, strict=False):
            if one[0] != other[0]:
                found.append(f"page {page}: {other[0]!r} instead of {one[0]!r}")
            elif any(abs(a - b) > TOLERANCE_MM for a, b in zip(one[1:], other[1:], strict=True)):
                found.append(f"page {page}: {one[0]!r} stands at {other[1:]} mm instead of {one[1:]}")
    return found


def different(expected: Image.Image, now: Image.Image) -> float:
    """The part of the pixels that differ clearly; 1 if the sizes differ."""
    if expected.size != now.size:
        return 1.0
    counts = ImageChops.difference(expected, now).histogram()
    return sum(counts[CLEARLY_DIFFERENT:]) / (now.width * now.height)


def advice(name: str, what: str) -> str:
    return f"{name} is not set as before: {what}. If that is intended, look at it, then `make golden`."


@pytest.mark.parametrize("name", NAMES)
def test_text_stands_where_it_stood(name: str) -> None:
    if REWRITE:
        write(name)
    assert (FOLDER / f"{name}.json").exists(), f"{name} has no golden letter yet: `make golden`"
    found = moved(golden_text(name), text_of(name))
    assert not found, advice(name, "; ".join(found[:5]))


@pytest.mark.parametrize("name", NAMES)
def test_pages_look_as_they_looked(name: str) -> None:
    for page in range(1, len(text_of(name)) + 1):
        kept = Image.open(FOLDER / f"{name}-{page}.png").convert("L")
        part = different(kept, raster_of(name, page))
        assert part <= MAX_DIFFERENT, advice(name, f"page {page} differs in {part:.2%} of its area")


def test_there_is_no_golden_letter_without_a_template() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(NAMES)


# That a change would be seen


def test_a_line_that_moves_or_changes_is_named() -> None:
    kept = golden_text(NAMES[0])
    page = list(kept[0])
    text, x0, y0, x1, y1 = page[7]
    page[7] = (text, x0, y0 + 0.3, x1, y1 + 0.3)
    (words,) = moved(kept, [page, *kept[1:]])
    assert text in words
    page[7] = (text + ".", x0, y0, x1, y1)
    assert moved(kept, [page, *kept[1:]])
    assert moved(kept, [*kept, []]) == [f"{len(kept) + 1} pages instead of {len(kept)}"]


def test_a_page_moved_by_half_a_millimetre_or_a_lost_line_is_seen() -> None:
    kept = raster_of(NAMES[0], 1)
    pdf = letters.sample_pdf(NAMES[0])
    fine = Image.open(io.BytesIO(picture(pdf, 1, DPI * 5))).convert("L")
    shifted = ImageChops.offset(fine, 0, 4).resize(kept.size)  # 0.5 mm at 200 dpi
    assert different(kept, shifted) > MAX_DIFFERENT
    lost = kept.copy()
    _, x0, y0, x1, y1 = text_of(NAMES[0])[0][-3]
    left, top, right, bottom = (int(value / 25.4 * DPI) for value in (x0, y0, x1, y1))
    lost.paste(255, (left, top, right, bottom))
    assert different(kept, lost) > MAX_DIFFERENT
