"""Assembly: every page once, every document on a sheet of its own, every code proven."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.lib.utils import ImageReader

from gateway.domain.findings import Box
from gateway.domain.references import SheetCode, decode_sheet_code, reference_from
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import DocumentInvalid, RenderError
from gateway.ports.renderer import PrintCopy
from gateway.providers.profiles import load_profile
from gateway.rendering import assembly, conformance, reading
from gateway.rendering.assembly import assemble
from gateway.rendering.codes import read_codes
from gateway.rendering.overlay import stamps
from tests.rendering import pdfs

EPOST = load_profile("epost")
AS_ARCHIVED = load_profile("sftp")
PIECE, OTHER_PIECE = reference_from(12_345_678_901), reference_from(99)
BODY = Box(0, 60, 190, 297)


def copy_of(documents: Sequence[bytes], *, duplex: bool = True, profile: PrintProfile = EPOST) -> PrintCopy:
    return assemble(documents, piece=PIECE, profile=profile, duplex=duplex)


def bodies(pdf: bytes) -> list[str]:
    """The text of each page, without codes; '' is a blank page."""
    with reading.read(pdf) as document:
        return [
            "".join(chr(each.code_point) for each in document.page(number).characters(BODY))
            for number in range(1, document.page_count + 1)
        ]


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.booleans())
def test_every_page_once_every_document_on_its_own_sheet_every_code_in_place(
    counts: list[int], duplex: bool
) -> None:
    names = "ABCD"
    documents = [pdfs.numbered(count, name) for count, name in zip(counts, names, strict=False)]
    copy = copy_of(documents, duplex=duplex)
    pages = bodies(copy.pdf)

    expected: list[str] = []
    for count, name in zip(counts, names, strict=False):
        expected.extend(f"{name}-{page}" for page in range(1, count + 1))
        expected.extend([""] if duplex and count % 2 else [])
    assert pages == expected
    assert copy.pages == len(pages)

    fronts = range(1, len(pages) + 1, 2 if duplex else 1)
    assert copy.sheets == len(fronts)
    assert [(code.page, decode_sheet_code(code.text)) for code in read_codes(copy.pdf)] == [
        (page, SheetCode(PIECE, sheet, copy.sheets)) for sheet, page in enumerate(fronts, start=1)
    ]


@pytest.mark.parametrize("duplex", [True, False])
def test_the_same_documents_give_the_same_bytes_and_stay_as_they_are(duplex: bool) -> None:
    documents = [pdfs.letter(3), pdfs.numbered(2, "A")]
    before = list(documents)
    assert copy_of(documents, duplex=duplex) == copy_of(documents, duplex=duplex)
    assert documents == before


def test_the_blank_back_is_a_real_empty_a4_page() -> None:
    with pikepdf.open(io.BytesIO(copy_of([pdfs.letter(1)]).pdf)) as pdf:
        assert len(pdf.pages) == 2
        assert [float(edge) for edge in pdf.pages[1].mediabox] == pytest.approx([0, 0, *pdfs.A4])
    with reading.read(copy_of([pdfs.letter(1)]).pdf) as document:
        assert document.page(2).ink.bounds(Box(0, 0, 210, 297)) is None


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_codes_stand_right_on_turned_media(degrees: int) -> None:
    copy = copy_of([pdfs.turned(pdfs.letter(2), degrees)], duplex=False)
    for code in read_codes(copy.pdf):
        assert EPOST.sheet_code.contains(code.box)


@pytest.mark.parametrize(
    "pdf", [pdfs.moved(pdfs.letter(2), 70, -30), pdfs.cropped(pdfs.letter(2), 40)], ids=["moved", "cropped"]
)
def test_a_printer_that_goes_by_the_media_box_prints_what_was_seen(pdf: bytes) -> None:
    with pikepdf.open(io.BytesIO(copy_of([pdf]).pdf)) as document:
        for page in document.pages:
            left, bottom, right, top = (float(edge) for edge in page.mediabox)
            assert (right - left, top - bottom) == pytest.approx(pdfs.A4)
            assert "/CropBox" not in page.obj


@pytest.mark.parametrize("version", ["1.4", "1.7"])
def test_only_a_pdf_that_may_have_them_gets_object_streams(version: str) -> None:
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdfs.letter(1))) as document:
        document.save(made, force_version=version)
    copy = copy_of([made.getvalue()], profile=AS_ARCHIVED)
    assert copy.pdf.startswith(f"%PDF-{version}\n".encode("ascii"))
    assert (b"/ObjStm" in copy.pdf) == (version == "1.7")


def test_inherited_resources_and_boxes_are_kept() -> None:
    def push_up(document: pikepdf.Pdf) -> None:
        parent = document.Root.Pages
        parent.Resources = document.pages[0].obj.Resources
        parent.MediaBox = document.pages[0].obj.MediaBox
        for page in document.pages:
            del page.obj["/Resources"]
            del page.obj["/MediaBox"]

    inherits = pdfs.changed(pdfs.numbered(2, "B"), push_up)
    assert bodies(copy_of([inherits]).pdf) == ["B-1", "B-2"]
    assert bodies(copy_of([pdfs.numbered(2, "A"), inherits]).pdf) == ["A-1", "A-2", "B-1", "B-2"]


def test_a_scanned_enclosure_keeps_its_picture() -> None:
    jpeg = io.BytesIO()
    Image.effect_noise((400, 560), 80).save(jpeg, "JPEG")
    page = pdfs.picture_page(ImageReader(jpeg))
    copy = copy_of([pdfs.letter(1), page])
    with pikepdf.open(io.BytesIO(copy.pdf)) as document:
        forms = document.pages[2].obj.Resources.XObject.values()
        (picture,) = (form for form in forms if form.Subtype == "/Image")
        assert picture.read_raw_bytes() == _only_picture(page)


def _only_picture(pdf: bytes) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        (picture,) = document.pages[0].obj.Resources.XObject.values()
        return bytes(picture.read_raw_bytes())


# Proof


def test_a_taken_place_of_the_sheet_code_is_not_handed_out() -> None:
    taken = pdfs.letter(1, extra=lambda canvas: pdfs.rectangle(canvas, [196, 281, 202, 289]))
    with pytest.raises(RenderError) as unproven:
        copy_of([taken])
    assert unproven.value.code == "sheet-codes-unproven"


def test_a_back_that_shows_a_sheet_code_is_not_handed_out() -> None:
    def free_first(pdf: pikepdf.Pdf) -> None:
        pdf.add_blank_page(page_size=pdfs.A4)
        pdf.pages.insert(0, pdf.pages[1])
        del pdf.pages[2]

    foreign = pdfs.changed(copy_of([pdfs.numbered(1, "A")], duplex=False).pdf, free_first)
    with pytest.raises(RenderError) as unproven:
        assemble([foreign], piece=OTHER_PIECE, profile=EPOST, duplex=True)
    assert unproven.value.code == "sheet-codes-unproven"


def test_a_piece_reference_with_a_wrong_check_character_is_not_handed_out() -> None:
    with pytest.raises(RenderError):
        assemble([pdfs.letter(1)], piece="7K4M9QXZ", profile=EPOST, duplex=True)


@pytest.mark.parametrize("size", [(420, 595), (842, 595)], ids=["a5", "landscape"])
def test_pages_of_another_size_are_not_handed_out(size: tuple[float, float]) -> None:
    with pytest.raises(RenderError) as unproven:
        copy_of([pdfs.pdf(lambda canvas: pdfs.text(canvas, 30, 150, "A"), size=size)])
    assert unproven.value.code == "sheet-codes-unproven"


def wrong_total(codes: list[SheetCode]) -> list[SheetCode]:
    return [replace(code, of=code.of + 1) for code in codes]


def swapped(codes: list[SheetCode]) -> list[SheetCode]:
    return codes[::-1]


def of_another_piece(codes: list[SheetCode]) -> list[SheetCode]:
    return [replace(code, piece=OTHER_PIECE) for code in codes]


@pytest.mark.parametrize("fault", [wrong_total, swapped, of_another_piece])
def test_wrong_codes_are_found(
    fault: Callable[[list[SheetCode]], list[SheetCode]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(pdf: pikepdf.Pdf, codes: Sequence[SheetCode], profile: PrintProfile) -> list[pikepdf.Object]:
        return stamps(pdf, fault(list(codes)), profile)

    monkeypatch.setattr(assembly, "stamps", wrong)
    with pytest.raises(RenderError) as unproven:
        copy_of([pdfs.letter(4)])
    assert unproven.value.code == "sheet-codes-unproven"


def tampered(copy: PrintCopy, documents: Sequence[bytes], change: object) -> str:
    final = pdfs.changed(copy.pdf, change)  # type: ignore[arg-type]
    with pytest.raises(RenderError) as unproven:
        pdfs.prove(final, documents, piece=PIECE, profile=EPOST, duplex=True)
    return unproven.value.code


def test_swapped_missing_doubled_or_filled_pages_are_found() -> None:
    documents = [pdfs.numbered(3, "A"), pdfs.numbered(1, "B")]
    copy = copy_of(documents)
    pdfs.prove(copy.pdf, documents, piece=PIECE, profile=EPOST, duplex=True)

    def swap_backs(pdf: pikepdf.Pdf) -> None:
        contents = pdf.pages[1].obj.Contents
        pdf.pages[1].obj.Contents, pdf.pages[3].obj.Contents = pdf.pages[3].obj.Contents, contents

    def lose_the_last(pdf: pikepdf.Pdf) -> None:
        del pdf.pages[-1]

    def double_the_first(pdf: pikepdf.Pdf) -> None:
        pdf.pages.append(pdf.pages[0])

    def fill_the_blank(pdf: pikepdf.Pdf) -> None:
        pdf.pages[3].contents_add(b"0 0 100 100 re f")

    for change in (swap_backs, lose_the_last, double_the_first, fill_the_blank):
        assert tampered(copy, documents, change) == "pages-unproven"


def test_the_print_copy_of_one_letter_is_not_that_of_another() -> None:
    copy = copy_of([pdfs.numbered(2, "A")])
    with pytest.raises(RenderError):
        pdfs.prove(copy.pdf, [pdfs.numbered(2, "B")], piece=PIECE, profile=EPOST, duplex=True)
    with pytest.raises(RenderError):
        pdfs.prove(copy.pdf, [pdfs.numbered(2, "A")], piece=OTHER_PIECE, profile=EPOST, duplex=True)


# Limits and bad input


def test_sheets_are_counted_over_the_whole_piece() -> None:
    small = replace(EPOST, max_sheets=3)
    documents = [pdfs.numbered(3, "A"), pdfs.numbered(1, "B")]
    assert assemble(documents, piece=PIECE, profile=small, duplex=True).sheets == 3
    with pytest.raises(DocumentInvalid) as refused:
        assemble(documents, piece=PIECE, profile=small, duplex=False)
    assert refused.value.code == "too-many-sheets"


def test_the_finished_file_must_keep_the_size_limit() -> None:
    pdf = pdfs.letter(1)
    with pytest.raises(DocumentInvalid) as refused:
        assemble([pdf], piece=PIECE, profile=replace(EPOST, max_bytes=len(pdf)), duplex=True)
    assert refused.value.code == "pdf-too-large"


@pytest.mark.parametrize(
    ("documents", "code"), [([], "document-missing"), ([b"no PDF"], "pdf-unreadable")], ids=["none", "no-pdf"]
)
def test_bad_documents_are_refused(documents: list[bytes], code: str) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        copy_of(documents)
    assert refused.value.code == code


# What the print copy claims to be


def archived(name: str, *, part: str = "2", level: str = "A", profile: bytes = b"sRGB") -> bytes:
    """A document that claims to be PDF/A and PDF/UA, with a structure tree and an output intent."""

    def claim(document: pikepdf.Pdf) -> None:
        root = document.Root
        intent = pikepdf.Dictionary(S=pikepdf.Name.GTS_PDFA1, DestOutputProfile=document.make_stream(profile))
        root.OutputIntents = pikepdf.Array([intent])
        root.StructTreeRoot = document.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.StructTreeRoot))
        root.MarkInfo = pikepdf.Dictionary(Marked=True)
        document.pages[0].obj.StructParents = Decimal(0)
        with document.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
            xmp["pdfaid:part"], xmp["pdfaid:conformance"] = part, level
            xmp["{http://www.aiim.org/pdfua/ns/id/}part"] = "1"

    return pdfs.changed(pdfs.numbered(1, name), claim)


def claims(pdf: bytes) -> tuple[tuple[str, str] | None, bool, bool]:
    """(PDF/A part and level, claims PDF/UA, has a structure tree)."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        ua = "{http://www.aiim.org/pdfua/ns/id/}part" in document.open_metadata()
        return conformance.claimed(document), ua, "/StructTreeRoot" in document.Root


def test_a_print_copy_has_no_tags_and_claims_what_holds_without_them() -> None:
    assert claims(copy_of([archived("A")], profile=AS_ARCHIVED).pdf) == (("2", "U"), False, False)
    assert claims(copy_of([archived("A", level="B")], profile=AS_ARCHIVED).pdf) == (("2", "B"), False, False)
    assert claims(copy_of([archived("A", part="1")], profile=AS_ARCHIVED).pdf) == (("1", "B"), False, False)
    assert claims(copy_of([pdfs.numbered(1, "A")], profile=AS_ARCHIVED).pdf) == (None, False, False)


def test_a_piece_of_several_documents_claims_only_what_is_true_of_all() -> None:
    assert claims(copy_of([archived("A"), archived("B")], profile=AS_ARCHIVED).pdf) == (
        ("2", "U"),
        False,
        False,
    )
    assert claims(copy_of([archived("A"), archived("B", level="B")], profile=AS_ARCHIVED).pdf) == (
        ("2", "B"),
        False,
        False,
    )
    for other in (archived("B", part="3"), archived("B", profile=b"other"), pdfs.numbered(1, "B")):
        assert claims(copy_of([archived("A"), other], profile=AS_ARCHIVED).pdf) == (None, False, False)


def test_the_codes_are_marked_as_artifacts_and_their_font_is_embedded() -> None:
    copy = copy_of([archived("A")])
    with pikepdf.open(io.BytesIO(copy.pdf)) as document:
        last = document.pages[0].Contents[-1].read_bytes()
        assert b"/Artifact" in last
        assert last.count(b"BDC") == last.count(b"EMC") == 1
    with reading.read(copy.pdf) as document:
        assert all(font.embedded for font in document.page(1).fonts)


def with_a_layer(document: pikepdf.Pdf, *, shown: bool, rule: str | None = None) -> None:
    """A layer of the document; `rule`: whose members must be in which state for something else to show."""
    layer = document.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="Entwurf"))
    off = pikepdf.Array([] if shown else [layer])
    document.Root.OCProperties = pikepdf.Dictionary(
        OCGs=pikepdf.Array([layer]), D=pikepdf.Dictionary(BaseState=pikepdf.Name.ON, OFF=off)
    )
    if rule:
        members = pikepdf.Dictionary(Type=pikepdf.Name.OCMD, OCGs=layer, P=pikepdf.Name(rule))
        properties = pikepdf.Dictionary(Watermark=document.make_indirect(members))
        document.pages[0].obj.Resources.Properties = properties


@pytest.mark.parametrize(("shown", "rule"), [(False, None), (True, "/AllOff")], ids=["off", "a-rule"])
def test_what_a_layer_may_hide_is_never_printed_and_layers_that_always_show_are_welcome(
    shown: bool, rule: str | None
) -> None:
    hidden = pdfs.changed(archived("B"), partial(with_a_layer, shown=shown, rule=rule))
    with pytest.raises(DocumentInvalid) as refused:
        copy_of([archived("A"), hidden])
    assert refused.value.code == "layers-hidden"
    visible = pdfs.changed(archived("B"), partial(with_a_layer, shown=True))
    assert bodies(copy_of([archived("A"), visible]).pdf) == ["A-1", "", "B-1", ""]


def test_a_print_copy_takes_nothing_of_its_documents_but_pages() -> None:
    def with_more(document: pikepdf.Pdf) -> None:
        document.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary())
        document.Root.Outlines = document.make_indirect(pikepdf.Dictionary(Title="Geheim"))
        document.docinfo["/Author"] = "Geheim"

    copy = copy_of([pdfs.changed(archived("A"), with_more)], profile=AS_ARCHIVED)
    with pikepdf.open(io.BytesIO(copy.pdf)) as pdf:
        assert set(pdf.Root.keys()) == {"/Type", "/Pages", "/OutputIntents", "/Metadata"}
        assert "/Info" not in pdf.trailer
        assert not any(isinstance(part, pikepdf.Dictionary) and "/Title" in part for part in pdf.objects)


# PDF/A-1b, where the provider takes nothing newer


def test_a_provider_that_takes_pdf_a_1b_gets_it_from_the_archived_document() -> None:
    document = archived("A")
    copy = copy_of([document])
    assert claims(copy.pdf) == (("1", "B"), False, False)
    assert copy == copy_of([document])
    assert copy.pdf.startswith(b"%PDF-1.4\n")
    assert b"/ObjStm" not in copy.pdf
    assert b"/XRef" not in copy.pdf
    with pikepdf.open(io.BytesIO(copy.pdf)) as pdf:
        assert set(pdf.Root.keys()) == {"/Type", "/Pages", "/OutputIntents", "/Metadata"}
        assert "/Filter" not in pdf.Root.Metadata
        assert "/Info" not in pdf.trailer
    assert bodies(copy.pdf) == ["A-1", ""]


def test_several_documents_become_one_pdf_a_1b_and_what_claims_nothing_still_claims_nothing() -> None:
    assert claims(copy_of([archived("A"), archived("B")]).pdf) == (("1", "B"), False, False)
    assert claims(copy_of([pdfs.letter(1)]).pdf) == (None, False, False)
    assert claims(copy_of([archived("A"), pdfs.letter(1)]).pdf)[0] is None


def with_alpha(document: pikepdf.Pdf) -> None:
    state = pikepdf.Dictionary(faded=pikepdf.Dictionary(ca=Decimal("0.5")))
    document.pages[0].obj.Resources.ExtGState = pikepdf.Dictionary({"/Faded": state.faded})


def with_a_note(document: pikepdf.Pdf) -> None:
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[0, 0, 9, 9])
    document.pages[0].Annots = pikepdf.Array([note])


def with_a_new_colour_profile(document: pikepdf.Pdf) -> None:
    document.Root.OutputIntents[0].DestOutputProfile.write(bytes(8) + b"\x04" + bytes(119))


def with_jpeg_2000(document: pikepdf.Pdf) -> None:
    picture = document.make_stream(b"jp2", Subtype=pikepdf.Name.Image, Filter=pikepdf.Name.JPXDecode)
    document.pages[0].obj.Resources.XObject = pikepdf.Dictionary(Picture=picture)


@pytest.mark.parametrize("spoil", [with_alpha, with_a_note, with_a_new_colour_profile, with_jpeg_2000])
def test_what_cannot_truthfully_be_pdf_a_1b_is_refused(spoil: Callable[[pikepdf.Pdf], None]) -> None:
    with pytest.raises(RenderError) as refused:
        copy_of([pdfs.changed(archived("A"), spoil)])
    assert refused.value.code == "pdf-a-1b-impossible"


# The window of the envelope that the sheets need


def test_enclosures_that_lead_to_a_larger_envelope_are_refused_if_its_window_hides_the_address() -> None:
    assert copy_of([pdfs.letter(1), pdfs.numbered(14, "A")]).sheets == 8
    with pytest.raises(RenderError) as hidden:
        copy_of([pdfs.letter(1), pdfs.numbered(15, "A")])
    assert hidden.value.code == "address-not-always-visible"
    assert "C4" in hidden.value.message
    four = pdfs.letter(
        1, address=lambda canvas: pdfs.address_block(canvas, pdfs.ADDRESS[1:], first_baseline_mm=72.3)
    )
    assert copy_of([four, pdfs.numbered(15, "A")]).sheets == 9
