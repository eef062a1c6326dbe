"""The pages of returned mail: list, picture, decision, tray; what the letter and the case say about it."""

from pathlib import Path

import pytest
from sqlmodel import select

from gateway.application.receipt.certificates_in import certificates_due
from gateway.application.returns.returning import returns_due
from gateway.db.files import InboundDocument
from gateway.domain.references import for_people
from gateway.testing.scans import ScanSpec
from tests.application.arrivals.test_receiving import printed
from tests.application.returns.test_returning import come_back, posted, scanned
from tests.web.site import Site

pytestmark = pytest.mark.slow


def test_a_caseworker_sees_what_came_back_and_sends_it_anew(site: Site, tmp_path: Path) -> None:
    world = site.world
    reference = posted(world)
    scanned(world, tmp_path, ScanSpec.returned(printed(world, reference)))
    returns_due(world.services)
    come_back(world, reference)
    anna = site.visitor("anna")
    anna.get("/ruecklaeufer")
    assert "verzogen" in anna.text
    assert "strittig" in anna.text
    anna.get(f"/schreiben/{reference}")
    assert "Rückläufer vom" in anna.text
    anna.get("/faelle/F1")
    assert "Anschrift gesperrt seit" in anna.text
    anna.get("/ruecklaeufer/1")
    assert "Bild des Rückläufers" in anna.text
    assert anna.session.get(site.url + "/posteingang/1/seite-1.png", timeout=30).status_code == 200
    form = {
        "bekanntgabe": "void",
        "grund": "moved",
        "reason": "verzogen laut Melderegister",
        "action": "reissue",
    }
    present = {"berichtigt": "ja", "strasse": "Am Markt 9", "plz": "48683", "ort": "Ahaus"}
    anna.send("/ruecklaeufer/1/entscheiden", {**form, **present})
    assert "Neuer Entwurf anstelle des Rückläufers" in anna.text
    assert f"Es ersetzt das Schreiben {for_people(reference)}." in anna.text
    anna.get("/ruecklaeufer")
    assert "Kein Rückläufer wartet" in anna.text
    anna.get("/ruecklaeufer?alle=true")
    assert "berichtigt neu versenden" in anna.text


def test_a_refusal_is_decided_and_a_suspension_is_lifted_on_the_page(site: Site) -> None:
    reference = posted(site.world)
    anna = site.visitor("anna")
    anna.get(f"/schreiben/{reference}")
    anna.post(f"/schreiben/{reference}/1/ruecklaeufer", grund="unknown")
    anna.get("/ruecklaeufer/1")
    assert "Anschrift gesperrt" in anna.text
    anna.post("/ruecklaeufer/1/sperre", sperre="1", reason="Klingelschild fehlte")
    assert "Sperre der Anschrift ist aufgehoben" in anna.text
    anna.post("/ruecklaeufer/1/entscheiden", bekanntgabe="holds", grund="refused", reason="grundlos verweigert")
    assert "gilt als zugegangen" in anna.text
    assert site.world.only(reference).assessment.deadline is not None  # type: ignore[union-attr]
    assert anna.post("/ruecklaeufer/1/entscheiden", grund="refused", reason="").status_code == 422


def test_a_certificate_on_paper_is_read_beside_its_picture(site: Site, tmp_path: Path) -> None:
    world = site.world
    reference = posted(world)
    scanned(world, tmp_path, ScanSpec.returned(printed(world, reference)))
    with world.services.db.transaction() as session:
        session.exec(select(InboundDocument)).one().document_class = "certificate-of-service"
    certificates_due(world.services)
    anna = site.visitor("anna")
    anna.get("/urkunden")
    assert "Die Sendung ging nicht als Postzustellungsauftrag." in anna.text
    assert anna.session.get(site.url + "/urkunden/1/seite-1.png", timeout=30).status_code == 200
    assert anna.post("/urkunden/1", ergebnis="", tag="2026-11-17").status_code == 422
    anna.get("/urkunden")
    anna.post("/urkunden/1", ergebnis="mailbox", tag="2026-11-17")
    assert "Die Zustellung ist vermerkt." in anna.text
    assert world.view(reference).standing == "delivered"
    assert site.visitor("ahmad").get("/urkunden/1/bild.pdf").status_code == 403


def test_the_post_room_empties_the_tray_and_others_do_not_see_it(site: Site, tmp_path: Path) -> None:
    world = site.world
    reference = posted(world)
    scanned(world, tmp_path, ScanSpec.unknown())
    with world.services.db.transaction() as session:
        session.exec(select(InboundDocument)).one().document_class = "returned-mail"
    returns_due(world.services)
    anna, post = site.visitor("anna"), site.visitor("post")
    anna.get("/ruecklaeufer")
    assert "Ohne Sendung" not in anna.text
    post.get("/ruecklaeufer")
    assert "weder Code noch Sendungsnummer gefunden" in post.text
    told = {"action": "zuordnen", "eingang": "1", "schreiben": for_people(reference), "empfaenger": "1"}
    post.send("/ruecklaeufer/meldungen/1", {**told, "grund": "deceased"})
    assert "Der Rückläufer ist zugeordnet." in post.text
    assert "verstorben" in post.text
    ahmad = site.visitor("ahmad")
    assert ahmad.get("/ruecklaeufer/1").status_code == 404
