"""What people do with the pages: write, submit, approve, hold, cancel, confirm, assign, all without a script."""

import re
from datetime import date
from pathlib import Path

import pytest

from gateway.application.arrivals import receiving
from gateway.application.clearing import withholding
from gateway.application.letters import rendering
from gateway.application.tracking import tracking
from gateway.testing.scans import ScanSpec, make_delivery
from tests.web.site import Site, Visitor
from tests.world import AWARD, INVITATION, REQUEST, at

pytestmark = pytest.mark.slow

FORM: dict[str, object] = {
    "concerns": "Ihr Antrag vom 19. Oktober 2026",
    "deadline": "2026-12-14",
    "consequence": "Versagung",
    "reasons": "",
    "documents.#": "1",
    "documents.0.title": "Kontoauszüge",
    "documents.0.detail": "",
    "recipient": ["P1", "P2"],
}
WRITE = f"/faelle/F2/schreiben/{REQUEST}"


def write(visitor: Visitor, do: str = "save", path: str = WRITE, **changes: object) -> str:
    """Send the form; returns the letter's reference out of the address."""
    visitor.get(path)
    answer = visitor.send(path, {**FORM, "do": do, **changes})
    return answer.url.rpartition("/")[2].partition("?")[0]


def test_a_letter_is_written_saved_and_submitted(site: Site) -> None:
    visitor = site.visitor("anna")
    reference = write(visitor)
    assert site.world.view(reference).data["documents"] == [{"title": "Kontoauszüge", "detail": ""}]
    assert "Entwurf" in visitor.text
    visitor.post(f"/schreiben/{reference}/einreichen")
    assert site.world.view(reference).state == "submitted"
    assert 'http-equiv="refresh"' in visitor.page
    rendering.render_letter(site.world.services, reference)
    assert "wartet auf Freigabe" in visitor.get(f"/schreiben/{reference}").text
    assert 'http-equiv="refresh"' not in visitor.page


def test_the_guardian_gets_a_marked_copy_unless_somebody_chooses_otherwise(site: Site) -> None:
    visitor = site.visitor("anna")
    usual = site.world.view(write(visitor)).recipients
    assert [one.copy_for for one in usual] == [None, "Zweitschrift"]
    only = site.world.view(write(visitor, recipient="P2")).recipients
    assert [one.address_lines[1] for one in only] == ["Łukasz Dvořák"]


def test_what_is_missing_is_said_at_every_field_at_once_and_nothing_typed_is_lost(site: Site) -> None:
    visitor = site.visitor("anna")
    write(visitor, "submit", concerns="", deadline="", reasons="Weil <b>so</b> & nicht anders")
    assert visitor.page.count("Bitte ausfüllen.") == 2
    assert 'id="f-concerns-error"' in visitor.page
    assert "Weil &lt;b&gt;so&lt;/b&gt; &amp; nicht anders" in visitor.page
    assert "Kontoauszüge" in visitor.page
    assert "2 Angaben fehlen" in visitor.text


def test_what_breaks_the_schema_is_said_at_its_field(site: Site) -> None:
    visitor = site.visitor("anna")
    write(visitor, "save", deadline="morgen")
    assert re.search(r'id="f-deadline-error">Die Schreibweise stimmt nicht', visitor.page)


def test_a_sum_that_does_not_add_up_is_refused(site: Site) -> None:
    visitor = site.visitor("both")
    reference = site.world.write(template=AWARD, login="both")
    visitor.get(f"/schreiben/{reference}/bearbeiten")
    fields = dict(re.findall(r'name="([^"]+)"\s+value="([^"]*)"', visitor.page))
    selected = dict(
        re.findall(r'<select[^>]*name="([^"]+)".*?<option selected>([^<]+)', visitor.page, re.DOTALL)
    )
    form = {**fields, **selected, "child_benefit": "on", "calculations.0.payout": "1.062,20", "do": "save"}
    form.pop("remove", None)
    form.pop("add", None)
    answer = visitor.send(f"/schreiben/{reference}/bearbeiten", dict(form))
    assert answer.status_code == 422
    assert "geht nicht auf" in visitor.text
    assert site.world.view(reference).data["calculations"][0]["payout"] == "1062.19"


def test_rows_are_added_and_removed_by_the_server(site: Site) -> None:
    visitor = site.visitor("anna")
    visitor.get(WRITE)
    visitor.send(WRITE, {**FORM, "add": "documents"})
    assert 'name="documents.1.title"' in visitor.page
    assert re.search(r'name="documents\.1\.title"[^>]*autofocus', visitor.page)
    two = {**FORM, "documents.#": "2", "documents.1.title": "Mietvertrag", "remove": "documents.0"}
    visitor.send(WRITE, two)
    assert 'name="documents.1.title"' not in visitor.page
    assert 'value="Mietvertrag"' in visitor.page
    assert "Kontoauszüge" not in visitor.page


def test_the_preview_comes_as_pictures_without_a_script_and_only_to_its_owner(site: Site) -> None:
    visitor = site.visitor("anna")
    write(visitor, "preview")
    pictures = re.findall(r'src="(/vorschau/[^"]+)"', visitor.page)
    assert f"Vorschau, Seite 1 von {len(pictures)}" in visitor.page
    assert visitor.get(pictures[0]).content.startswith(b"\x89PNG")
    assert site.visitor("both").get(pictures[0]).status_code == 404
    visitor.get("/schreiben")
    assert "Kein Schreiben gefunden" in visitor.text


def test_the_script_gets_a_key_or_a_sentence(site: Site) -> None:
    visitor = site.visitor("anna")
    visitor.get(WRITE)
    made = visitor.send(f"{WRITE}/vorschau", FORM).json()
    last = made["pages"]
    assert last > 1
    assert visitor.get(f"/vorschau/{made['key']}/{last}.png").content.startswith(b"\x89PNG")
    assert visitor.get(f"/vorschau/{made['key']}/{last + 1}.png").status_code == 404
    said = visitor.send(f"{WRITE}/vorschau", {**FORM, "concerns": ""}).json()
    assert said == {"message": "Für die Vorschau fehlt noch eine Angabe."}


def test_a_second_equal_letter_needs_an_explicit_yes(site: Site) -> None:
    visitor = site.visitor("anna")
    write(visitor, "submit")
    second = write(visitor, "submit")
    assert site.world.view(second).state == "draft"
    assert "Ja, ein zweites Schreiben" in visitor.text
    visitor.post(f"/schreiben/{second}/einreichen")
    assert site.world.view(second).state == "draft"
    visitor.post(f"/schreiben/{second}/einreichen", zweitschreiben="ja")
    assert site.world.view(second).state == "submitted"


def test_a_letter_is_approved_beside_its_pages(site: Site) -> None:
    reference = site.world.ready("F2")
    visitor = site.visitor("bea")
    visitor.get("/")
    assert "1 wartet auf meine Freigabe" in visitor.text
    visitor.get("/freigabe")
    pictures = re.findall(rf'src="(/schreiben/{reference}/\d/seite-\d\.png)"', visitor.page)
    assert {picture.split("/")[3] for picture in pictures} == {"1", "2"}
    documents = re.search(r'name="documents" value="([^"]+)"', visitor.page)
    assert documents
    visitor.post(f"/schreiben/{reference}/freigeben", documents=documents[1], back="freigabe")
    assert site.world.view(reference).approved_by == "bea"
    assert "Kein Schreiben wartet" in visitor.text


def test_what_was_rendered_anew_since_it_was_looked_at_is_not_approved(site: Site) -> None:
    reference = site.world.ready()
    visitor = site.visitor("bea")
    visitor.get("/freigabe")
    answer = visitor.post(f"/schreiben/{reference}/freigeben", documents="0" * 64)
    assert answer.status_code == 422
    assert site.world.view(reference).state == "ready"


@pytest.mark.parametrize(
    ("action", "state"), [("zurueckgeben", "draft"), ("anhalten", "ready"), ("stornieren", "cancelled")]
)
def test_decisions_need_a_reason_and_keep_it(site: Site, action: str, state: str) -> None:
    reference = site.world.ready()
    visitor = site.visitor("bea")
    visitor.get(f"/schreiben/{reference}")
    assert visitor.post(f"/schreiben/{reference}/{action}", reason="  ").status_code == 422
    assert site.world.view(reference).state == "ready"
    visitor.get(f"/schreiben/{reference}")
    visitor.post(f"/schreiben/{reference}/{action}", reason="Rückfrage offen")
    assert site.world.view(reference).state == state
    assert "Rückfrage offen" in visitor.text


def test_a_held_letter_goes_on_when_it_is_let_go(site: Site) -> None:
    reference = site.world.ready()
    withholding.hold(site.world.services, "bea", reference, "warten")
    visitor = site.visitor("bea")
    visitor.get("/")
    assert "1 angehalten" in visitor.text
    visitor.get(f"/schreiben/{reference}")
    visitor.post(f"/schreiben/{reference}/weiterlaufen")
    assert site.world.view(reference).held_at is None


def test_a_stale_page_is_told_so(site: Site) -> None:
    reference = site.world.ready()
    visitor = site.visitor("bea")
    visitor.get(f"/schreiben/{reference}")
    withholding.cancel(site.world.services, "anna", reference, "Irrtum")
    answer = visitor.post(f"/schreiben/{reference}/stornieren", reason="x")
    assert answer.status_code == 409
    assert "letter-already-cancelled" in visitor.text


def test_a_faulty_letter_shows_its_findings_and_can_be_mended(site: Site) -> None:
    reference = site.world.write(topic="Glyphe \u0b95 fehlt")
    visitor = site.visitor("anna")
    visitor.get(f"/schreiben/{reference}")
    visitor.post(f"/schreiben/{reference}/einreichen")
    rendering.render_letter(site.world.services, reference)
    assert "fehlerhaft" in visitor.get(f"/schreiben/{reference}").text
    assert "glyph" in visitor.text
    assert reference[:4] in visitor.get("/klaerung").text
    visitor.get(f"/schreiben/{reference}/bearbeiten")
    assert 'name="topic"' in visitor.page


def test_the_tracking_list_narrows_by_standing_office_text_and_day(site: Site) -> None:
    first, second = site.world.ready("F1"), site.world.approved("F2", REQUEST)
    third = site.world.ready("F3", login="ahmad")
    visitor = site.visitor("post")

    def listed(**wanted: str) -> set[str]:
        visitor.get("/schreiben")
        visitor.send("/schreiben", dict(wanted))
        return set(re.findall(r'href="/schreiben/(\w{8})"', visitor.page))

    assert listed() == {first, second, third}
    assert listed(stand="approved") == {second}
    assert listed(stand="ready") == {first, third}
    assert listed(dienststelle="ahaus") == {third}
    assert listed(text=f"{first[:4]}-{first[4:]}") == {first}
    assert listed(text="mitwirkung") == {second}
    assert listed(von="2026-11-17") == set()
    assert listed(von="2026-11-16", bis="2026-11-16") == {first, second, third}
    visitor.get("/schreiben")
    assert visitor.post("/schreiben", von="gestern").status_code == 422


def test_long_lists_are_turned_page_by_page_without_losing_or_repeating_a_letter(site: Site) -> None:
    written = {site.world.write(topic=f"Thema {number}") for number in range(53)}
    visitor = site.visitor("post")
    first = re.findall(r'href="/schreiben/(\w{8})"', visitor.get("/schreiben").text)
    older = re.search(r'name="vor" value="(\d+)"', visitor.page)
    assert older
    visitor.post("/schreiben", vor=older[1])
    rest = re.findall(r'href="/schreiben/(\w{8})"', visitor.page)
    assert (len(first), len(rest)) == (50, 3)
    assert set(first) | set(rest) == written
    assert 'name="vor" value="1"' not in visitor.page


def posted(site: Site) -> str:
    """A letter whose posting was reported and not yet confirmed."""
    reference = site.world.approved(template=AWARD, login="both")
    site.world.evening()
    for day in (17, 18):
        site.world.advance_to(at(date(2026, 11, day), "09:00"))
        tracking.poll(site.world.services)
    assert site.world.only(reference).posting_reported_on
    return reference


def test_a_deadline_is_provisional_until_the_post_room_confirms_the_posting(site: Site) -> None:
    reference = posted(site)
    day = site.world.only(reference).posting_reported_on
    visitor = site.visitor("post")
    assert "vorläufig" in visitor.get(f"/schreiben/{reference}").text
    visitor.get(f"/aufgabe/{day}")
    assert "Bestätigen: 1 Sendungen" in visitor.text
    visitor.post(f"/aufgabe/{day}")
    assert "1 Sendungen vom" in visitor.text
    assert "Petra Stelle" in visitor.text
    page = visitor.get(f"/schreiben/{reference}").text
    assert "vorläufig" not in page
    assert "Rechtsbehelfsfrist bis" in page


@pytest.mark.parametrize("login", ["anna", "bea", "audit"])
def test_only_the_post_room_confirms_a_posting(site: Site, login: str) -> None:
    reference = posted(site)
    day = site.world.only(reference).posting_reported_on
    visitor = site.visitor(login)
    assert "Bestätigen" not in visitor.get(f"/aufgabe/{day}").text
    assert visitor.post(f"/aufgabe/{day}").status_code == 403
    assert site.world.only(reference).posting_confirmed_on is None


def test_a_scan_without_a_case_is_looked_at_and_assigned(site: Site, tmp_path: Path) -> None:
    site.world.services.receipts_dir.mkdir(exist_ok=True)
    folder = make_delivery(
        tmp_path / "scan", "scans", "2026-11-16-001", 1, [ScanSpec.unknown()], at=site.world.clock.now()
    )
    receiving.import_delivery(site.world.services, folder, source="scans")
    visitor = site.visitor("post")
    assert "Nr. 1 zuordnen</a>" in visitor.get("/klaerung").text
    visitor.get("/posteingang?stand=desk")
    assert visitor.get("/posteingang/1/seite-1.png").content.startswith(b"\x89PNG")
    assert visitor.get("/posteingang/1/dokument.pdf").content.startswith(b"%PDF")
    assert site.visitor("anna").get("/posteingang/1/dokument.pdf").status_code == 403
    visitor.post("/posteingang/1/zuordnen", case="JC-BOR-2026-00017")
    assert "zugeordnet" in visitor.text
    assert "/posteingang/1" in site.visitor("anna").get("/faelle/F1").text
    assert site.visitor("ahmad").get("/posteingang/1/dokument.pdf").status_code == 403


def test_the_account_of_a_day_is_balanced(site: Site) -> None:
    site.world.approved()
    page = site.visitor("post").get("/saldo?tag=2026-11-16")
    assert "ausgeglichen" in page.text
    assert re.search(r"freigegeben</th><td class=\"number\">1<", page.text)


def test_an_unpublished_template_is_not_offered_for_writing(site: Site) -> None:
    with site.world.services.db.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM template_version WHERE template = ?", (INVITATION,))
    visitor = site.visitor("anna")
    assert f"/schreiben/{INVITATION}" not in visitor.get("/faelle/F1/schreiben").text
    assert visitor.get(f"/faelle/F1/schreiben/{INVITATION}").status_code == 409
