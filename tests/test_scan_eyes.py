"""A scan that a library chokes on costs itself and nothing else."""

import io
from collections.abc import Iterator

import pikepdf
import psutil
import pytest

from gateway.errors import DocumentInvalid
from gateway.ports.scans import PagePart
from gateway.rendering.pool import Limits
from gateway.scan_eyes import ScanEyes

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


def test_a_page_of_any_size_is_looked_at_where_it_may_be_an_envelope(eyes: ScanEyes) -> None:
    for part in PagePart:
        assert eyes.window(pdf(side=10_000_000), part) == ""
        assert eyes.window(pdf(side=1), part) == ""


def test_its_processes_end_with_it() -> None:
    before = len(psutil.Process().children())
    eyes = ScanEyes(1, Limits())
    eyes.codes(pdf())
    eyes.close()
    assert len(psutil.Process().children()) == before
