"""Formal service on the page of a letter: chosen by the caseworker, recorded by the post room."""

from tests.application.receipt.test_serving import REASON, ordered, town
from tests.rendering.pdfs import numbered
from tests.web.site import serve
from tests.world import AWARD, World


def test_a_caseworker_chooses_how_a_draft_travels(world: World) -> None:
    with town(world) as (here, _), serve(here) as site:
        reference = here.write("F1", AWARD)
        anna = site.visitor("anna")
        anna.get(f"/schreiben/{reference}")
        assert "Andere Versandart wählen" in anna.text
        anna.post(f"/schreiben/{reference}/versandart", versandart="pzu", auftrag="no-deposit", reason=REASON)
        assert "Postzustellungsauftrag" in anna.text
        assert f"abweichend von der Vorlage: {REASON}" in anna.text
        view = here.view(reference)
        assert (view.service, list(view.service_options)) == ("pzu", ["no-deposit"])


def test_the_post_room_records_the_certificate_with_its_scan(world: World) -> None:
    with town(world) as (here, _), serve(here) as site:
        reference = ordered(here)
        post = site.visitor("post")
        post.get(f"/schreiben/{reference}")
        assert "Zustellungsurkunde vermerken" in post.text
        form = {"csrf": post.token, "outcome": "deposited", "effective_on": "2026-11-19", "place": "Borken"}
        files = {"beleg": ("urkunde.pdf", numbered(1, "Urkunde"), "application/pdf")}
        path = f"{post.url}/schreiben/{reference}/1/zustellung"
        assert post.session.post(path, data=form, files=files, timeout=30).status_code == 200
        post.get(f"/schreiben/{reference}")
        assert "niedergelegt, schriftlich mitgeteilt (§ 181 Abs. 1 Satz 4 ZPO)" in post.text
        assert "21.12.2026" in post.text
        assert "Beleg als PDF" in post.text
