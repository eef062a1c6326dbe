"""The pages about paper at the scan site, for the post room and for the caseworker."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.application.arrivals.receiving import import_delivery
from gateway.application.filing.filing import file_due
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.testing.scan_centre import ScanCentre
from gateway.testing.scan_centre.mail import foreign, identity_paper, letter_naming
from gateway.testing.scan_centre.scanner import Condition
from tests.web.site import Site
from tests.world import World

pytestmark = pytest.mark.slow
SOURCE = "scan-centre"


@pytest.fixture
def centre(world: World, tmp_path: Path) -> Iterator[ScanCentre]:
    with ScanCentre(tmp_path / "c", start=world.clock.now(), speed=0, condition=Condition(dpi=60)) as centre:
        centre.lay(
            letter_naming("x", read=False).typed("JC-BOR-2026-00017"),
            replace(identity_paper(), file_number="JC-BOR-2026-00017"),
            foreign("plain", "a"),
        )
        folder = centre.deliver()
        assert folder is not None
        import_delivery(world.services, folder, source=SOURCE)
        file_due(world.services)
        make_rounds(world.services)
        yield centre


def test_the_post_room_checks_scans_and_releases_the_list_that_it_saw(
    site: Site, world: World, centre: ScanCentre
) -> None:
    post = site.visitor("post")
    post.get("/originale")
    assert "Heute ist nichts freizugeben" in post.text
    assert centre.ledger[0].delivery in post.text
    post.get("/originale/pruefung/1")
    assert "3 von 3 Scans sind gezogen; noch 3 anzusehen" in post.text
    for number in (1, 2, 3):
        post.post(f"/originale/{number}/pruefen", ergebnis="ok", lieferung="1")
    assert "Alle Scanlieferungen sind geprüft" in post.text

    world.advance(days=56)
    post.sign_in("post")
    post.get("/originale")
    assert "1 Original darf vernichtet werden" in post.text
    assert "Original ist zurückzugeben" in post.text
    assert "keinem Fall zugeordnet" in post.text
    stale = post.page.split('name="sha256" value="')[1].split('"')[0]
    assert post.post("/originale/freigeben", sha256="0" * 64).status_code == 409
    post.get("/originale")
    post.post("/originale/freigeben", sha256=stale)
    assert "1 Originale zur Vernichtung freigegeben" in post.text
    assert "Heute ist nichts freizugeben" in post.text


def test_a_caseworker_sees_where_the_paper_is_holds_it_and_has_it_back(site: Site, centre: ScanCentre) -> None:
    anna = site.visitor("anna")
    anna.get("/posteingang/1")
    assert "Es liegt in Kiste K-0001 der Scanstelle, mindestens bis 11.01.2027" in anna.text
    anna.post("/originale/1/festhalten", art="litigation", reason="Klage")
    assert "Nicht vernichtet wird es, solange gilt: Rechtsstreit" in anna.text
    anna.post("/originale/grund/2/aufheben", reason="zurückgenommen")
    assert "Der Grund ist aufgehoben" in anna.text
    anna.post("/originale/1/zurueckfordern", reason="Das Gericht will es sehen")
    assert "noch keine Antwort" in anna.text
    anna.post("/originale/1/eingetroffen")
    assert "im Haus" in anna.text
    assert anna.get("/originale").status_code == 403
    assert site.visitor("ahmad").get("/posteingang/1").status_code == 403
    assert site.visitor("anna").get("/posteingang/3").status_code == 403
    assert site.visitor("audit").get("/originale").status_code == 200
    assert site.visitor("post").get("/posteingang/99").status_code == 404


def test_paper_whose_scan_was_not_taken_stays_for_that_reason_and_for_no_term(
    site: Site, world: World, centre: ScanCentre
) -> None:
    centre.lay(letter_naming("y", read=False).typed("JC-BOR-2026-00017"))
    centre.script.next_delivery = ["wrong-hash"]
    folder = centre.deliver()
    assert folder is not None
    import_delivery(world.services, folder, source=SOURCE)
    make_rounds(world.services)
    post = site.visitor("post")
    world.advance(days=56)
    post.sign_in("post")
    post.get("/originale")
    (line,) = (row for row in post.page.split("<tr>") if 'href="/posteingang/4"' in row)
    assert "nicht absehbar" in line
    assert "Scan nicht übernommen</td>" in line
    assert "Frist läuft" not in line
    post.get("/posteingang/4")
    assert "Nicht vernichtet wird es, solange gilt: Scan nicht übernommen" in post.text
    assert "Scan nicht geprüft" not in post.text
