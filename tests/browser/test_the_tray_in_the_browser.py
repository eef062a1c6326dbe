"""Working through the tray by keys in a real Chromium: a digit and Enter assign, s searches, the next one comes."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlmodel import select

from gateway.application.arrivals.receiving import import_delivery
from gateway.db.files import InboundDocument
from gateway.testing.scans import ScanSpec, make_delivery
from tests.browser.test_a_letter_in_the_browser import browser, faults, sign_in, site
from tests.web.site import Site

__all__ = ["browser", "faults", "site"]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def test_two_documents_are_assigned_without_a_mouse(
    browser: Browser, site: Site, faults: list[str], tmp_path: Path
) -> None:
    specs = [ScanSpec.letter("JC-BOR-2026-00017"), ScanSpec.unknown()]
    folder = make_delivery(tmp_path / "in", "west", "L-1", 1, specs, at=site.world.clock.now())
    import_delivery(site.world.services, folder, source="west")
    page = sign_in(browser, site, "post", faults)
    page.goto(f"{site.url}/posteingang/1")
    page.keyboard.press("1")
    expect(page.get_by_role("button", name="1 · JC-BOR-2026-00017")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Posteingang 2")).to_be_visible()
    page.keyboard.press("s")
    page.keyboard.type("00018")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="1 · JC-BOR-2026-00018")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Es wartet kein weiterer")
    with site.world.services.db.reading() as session:
        rows = session.exec(select(InboundDocument).order_by(InboundDocument.id)).all()  # type: ignore[arg-type]
    assert [row.case_id for row in rows] == [1, 2]
