"""The post room's pages: a day's report, what two people answer for, the list behind it, the record at the letter."""

from datetime import date, timedelta

import pytest

from gateway.application.access.administering import add_user
from gateway.application.tracking import tracking
from gateway.domain.permission import Role
from gateway.domain.runs.status import Status
from gateway.ports.provider import StatusReport
from tests.rendering.pdfs import numbered
from tests.web.site import PASSWORD, Site
from tests.world import AWARD, MONDAY, at

pytestmark = pytest.mark.slow

TUESDAY, THURSDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=3)


def reported(site: Site, *days: date) -> str:
    """A letter that the provider says it posted on these days; now it is Thursday."""
    town = site.world
    reference = town.approved(template=AWARD, login="both")
    town.evening(MONDAY)
    (each,) = [one for one in town.submissions() if one.provider_reference]
    for day in days:
        said = StatusReport(
            each.key,
            each.provider_reference or "",
            Status.HANDED_TO_POST,
            "4",
            at(day, "16:00"),
            f"{each.key}:{day}",
            {},
            day,
        )
        tracking.record(town.services, "epost", [said])
    town.advance_to(at(THURSDAY, "08:00"))
    return reference


def test_the_clerk_sees_the_evidence_before_confirming_and_the_letter_shows_the_record_after(
    site: Site,
) -> None:
    reference = reported(site, TUESDAY)
    clerk = site.visitor("post")
    assert "Noch keiner: Die Poststelle hat" in clerk.get(f"/schreiben/{reference}").text
    clerk.get(f"/aufgabe/{TUESDAY}")
    assert "Statusmeldung, nach Vertrag gleich Aufgabe zur Post" in clerk.text
    for name in ("Datum des Schreibens", "Übergabe", "Aufgabe zur Post", "kann bestätigt werden"):
        assert name in clerk.text
    clerk.post(f"/aufgabe/{TUESDAY}")
    assert "epost-2026-11-17-1" in clerk.text
    clerk.get("/aufgabe/listen/1")
    assert "vom Gateway gebildet" in clerk.text
    original = clerk.get("/aufgabe/listen/1/original")
    assert original.json()["list"] == "epost-2026-11-17-1"
    clerk.get(f"/schreiben/{reference}")
    assert "Zur Post gegeben am 17.11.2026 (Sendung" in clerk.text
    assert "Geprüft und bestätigt mit der Tagesmeldung durch Petra Stelle" in clerk.text
    assert "Zusteller Deutsche Post" in clerk.text


def test_a_contradiction_is_shown_and_two_people_answer_for_it_on_the_pages(site: Site) -> None:
    reference = reported(site, TUESDAY, TUESDAY + timedelta(days=1))
    add_user(site.world.services, "post2", name="Paul Zwei", roles=[Role.POST_ROOM], password=PASSWORD)
    piece = site.world.only(reference).piece
    clerk, other = site.visitor("post"), site.visitor("post2")
    clerk.get(f"/aufgabe/{TUESDAY}")
    assert "Verschiedene Tage sind gemeldet: 17.11.2026, 18.11.2026." in clerk.text
    assert "Bestätigen:" not in clerk.text
    assert clerk.post("/aufgabe/ausnahmen/neu", piece=piece, day="2026-11-18").status_code == 422
    clerk.get(f"/aufgabe/{TUESDAY}")
    clerk.post("/aufgabe/ausnahmen/neu", piece=piece, day="2026-11-18", reason="Liste auf Papier")
    assert "Wartet auf eine zweite Person." in clerk.text
    assert clerk.post("/aufgabe/ausnahmen/1/bestaetigen").status_code == 403
    other.get("/aufgabe")
    other.post("/aufgabe/ausnahmen/1/bestaetigen")
    assert "1 Ab-Vermerke geschrieben" in other.text
    other.get(f"/aufgabe/sendungen/{piece}")
    assert "Als Ausnahme bestätigt durch Petra Stelle und Paul Zwei" in other.text
    assert "Berichtigen" in other.text
    assert "18.11.2026" in clerk.get(f"/schreiben/{reference}").text


@pytest.mark.parametrize("login", ["anna", "audit"])
def test_others_look_and_cannot_act(site: Site, login: str) -> None:
    reference = reported(site, TUESDAY, TUESDAY + timedelta(days=1))
    piece = site.world.only(reference).piece
    visitor = site.visitor(login)
    page = visitor.get(f"/aufgabe/{TUESDAY}").text
    assert "Verschiedene Tage" in page
    assert "Ausnahme vorschlagen" not in page
    answer = visitor.post("/aufgabe/ausnahmen/neu", piece=piece, day="2026-11-18", reason="x")
    assert answer.status_code == 403
    assert visitor.post("/aufgabe/ausnahmen/1/bestaetigen").status_code == 403


def test_another_office_does_not_see_the_letters_of_a_piece(site: Site) -> None:
    reference = reported(site, TUESDAY)
    piece = site.world.only(reference).piece
    visitor = site.visitor("ahmad")
    assert reference not in visitor.get(f"/aufgabe/{TUESDAY}").text
    assert visitor.get(f"/aufgabe/sendungen/{piece}").status_code == 404


def silent(site: Site) -> str:
    """A letter in production since Monday, of which nobody said that it was posted; it is Thursday."""
    town = site.world
    reference = town.approved(template=AWARD, login="both")
    town.evening(MONDAY)
    (each,) = [one for one in town.submissions() if one.provider_reference]
    said = StatusReport(
        *(each.key, each.provider_reference or "", Status.IN_PRODUCTION, "2", at(MONDAY, "21:00")),
        *(f"{each.key}:2", {}, None),
    )
    tracking.record(town.services, "epost", [said])
    town.advance_to(at(THURSDAY, "08:00"))
    return reference


def test_a_posting_that_nobody_reported_is_proven_on_the_pages_with_a_document(site: Site) -> None:
    reference = silent(site)
    add_user(site.world.services, "post2", name="Paul Zwei", roles=[Role.POST_ROOM], password=PASSWORD)
    piece = site.world.only(reference).piece
    clerk, other = site.visitor("post"), site.visitor("post2")
    clerk.get("/aufgabe")
    assert "1 Sendung ist übergeben, aber nicht als aufgegeben gemeldet" in clerk.text
    clerk.get("/aufgabe/fehlend")
    assert "offen seit 3 Tagen" in clerk.text
    form = {"csrf": clerk.token, "piece": piece, "day": "2026-11-17", "reason": "Liste kam nie"}
    form["quelle"] = "Schreiben des Druckzentrums vom 18.11.2026"
    path = f"{clerk.url}/aufgabe/ausnahmen/neu"
    assert clerk.session.post(path, data=form, timeout=30).status_code == 422
    told = numbered(1, "Bestätigung")
    answer = clerk.session.post(
        path, data=form, files={"beleg": ("b.pdf", told, "application/pdf")}, timeout=30
    )
    assert "Ausnahme 1 ist vorgeschlagen" in answer.text
    assert "Ausnahme 1 wartet" in clerk.get("/aufgabe/fehlend").text
    other.get("/aufgabe")
    assert "Gestützt auf: Schreiben des Druckzentrums vom 18.11.2026 (Beleg, PDF)" in other.text
    assert other.get("/aufgabe/ausnahmen/1/beleg.pdf").content.startswith(b"%PDF")
    assert site.visitor("anna").get("/aufgabe/ausnahmen/1/beleg.pdf").status_code == 403
    other.get("/aufgabe")
    other.post("/aufgabe/ausnahmen/1/bestaetigen")
    other.get(f"/schreiben/{reference}")
    assert "Der Dienstleister hat die Aufgabe zur Post nicht gemeldet. Gestützt auf: Schreiben" in other.text
    assert "Von allem, was vor heute übergeben wurde" in clerk.get("/aufgabe/fehlend").text
