"""Registered mail on the pages: what was told waits for a word, a record proves, and late numbers are added."""

from datetime import date

import pytest

from tests.application.receipt.test_registered_mail import deadline, sent, told
from tests.rendering.pdfs import numbered
from tests.web.site import Site
from tests.world import at

pytestmark = pytest.mark.slow
LATE = date(2026, 11, 25)


def told_late(site: Site) -> str:
    """A decision as Einschreiben Übergabe that was fetched after the fiction."""
    reference = sent(site.world)
    site.world.advance_to(at(date(2026, 11, 26), "09:00"))
    told(site.world, "FETCHED_NOTIFIED", LATE)
    return reference


def test_the_post_room_sees_a_late_delivery_and_confirms_it_with_the_carriers_record(site: Site) -> None:
    reference = told_late(site)
    clerk = site.visitor("post")
    assert "verschiebt er die Frist" in clerk.get("/klaerung").text
    clerk.get(f"/schreiben/{reference}")
    assert "epost meldet: Das Einschreiben ist nach Benachrichtigung abgeholt." in clerk.text
    clerk.get("/urkunden")
    for said in ("Zugang am 25.11.2026", "Bekanntgabefiktion 21.11.2026", "Sendungsnummer RG"):
        assert said in clerk.text
    number = clerk.page.partition('action="/einschreiben/')[2].partition('"')[0]
    form = {"csrf": clerk.token, "ergebnis": "handed-addressee", "tag": "2026-11-25"}
    refused = clerk.session.post(f"{site.url}/einschreiben/{number}", data=form, timeout=30)
    assert "Bitte den Auslieferungsbeleg als PDF hinterlegen" in refused.text
    clerk.get("/urkunden")
    form = {**form, "csrf": clerk.token, "received_by": "Empfängerin"}
    receipt = {"beleg": ("beleg.pdf", numbered(1, "Beleg"), "application/pdf")}
    done = clerk.session.post(f"{site.url}/einschreiben/{number}", data=form, files=receipt, timeout=30)
    assert "Der Zugang am 25.11.2026 ist vermerkt." in done.text
    assert deadline(site.world, reference)[0] == LATE
    clerk.get(f"/schreiben/{reference}")
    assert "Bekanntgabe (nachgewiesen) 25.11.2026" in clerk.text
    assert "Auslieferungsbeleg (Einschreiben Übergabe): an die adressierte Person" in clerk.text


def test_a_delivery_that_was_told_can_be_put_aside_with_a_reason(site: Site) -> None:
    told_late(site)
    clerk = site.visitor("post")
    clerk.get("/urkunden")
    number = clerk.page.partition('action="/einschreiben/')[2].partition('"')[0]
    clerk.post(f"/einschreiben/{number}", action="ablegen", reason="Von der Post widerrufen")
    assert "Die Meldung ist abgelegt" in clerk.text
    assert "Keine Urkunde wartet." in clerk.text


def test_a_number_is_added_to_the_record_and_stands_at_letter_and_piece(site: Site) -> None:
    reference = sent(site.world)
    piece = site.world.only(reference).piece
    clerk = site.visitor("post")
    clerk.get(f"/aufgabe/sendungen/{piece}")
    clerk.post(f"/aufgabe/sendungen/{piece}/nummer", frankier_id="A0 17 2B", quelle="Beleg 4711")
    assert "Ergänzung 1: Frankier-ID A0 17 2B" in clerk.text
    clerk.get(f"/schreiben/{reference}")
    assert "Frankier-ID A0 17 2B" in clerk.text
    assert "nachgetragen von post: Beleg 4711" in clerk.text
