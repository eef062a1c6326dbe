"""Preflight on small real PDFs, grouped by the finding they must produce."""

import io
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from gateway.domain.findings import Severity
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import DocumentInvalid
from gateway.ports.renderer import PreflightReport
from gateway.providers.profiles import load_profile, profile_names
from gateway.rendering.preflight import preflight
from gateway.rendering.window import same_address
from tests.rendering import pdfs

EPOST = load_profile("epost")


def check(pdf: bytes, address: tuple[str, ...] | None = pdfs.ADDRESS) -> PreflightReport:
    return preflight(pdf, EPOST, address)


def codes(pdf: bytes, address: tuple[str, ...] | None = pdfs.ADDRESS) -> set[str]:
    return {finding.code for finding in check(pdf, address).findings}


# What is good


def test_a_good_letter_has_no_findings_and_shows_its_address() -> None:
    report = check(pdfs.letter(3))
    assert report.findings == []
    assert report.pages == 3
    assert report.address == list(pdfs.ADDRESS)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_media_that_lie_turned_and_are_turned_upright_are_judged_as_seen(degrees: int) -> None:
    report = check(pdfs.turned(pdfs.letter(2), degrees))
    assert report.findings == []
    assert report.address == list(pdfs.ADDRESS)


def test_a_media_box_that_does_not_start_at_zero_changes_nothing() -> None:
    report = check(pdfs.moved(pdfs.letter(2), 123.4, -56.7))
    assert report.findings == []
    assert report.address == list(pdfs.ADDRESS)


def test_what_lies_outside_the_crop_box_is_not_on_the_page() -> None:
    assert codes(pdfs.cropped(pdfs.letter(2), 30)) == set()


def test_white_and_empty_things_are_nothing() -> None:
    def white(canvas: Canvas) -> None:
        pdfs.rectangle(canvas, [0, 0, 12, 297], grey=1)
        pdfs.rectangle(canvas, [150, 250, 210, 297], grey=1)
        pdfs.rectangle(canvas, [20, 52, 108, 68], grey=1)
        pdfs.text(canvas, 5, 150, "   ")

    assert codes(pdfs.letter(1, extra=white)) == set()


def test_a_link_that_leaves_no_trace_on_paper_is_no_annotation() -> None:
    def link(canvas: Canvas) -> None:
        canvas.linkURL("https://example.org/", (100, 100, 200, 120), thickness=0)

    pdf = pdfs.letter(1, extra=link)
    assert b"/Link" in pdf
    assert codes(pdf) == set()


# Pages


def test_a_page_that_is_not_a4_is_named_with_its_size() -> None:
    report = check(pdfs.pdf(pdfs.following_page, size=(612, 792)))
    assert [(finding.code, finding.page) for finding in report.findings] == [("page-not-a4", 1)]
    assert "216 × 279 mm" in report.findings[0].message


def test_a_user_unit_makes_another_size_of_a4() -> None:
    def doubled(document: pikepdf.Pdf) -> None:
        document.pages[0].obj.UserUnit = 2

    assert codes(pdfs.changed(pdfs.letter(1), doubled)) == {"page-not-a4"}


def test_a_landscape_page_is_found() -> None:
    assert codes(pdfs.pdf(pdfs.following_page, size=(pdfs.A4[1], pdfs.A4[0]))) == {"page-not-portrait"}


def test_an_upright_page_that_is_turned_to_landscape_is_found() -> None:
    def turn(document: pikepdf.Pdf) -> None:
        document.pages[0].rotate(90, relative=False)

    assert codes(pdfs.changed(pdfs.letter(1), turn)) == {"page-not-portrait"}


def test_too_many_pages_for_both_sides_are_an_error_and_for_one_side_a_warning() -> None:
    def found(pages: int) -> list[tuple[str, Severity]]:
        report = preflight(pdfs.letter(pages), replace(EPOST, max_sheets=2), None)
        return [(finding.code, finding.severity) for finding in report.findings]

    assert found(2) == []
    assert found(3) == [("duplex-required", Severity.WARNING)]
    assert found(4) == [("duplex-required", Severity.WARNING)]
    assert found(5) == [("too-many-sheets", Severity.ERROR)]


def test_a_file_above_the_limit_is_too_large() -> None:
    pdf = pdfs.letter(1)
    exact, below = replace(EPOST, max_bytes=len(pdf)), replace(EPOST, max_bytes=len(pdf) - 1)
    assert preflight(pdf, exact, None).findings == []
    assert [finding.code for finding in preflight(pdf, below, None).findings] == ["pdf-too-large"]


# Fonts and characters


def test_a_font_that_is_not_embedded_is_named() -> None:
    def helvetica(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        canvas.drawString(100, 300, "Guten Tag")

    report = check(pdfs.letter(2, extra=helvetica, on_page=2))
    assert [(finding.code, finding.page) for finding in report.findings] == [("font-not-embedded", 2)]
    assert "Helvetica" in report.findings[0].message


def test_a_font_that_is_not_embedded_is_found_inside_a_form() -> None:
    def form(canvas: Canvas) -> None:
        canvas.beginForm("nested")
        canvas.setFont("Courier", 10)
        canvas.drawString(0, 0, "Guten Tag")
        canvas.endForm()
        canvas.translate(100, 300)
        canvas.doForm("nested")

    assert codes(pdfs.letter(1, extra=form)) == {"font-not-embedded"}


def test_a_character_without_a_glyph_is_found_where_it_stands() -> None:
    report = check(pdfs.letter(1, extra=lambda canvas: pdfs.text(canvas, 40, 240, "A\U0001f600B", 10)))
    (finding,) = report.findings
    assert finding.code == "character-unprintable"
    assert finding.box is not None
    assert finding.box.x0_mm == pytest.approx(42, abs=1)
    assert finding.box.y1_mm == pytest.approx(240, abs=1)


# What must not be in a PDF for print


def test_annotations_are_found_with_their_place() -> None:
    def note(document: pikepdf.Pdf) -> None:
        square = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Square, Rect=[72, 72, 144, 144], F=4
        )
        document.pages[0].Annots = document.make_indirect(pikepdf.Array([square]))

    (finding,) = check(pdfs.changed(pdfs.letter(1), note)).findings
    assert finding.code == "annotation-present"
    assert finding.box is not None
    assert finding.box.as_list() == [25.4, 246.2, 50.8, 271.6]


def test_a_link_with_a_frame_is_an_annotation() -> None:
    def link(canvas: Canvas) -> None:
        canvas.linkURL("https://example.org/", (100, 100, 200, 120), thickness=1)

    assert "annotation-present" in codes(pdfs.letter(1, extra=link))


def in_name_tree(document: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    names = pikepdf.Dictionary(Names=pikepdf.Array(["a", action]))
    document.Root.Names = pikepdf.Dictionary(JavaScript=names)


def on_opening(document: pikepdf.Pdf) -> None:
    first = pikepdf.Dictionary(S=pikepdf.Name.Named, N=pikepdf.Name.NextPage)
    first.Next = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    document.Root.OpenAction = first


def on_a_page(document: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    document.pages[0].AA = pikepdf.Dictionary(O=action)


@pytest.mark.parametrize("hide", [in_name_tree, on_opening, on_a_page])
def test_scripts_are_found_wherever_they_hide(hide: Callable[[pikepdf.Pdf], None]) -> None:
    assert codes(pdfs.changed(pdfs.letter(1), hide)) == {"javascript-present"}


def test_a_layer_that_is_off_is_found_and_one_that_always_shows_is_not() -> None:
    def layer(document: pikepdf.Pdf, state: str) -> None:
        group = document.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="Entwurf"))
        default = pikepdf.Dictionary({"/ON": pikepdf.Array(), state: pikepdf.Array([group])})
        document.Root.OCProperties = pikepdf.Dictionary(OCGs=pikepdf.Array([group]), D=default)

    assert codes(pdfs.changed(pdfs.letter(1), partial(layer, state="/OFF"))) == {"layers-hidden"}
    assert codes(pdfs.changed(pdfs.letter(1), partial(layer, state="/ON"))) == set()


def test_form_fields_are_found() -> None:
    def field(canvas: Canvas) -> None:
        canvas.acroForm.textfield(name="Name", x=100, y=100, width=100, height=20)

    assert {"form-field-present", "annotation-present"} <= codes(pdfs.letter(1, extra=field))


# Zones


@pytest.mark.parametrize(
    ("box", "page"),
    [
        ([8, 150, 11, 151], 1),
        ([11, 150, 14, 151], 2),
        ([208.5, 20, 210, 21], 2),
        ([100, 0.5, 120, 1.5], 2),
        ([100, 295.5, 120, 296.5], 1),
    ],
)
def test_ink_outside_the_printable_area_is_found(box: list[float], page: int) -> None:
    report = check(pdfs.letter(2, extra=lambda canvas: pdfs.rectangle(canvas, box), on_page=page))
    (finding,) = report.findings
    assert (finding.code, finding.page) == ("content-outside-printable-area", page)
    assert finding.box is not None
    assert finding.box.x0_mm == pytest.approx(box[0], abs=0.4)
    assert finding.box.y1_mm == pytest.approx(box[3], abs=0.4)


def test_ink_that_touches_the_edge_of_the_printable_area_is_inside() -> None:
    def four_edges(canvas: Canvas) -> None:
        for box in ([12, 150, 13, 151], [207, 20, 208, 21], [100, 2, 120, 3], [100, 294, 120, 295]):
            pdfs.rectangle(canvas, box)

    assert codes(pdfs.letter(1, extra=four_edges)) == set()


def test_a_hairline_outside_the_printable_area_is_found() -> None:
    def line(canvas: Canvas) -> None:
        canvas.setLineWidth(0.1)
        canvas.setStrokeGray(0.5)
        canvas.line(10, 420, 20, 420)

    assert codes(pdfs.letter(1, extra=line)) == {"content-outside-printable-area"}


def test_text_outside_the_printable_area_is_found() -> None:
    assert codes(pdfs.letter(2, extra=lambda canvas: pdfs.text(canvas, 5, 200, "i"), on_page=2)) == {
        "content-outside-printable-area"
    }


@pytest.mark.parametrize(
    ("box", "code"),
    [
        ([60, 60, 70, 61], "franking-band-not-free"),
        ([30, 47, 31, 48], "return-code-zone-not-free"),
        ([200, 285, 201, 286], "sheet-code-zone-not-free"),
        ([30, 100, 60, 103], "content-in-window-leak-area"),
        ([109, 80, 109.5, 81], "content-in-window-leak-area"),
    ],
)
def test_each_zone_of_page_one_must_be_free(box: list[float], code: str) -> None:
    assert codes(pdfs.letter(1, extra=lambda canvas: pdfs.rectangle(canvas, box))) == {code}


def test_on_later_pages_only_the_place_of_the_sheet_code_must_be_free() -> None:
    def all_zones(canvas: Canvas) -> None:
        for box in ([60, 60, 70, 61], [30, 47, 31, 48], [30, 100, 60, 103], [200, 285, 201, 286]):
            pdfs.rectangle(canvas, box)

    assert codes(pdfs.letter(2, extra=all_zones, on_page=2)) == {"sheet-code-zone-not-free"}


# The address


def test_a_letter_without_an_address_is_found() -> None:
    report = check(pdfs.letter(1, address=lambda canvas: None))
    assert [finding.code for finding in report.findings] == ["address-missing"]
    assert report.address == []


def test_another_address_is_found_and_not_repeated_in_the_message() -> None:
    (finding,) = check(pdfs.letter(1), ("Herrn", *pdfs.ADDRESS[1:])).findings
    assert finding.code == "address-differs"
    assert not any(word in finding.message for line in pdfs.ADDRESS for word in line.split() if len(word) > 4)


def test_one_wrong_letter_and_one_missing_line_are_differences() -> None:
    assert codes(pdfs.letter(1), (*pdfs.ADDRESS[:4], "01234 Odheim")) == {"address-differs"}
    assert codes(pdfs.letter(1), pdfs.ADDRESS[:4]) == {"address-differs"}
    assert codes(pdfs.letter(1), (*pdfs.ADDRESS, "NIEDERLANDE")) == {"address-differs"}


def test_the_address_is_read_by_position_not_in_drawing_order() -> None:
    def backwards(canvas: Canvas) -> None:
        for index, line in reversed(list(enumerate(pdfs.ADDRESS))):
            x_mm = 25.0
            placed = []
            for word in line.split():
                placed.append((x_mm, word))
                x_mm += canvas.stringWidth(word + " ", pdfs.font(), 9) / pdfs.MM
            for x, word in reversed(placed):
                pdfs.text(canvas, x, 73 + 3.8 * index, word)

    report = check(pdfs.letter(1, address=backwards))
    assert report.address == list(pdfs.ADDRESS)
    assert report.findings == []


def test_an_information_block_beside_the_address_does_not_belong_to_it() -> None:
    def info(canvas: Canvas) -> None:
        for index, words in enumerate(["Unser Zeichen: 50.1 Üb", "Telefon: 02861 0000", "Zimmer 101"]):
            pdfs.text(canvas, 125, 73 + 3.8 * index, words)

    report = check(pdfs.letter(1, extra=info))
    assert report.address == list(pdfs.ADDRESS)
    assert report.findings == []


words = st.text("AVTLWYPfjrtil1.,-'/()äÜßŁřğąĐÅ0Mm", min_size=1, max_size=9)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(words, min_size=1, max_size=2).map(" ".join), min_size=1, max_size=5))
def test_whatever_stands_in_the_window_is_read_as_it_was_written(written: list[str]) -> None:
    report = check(pdfs.letter(1, address=lambda canvas: pdfs.address_block(canvas, written)), tuple(written))
    assert report.address == written
    assert report.findings == []


def test_decomposed_umlauts_are_read_composed() -> None:
    report = check(
        pdfs.letter(1, address=lambda canvas: pdfs.address_block(canvas, ["O\u0308dheim", "Bu\u0308ro"])),
        ("Ödheim", "Büro"),
    )
    assert report.address == ["Ödheim", "Büro"]
    assert "address-differs" not in {finding.code for finding in report.findings}


def test_a_long_name_may_wrap_at_a_hyphen_or_a_space() -> None:
    shown = ["Frau Anna-Katharina", "Überschwanger-", "Hinterhuber", "Ährenweg 7", "01234 Ödheim"]
    record = ("Frau Anna-Katharina Überschwanger-Hinterhuber", "Ährenweg 7", "01234 Ödheim")
    report = check(pdfs.letter(1, address=lambda canvas: pdfs.address_block(canvas, shown)), record)
    assert report.findings == []
    assert report.address == shown


@pytest.mark.parametrize(
    ("expected", "shown", "same"),
    [
        (["A B", "C"], ["A", "B", "C"], True),
        (["A-B", "C"], ["A-", "B", "C"], True),
        (["A B", "C"], ["A B C"], False),
        (["A B"], ["AB"], False),
        (["AB"], ["A", "B"], False),
        (["A"], ["A", "B"], False),
        (["A", "B"], ["A"], False),
        (["A  B", ""], ["A\u00a0B"], True),
    ],
)
def test_lines_may_wrap_but_never_merge(expected: list[str], shown: list[str], same: bool) -> None:
    assert same_address(expected, shown) is same


def test_a_line_that_leaves_the_zone_is_found() -> None:
    wide = ["Frau", "Annamaria Überschwanger-Hinterhuber-Oberniederleitner-Zwischenbrücken", "01234 Ödheim"]
    low = [f"Zeile {number}" for number in range(1, 7)]
    assert "address-outside-zone" in codes(
        pdfs.letter(1, address=lambda canvas: pdfs.address_block(canvas, wide)), None
    )
    assert "address-outside-zone" in codes(
        pdfs.letter(1, address=lambda canvas: pdfs.address_block(canvas, low, first_baseline_mm=71.0)), None
    )


def clipped_above(cap_height_mm: float) -> pdfs.Draw:
    """The last line cut `cap_height_mm` above its baseline, as CSS with a tight line box and hidden overflow does."""

    def draw(canvas: Canvas) -> None:
        pdfs.address_block(canvas, pdfs.ADDRESS[:4])
        baseline = 73 + 4 * 3.8
        canvas.saveState()
        path = canvas.beginPath()
        path.rect(20 * pdfs.MM, (297 - baseline - 1) * pdfs.MM, 80 * pdfs.MM, (1 + cap_height_mm) * pdfs.MM)
        canvas.clipPath(path, stroke=0)
        pdfs.text(canvas, 25, baseline, pdfs.ADDRESS[4])
        canvas.restoreState()

    return draw


def test_dots_of_an_umlaut_that_clipping_cut_off_are_found_though_the_text_is_right() -> None:
    report = check(pdfs.letter(1, address=clipped_above(2.3)))
    assert report.address == list(pdfs.ADDRESS)
    (finding,) = report.findings
    assert finding.code == "address-clipped"
    assert finding.box is not None
    assert finding.box.x0_mm == pytest.approx(34.7, abs=1.5)
    assert finding.box.x1_mm - finding.box.x0_mm < 3


def test_a_clip_that_cuts_nothing_is_fine() -> None:
    assert codes(pdfs.letter(1, address=clipped_above(3.2))) == set()


def test_an_address_half_covered_by_white_is_clipped() -> None:
    def cover(canvas: Canvas) -> None:
        pdfs.rectangle(canvas, [24, 73.6, 60, 75.4], grey=1)

    assert codes(pdfs.letter(1, extra=cover)) == {"address-clipped"}


def test_white_text_in_the_window_is_not_visible() -> None:
    def white(canvas: Canvas) -> None:
        pdfs.address_block(canvas, pdfs.ADDRESS[:4])
        canvas.setFillGray(1)
        pdfs.text(canvas, 25, 73 + 4 * 3.8, pdfs.ADDRESS[4])
        canvas.setFillGray(0)

    assert codes(pdfs.letter(1, address=white)) == {"address-not-visible"}


def test_hidden_text_in_the_window_is_not_visible_even_above_a_picture() -> None:
    def hidden(canvas: Canvas) -> None:
        for index, words in enumerate(pdfs.ADDRESS):
            line = canvas.beginText(25 * pdfs.MM, (297 - 73 - 3.8 * index) * pdfs.MM)
            line.setTextRenderMode(3)
            line.setFont(pdfs.font(), 9)
            line.textOut(words)
            canvas.drawText(line)
        pdfs.rectangle(canvas, [25, 70, 60, 89])

    report = check(pdfs.letter(1, address=hidden))
    assert {finding.code for finding in report.findings} == {"address-not-visible"}


# Overprinting


def stroke(y_mm: float, *, grey: float, width_mm: float = 0.15) -> pdfs.Draw:
    """A line right through the address at this height."""
    return lambda canvas: pdfs.rectangle(canvas, [24, y_mm, 60, y_mm + width_mm], grey=grey)


@pytest.mark.parametrize("width_mm", [0.1, 0.5])
def test_a_white_stroke_through_the_middle_of_the_letters_is_found(width_mm: float) -> None:
    report = check(pdfs.letter(1, extra=stroke(79.2, grey=1, width_mm=width_mm)))
    assert [finding.code for finding in report.findings] == ["address-clipped"]
    assert report.address == list(pdfs.ADDRESS)


@pytest.mark.parametrize("grey", [0, 0.5])
def test_a_line_through_the_address_is_found(grey: float) -> None:
    found = codes(pdfs.letter(1, extra=stroke(79.2, grey=grey)))
    assert "address-overprinted" in found


def test_a_picture_over_the_address_is_found() -> None:
    noise = Image.effect_noise((300, 100), 200)

    def stamp(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(noise), 40 * pdfs.MM, (297 - 82) * pdfs.MM, 30 * pdfs.MM, 8 * pdfs.MM)

    assert {"address-overprinted", "address-clipped"} & codes(pdfs.letter(1, extra=stamp))


def test_one_address_printed_over_another_is_found_without_an_address_on_record() -> None:
    def both(canvas: Canvas) -> None:
        pdfs.address_block(canvas)
        pdfs.address_block(canvas, [line.swapcase() for line in pdfs.ADDRESS])

    assert "address-overprinted" in codes(pdfs.letter(1, address=both), None)


def test_ink_beside_the_address_in_its_zone_is_found() -> None:
    mark = pdfs.letter(1, extra=lambda canvas: pdfs.rectangle(canvas, [80, 75, 86, 81]))
    assert codes(mark) == {"address-zone-not-clean"}


@pytest.mark.parametrize("grey", [0.0, 0.3, 0.55])
def test_an_address_in_grey_is_neither_cut_nor_overprinted(grey: float) -> None:
    def in_grey(canvas: Canvas) -> None:
        canvas.setFillGray(grey)
        pdfs.address_block(canvas)
        canvas.setFillGray(0)

    assert codes(pdfs.letter(1, address=in_grey)) == set()


def test_an_address_inside_a_form_is_compared_too() -> None:
    def form(canvas: Canvas) -> None:
        canvas.beginForm("address")
        pdfs.address_block(canvas)
        pdfs.rectangle(canvas, [24, 79.2, 60, 79.35], grey=1)
        canvas.endForm()
        canvas.doForm("address")

    assert codes(pdfs.letter(1, address=form)) == {"address-clipped"}


# What every envelope shows


def in_c4(lines: int, profile: PrintProfile = EPOST) -> set[str]:
    """The findings of a letter of nine sheets."""
    address = tuple(pdfs.ADDRESS[-lines:])
    pdf = pdfs.letter(17, address=lambda canvas: pdfs.address_block(canvas, address, first_baseline_mm=72.3))
    return {finding.code for finding in preflight(pdf, profile, address).findings}


def test_five_lines_are_not_always_visible_in_c4_and_the_finding_says_what_to_do() -> None:
    assert in_c4(4) == set()
    assert in_c4(5) == {"address-not-always-visible"}
    report = check(pdfs.letter(17))
    (finding,) = report.findings
    assert "C4" in finding.message
    assert "Deckblatt" in finding.message
    assert finding.severity is Severity.ERROR
    assert codes(pdfs.letter(16)) == set()


def test_a_line_wider_than_every_position_shows_is_found() -> None:
    wide = ("Frau", "Annamaria Überschwanger-Hinterhuber-Oberhuberin", "01234 Ödheim")
    assert codes(pdfs.letter(1, address=lambda canvas: pdfs.address_block(canvas, wide)), wide) == {
        "address-not-always-visible"
    }


def test_a_safety_margin_makes_the_window_smaller() -> None:
    report = preflight(pdfs.letter(1), replace(EPOST, address_safety_mm=3), pdfs.ADDRESS)
    assert [finding.code for finding in report.findings] == ["address-not-always-visible"]


def test_personal_text_below_the_address_could_show_in_c4_even_if_the_letter_alone_would_not_need_it() -> None:
    def subject(canvas: Canvas) -> None:
        pdfs.text(canvas, 25, 113, "Versagung von Leistungen nach dem SGB II", 11)

    assert codes(pdfs.letter(1, extra=subject)) == {"content-in-window-leak-area"}


# Pictures and transparency


def picture(pixels: int, side_mm: float, mode: str = "L") -> pdfs.Draw:
    """A picture of a chequerboard, so many pixels on so many millimetres."""
    board = Image.new(mode, (pixels, pixels), 200 if mode == "L" else (200, 200, 200, 128))

    def draw(canvas: Canvas) -> None:
        size = side_mm * pdfs.MM
        canvas.drawImage(ImageReader(board), 60 * pdfs.MM, 60 * pdfs.MM, size, size, mask="auto")

    return draw


@pytest.mark.parametrize(
    ("pixels", "found"),
    [(100, {"image-resolution-low"}), (240, set()), (900, set()), (1200, {"image-resolution-high"})],
)
def test_the_resolution_of_pictures_is_judged_on_paper(pixels: int, found: set[str]) -> None:
    report = check(pdfs.letter(2, extra=picture(pixels, 40), on_page=2))
    assert {finding.code for finding in report.findings} == found
    for finding in report.findings:
        assert (finding.severity, finding.page) == (Severity.WARNING, 2)
        assert finding.box is not None
        assert finding.box.as_list() == pytest.approx([60, 197, 100, 237], abs=0.2)


def test_the_resolution_of_a_picture_in_a_form_that_is_drawn_larger_is_judged_on_paper() -> None:
    def form(canvas: Canvas) -> None:
        canvas.beginForm("nested")
        picture(240, 20)(canvas)
        canvas.endForm()
        canvas.scale(3, 3)
        canvas.translate(-40 * pdfs.MM, -40 * pdfs.MM)
        canvas.doForm("nested")

    (finding,) = check(pdfs.letter(2, extra=form, on_page=2)).findings
    assert finding.code == "image-resolution-low"
    assert "102 dpi" in finding.message


def test_small_and_white_pictures_are_no_reason_to_look() -> None:
    assert codes(pdfs.letter(2, extra=picture(5, 6), on_page=2)) == set()


def faded(canvas: Canvas) -> None:
    canvas.setFillAlpha(0.5)
    pdfs.rectangle(canvas, [60, 150, 80, 160])


@pytest.mark.parametrize("see_through", [faded, picture(300, 30, "RGBA")], ids=["alpha", "soft mask"])
def test_transparency_is_refused_where_the_providers_format_has_none(see_through: pdfs.Draw) -> None:
    pdf = pdfs.letter(2, extra=see_through, on_page=2)
    (finding,) = check(pdf).findings
    assert (finding.code, finding.page, finding.severity) == ("transparency-forbidden", 2, Severity.ERROR)
    assert preflight(pdf, replace(EPOST, allows_transparency=True), pdfs.ADDRESS).findings == []


def test_transparency_hidden_in_a_form_is_found() -> None:
    def form(canvas: Canvas) -> None:
        canvas.beginForm("nested")
        picture(300, 30, "RGBA")(canvas)
        canvas.endForm()
        canvas.doForm("nested")

    assert codes(pdfs.letter(2, extra=form, on_page=2)) == {"transparency-forbidden"}


def test_the_transparency_group_of_a_word_processor_alone_lets_nothing_through() -> None:
    def group(document: pikepdf.Pdf) -> None:
        for page in document.pages:
            page.obj.Group = pikepdf.Dictionary(S=pikepdf.Name.Transparency, CS=pikepdf.Name.DeviceRGB)

    assert codes(pdfs.changed(pdfs.letter(1), group)) == set()


def test_a_jpeg_2000_picture_is_refused_where_the_print_copy_must_be_pdf_a_1() -> None:
    packed = io.BytesIO()
    Image.effect_noise((400, 400), 60).save(packed, "JPEG2000")

    def repack(document: pikepdf.Pdf) -> None:
        (image,) = (each for each in document.pages[1].obj.Resources.XObject.values())
        image.write(packed.getvalue(), filter=pikepdf.Name.JPXDecode)

    pdf = pdfs.changed(pdfs.letter(2, extra=picture(400, 40), on_page=2), repack)
    assert "picture-format-forbidden" in codes(pdf)
    assert "picture-format-forbidden" not in {
        finding.code for finding in preflight(pdf, replace(EPOST, pdf_a=None), pdfs.ADDRESS).findings
    }


# Every provider


@pytest.mark.parametrize("name", profile_names())
def test_a_good_letter_is_good_for_every_provider(name: str) -> None:
    four = pdfs.ADDRESS[:1] + pdfs.ADDRESS[2:]
    pdf = pdfs.letter(3, address=lambda canvas: pdfs.address_block(canvas, four))
    report = preflight(pdf, load_profile(name), four)
    assert (report.findings, report.address) == ([], list(four))


# What is no PDF


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"PK\x03\x04 no PDF at all", bytes(range(256)) * 40])
def test_what_is_not_a_pdf_is_refused(content: bytes) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        check(content)
    assert refused.value.code == "pdf-unreadable"


def cut_off(packed: bytes) -> bytes:
    return packed[: len(packed) // 2]


def garbled(packed: bytes) -> bytes:
    return bytes(255 - byte if place >= len(packed) // 2 else byte for place, byte in enumerate(packed))


@pytest.mark.parametrize("damage", [cut_off, garbled])
def test_a_page_whose_content_is_damaged_is_refused_not_half_printed(damage: Callable[[bytes], bytes]) -> None:
    def spoil(document: pikepdf.Pdf) -> None:
        content = document.pages[1].obj.Contents
        content.write(damage(zlib.compress(content.read_bytes())), filter=pikepdf.Name.FlateDecode)

    with pytest.raises(DocumentInvalid) as refused:
        check(pdfs.changed(pdfs.letter(2), spoil))
    assert refused.value.code == "pdf-unreadable"


@pytest.mark.parametrize("password", ["", "geheim"])
def test_an_encrypted_pdf_is_refused(password: str) -> None:
    pdf = pdfs.changed(
        pdfs.letter(1), lambda document: None, encryption=pikepdf.Encryption(owner="o", user=password)
    )
    with pytest.raises(DocumentInvalid) as refused:
        check(pdf)
    assert refused.value.code == "pdf-encrypted"


def test_a_pdf_without_pages_is_refused() -> None:
    target = io.BytesIO()
    with pikepdf.new() as empty:
        empty.save(target)
    with pytest.raises(DocumentInvalid):
        check(target.getvalue())


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1), st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=4))
def test_damaged_bytes_are_refused_or_reported_and_nothing_else(
    cut: float, damage: list[tuple[float, bytes]]
) -> None:
    content = bytearray(pdfs.letter(1))
    for place, noise in damage:
        start = int(place * (len(content) - len(noise)))
        content[start : start + len(noise)] = noise
    keep = len(content) if cut > 0.5 else int(2 * cut * len(content))
    with suppress(DocumentInvalid):
        check(bytes(content[:keep]))
