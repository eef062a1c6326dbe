"""Made scans are as hard to read as real ones, and deliveries are what the format says."""

import hashlib
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from gateway.domain.references import encode_reply_code, reference_from
from gateway.testing.scans import ScanKind, ScanSpec, make_delivery, scan

AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
REPLY_CODE = encode_reply_code(reference_from(77))


def reply_slip(code: str = REPLY_CODE, size_mm: float = 12) -> bytes:
    """A two-page letter whose second page is a reply slip with a DataMatrix at the top right."""
    symbol = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.DataMatrix)
    picture = Image.fromarray(symbol.to_image(scale=8))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(595.276, 841.89), invariant=1)
    canvas.drawString(70, 760, "Bitte füllen Sie den Antwortbogen aus.")
    canvas.showPage()
    canvas.drawString(70, 760, "Antwortbogen")
    size_pt = size_mm / 25.4 * 72
    canvas.drawImage(ImageReader(picture), 480, 740, size_pt, size_pt)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def picture_of(pdf: bytes) -> Image.Image:
    document = pdfium.PdfDocument(pdf)
    page = document[0]
    image: Image.Image = page.render(scale=200 / 72).to_pil().convert("L")
    page.close()
    document.close()
    return image


def text_of(pdf: bytes) -> str:
    document = pdfium.PdfDocument(pdf)
    page = document[0]
    text_page = page.get_textpage()
    text = str(text_page.get_text_bounded())
    text_page.close()
    page.close()
    document.close()
    return text


def test_a_scanned_reply_slip_is_a_noisy_picture_whose_code_can_still_be_read() -> None:
    pdf = scan(ScanSpec.reply_slip(reply_slip()), seed="a")

    image = picture_of(pdf)
    assert text_of(pdf) == ""
    assert [found.text for found in zxingcpp.read_barcodes(image)] == [REPLY_CODE]
    blank = image.crop((400, 1500, 900, 2000)).getextrema()
    assert blank[0] != blank[1]


def test_the_slip_lies_askew() -> None:
    image = picture_of(scan(ScanSpec.reply_slip(reply_slip()), seed="a"))
    (found,) = zxingcpp.read_barcodes(image)

    assert found.position.top_left.y != found.position.top_right.y


def test_a_letter_with_text_names_its_file_number_in_a_hidden_layer_over_a_picture() -> None:
    pdf = scan(ScanSpec(ScanKind.LETTER_WITH_TEXT, file_number="JC-BOR-2026-00017"), seed="a")

    assert "JC-BOR-2026-00017" in text_of(pdf)
    assert picture_of(pdf).resize((1, 1)).getpixel((0, 0)) != 255


def test_an_unknown_page_says_nothing_to_a_machine() -> None:
    pdf = scan(ScanSpec(ScanKind.UNKNOWN), seed="a")

    assert text_of(pdf) == ""
    assert zxingcpp.read_barcodes(picture_of(pdf)) == []


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_noise() -> None:
    spec = ScanSpec(ScanKind.UNKNOWN)

    assert scan(spec, seed="a") == scan(spec, seed="a") != scan(spec, seed="b")


@pytest.mark.slow
@pytest.mark.parametrize("n", range(12))
def test_codes_stay_readable_under_every_tilt_and_noise(n: int) -> None:
    image = picture_of(scan(ScanSpec(ScanKind.REPLY_SLIP, reply_slip(size_mm=10), page=2), seed=str(n)))

    assert [found.text for found in zxingcpp.read_barcodes(image)] == [REPLY_CODE]


def test_a_delivery_has_hashes_counts_and_a_marker_over_the_manifest(tmp_path: Path) -> None:
    specs = [
        ScanSpec(ScanKind.UNKNOWN, received_on=date(2026, 11, 19)),
        ScanSpec(ScanKind.LETTER_WITH_TEXT, file_number="JC-1-00001", index_file_number="JC-1-00001"),
    ]
    folder = make_delivery(tmp_path / "new", "scan-west", "2026-11-20-001", 1, specs, at=AT)

    content = (folder / "manifest.json").read_bytes()
    manifest = json.loads(content)
    assert (folder / "READY").read_text().strip() == hashlib.sha256(content).hexdigest()
    assert manifest["counts"] == {"documents": 2, "pages": 2}
    assert [entry["received_on"] for entry in manifest["documents"]] == ["2026-11-19", "2026-11-20"]
    assert [entry["file_number"] for entry in manifest["documents"]] == [None, "JC-1-00001"]
    for entry in manifest["documents"]:
        assert hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
