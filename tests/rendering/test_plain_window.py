"""The short cut of the window: where only black text is drawn, its picture is the picture of the text alone."""

import pikepdf
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from gateway.domain.findings import Box
from gateway.rendering import reading
from tests.rendering import letters, pdfs

WINDOW = Box(22, 62, 109, 95)


def is_plain(pdf: bytes) -> bool:
    with reading.read(pdf) as document:
        return document.page(1).shows_only_black_text(WINDOW)


def with_more(draw: pdfs.Draw) -> bytes:
    def address(canvas: Canvas) -> None:
        pdfs.address_block(canvas)
        draw(canvas)

    return pdfs.letter(address=address)


def test_in_a_window_of_black_text_the_text_alone_looks_the_same() -> None:
    with reading.read(letters.sample_pdf("bewilligungsbescheid")) as document:
        page = document.page(1)
        assert page.shows_only_black_text(WINDOW)
        ink, alone = page.ink_in(WINDOW, 300), page.ink_of_text_alone(WINDOW, 300)
    assert ink._image.tobytes() == alone._image.tobytes()


def test_what_stands_far_away_does_not_matter() -> None:
    assert is_plain(with_more(lambda canvas: pdfs.rectangle(canvas, (20, 200, 60, 220))))


@pytest.mark.parametrize("grey", [0.0, 1.0])
@pytest.mark.parametrize("box", [(30, 75, 40, 76), (20, 61, 21, 62), (0, 0, 210, 297)])
def test_any_drawing_near_it_takes_the_long_way(box: tuple[float, float, float, float], grey: float) -> None:
    assert not is_plain(with_more(lambda canvas: pdfs.rectangle(canvas, box, grey=grey)))


def test_a_picture_takes_the_long_way() -> None:
    def draw(canvas: Canvas) -> None:
        white = ImageReader(Image.new("L", (8, 8), 255))
        canvas.drawImage(white, 30 * pdfs.MM, 220 * pdfs.MM, 20 * pdfs.MM, 5 * pdfs.MM)

    assert not is_plain(with_more(draw))


@pytest.mark.parametrize("setting", ["1 g", "0.01 g", "1 0 0 rg", "3 Tr", "1 Tr", "7 Tr"])
def test_text_that_is_not_plainly_black_takes_the_long_way(setting: str) -> None:
    def draw(canvas: Canvas) -> None:
        pdfs.text(canvas, 70, 80, "")
        written = canvas.beginText(70 * pdfs.MM, (297 - 80) * pdfs.MM)
        written.setFont(pdfs.font(), 9)
        written._code.append(setting)  # type: ignore[attr-defined]
        written.textOut("hidden")
        canvas.drawText(written)

    assert not is_plain(with_more(draw))


def test_a_form_takes_the_long_way() -> None:
    def put_into_form(document: pikepdf.Pdf) -> None:
        page = document.pages[0]
        form = document.make_stream(page.Contents.read_bytes())
        form.update({"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Form, "/BBox": page.MediaBox})
        form.Resources = page.Resources
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Whole=form))
        page.Contents = document.make_stream(b"/Whole Do")

    assert not is_plain(pdfs.changed(pdfs.letter(), put_into_form))


def test_an_annotation_takes_the_long_way() -> None:
    def note(document: pikepdf.Pdf) -> None:
        rect = [100, 600, 150, 620]
        mark = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Square, Rect=rect)
        document.pages[0].Annots = pikepdf.Array([document.make_indirect(mark)])

    assert is_plain(pdfs.letter())
    assert not is_plain(pdfs.changed(pdfs.letter(), note))
