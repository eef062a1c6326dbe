"""Enclosures: checked like pages, signed with the letter, printed exactly as signed, each on a sheet of its own."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy.exc import IntegrityError as DatabaseRefuses
from sqlmodel import select

from gateway.application.filing import filing
from gateway.application.letters import approving, drafting, enclosing, rendering
from gateway.application.letters.enclosing import enclose, enclosures_of, remove_enclosure
from gateway.db.enclosures import LetterEnclosure, SignedCompanion
from gateway.domain.letters.enclosures import EnclosureRule
from gateway.errors import Conflict, DocumentInvalid, NotFound, NotPermitted
from gateway.rendering.local import LocalRenderer
from tests.rendering import pdfs
from tests.world import INVITATION, ROOT, World


def leaflet(name: str = "Merkblatt", pages: int = 3) -> bytes:
    return pdfs.numbered(pages, name)


def printed(world: World, reference: str) -> list[str]:
    """The text of each recipient's print copy, once the provider has it."""
    copies = [one.print_sha256 or "" for one in world.view(reference).recipients]
    assert len(world.taken()) >= len(copies)
    return [world.pdf_text(world.services.blobs.get(sha256)) for sha256 in copies]


def resubmit(world: World, reference: str) -> None:
    drafting.submit(world.services, "anna", reference, accept_duplicate=True)
    rendering.render_letter(world.services, reference)


def test_an_enclosure_makes_a_ready_letter_a_draft_and_is_printed_on_sheets_of_its_own(world: World) -> None:
    reference = world.ready()
    enclose(world.services, "anna", reference, leaflet(), "Merkblatt zum Datenschutz")
    assert world.view(reference).state == "draft"
    resubmit(world, reference)
    assert world.view(reference).state == "ready"
    alone = world.approved(case="F2")
    approving.approve(world.services, "anna", reference)
    world.evening()
    with_leaflet, without = world.only(reference), world.view(alone).recipients[0]
    assert with_leaflet.sheets is not None
    assert without.sheets is not None
    assert with_leaflet.sheets == without.sheets + 2, "three pages on two sheets, the letter's back padded"
    assert "Merkblatt-3" in printed(world, reference)[0]
    assert not any("Merkblatt" in text for text in printed(world, alone))


def test_the_weight_and_the_price_follow_the_sheets(world: World) -> None:
    reference = world.ready()
    for number in range(3):
        enclose(world.services, "anna", reference, leaflet(f"Blatt{number}", 1), f"Blatt {number}")
    resubmit(world, reference)
    approving.approve(world.services, "anna", reference)
    plain = world.approved(case="F2")
    world.evening()
    assert world.only(reference).product != world.view(plain).recipients[0].product


def test_what_was_signed_cannot_be_changed_any_more(world: World) -> None:
    reference = world.ready()
    enclose(world.services, "anna", reference, leaflet("Echt"), "Merkblatt")
    resubmit(world, reference)
    approving.approve(world.services, "anna", reference)
    for change in (
        lambda: enclose(world.services, "anna", reference, leaflet("Neu"), "Neu"),
        lambda: remove_enclosure(world.services, "anna", reference, 1),
    ):
        with pytest.raises(Conflict) as caught:
            change()
        assert caught.value.code == "letter-not-editable"
    with pytest.raises(DatabaseRefuses, match="emptied_late"), world.services.db.transaction() as session:
        session.exec(select(SignedCompanion)).one().title = "Falsch"
    with world.services.db.transaction() as session:  # and even if the list of the letter were tampered with
        session.delete(session.exec(select(LetterEnclosure)).one())
    world.evening()
    assert "Echt-1" in printed(world, reference)[0]


def test_every_recipient_gets_what_was_signed_for_them_and_the_file_gets_it_once(world: World) -> None:
    reference = world.ready("F2")
    enclose(world.services, "anna", reference, leaflet(), "Merkblatt")
    resubmit(world, reference)
    approving.approve(world.services, "bea", reference)
    world.evening()
    assert ["Merkblatt-1" in text for text in printed(world, reference)] == [True, True]
    filing.file_due(world.services)
    files = [file.read_bytes() for file in (world.settings.data_dir / "case-files").rglob("*.pdf")]
    assert files.count(leaflet()) == 1


def test_an_enclosure_with_a_fault_is_refused_with_page_and_place(world: World) -> None:
    def margin(canvas: Canvas) -> None:
        pdfs.following_page(canvas)
        pdfs.rectangle(canvas, [0, 100, 2, 110])

    reference = world.write()
    with pytest.raises(DocumentInvalid) as caught:
        enclose(world.services, "anna", reference, pdfs.pdf(pdfs.following_page, margin), "Merkblatt")
    assert caught.value.code == "content-outside-printable-area"
    assert "Seite 2, x 0" in caught.value.message
    assert enclosures_of(world.services, None, reference) == []


def test_an_enclosure_can_be_taken_out_again(world: World) -> None:
    reference = world.write()
    first = enclose(world.services, "anna", reference, leaflet("Eins"), "Eins")
    enclose(world.services, "anna", reference, leaflet("Zwei"), "Zwei")
    remove_enclosure(world.services, "anna", reference, first)
    assert [one.title for one in enclosures_of(world.services, "anna", reference)] == ["Zwei"]
    with pytest.raises(NotFound):
        remove_enclosure(world.services, "anna", reference, first)


@pytest.mark.parametrize("login", ["ahmad", "bea", "post", "audit"])
def test_only_those_who_write_letters_in_this_office_add_enclosures(world: World, login: str) -> None:
    reference = world.write()
    with pytest.raises(NotPermitted):
        enclose(world.services, login, reference, leaflet(), "Merkblatt")


def test_letter_and_enclosures_together_must_fit_one_envelope(world: World) -> None:
    reference = world.write()
    most = world.services.provider.profile.max_sheets
    enclose(world.services, "anna", reference, leaflet(pages=2 * most), "Handbuch")
    resubmit(world, reference)
    assert world.view(reference).state == "faulty"
    assert "too-many-sheets" in [one.code for one in world.only(reference).findings]


def test_a_rule_brings_its_enclosure_while_it_is_valid(world: World, tmp_path: Path) -> None:
    file = tmp_path / "merkblatt.pdf"
    file.write_bytes(leaflet("Regel"))
    rules = (
        EnclosureRule(str(file), "Merkblatt", template=INVITATION, valid_from=date(2026, 11, 1)),
        EnclosureRule(str(file), "abgelaufen", valid_to=date(2026, 10, 31)),
        EnclosureRule(str(file), "anderswo", office="ahaus"),
    )
    world.services = replace(world.services, enclosure_rules=rules)
    reference = world.write()
    enclose(world.services, "anna", reference, leaflet("Hand"), "von Hand")
    resubmit(world, reference)
    found = enclosures_of(world.services, "anna", reference)
    assert [(one.number, one.title, one.source) for one in found] == [
        (1, "Merkblatt", "rule"),
        (2, "von Hand", "letter"),
    ]
    with pytest.raises(NotFound):
        remove_enclosure(world.services, "anna", reference, 1)
    file.write_bytes(b"kaputt")
    drafting.revise(world.services, "anna", reference, world.data())
    resubmit(world, reference)
    assert world.view(reference).state == "faulty"


def test_a_template_brings_the_enclosures_of_its_folder_as_part_of_its_version(tmp_path: Path) -> None:
    for folder in ("_shared", INVITATION):
        shutil.copytree(ROOT / "letter_templates" / folder, tmp_path / folder)
    without = LocalRenderer(tmp_path, workers=0).template(INVITATION)
    (tmp_path / INVITATION / "merkblatt.pdf").write_bytes(leaflet())
    meta = tmp_path / INVITATION / "meta.toml"
    text = meta.read_text(encoding="utf-8")
    meta.write_text(
        text + '\n[[enclosures]]\nfile = "merkblatt.pdf"\ntitle = "Merkblatt"\nvalid_from = 2026-01-01\n',
        encoding="utf-8",
    )
    renderer = LocalRenderer(tmp_path, workers=0)
    brought = renderer.template(INVITATION)
    assert brought.version != without.version
    assert list(brought.enclosures) == [
        EnclosureRule("merkblatt.pdf", "Merkblatt", template=INVITATION, valid_from=date(2026, 1, 1))
    ]
    assert renderer.template_enclosure(INVITATION, brought.version, "merkblatt.pdf") == leaflet()


def test_a_title_says_which_enclosure_is_meant(world: World) -> None:
    reference = world.write()
    with pytest.raises(DocumentInvalid):
        enclose(world.services, "anna", reference, leaflet(), " ")
    assert enclosing.MAX_TITLE < 200
