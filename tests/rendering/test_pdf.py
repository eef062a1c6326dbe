"""The PDF: standards, fonts, no network, and the same bytes for the same letter."""

import hashlib
import io
import subprocess
import sys
from collections.abc import Iterator

import pikepdf
import pytest

from gateway.errors import RenderError
from gateway.rendering.catalogue import SHARED
from gateway.rendering.fonts import FontMetrics
from gateway.rendering.html import keep_together
from gateway.rendering.pdf import STYLE, PdfWriter
from tests.rendering import letters

PDFUAID = "{http://www.aiim.org/pdfua/ns/id/}"
PDFAID = "{http://www.aiim.org/pdfa/ns/id/}"


def write(body: str, head: str = "") -> bytes:
    head = f"<head><title>Test</title>{head}</head>"
    html = f'<!DOCTYPE html><html lang="de">{head}<body><main>{body}</main></body></html>'
    return letters.writer().write(html)[0]


@pytest.fixture(params=letters.NAMES)
def document(request: pytest.FixtureRequest) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(letters.sample_pdf(request.param))) as pdf:
        yield pdf


def test_a_letter_says_that_it_is_pdf_a_2a_and_pdf_ua_1(document: pikepdf.Pdf) -> None:
    with document.open_metadata() as metadata:
        assert metadata[f"{PDFAID}part"] == "2"
        assert metadata[f"{PDFAID}conformance"] == "A"
        assert metadata[f"{PDFUAID}part"] == "1"
    raw = document.Root.Metadata.read_bytes()
    assert raw.count(b"<rdf:RDF") == 1  # XMP allows one; readers look at the first only
    assert b"pdfaExtension:schemas" in raw


def test_a_letter_is_tagged_and_names_its_language_title_and_author(document: pikepdf.Pdf) -> None:
    root = document.Root
    assert root.MarkInfo.Marked
    assert root.Lang == "de"
    assert root.ViewerPreferences.DisplayDocTitle
    assert root.StructTreeRoot.K[0].S == "/Document"
    assert root.OutputIntents[0].S == "/GTS_PDFA1"
    assert " vom 22." in str(document.docinfo["/Title"])
    assert document.docinfo["/Author"] == letters.OFFICE.authority


def test_dates_in_the_file_are_the_decision_date_and_not_the_clock(document: pikepdf.Pdf) -> None:
    assert document.docinfo["/CreationDate"] == document.docinfo["/ModDate"] == "D:20261122000000Z"


def test_only_the_two_letter_fonts_are_used_and_both_are_embedded(document: pikepdf.Pdf) -> None:
    descriptors = [
        part
        for part in document.objects
        if isinstance(part, pikepdf.Dictionary) and part.get("/Type") == "/FontDescriptor"
    ]
    assert {str(part.FontName).partition("+")[2] for part in descriptors} == {"Noto-Sans", "Noto-Sans-Bold"}
    assert all("/FontFile2" in part for part in descriptors)


def headers(pdf: pikepdf.Pdf) -> list[pikepdf.Dictionary]:
    return [part for part in pdf.objects if isinstance(part, pikepdf.Dictionary) and part.get("/S") == "/TH"]


def test_table_cells_of_the_calculation_know_their_headers() -> None:
    with pikepdf.open(io.BytesIO(letters.sample_pdf("bewilligungsbescheid"))) as pdf:
        ids = {str(header.ID) for header in headers(pdf)}
        cells = [p for p in pdf.objects if isinstance(p, pikepdf.Dictionary) and p.get("/S") == "/TD"]
        linked = [
            {str(name) for name in cell.A.Headers} for cell in cells if "/A" in cell and "/Headers" in cell.A
        ]
        assert len(linked) > 80
        assert all(names and names <= ids for names in linked)


def test_the_code_on_a_reply_slip_has_a_description_for_those_who_cannot_see_it() -> None:
    with pikepdf.open(io.BytesIO(letters.sample_pdf("mitwirkungsaufforderung"))) as pdf:
        figures = [p for p in pdf.objects if isinstance(p, pikepdf.Dictionary) and p.get("/S") == "/Figure"]
        assert [str(figure.Alt) for figure in figures] == ["Code für die Zuordnung dieses Antwortbogens"]


def test_the_same_letter_has_the_same_bytes_whatever_was_written_before() -> None:
    fresh = PdfWriter(letters.catalogue().folder / SHARED / STYLE)
    html = letters.composer().compose(letters.request("einladung"))
    first = fresh.write(html)[0]
    fresh.write(letters.composer().compose(letters.request("bewilligungsbescheid")))
    assert fresh.write(html)[0] == first == letters.sample_pdf("einladung")


@pytest.mark.slow
def test_the_same_letter_has_the_same_bytes_in_another_process() -> None:
    script = (
        "import hashlib; from tests.rendering import letters; "
        "print(*(hashlib.sha256(letters.sample_pdf(name)).hexdigest() for name in letters.NAMES))"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    mine = [hashlib.sha256(letters.sample_pdf(name)).hexdigest() for name in letters.NAMES]
    assert other.stdout.split() == mine


def test_another_letter_has_another_identifier() -> None:
    def identifier(pdf: bytes) -> bytes:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            return bytes(document.trailer.ID[0])

    assert identifier(letters.sample_pdf("einladung")) != identifier(letters.sample_pdf("bewilligungsbescheid"))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/a.png",
        "https://example.org/a.png",
        "file:///etc/hostname",
        "ftp://example.org/a",
        "letter-font:x",
    ],
)
def test_nothing_outside_the_letter_is_ever_fetched(address: str) -> None:
    with pytest.raises(RenderError) as caught:
        write(f'<img src="{address}" alt="x">')
    assert caught.value.code == "asset-forbidden"
    assert address not in caught.value.message


def test_a_style_may_not_fetch_either() -> None:
    with pytest.raises(RenderError, match="asset-forbidden"):
        write("x", head='<style>@import url("http://127.0.0.1:9/a.css");</style>')


@pytest.mark.parametrize(
    "picture", ['<img src="logo.png" alt="x">', '<img src="data:image/png;base64,AAAA" alt="x">']
)
def test_a_picture_that_cannot_be_read_is_an_error_and_not_a_gap(picture: str) -> None:
    with pytest.raises(RenderError, match="asset-missing"):
        write(picture)


def test_a_picture_without_description_is_an_error() -> None:
    dot = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    with pytest.raises(RenderError, match="asset-missing"):
        write(f'<img src="{dot}">')
    write(f'<img src="{dot}" alt="ein Punkt">')


def test_a_style_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(RenderError, match="style-invalid"):
        write("x", head="<style>p { colour: red }</style>")


def test_the_versions_that_made_a_document_are_known() -> None:
    versions = letters.writer().versions
    assert set(versions) == {"weasyprint", "pango", "harfbuzz", "fonts"}
    assert all(versions.values())
    assert versions["pango"].count(".") == versions["harfbuzz"].count(".") == 2


def test_no_line_of_a_text_is_broken_too_early_before_an_inline_element() -> None:
    """WeasyPrint 70 broke after the first word of a text of which only the last blank did not fit."""
    metrics = FontMetrics()
    words = "Ihnen und den mit Ihnen in einer Bedarfsgemeinschaft lebenden Personen werden für die Zeit vo"
    start = "<strong>1.\u00a0Dezember\u00a02026</strong>"
    for tail in ("m", "n", "mm", "ll", "i", "ii", "iii", "il", "rr", "t", "w", "l", "lll"):
        pdf = write(keep_together(f"<main><p>{words}{tail} {start} bis morgen</p>").removeprefix("<main>"))
        first = letters.lines(pdf, 1)[0].text
        assert metrics.width_mm(first, 10.0) > 120, tail
