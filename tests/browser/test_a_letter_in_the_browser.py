"""The way of a letter as people go it, in a real Chromium: sign in, find the case, write, look, submit, approve."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.web.site import PASSWORD, Site, serve
from tests.world import World

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=de-DE",
]
PATIENCE_MS = 30_000

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; in CI its absence is a failure, elsewhere a skip that says what to install."""
    if not CHROMIUM.exists():
        message = f"{CHROMIUM} fehlt: apt install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def site(world: World) -> Iterator[Site]:
    with serve(world, render=True) as site:
        yield site


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """What the console complained about; the policy against foreign content speaks there, too."""
    found: list[str] = []
    yield found
    assert found == []


def sign_in(browser: Browser, site: Site, login: str, faults: list[str], **options: object) -> Page:
    page = browser.new_context(viewport={"width": 1366, "height": 768}, locale="de-DE", **options).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda said: faults.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(f"{site.url}/anmelden")
    page.get_by_label("Benutzername").fill(login)
    page.get_by_label("Kennwort").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("heading", name="Was ansteht")).to_be_visible()
    return page


def fill_in(page: Page) -> None:
    page.get_by_label("Anlass (steht in der Bezugszeile)").fill("Ihr Antrag vom 19. Oktober 2026")
    page.get_by_label("Frist bis").fill("2026-12-14")
    page.get_by_label("Folge fehlender Mitwirkung").select_option("Versagung")
    page.get_by_label("Unterlage", exact=True).fill("Kontoauszüge")


def is_drawn(page: Page, selector: str) -> bool:
    """Whether a picture has arrived and has paper's proportions."""
    size: list[int] = page.eval_on_selector(selector, "one => [one.naturalWidth, one.naturalHeight]")
    return size[0] > 400 and 1.40 < size[1] / size[0] < 1.43


def test_from_the_sign_in_to_the_approved_letter(browser: Browser, site: Site, faults: list[str]) -> None:
    page = sign_in(browser, site, "anna", faults)
    page.get_by_label("Fall suchen").fill("nguyễn")
    page.get_by_role("button", name="Suchen").click()
    page.get_by_role("link", name="JC-BOR-2026-00018").click()
    page.get_by_role("link", name="Schreiben verfassen").click()
    page.get_by_role("link", name="Mitwirkungsaufforderung").click()
    expect(page.locator("#preview-note")).to_contain_text("fehlen noch 4 Angaben")
    fill_in(page)
    expect(page.locator("#preview-page")).to_contain_text("Seite 1 von", timeout=PATIENCE_MS)
    expect(page.locator("#preview-picture")).to_be_visible()
    assert is_drawn(page, "#preview-picture")
    page.get_by_role("button", name="Nächste Seite").click()
    expect(page.locator("#preview-page")).to_contain_text("Seite 2 von")
    page.get_by_role("button", name="Zur Freigabe einreichen").click()
    expect(page.locator("h1")).to_contain_text("wartet auf Freigabe", timeout=PATIENCE_MS)
    expect(page.get_by_role("button", name="Freigeben")).to_be_visible()
    reference = page.url.rpartition("/")[2]

    approver = sign_in(browser, site, "bea", faults)
    approver.get_by_role("navigation").get_by_role("link", name="Freigabe").click()
    approver.wait_for_load_state("networkidle")
    assert is_drawn(approver, ".pages img")
    approver.get_by_role("button", name="Freigeben").click()
    expect(approver.get_by_text("Kein Schreiben wartet auf Ihre Freigabe.")).to_be_visible()
    approver.get_by_role("link", name="Schreiben", exact=True).click()
    row = approver.get_by_role("row").filter(has_text=f"{reference[:4]}-{reference[4:]}")
    expect(row).to_contain_text("freigegeben")
    assert site.world.view(reference).approved_by == "bea"


def test_all_of_it_works_without_a_script(browser: Browser, site: Site, faults: list[str]) -> None:
    page = sign_in(browser, site, "anna", faults, java_script_enabled=False)
    page.goto(f"{site.url}/faelle/F1/schreiben/mitwirkungsaufforderung")
    page.get_by_role("button", name="Unterlage hinzufügen").click()
    expect(page.get_by_role("button", name="Unterlage 2 entfernen")).to_be_visible()
    page.get_by_role("button", name="Unterlage 2 entfernen").click()
    fill_in(page)
    page.get_by_role("button", name="Vorschau").last.click()
    expect(page.locator("#preview-pages img").first).to_be_visible()
    page.get_by_role("button", name="Entwurf speichern").click()
    expect(page.locator("h1")).to_contain_text("Entwurf")


def test_at_four_times_the_size_no_page_needs_scrolling_sideways(
    browser: Browser, site: Site, faults: list[str]
) -> None:
    reference = site.world.ready("F2")
    page = sign_in(browser, site, "both", faults)
    page.set_viewport_size({"width": 341, "height": 600})
    paths = [
        "/",
        "/faelle",
        "/faelle/F2",
        "/faelle/F2/schreiben/bewilligungsbescheid",
        "/schreiben",
        "/freigabe",
    ]
    for path in [*paths, f"/schreiben/{reference}", "/klaerung", "/posteingang", "/aufgabe", "/saldo"]:
        page.goto(site.url + path)
        wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wider) <= 0, path
