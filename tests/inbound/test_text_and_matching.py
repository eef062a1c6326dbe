"""From the bytes a scan provider delivers to the case they belong to: read, see codes and text, match."""

import io
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2 as pdfium
import pytest
import zxingcpp
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from gateway.domain.inbound.file_numbers import normalise_file_number
from gateway.domain.inbound.inbound import Known, Seen, match
from gateway.domain.inbound.match_strength import Confidence
from gateway.domain.inbound.scan_sources import ScanSource
from gateway.domain.references import encode_reply_code, reference_from
from gateway.errors import DocumentInvalid
from gateway.inbound.folder_scans import FolderScans
from gateway.inbound.text import document_text
from gateway.pdfium import LOCK
from gateway.ports.scans import ScanReader
from gateway.testing.scans import ScanKind, ScanSpec, make_delivery, scan

LETTER = reference_from(4711)


def reply_slip() -> bytes:
    symbol = zxingcpp.create_barcode(encode_reply_code(LETTER), zxingcpp.BarcodeFormat.DataMatrix)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(595.276, 841.89), invariant=1)
    canvas.drawImage(ImageReader(Image.fromarray(symbol.to_image(scale=8))), 480, 740, 34, 34)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def read_codes(pdf: bytes) -> list[tuple[int, str]]:
    with LOCK:
        document = pdfium.PdfDocument(pdf)
        image = document[0].render(scale=200 / 72, grayscale=True).to_pil()
        document.close()
    return [(1, found.text) for found in zxingcpp.read_barcodes(image)]


@pytest.mark.slow
def test_every_kind_of_paper_of_a_delivery_finds_its_case_or_the_desk(tmp_path: Path) -> None:
    specs = [
        ScanSpec(ScanKind.REPLY_SLIP, reply_slip()),
        ScanSpec(ScanKind.LETTER_WITH_TEXT, file_number="JC-AHA-2026-00018"),
        ScanSpec(ScanKind.UNKNOWN, index_file_number="jc aha 2026 00018"),
        ScanSpec(ScanKind.UNKNOWN),
        ScanSpec(ScanKind.REPLY_SLIP, reply_slip(), index_file_number="JC-AHA-2026-00018"),
    ]
    at = datetime(2026, 11, 20, 15, tzinfo=UTC)
    scans: ScanReader = FolderScans(read_codes)
    delivery = scans.read(
        make_delivery(tmp_path / "2026-11-20-001", "scan-west", "2026-11-20-001", 1, specs, at=at),
        ScanSource("scan-west"),
    )
    assert delivery.findings == []

    matches = []
    for document in delivery.documents:
        pdf = scans.content(delivery, document)
        matches.append(
            match(
                Seen(scans.codes(pdf), document.file_number, scans.text(pdf), document.document_class),
                Known({LETTER: "A"}, {}, {normalise_file_number("JC-AHA-2026-00018"): ["B"]}, {"B"}),
            )
        )

    assert [(found.case, found.letter, found.confidence) for found in matches] == [
        ("A", LETTER, Confidence.CERTAIN),
        ("B", None, Confidence.CERTAIN),
        ("B", None, Confidence.CERTAIN),
        (None, None, Confidence.NONE),
        ("A", LETTER, Confidence.DOUBTFUL),
    ]


def test_taken_and_refused_deliveries_are_answered(tmp_path: Path) -> None:
    at = datetime(2026, 11, 20, 15, tzinfo=UTC)
    scans, source = FolderScans(read_codes), ScanSource("scan-west")
    good = make_delivery(tmp_path / "good", "scan-west", "2026-11-20-001", 1, [ScanSpec.unknown()], at=at)
    bad = tmp_path / "Lieferung vom 21. November"
    shutil.copytree(good, bad)
    (bad / "manifest.json").write_text("{}")

    taken = scans.receipt(scans.read(good, source), at, ())
    with pytest.raises(DocumentInvalid) as error:
        scans.read(bad, source)
    refused = scans.refusal(bad, "scan-west", error.value, at)

    assert (taken.name, json.loads(taken.content)["counts"]["accepted"]) == ("2026-11-20-001.receipt.json", 1)
    assert json.loads(refused.content)["code"] == "manifest-hash-wrong"
    assert " " not in refused.name
    assert scans.refusal(bad, "scan-west", error.value, at).name == refused.name
    (bad / "manifest.json").write_text("[]")
    assert scans.refusal(bad, "scan-west", error.value, at).name != refused.name


def test_what_is_kept_of_a_delivery_are_the_same_bytes_whole_or_not_at_all(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    for name in ("a.pdf", "b.pdf", "READY"):
        (given / name).write_bytes(name.encode())
    (given / "link.pdf").symlink_to("/etc/passwd")
    scans = FolderScans(read_codes)
    scans.keep(given, tmp_path / "kept" / "all")
    scans.keep(given, tmp_path / "kept" / "some", ["b.pdf"])
    assert {path.name: path.read_bytes() for path in (tmp_path / "kept" / "all").iterdir()} == {
        name: name.encode() for name in ("a.pdf", "b.pdf", "READY")
    }
    assert [path.name for path in (tmp_path / "kept" / "some").iterdir()] == ["b.pdf"]


def test_the_text_layer_is_read_and_a_picture_has_none() -> None:
    assert "JC-1-00001" in document_text(
        scan(ScanSpec(ScanKind.LETTER_WITH_TEXT, file_number="JC-1-00001"), seed="a")
    )
    assert document_text(scan(ScanSpec(ScanKind.UNKNOWN), seed="a")) == ""


def test_what_is_no_pdf_is_an_error_with_a_code() -> None:
    with pytest.raises(DocumentInvalid) as error:
        document_text(b"no pdf")

    assert error.value.code == "scan-unreadable"


def test_threads_may_read_at_the_same_time() -> None:
    pdf = scan(ScanSpec(ScanKind.LETTER_WITH_TEXT, file_number="JC-1-00001"), seed="a")

    with ThreadPoolExecutor(4) as pool:
        texts = set(pool.map(document_text, [pdf] * 40))

    assert len(texts) == 1
