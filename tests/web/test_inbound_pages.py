"""The post room's tray and the page of an inbound document, as people work with them."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import col, select

from gateway.application.arrivals.receiving import import_delivery
from gateway.db.files import InboundDocument, InboundState
from gateway.db.people import AuditEntry
from gateway.testing.scans import ScanSpec, make_delivery
from tests.application.arrivals.test_receiving import change_manifest
from tests.web.site import Site
from tests.world import REQUEST

pytestmark = pytest.mark.slow

IN_F1, IN_F2 = "JC-BOR-2026-00017", "JC-BOR-2026-00018"


def take(site: Site, tmp_path: Path, *specs: ScanSpec) -> None:
    folder = make_delivery(tmp_path / "in", "west", "L-1", 1, specs, at=site.world.clock.now())
    import_delivery(site.world.services, folder, source="west")


def document(site: Site, number: int) -> InboundDocument:
    with site.world.services.db.reading() as session:
        return session.get_one(InboundDocument, number)


def actions(site: Site, subject: str) -> list[tuple[str, str, str]]:
    with site.world.services.db.reading() as session:
        entries = session.exec(
            select(AuditEntry).where(AuditEntry.subject == subject).order_by(col(AuditEntry.id))
        ).all()
        return [(entry.actor, entry.action, entry.reason) for entry in entries]


def test_whoever_works_through_the_tray_gets_the_next_one_after_each_and_is_told_at_the_end(
    site: Site, tmp_path: Path
) -> None:
    take(site, tmp_path, ScanSpec.letter(IN_F1), ScanSpec.letter(IN_F2))
    visitor = site.visitor("post")
    assert "zuzuordnen (2)" in visitor.get("/posteingang").text
    page = visitor.get("/posteingang/1").text
    assert f"1 · {IN_F1}" in page
    assert "weder BG-Nummer noch Name" in page
    answer = visitor.post("/posteingang/1/zuordnen", case="F1")
    assert answer.url.endswith("/posteingang/2")
    answer = visitor.post("/posteingang/2/zuordnen", case=IN_F2)
    assert "Es wartet kein weiterer" in visitor.text
    assert [document(site, number).state for number in (1, 2)] == [InboundState.ASSIGNED] * 2


def test_two_papers_that_were_taken_for_one_are_parted_on_the_page_of_the_replaced_one(
    site: Site, tmp_path: Path
) -> None:
    take(site, tmp_path, ScanSpec.letter(IN_F1))
    first = document(site, 1).document_id
    later = make_delivery(
        tmp_path / "later", "west", "L-2", 2, [ScanSpec.letter(IN_F2)], at=site.world.clock.now()
    )
    change_manifest(later, lambda told: told["documents"][0].update(replaces=first))
    import_delivery(site.world.services, later, source="west")
    assert document(site, 1).state is InboundState.REPLACED
    visitor = site.visitor("post")
    assert "Es sind zwei Papiere" in visitor.get("/posteingang/1").text
    assert "am neuen Scan selbst festgehalten hat, bleibt dort" in visitor.text
    assert "Es sind zwei Papiere" not in visitor.get("/posteingang/2").text
    visitor.post("/posteingang/1/papier", to="part", reason="Anderes Datum, andere Absenderin")
    assert "Die Verknüpfung ist gelöst" in visitor.text
    assert "Es sind zwei Papiere" not in visitor.text
    assert [document(site, number).state for number in (1, 2)] == [InboundState.DESK] * 2
    assert ("post", "paper-parted", "Anderes Datum, andere Absenderin") in actions(site, "inbound-1")


def test_a_case_is_searched_by_name_and_the_name_stands_in_no_address(site: Site, tmp_path: Path) -> None:
    take(site, tmp_path, ScanSpec.unknown())
    visitor = site.visitor("post")
    visitor.get("/posteingang/1")
    answer = visitor.post("/posteingang/1/fall-suchen", text="Brien")
    assert answer.url.endswith("/posteingang/1/fall-suchen")
    assert f"1 · {IN_F1}" in answer.text
    assert "Kein Fall gefunden" in visitor.post("/posteingang/1/fall-suchen", text="Niemand").text


def test_what_came_is_new_in_its_case_until_somebody_of_the_office_opens_it(site: Site, tmp_path: Path) -> None:
    take(site, tmp_path, replace(ScanSpec.unknown(), index_file_number=IN_F1))
    assert "neu eingegangen" in site.visitor("anna").get("/").text
    assert "neu eingegangen (0)" in site.visitor("ahmad").get("/posteingang").text
    site.visitor("post").get("/posteingang/1")
    anna = site.visitor("anna")
    assert "neu eingegangen (1)" in anna.get("/posteingang?neu=true").text
    assert "noch von niemandem" in anna.get("/posteingang/1").text
    assert "neu eingegangen (0)" in anna.get("/posteingang?neu=true").text
    assert "neu eingegangen" not in anna.get("/").text
    assert [(who, what) for who, what, _ in actions(site, "inbound-1")] == [
        ("post", "inbound-read"),
        ("anna", "inbound-read"),
    ]


@pytest.mark.parametrize(
    ("login", "unassigned", "in_f1"),
    [("post", 200, 200), ("anna", 403, 200), ("ahmad", 403, 403), ("admin", 403, 403)],
)
def test_documents_are_seen_by_the_office_of_their_case_and_without_a_case_by_the_post_room(
    site: Site, tmp_path: Path, login: str, unassigned: int, in_f1: int
) -> None:
    take(site, tmp_path, ScanSpec.unknown(), replace(ScanSpec.unknown(), index_file_number=IN_F1))
    visitor = site.visitor(login)
    for rest in ("", "/dokument.pdf", "/seite-1.png"):
        assert visitor.get(f"/posteingang/1{rest}").status_code == unassigned
        assert visitor.get(f"/posteingang/2{rest}").status_code == in_f1


def test_a_document_in_a_wrong_case_is_moved_with_a_reason_by_those_who_may_act_in_both_offices(
    site: Site, tmp_path: Path
) -> None:
    take(site, tmp_path, replace(ScanSpec.unknown(), index_file_number=IN_F1))
    anna = site.visitor("anna")
    anna.get("/posteingang/1")
    assert anna.post("/posteingang/1/umhaengen", case="F2", to="case", reason="").status_code == 422
    assert anna.post("/posteingang/1/umhaengen", case="F3", to="case", reason="falsch").status_code == 403
    assert "Gehört nicht in diesen Fall" in anna.get("/posteingang/1").text
    anna.post("/posteingang/1/umhaengen", case="F2", to="case", reason="Verwechselt")
    assert "ist umgehängt" in anna.text
    assert "Entnahme steht aus" in anna.text
    assert document(site, 1).case_id == 2
    anna.post("/posteingang/1/umhaengen", case="", to="tray", reason="Gehört nach Ahaus")
    assert document(site, 1).state is InboundState.DESK
    assert anna.get("/posteingang/1").status_code == 403
    assert ("anna", "inbound-moved", "Verwechselt") in actions(site, "inbound-1")
    post = site.visitor("post")
    assert "Gehört nach Ahaus" in post.get("/posteingang/1").text


def test_a_person_ticks_what_a_document_brings_and_the_letter_shows_what_is_missing(
    site: Site, tmp_path: Path
) -> None:
    reference = site.world.approved("F1", REQUEST)
    site.world.evening()
    take(site, tmp_path, replace(ScanSpec.unknown(), index_file_number=IN_F1))
    anna = site.visitor("anna")
    assert "4 von 4" in anna.get("/mitwirkung").text
    anna.get("/posteingang/1")
    anna.post("/posteingang/1/antwort", letter=reference)
    assert "fehlen noch 4 von 4" in anna.text
    anna.post("/posteingang/1/unterlagen", items=["1", "2"])
    assert "fehlen noch 2 von 4" in anna.text
    page = anna.get(f"/schreiben/{reference}").text
    assert page.count("eingegangen</span>") == 2
    anna.post(f"/schreiben/{reference}/unterlagen/3", reason="liegt vor")
    assert "liegt vor" in anna.text
    assert "1 von 4" in anna.get("/mitwirkung").text
    assert "Es fehlt nichts" in site.visitor("ahmad").get("/mitwirkung").text
