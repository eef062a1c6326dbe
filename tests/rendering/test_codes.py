"""DataMatrix codes: what is drawn is what a reader reads, from vectors, scans and turned pages."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from gateway.domain.findings import Box
from gateway.domain.references import SheetCode, encode_reply_code, reference_from
from gateway.errors import DocumentInvalid
from gateway.rendering import codes, reading
from tests.bench.recognition import paper
from tests.rendering import pdfs

references = st.integers(0, 2**35 - 1).map(reference_from)


def picture_of(modules: list[list[bool]], scale: int = 4, quiet: int = 2) -> Image.Image:
    size = len(modules) + 2 * quiet
    image = Image.new("L", (size, size), 255)
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            image.putpixel((x + quiet, y + quiet), 0 if dark else 255)
    return image.resize((size * scale, size * scale), Image.Resampling.NEAREST)


def draw_code(text: str, x_mm: float, y_mm: float, module_mm: float = 0.5) -> pdfs.Draw:
    def draw(canvas: Canvas) -> None:
        for row, column, length in codes.dark_runs(codes.datamatrix_modules(text)):
            x, y = x_mm + column * module_mm, y_mm + row * module_mm
            pdfs.rectangle(canvas, [x, y, x + length * module_mm, y + module_mm])

    return draw


@given(references, st.integers(1, 9999), st.integers(0, 9998))
def test_every_sheet_code_is_read_back_and_has_the_same_size(piece: str, sheet: int, more: int) -> None:
    text = SheetCode(piece, sheet, min(9999, sheet + more)).encode()
    modules = codes.datamatrix_modules(text, codes.SHEET_CODE_VERSION)
    assert len(modules) == len(modules[0]) == 18
    assert [found for found, _ in codes.read_image(picture_of(modules))] == [text]


@given(references)
def test_every_reply_code_is_square_and_read_back(letter: str) -> None:
    text = encode_reply_code(letter)
    modules = codes.datamatrix_modules(text)
    assert all(len(row) == len(modules) for row in modules)
    assert [found for found, _ in codes.read_image(picture_of(modules))] == [text]


def test_a_symbol_too_small_for_its_text_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        codes.datamatrix_modules("X" * 60, version=1)


def test_runs_cover_exactly_the_dark_modules() -> None:
    modules = codes.datamatrix_modules("R7K4M9QXZ")
    covered = {
        (row, column + step) for row, column, length in codes.dark_runs(modules) for step in range(length)
    }
    assert covered == {(y, x) for y, row in enumerate(modules) for x, dark in enumerate(row) if dark}


def test_the_svg_has_the_size_asked_for_with_its_quiet_zone() -> None:
    svg = codes.datamatrix_svg("R7K4M9QXZ", 0.5)
    modules = len(codes.datamatrix_modules("R7K4M9QXZ"))
    assert f'width="{(modules + 2) * 0.5:g}mm"' in svg
    assert svg.count("M") == len(codes.dark_runs(codes.datamatrix_modules("R7K4M9QXZ")))


def test_codes_are_found_on_their_pages_with_their_place() -> None:
    pdf = pdfs.pdf(draw_code("ONE", 20, 30), pdfs.following_page, draw_code("THREE", 150, 200))
    first, third = codes.read_codes(pdf)
    assert (first.page, first.text, third.page, third.text) == (1, "ONE", 3, "THREE")
    assert first.box.x0_mm == pytest.approx(20, abs=0.3)
    assert third.box.y0_mm == pytest.approx(200, abs=0.3)
    assert codes.page_codes(pdf) == [(1, "ONE"), (3, "THREE")]


def test_only_the_pages_and_the_box_asked_for_are_read() -> None:
    pdf = pdfs.pdf(draw_code("ONE", 20, 30), draw_code("TWO", 20, 30), draw_code("THREE", 150, 200))
    assert [code.text for code in codes.read_codes(pdf, pages=[2, 3])] == ["TWO", "THREE"]
    (only,) = codes.read_codes(pdf, box=Box(140, 190, 170, 220))
    assert only.text == "THREE"
    assert only.box.x0_mm == pytest.approx(150, abs=0.3)


@pytest.mark.parametrize("angle", [0, 2.5, 90, 180, 271, 33])
def test_a_code_on_a_scan_is_read_whatever_way_the_page_lay(angle: float) -> None:
    with reading.opened(pdfs.pdf(draw_code("R7K4M9QXZ", 90, 140))) as document:
        page = reading.raster(document[0], 200)
    scan = page.rotate(angle, fillcolor=235, expand=False).point([min(255, 20 + level) for level in range(256)])
    jpeg = io.BytesIO()
    scan.save(jpeg, "JPEG", quality=60)
    assert codes.page_codes(pdfs.picture_page(ImageReader(jpeg))) == [(1, "R7K4M9QXZ")]


@pytest.mark.parametrize("number", [23, 31, 41])
def test_a_coarse_and_noisy_scan_is_read_at_the_second_look(number: int) -> None:
    made = paper(number, dpi=150, condition="poor")
    with reading.opened(made.scanned) as document:
        once = codes.read_image(reading.raster(document[0], codes.READ_DPI))
    assert (once, codes.page_codes(made.scanned)) == ([], [(1, made.truth)])


@pytest.mark.parametrize("condition", ["faded", "fax"])
def test_faded_paper_and_a_fax_are_read(condition: str) -> None:
    for number in range(4):
        made = paper(number, dpi=200, condition=condition)
        assert codes.page_codes(made.scanned) == [(1, made.truth)]


def test_all_codes_of_a_page_are_seen_top_down_and_each_once() -> None:
    def four(canvas: Canvas) -> None:
        for text, x_mm, y_mm in (
            ("SECOND", 20, 130),
            ("FIRST", 150, 30),
            ("THIRD", 20, 200),
            ("SECOND", 150, 250),
        ):
            draw_code(text, x_mm, y_mm)(canvas)

    assert codes.page_codes(pdfs.pdf(four)) == [(1, "FIRST"), (1, "SECOND"), (1, "THIRD")]


def test_what_is_no_pdf_has_no_codes_but_an_error() -> None:
    with pytest.raises(DocumentInvalid) as refused:
        codes.page_codes(b"no PDF")
    assert refused.value.code == "pdf-unreadable"
