"""Looking at a scan: how far its picture is read, and that a second piece on the same paper is never overlooked."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlmodel import select

from gateway.application.arrivals.receiving import import_delivery
from gateway.application.reads.looking import read_picture
from gateway.application.returns.returning import returns_due
from gateway.db.files import InboundDocument, InboundState
from gateway.domain.references import for_people, reference_from
from gateway.inbound.window_text import first_page
from gateway.ports.scans import PagePart
from gateway.testing.scan_centre import ScanCentre
from gateway.testing.scan_centre.mail import letter_naming, returned
from gateway.testing.scan_centre.scanner import CONDITIONS, scan
from gateway.testing.scans import ScanSpec
from tests.application.arrivals.test_receiving import SOURCE, printed
from tests.application.returns.test_returning import posted, scanned, tray
from tests.world import AWARD, World

OURS, OTHER, STRANGE = (reference_from(number) for number in (1, 2, 3))
STICKER = "Zuriick / Retour X unbekannt verzogen"


def read(zone: str, around: str, page: str) -> tuple[list[PagePart], tuple[str, ...], str]:
    parts = {PagePart.ZONE: zone, PagePart.AROUND: around, PagePart.PAGE: page}
    asked: list[PagePart] = []

    def eye(part: PagePart) -> str:
        asked.append(part)
        return parts[part]

    references, text = read_picture(eye, lambda found: {OURS, OTHER} & set(found))
    return asked, references, text


def test_the_whole_page_is_not_read_where_the_window_names_a_piece_of_ours_and_nothing_else_may() -> None:
    asked, references, text = read(for_people(OURS), STICKER, "never read")
    assert asked == [PagePart.ZONE, PagePart.AROUND]
    assert references == (OURS,)
    assert "verzogen" in text


@pytest.mark.parametrize("zone", ["", "Burloer Str. 93", for_people(STRANGE), for_people(OURS)[:-1] + "?"])
def test_the_whole_page_is_read_where_the_window_names_no_piece_of_ours(zone: str) -> None:
    asked, references, _ = read(zone, "never read", for_people(OTHER))
    assert asked == [PagePart.ZONE, PagePart.PAGE]
    assert references[-1] == OTHER


@pytest.mark.parametrize("around", ["se S5Z2-CFMH oe", "Am Markt 9 48683 Ahaus"])
def test_the_whole_page_is_read_where_something_around_the_window_may_name_another_piece(around: str) -> None:
    asked, references, _ = read(for_people(OURS), around, f"{for_people(OURS)} {for_people(OTHER)}")
    assert asked == [PagePart.ZONE, PagePart.AROUND, PagePart.PAGE]
    assert references == (OURS, OTHER)


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_two_envelopes_on_one_poor_scan_wait_for_a_person(world: World, tmp_path: Path) -> None:
    other = world.approved("F2", AWARD)
    one = posted(world)
    paper = scan(_both(printed(world, one), printed(world, other)), CONDITIONS["poor"], seed="1")
    scanned(world, tmp_path, ScanSpec.returned(paper))
    assert returns_due(world.services).matched == 0
    assert tray(world) == ["several-found"]


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
def test_an_envelope_of_ours_that_came_as_a_letter_waits_among_the_returns_although_the_number_was_typed(
    world: World, tmp_path: Path
) -> None:
    reference = posted(world)
    number, pdf = world.view(reference).file_number, printed(world, reference)
    with ScanCentre(tmp_path / "centre", source=SOURCE, start=world.clock.now(), speed=0) as centre:
        for opened in (False, True):
            envelope = returned(pdf, "verzogen", opened=opened)
            centre.lay(replace(envelope, document_class="letter").typed(number))
        centre.lay(letter_naming(number, read=False).typed(number))
        folder = centre.deliver()
        assert folder is not None
        import_delivery(world.services, folder, source=SOURCE)
    with world.services.db.reading() as session:
        rows = session.exec(select(InboundDocument).order_by(InboundDocument.id)).all()  # type: ignore[arg-type]
    assert [row.state for row in rows] == [InboundState.DESK, InboundState.DESK, InboundState.ASSIGNED]
    assert "Umschlag" in (rows[0].match_reason or "")
    assert returns_due(world.services).tray == 2
    assert tray(world) == ["envelope-on-top"] * 2
    assert world.view(reference).standing == "posted"


def _both(one: bytes, other: bytes) -> bytes:
    upper, lower = (first_page(returned(pdf, "verzogen").pdf, 300) for pdf in (one, other))
    half = upper.height // 2
    upper.paste(lower.crop((0, 0, lower.width, half)), (0, half))
    out = io.BytesIO()
    Image.Image.save(upper, out, format="PDF", resolution=300)
    return out.getvalue()
