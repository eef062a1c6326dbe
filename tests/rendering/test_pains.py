"""The field's known faults, injected: each is caught, and good letters raise no alarm.

Numbers are those of the project's list of incidents. What takes place between pieces (9 and 10 across letters) is in
the tests of the run certificate; a hanging or swelling renderer (16) in those of the worker pool.
"""

import random
import zlib
from dataclasses import replace

import pikepdf
import pytest
from reportlab.pdfgen.canvas import Canvas

from gateway.domain.references import reference_from
from gateway.errors import DocumentInvalid, RenderError
from gateway.providers.profiles import load_profile, profile_names
from gateway.rendering.assembly import assemble
from gateway.rendering.codes import read_codes
from gateway.rendering.preflight import preflight
from tests.rendering import pdfs

EPOST = load_profile("epost")
PIECE, OTHER = reference_from(1_234_567), reference_from(7_654_321)


def codes(pdf: bytes, address: tuple[str, ...] | None = pdfs.ADDRESS) -> set[str]:
    return {finding.code for finding in preflight(pdf, EPOST, address).findings}


def test_4_every_finding_names_page_place_and_what_to_do() -> None:
    for finding in preflight(pdfs.letter(1, address=lambda canvas: None), EPOST, None).findings:
        assert finding.page == 1
        assert finding.box is not None
        assert "Bitte" in finding.message


def test_5_an_address_where_din_has_it_and_this_provider_has_not_is_found() -> None:
    high = pdfs.letter(1, address=lambda canvas: pdfs.address_block(canvas, first_baseline_mm=65.5))
    assert {"franking-band-not-free"} <= codes(high)


def test_6_a_rule_changed_over_night_is_data() -> None:
    pdf = pdfs.letter(1)
    wider = replace(EPOST, printable=replace(EPOST.printable, x0_mm=26.0))
    assert codes(pdf) == set()
    assert {finding.code for finding in preflight(pdf, wider, pdfs.ADDRESS).findings} == {
        "content-outside-printable-area"
    }


def test_7_nothing_is_erased_in_silence_a_margin_with_text_is_refused() -> None:
    in_margin = pdfs.letter(1, extra=lambda canvas: pdfs.text(canvas, 4, 150, "Unser Zeichen"))
    assert codes(in_margin) == {"content-outside-printable-area"}


@pytest.mark.parametrize("pages", [1, 3])
def test_8_the_next_document_never_starts_on_the_back_of_the_cover_sheet(pages: int) -> None:
    documents = [pdfs.numbered(pages, "A"), pdfs.numbered(1, "B")]
    copy = assemble(documents, piece=PIECE, profile=EPOST, duplex=True)
    assert copy.sheets == (pages + 1) // 2 + 1

    def without_padding(document: pikepdf.Pdf) -> None:
        del document.pages[pages]

    with pytest.raises(RenderError) as found:
        pdfs.prove(pdfs.changed(copy.pdf, without_padding), documents, piece=PIECE, profile=EPOST, duplex=True)
    assert found.value.code == "pages-unproven"


def test_9_another_citizens_page_on_a_back_is_found() -> None:
    documents = [pdfs.numbered(1, "A")]
    copy = assemble(documents, piece=PIECE, profile=EPOST, duplex=True)

    def foreign_back(document: pikepdf.Pdf) -> None:
        document.pages[1].contents_add(b"BT /F1 12 Tf 100 400 Td (Bescheid) Tj ET")

    with pytest.raises(RenderError) as found:
        pdfs.prove(pdfs.changed(copy.pdf, foreign_back), documents, piece=PIECE, profile=EPOST, duplex=True)
    assert found.value.code == "pages-unproven"


def test_10_two_pieces_in_one_file_are_found_by_their_codes() -> None:
    mine, theirs = (
        assemble([pdfs.numbered(1, name)], piece=piece, profile=EPOST, duplex=True).pdf
        for name, piece in (("A", PIECE), ("B", OTHER))
    )
    assert {code.text[1:9] for code in read_codes(mine)} == {PIECE}
    with pytest.raises(RenderError):
        pdfs.prove(theirs, [pdfs.numbered(1, "A")], piece=PIECE, profile=EPOST, duplex=True)


def test_11_a_namesakes_address_in_the_window_is_found() -> None:
    namesake = (*pdfs.ADDRESS[:3], "Lindenweg 5", "01234 Ödheim")
    assert codes(pdfs.letter(1, address=lambda canvas: pdfs.address_block(canvas, namesake))) == {
        "address-differs"
    }


def test_14_a_name_with_a_glyph_the_font_lacks_is_found() -> None:
    boxed = (*pdfs.ADDRESS[:1], "Zoë \u4e00berall", *pdfs.ADDRESS[2:])
    found = codes(pdfs.letter(1, address=lambda canvas: pdfs.address_block(canvas, boxed)), boxed)
    assert "character-unprintable" in found


def test_14_a_font_that_is_not_there_is_found() -> None:
    def foreign_font(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 10)
        canvas.drawString(100, 300, "Guten Tag")

    assert codes(pdfs.letter(1, extra=foreign_font)) == {"font-not-embedded"}


def test_15_a_half_rendered_page_is_refused() -> None:
    def cut_short(document: pikepdf.Pdf) -> None:
        content = document.pages[1].obj.Contents
        packed = zlib.compress(content.read_bytes())
        content.write(packed[: len(packed) // 2], filter=pikepdf.Name.FlateDecode)

    with pytest.raises(DocumentInvalid):
        codes(pdfs.changed(pdfs.letter(2), cut_short))


GIVEN = ("Anna", "Zoë", "Łukasz", "Thị Hương", "Đorđe", "Ýrr", "Max-Emil", "Gülşen", "Jean-François", "İlker")
FAMILY = (
    "Müller",
    "Überall",
    "O’Brien",
    "Nguyễn-Şahin",
    "Ågren",
    "Kovačević",
    "Weiß",
    "Graf von Öd",
    "Ñandú",
    "Ťažký",
)
STREETS = ("Ährenweg 7 b", "Am Markt 1", "Straße des 17. Juni 135", "Çiğdemgasse 3-5", "Postfach 11 06 43")
PLACES = ("01234 Ödheim", "46325 Borken", "99998 Mühlhausen", "10115 Berlin")


def good(number: int, source: random.Random) -> tuple[bytes, tuple[str, ...]]:
    """A good letter of 1 to 4 pages to somebody."""
    lines = (
        source.choice(("Frau", "Herrn")),
        f"{source.choice(GIVEN)} {source.choice(FAMILY)}",
        *((f"c/o {source.choice(FAMILY)}",) if source.random() < 0.3 else ()),
        source.choice(STREETS),
        source.choice(PLACES),
    )
    pdf = pdfs.letter(
        1 + number % 4, address=lambda canvas: pdfs.address_block(canvas, lines, first_baseline_mm=72.4)
    )
    return pdf, lines


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["epost", "letterxpress", "sftp"])
def test_no_false_alarm_on_good_letters(profile: str) -> None:
    source = random.Random(profile)
    for number in range(70):
        pdf, lines = good(number, source)
        report = preflight(pdf, load_profile(profile), lines)
        assert (report.findings, report.address) == ([], list(lines))


def test_every_profile_finds_the_faults_that_every_provider_has() -> None:
    for name in profile_names():
        for box in ([1, 150, 4, 151], [60, 105, 70, 106], [200, 285, 201, 286]):
            pdf = pdfs.letter(1, extra=lambda canvas, box=box: pdfs.rectangle(canvas, box))  # type: ignore[misc]
            assert preflight(pdf, load_profile(name), None).findings, (name, box)
