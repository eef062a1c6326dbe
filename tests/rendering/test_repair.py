"""Repairs: what they mend looks the same before and after; what may not come in has a code of its own."""

import io
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from reportlab.pdfgen.canvas import Canvas

from gateway.domain.findings import Box
from gateway.domain.letters.uploads import MAX_UPLOAD_BYTES
from gateway.errors import DocumentInvalid, RenderError
from gateway.providers.profiles import load_profile
from gateway.rendering import enclosing, intake, reading, repair
from gateway.rendering.catalogue import default_templates_dir
from gateway.rendering.local import LocalRenderer
from gateway.rendering.preflight import preflight
from tests.rendering import pdfs

EPOST = load_profile("epost")
PRINT = 4


def codes_of(findings: object) -> list[str]:
    return [finding.code for finding in findings]  # type: ignore[attr-defined]


def errors_in(pdf: bytes, expected: tuple[str, ...] | None = pdfs.ADDRESS) -> list[str]:
    return [each.code for each in preflight(pdf, EPOST, expected).findings if each.severity == "error"]


def annotated(kind: str, flags: int, *, look: bool = False, **more: Array) -> bytes:
    """A letter with one annotation in the middle of its page; `look` gives it a black square to show."""

    def change(document: pikepdf.Pdf) -> None:
        annotation = Dictionary(
            Type=Name.Annot, Subtype=Name("/" + kind), Rect=Array([300, 300, 320, 320]), F=flags
        )
        for name, value in more.items():
            annotation[Name("/" + name)] = value
        if look:
            form = document.make_stream(b"0 g 0 0 20 20 re f", Type=Name.XObject, Subtype=Name.Form)
            form.BBox = Array([0, 0, 20, 20])
            annotation.AP = Dictionary(N=form)
        document.pages[0].obj.Annots = Array([document.make_indirect(annotation)])

    return pdfs.changed(pdfs.letter(), change)


def filled_form(*, stale: bool = False) -> bytes:
    """A letter with a field whose look is two bars in a frame."""

    def change(document: pikepdf.Pdf) -> None:
        look = document.make_stream(
            b"0 g 1 w 0.5 0.5 119 19 re S 5 5 30 10 re f 0.5 g 60 5 30 10 re f",
            Type=Name.XObject,
            Subtype=Name.Form,
        )
        look.BBox = Array([0, 0, 120, 20])
        field = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=pikepdf.String("betrag"), F=PRINT
        )
        field.V, field.Rect, field.AP = (
            pikepdf.String("1062,19"),
            Array([300, 300, 420, 320]),
            Dictionary(N=look),
        )
        widget = document.make_indirect(field)
        document.pages[0].obj.Annots = Array([widget])
        document.Root.AcroForm = Dictionary(Fields=Array([widget]), NeedAppearances=stale)

    return pdfs.changed(pdfs.letter(), change)


def typed_form() -> bytes:
    """A form as a common library makes it, in a font that no PDF embeds."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=pdfs.A4, invariant=1, initialFontName=pdfs.font())  # type: ignore[arg-type]
    pdfs.first_page(canvas)
    canvas.acroForm.textfield(name="betrag", value="1062,19", x=300, y=300, width=120, height=20, borderWidth=1)
    canvas.acroForm.checkbox(name="ja", checked=True, x=300, y=260, size=15)
    canvas.save()
    return target.getvalue()


def test_a_good_letter_is_not_touched_at_all() -> None:
    good = pdfs.letter(3)
    mended = repair.repair(good)
    assert (mended.pdf, mended.pages, list(mended.findings)) == (good, 3, [])


@pytest.mark.parametrize(
    "crooked",
    [
        pdfs.turned(pdfs.letter(2), 90),
        pdfs.turned(pdfs.letter(2), 180),
        pdfs.turned(pdfs.letter(2), 270),
        pdfs.moved(pdfs.letter(2), -17.3, 120.7),
        pdfs.cropped(pdfs.letter(2), 30),
    ],
    ids=["turned-90", "turned-180", "turned-270", "moved", "cropped"],
)
def test_a_page_that_lies_crooked_is_put_straight_and_looks_the_same(crooked: bytes) -> None:
    mended = repair.repair(crooked)
    assert codes_of(mended.findings) == ["repaired-page-geometry"] * 2
    with pikepdf.open(io.BytesIO(mended.pdf)) as document:
        for page in document.pages:
            assert [float(edge) for edge in page.mediabox] == pytest.approx([0, 0, *pdfs.A4], abs=0.01)
            assert [float(edge) for edge in page.cropbox] == pytest.approx([0, 0, *pdfs.A4], abs=0.01)
            assert int(page.obj.get("/Rotate", 0)) == 0
    assert repair.same_picture(crooked, mended.pdf)
    assert errors_in(mended.pdf) == []
    assert repair.repair(crooked).pdf == mended.pdf, "the same file gives the same bytes"
    assert repair.repair(mended.pdf).pdf == mended.pdf, "and nothing is left to do"


def test_inherited_boxes_and_rotation_are_mended_too() -> None:
    def hand_up(document: pikepdf.Pdf) -> None:
        page = document.pages[0].obj
        document.Root.Pages.Rotate = page.Rotate
        document.Root.Pages.CropBox = page.MediaBox
        del page.Rotate

    crooked = pdfs.changed(pdfs.turned(pdfs.letter(), 90), hand_up)
    mended = repair.repair(crooked)
    assert codes_of(mended.findings) == ["repaired-page-geometry"]
    assert errors_in(mended.pdf) == []


def test_form_fields_become_part_of_the_page_as_they_print() -> None:
    form = filled_form()
    assert "form-field-present" in errors_in(form)
    mended = repair.repair(form)
    assert codes_of(mended.findings) == ["repaired-form-fields"]
    assert errors_in(mended.pdf) == []
    with reading.read(mended.pdf) as document:
        assert not document.facts.has_form_fields
        page = document.page(1)
        assert page.ink.bounds(Box(104, 183, 120, 190)) is not None, "the field still prints"


def test_what_a_flattened_field_says_in_a_font_of_the_viewer_is_refused() -> None:
    mended = repair.repair(typed_form())
    assert codes_of(mended.findings) == ["repaired-form-fields"]
    assert set(errors_in(mended.pdf)) == {"font-not-embedded"}


def test_fields_that_every_viewer_draws_anew_are_left_alone_and_refused() -> None:
    form = filled_form(stale=True)
    mended = repair.repair(form)
    assert (mended.pdf, list(mended.findings)) == (form, [])
    assert "form-field-present" in errors_in(mended.pdf)


@pytest.mark.parametrize(
    ("kind", "flags", "look", "more"),
    [
        ("Link", 0, False, {}),
        ("Link", PRINT, False, {"Border": Array([0, 0, 0])}),
        ("Text", 0, True, {}),
        ("Stamp", PRINT | 2, True, {}),
        ("Popup", 0, False, {}),
    ],
)
def test_annotations_that_leave_no_trace_on_paper_are_dropped(
    kind: str, flags: int, look: bool, more: dict[str, Array]
) -> None:
    mended = repair.repair(annotated(kind, flags, look=look, **more))
    assert codes_of(mended.findings) == ["repaired-annotations"]
    with pikepdf.open(io.BytesIO(mended.pdf)) as document:
        assert "/Annots" not in document.pages[0].obj
    assert errors_in(mended.pdf) == []


@pytest.mark.parametrize(
    ("kind", "look"), [("Stamp", True), ("FreeText", True), ("Highlight", True), ("Link", False)]
)
def test_a_comment_that_would_print_is_left_for_its_author(kind: str, look: bool) -> None:
    pdf = annotated(kind, PRINT, look=look)
    assert repair.repair(pdf).pdf == pdf
    assert errors_in(pdf) == ["annotation-present"]


def test_form_fields_beside_a_comment_are_mended_and_the_comment_is_not() -> None:
    def add(document: pikepdf.Pdf) -> None:
        form = document.make_stream(b"0 g 0 0 20 20 re f", Type=Name.XObject, Subtype=Name.Form)
        form.BBox = Array([0, 0, 20, 20])
        stamp = Dictionary(
            Type=Name.Annot,
            Subtype=Name.Stamp,
            Rect=Array([100, 100, 120, 120]),
            F=PRINT,
            AP=Dictionary(N=form),
        )
        document.pages[0].obj.Annots.append(document.make_indirect(stamp))

    mended = repair.repair(pdfs.changed(filled_form(), add))
    assert codes_of(mended.findings) == ["repaired-form-fields"]
    assert errors_in(mended.pdf) == ["annotation-present"]


def test_a_repair_that_would_change_the_picture_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def whiten(document: pikepdf.Pdf) -> list[int]:
        document.pages[0].contents_add(b"\n1 g 80 401 4 4 re f")
        return [1]

    monkeypatch.setattr(repair, "REPAIRS", (repair.Repair("repaired-window", "", whiten),))
    pdf = pdfs.letter()
    mended = repair.repair(pdf)
    assert mended.pdf == pdf
    assert codes_of(mended.findings) == ["repair-refused"]


def test_a_pattern_that_would_shift_keeps_its_page_from_being_straightened() -> None:
    """The matrix of a pattern starts from the page, not from what is drawn on it."""

    def tile(document: pikepdf.Pdf) -> None:
        cell = document.make_stream(
            b"0 g 0 0 4 4 re f",
            PatternType=1,
            PaintType=1,
            TilingType=1,
            BBox=Array([0, 0, 9, 9]),
            XStep=9,
            YStep=9,
        )
        cell.Resources = Dictionary()
        page = document.pages[0]
        page.obj.Resources.Pattern = Dictionary(P=cell)
        page.contents_add(b"\n/Pattern cs /P scn 300 300 60 60 re f")

    crooked = pdfs.changed(pdfs.moved(pdfs.letter(), 5, 5), tile)
    mended = repair.repair(crooked)
    assert mended.pdf == crooked
    assert codes_of(mended.findings) == ["repair-refused"]
    assert errors_in(mended.pdf) == [], "as it lies it prints well, so it may go"


@pytest.mark.parametrize("size", [(595, 400), (400, 842), (842, 595)])
def test_pages_of_another_size_are_not_touched(size: tuple[float, float]) -> None:
    def change(document: pikepdf.Pdf) -> None:
        document.pages[0].mediabox = Array([10, 10, 10 + size[0], 10 + size[1]])

    pdf = pdfs.changed(pdfs.letter(), change)
    assert repair.repair(pdf).pdf == pdf


# What may not come in


def scripted(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def many_pages(document: pikepdf.Pdf) -> None:
    for _ in range(intake.MAX_PAGES):
        document.pages.append(document.pages[0])


def deep_tree(document: pikepdf.Pdf) -> None:
    node: pikepdf.Object = document.pages[0].obj
    for _ in range(20):
        node = document.make_indirect(Dictionary(Type=Name.Pages, Kids=Array([node]), Count=1))
    document.Root.Pages = node


def large_picture(document: pikepdf.Pdf) -> None:
    image = document.make_stream(b"", Type=Name.XObject, Subtype=Name.Image, Width=30_000, Height=30_000)
    image.ColorSpace, image.BitsPerComponent = Name.DeviceGray, 1
    document.pages[0].obj.Resources.XObject = Dictionary(Im=image)


def bomb(document: pikepdf.Pdf) -> None:
    """Packed twice: six megabytes of blanks in a hundred bytes."""
    unpacked = b" " * 6_000_000
    packed = zlib.compress(zlib.compress(unpacked, 9), 9)
    stream = document.make_stream(b"")
    stream.write(packed, filter=Array([Name.FlateDecode, Name.FlateDecode]))
    document.pages[0].contents_add(stream)


def deep_forms(document: pikepdf.Pdf) -> None:
    form = document.make_stream(b"", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]))
    for _ in range(20):
        outer = document.make_stream(b"/F Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]))
        outer.Resources = Dictionary(XObject=Dictionary(F=form))
        form = outer
    document.pages[0].obj.Resources.XObject = Dictionary(F=form)


def looping_form(document: pikepdf.Pdf) -> None:
    form = document.make_stream(b"/F Do", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1]))
    form.Resources = Dictionary(XObject=Dictionary(F=form))
    document.pages[0].obj.Resources.XObject = Dictionary(F=form)


def dynamic_form(document: pikepdf.Pdf) -> None:
    document.Root.AcroForm = Dictionary(Fields=Array(), XFA=document.make_stream(b"<xdp/>"))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (scripted, "javascript-present"),
        (many_pages, "pdf-too-many-pages"),
        (deep_tree, "pdf-nested-too-deep"),
        (large_picture, "pdf-picture-too-large"),
        (bomb, "pdf-unpacks-too-large"),
        (deep_forms, "pdf-nested-too-deep"),
        (looping_form, "pdf-nested-too-deep"),
        (dynamic_form, "pdf-dynamic-form"),
    ],
)
def test_what_may_not_come_in_has_its_own_code(
    make: Callable[[pikepdf.Pdf], None], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_STREAM_BYTES", 5_000_000)
    with pytest.raises(DocumentInvalid) as caught:
        intake.check(pdfs.changed(pdfs.letter(), make))
    assert caught.value.code == code


def looping_tree() -> bytes:
    """The same branch ten times, and each of it ten times: a million pages in a few hundred bytes."""

    def change(document: pikepdf.Pdf) -> None:
        node: pikepdf.Object = document.pages[0].obj
        for _ in range(6):
            node = document.make_indirect(Dictionary(Type=Name.Pages, Kids=Array([node] * 10), Count=10))
        document.Root.Pages = node

    return pdfs.changed(pdfs.letter(), change)


def test_locked_broken_and_oversize_files_have_their_own_codes() -> None:
    locked = pdfs.changed(pdfs.letter(), lambda _: None, encryption=pikepdf.Encryption(owner="x", user=""))
    for pdf, code in (
        (locked, "pdf-encrypted"),
        (pdfs.letter()[:-400], "pdf-unreadable"),
        (b"%PDF-1.7 nothing", "pdf-unreadable"),
        (b"", "pdf-unreadable"),
        (looping_tree(), "pdf-unreadable"),
        (b"\0" * (MAX_UPLOAD_BYTES + 1), "pdf-too-large"),
    ):
        with pytest.raises(DocumentInvalid) as caught:
            repair.repair(pdf)
        assert caught.value.code == code


@pytest.mark.slow
def test_forms_that_double_at_every_level_are_stopped_by_the_limits_of_the_worker(
    tmp_path: Path,
) -> None:
    shutil.copytree(default_templates_dir() / "_shared", tmp_path / "_shared")

    def laughs(document: pikepdf.Pdf) -> None:
        form = document.make_stream(
            b"0 0 500 500 re f\n" * 50, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 595, 842])
        )
        for _ in range(9):
            outer = document.make_stream(
                b"/F Do\n" * 30, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 595, 842])
            )
            outer.Resources = Dictionary(XObject=Dictionary(F=form))
            form = outer
        document.pages[0].obj.Resources.XObject = Dictionary(F=form)
        document.pages[0].contents_add(b"\n/F Do")
        document.pages[0].mediabox = Array([1, 1, 596.28, 842.89])  # so that a repair wants to look at it

    with LocalRenderer(tmp_path, workers=1, timeout_s=3) as renderer:
        with pytest.raises(RenderError) as caught:
            renderer.repair(pdfs.changed(pdfs.letter(), laughs))
        assert caught.value.code in {"render-timeout", "render-memory"}
        assert renderer.repair(pdfs.letter()).pages == 1, "and the next one is served"


# Enclosures


def test_an_enclosure_may_use_the_place_of_the_window_but_no_forbidden_zone() -> None:
    sheet = pdfs.pdf(pdfs.following_page, pdfs.following_page)
    report = enclosing.check(sheet, EPOST)
    assert (report.pages, list(report.address), list(report.findings)) == (2, [], [])

    def on_the_code(canvas: Canvas) -> None:
        pdfs.following_page(canvas)
        zone = EPOST.sheet_code
        pdfs.rectangle(canvas, [zone.x0_mm + 1, zone.y0_mm + 1, zone.x1_mm - 1, zone.y1_mm - 1])

    (finding,) = enclosing.check(pdfs.pdf(pdfs.following_page, on_the_code), EPOST).findings
    assert (finding.code, finding.page) == ("sheet-code-zone-not-free", 2)
