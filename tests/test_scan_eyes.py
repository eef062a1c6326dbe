"""A scan that a library chokes on costs itself and nothing else."""

import io
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import psutil
import pytest

from gateway.domain.inbound.scan_sources import ScanSource
from gateway.errors import DocumentInvalid
from gateway.ports.scans import PagePart
from gateway.rendering.pool import Limits
from gateway.scan_eyes import ScanEyes, scan_reader
from gateway.testing.scans import write_manifest
from tests.inbound.test_delivery import IDS, entry, manifest

pytestmark = pytest.mark.slow


@pytest.fixture
def eyes() -> Iterator[ScanEyes]:
    eyes = ScanEyes(1, Limits(timeout_s=60, max_rss_mb=100))
    yield eyes
    eyes.close()


def pdf(*, draws_itself: bool = False, side: int = 500) -> bytes:
    """A page; `draws_itself`: its form holds itself twice, so that there are 2^n of it on level n."""
    document, buffer = pikepdf.new(), io.BytesIO()
    document.add_blank_page().MediaBox = pikepdf.Array([0, 0, side, side])
    if draws_itself:
        form = document.make_indirect(pikepdf.Stream(document, b"/F Do /F Do"))
        form.Type, form.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        form.BBox = pikepdf.Array([0, 0, 500, 500])
        form.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=form))
        document.pages[0].Resources = form.Resources
        document.pages[0].Contents = document.make_stream(b"/F Do")
    document.save(buffer)
    return buffer.getvalue()


def test_what_takes_all_memory_to_read_is_unreadable_and_the_next_scan_is_read(eyes: ScanEyes) -> None:
    for read in (eyes.codes, lambda scan: eyes.text(scan, 1)):
        with pytest.raises(DocumentInvalid, match="scan-unreadable"):
            read(pdf(draws_itself=True))
        assert list(eyes.codes(pdf())) == []
        assert eyes.text(pdf(), 1).strip() == ""


def test_a_fault_of_the_document_is_said_as_it_is(eyes: ScanEyes) -> None:
    with pytest.raises(DocumentInvalid, match="pdf-unreadable"):
        eyes.codes(b"%PDF-1.7\n")


def test_a_delivery_is_looked_into_by_its_processes_alone(tmp_path: Path) -> None:
    content = pdf()
    (tmp_path / f"{IDS[0]}.pdf").write_bytes(content)
    write_manifest(tmp_path, manifest([entry(0, content, 1)]))
    before = len(psutil.Process().children())
    scans, _ = scan_reader(1, 300)
    assert len(scans.read(tmp_path, ScanSource("scan-west")).documents) == 1
    assert len(psutil.Process().children()) == before + 1
    scans.close()
    assert len(psutil.Process().children()) == before


def test_a_password_is_said_as_it_is(eyes: ScanEyes) -> None:
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as document:
        document.save(buffer, encryption=pikepdf.Encryption(user="a", owner="b"))
    with pytest.raises(DocumentInvalid, match="scan-encrypted"):
        eyes.count(buffer.getvalue())


def test_a_page_of_any_size_is_looked_at_where_it_may_be_an_envelope(eyes: ScanEyes) -> None:
    for part in PagePart:
        assert eyes.window(pdf(side=10_000_000), part) == ""
        assert eyes.window(pdf(side=1), part) == ""
