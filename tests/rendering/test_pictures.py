"""Pictures of pages, with and without findings."""

import io

import pytest
from PIL import Image

from gateway.domain.findings import Box, Finding, Severity
from gateway.errors import DocumentInvalid, NotFound
from gateway.rendering.pictures import MAX_SIDE_PX, picture, picture_with_findings
from tests.rendering import pdfs


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_a_page_becomes_a_png_of_the_resolution_asked_for() -> None:
    image = opened(picture(pdfs.letter(2), 2, dpi=72))
    assert image.format == "PNG"
    assert image.size == (595, 842)
    darkest, lightest = image.convert("L").getextrema()
    assert (darkest < 80, lightest) == (True, 255)  # type: ignore[operator]


@pytest.mark.parametrize("page", [0, -1, 3])
def test_a_page_that_is_not_there_is_not_found(page: int) -> None:
    with pytest.raises(NotFound) as missing:
        picture(pdfs.letter(2), page)
    assert missing.value.code == "page-not-found"


def test_what_is_no_pdf_is_refused() -> None:
    with pytest.raises(DocumentInvalid):
        picture(b"no PDF", 1)


def test_a_wild_resolution_does_not_eat_the_memory() -> None:
    assert max(opened(picture(pdfs.letter(1), 1, dpi=20_000)).size) <= MAX_SIDE_PX


def test_findings_of_the_page_are_framed_in_red_and_those_of_others_are_not() -> None:
    def red(page: int | None) -> int:
        finding = Finding("any", Severity.ERROR, "Befund", page, Box(100, 200, 120, 210))
        image = opened(picture_with_findings(pdfs.letter(2), 2, [finding], dpi=72)).convert("RGB")
        left, right = round(99 * 72 / 25.4), round(121 * 72 / 25.4)
        frame = image.crop((left, round(199 * 72 / 25.4), right, round(211 * 72 / 25.4)))
        pixels = frame.tobytes()
        return sum(r > g + 60 for r, g in zip(pixels[0::3], pixels[1::3], strict=True))

    assert red(2) > 100
    assert red(1) == red(None) == 0
