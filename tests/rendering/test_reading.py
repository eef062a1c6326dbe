"""Reading: sizes, characters, fonts and ink, in millimetres as the page is seen."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from gateway.domain.findings import Box
from gateway.providers.profiles import load_profile
from gateway.rendering import reading
from gateway.rendering.ink import Ink
from gateway.rendering.pictures import picture
from gateway.rendering.preflight import preflight
from tests.rendering import letters, pdfs

PAGE = Box(0, 0, 210, 297)


def as_text(page: reading.PageReading, zone: Box) -> str:
    return "".join(chr(character.code_point) for character in page.characters(zone))


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_characters_stand_where_they_are_seen(degrees: int) -> None:
    pdf = pdfs.pdf(lambda canvas: pdfs.text(canvas, 50, 100, "Höhe", 20))
    with reading.read(pdfs.turned(pdf, degrees) if degrees else pdf) as document:
        page = document.page(1)
        assert (round(page.width_mm), round(page.height_mm)) == (210, 297)
        characters = page.characters(PAGE)
    assert "".join(chr(each.code_point) for each in characters) == "Höhe"
    assert characters[0].x_mm == pytest.approx(50, abs=0.01)
    assert {round(each.baseline_mm, 1) for each in characters} == {100.0}
    assert characters[0].box.y1_mm == pytest.approx(100, abs=0.05)
    assert characters[0].box.y0_mm == pytest.approx(100 - 0.714 * 20 * 25.4 / 72, abs=0.05)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_page_narrowed_to_the_window_says_the_same_there_and_little_more(degrees: int) -> None:
    letter = letters.sample_pdf("bewilligungsbescheid")
    pdf = pdfs.turned(letter, degrees) if degrees else letter
    zone = Box(0, 45, 122, 114)
    with reading.read(pdf) as document:
        whole, narrowed = document.page(1), document.page(1)
        narrowed.narrow_to(zone)
        assert narrowed.characters(zone) == whole.characters(zone) != []
        assert len(narrowed.characters(PAGE)) < len(whole.characters(PAGE)) / 4


def test_the_ink_of_a_glyph_is_its_box() -> None:
    with reading.read(pdfs.pdf(lambda canvas: pdfs.text(canvas, 50, 100, "Ü", 20))) as document:
        page = document.page(1)
        (glyph,) = page.characters(PAGE)
        ink = page.ink_in(Box(45, 85, 65, 105), 300).bounds(PAGE)
    assert ink is not None
    for edge in ("x0_mm", "y0_mm", "x1_mm", "y1_mm"):
        assert getattr(ink, edge) == pytest.approx(getattr(glyph.box, edge), abs=0.1)


def test_a_hyphen_at_the_end_of_a_line_is_read_as_a_hyphen() -> None:
    def wrapped(canvas: Canvas) -> None:
        pdfs.text(canvas, 50, 100, "Ober-")
        pdfs.text(canvas, 50, 104, "meier")

    with reading.read(pdfs.pdf(wrapped)) as document:
        assert as_text(document.page(1), PAGE) == "Ober-meier"


def test_fonts_are_named_once_a_page_with_their_embedding() -> None:
    def both(canvas: Canvas) -> None:
        pdfs.following_page(canvas)
        canvas.setFont("Times-Roman", 9)
        canvas.drawString(100, 100, "eins")
        canvas.drawString(100, 120, "zwei")

    with reading.read(pdfs.pdf(both)) as document:
        fonts = document.page(1).fonts
    assert sorted((font.name == "Times-Roman", font.embedded) for font in fonts) == [
        (False, True),
        (True, False),
    ]


def test_ink_is_found_to_the_pixel_and_blanks_are_left_out() -> None:
    image = Image.new("L", (200, 100), 255)
    image.paste(0, (50, 20, 60, 30))
    image.paste(200, (150, 80, 151, 81))
    ink = Ink(image, (10.0, 20.0), dpi=254)
    assert ink.bounds(Box(10, 20, 30, 30)) == Box(15.0, 22.0, 25.1, 28.1)
    assert ink.bounds(Box(10, 20, 30, 30), Box(15, 22, 16, 23)) == Box(25.0, 28.0, 25.1, 28.1)
    assert ink.bounds(Box(16, 20, 25, 30)) is None
    assert ink.bounds(Box(100, 100, 110, 110)) is None


@pytest.mark.slow
def test_many_threads_may_read_at_once() -> None:
    pdf, profile = pdfs.letter(2), load_profile("epost")
    alone = picture(pdf, 1, 60)

    def work(number: int) -> bool:
        if number % 2:
            return picture(pdf, 1, 60) == alone
        return preflight(pdf, profile, pdfs.ADDRESS).findings == []

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(80)))
