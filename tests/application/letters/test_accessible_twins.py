"""Accessible twins: made, checked, signed, printed and filed with the letter of whoever asked for them."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError as DatabaseRefuses
from sqlmodel import select

from gateway.application.access.importing import import_cases
from gateway.application.account.patrolling import sweep
from gateway.application.account.reconciling import account
from gateway.application.filing.filing import file_due
from gateway.application.letters import approving, drafting, enclosing, rendering
from gateway.application.letters.uploading import Upload, import_letter
from gateway.application.views.opening import document_pages, open_document
from gateway.db.enclosures import SignedCompanion
from gateway.db.letters import Recipient
from gateway.domain.letters.accessible import CompanionKind
from gateway.domain.pieces.mailpiece import sheets_for
from gateway.errors import DataInvalid, IntegrityError, NotPermitted, RenderError
from gateway.ports.renderer import RenderedDocument, RenderRequest
from tests.application.filing.test_filing_letters import index
from tests.rendering import pdfs
from tests.world import World, cases_document

TITLE = "Abschrift in Großdruck"


class Failing:
    """A renderer that cannot lay out large print."""

    def __init__(self, renderer: Any) -> None:
        self._renderer = renderer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._renderer, name)

    def render(self, request: RenderRequest) -> RenderedDocument:
        if request.accessible_copy is not None:
            raise RenderError("layout-failed", "Der Satz ist gescheitert.")
        made: RenderedDocument = self._renderer.render(request)
        return made


def ask(world: World, *references: str, copy: str | None = "large-print") -> None:
    """Import the cases once more; these persons now ask for copies."""
    document = cases_document()
    for person in document["persons"]:
        if person["reference"] in references:
            person["accessible_copy"] = copy
    import_cases(world.services, document)


def lose(world: World, sha256: str | None) -> None:
    """Take a document out of the store."""
    for path in (world.settings.data_dir / "documents").rglob(f"*{(sha256 or '')[4:]}*"):
        path.unlink()
    assert not world.services.blobs.has(sha256 or "")


def pages_and_sheets(world: World, *hashes: str | None) -> int:
    counts = [world.services.renderer.page_texts(world.services.blobs.get(sha256 or "")) for sha256 in hashes]
    return sum(sheets_for(len(pages), duplex=world.services.duplex) for pages in counts)


def test_the_twin_is_signed_printed_behind_its_letter_and_weighed(world: World) -> None:
    ask(world, "P3")
    reference = world.ready()
    enclosing.enclose(world.services, "anna", reference, pdfs.numbered(1, "Merkblatt"), "Merkblatt")
    drafting.submit(world.services, "anna", reference, accept_duplicate=True)
    rendering.render_letter(world.services, reference)
    approving.approve(world.services, "bea", reference)
    plain = world.approved(case="F2")
    world.evening()
    one = world.only(reference)
    assert one.twin == TITLE
    assert one.approved_twin_sha256 == one.twin_sha256 is not None
    text = world.pdf_text(world.services.blobs.get(one.print_sha256 or ""))
    assert text.index("Seite 1 von 2") < text.index(TITLE) < text.index("Merkblatt-1")
    assert one.sheets == pages_and_sheets(world, one.document_sha256, one.twin_sha256) + 1
    assert one.product != world.view(plain).recipients[0].product, "the piece costs what all of it weighs"
    assert account(world.services).balanced


def test_only_who_asks_gets_a_twin_and_everybody_else_the_same_as_ever(world: World) -> None:
    ask(world, "P2")
    reference = world.ready(case="F2")
    client, guardian = world.view(reference).recipients
    assert (client.twin, client.twin_sha256) == (None, None)
    assert guardian.twin == TITLE
    assert guardian.twin_sha256 not in {None, guardian.document_sha256}
    assert list(document_pages(world.services, "anna", reference, twin=True)) == [2]


def test_the_twin_is_logged_in_the_case_file_together_with_the_letter(world: World) -> None:
    ask(world, "P3")
    reference = world.approved()
    file_due(world.services)
    entries = index(world)
    assert [entry["kind"] for entry in entries] == ["document", "twin"]
    assert TITLE in entries[1]["title"]
    twin = open_document(world.services, "anna", reference, 1, twin=True)
    assert entries[1]["sha256"] == world.only(reference).approved_twin_sha256
    lose(world, world.only(reference).twin_sha256)
    assert open_document(world.services, "anna", reference, 1, twin=True) == twin, "fetched back from the file"
    with pytest.raises(NotPermitted):
        open_document(world.services, "ahmad", reference, 1, twin=True)


def test_a_copy_that_was_asked_for_and_cannot_be_made_keeps_the_letter_back(world: World) -> None:
    ask(world, "P3")
    reference = world.write()
    drafting.submit(world.services, "anna", reference)
    broken = replace(world.services, renderer=Failing(world.services.renderer))
    rendering.render_letter(broken, reference)
    view = world.view(reference)
    assert view.state == "faulty"
    (finding,) = view.recipients[0].findings
    assert finding.code == "layout-failed"
    assert "Abschrift" in finding.message


def test_no_letter_is_signed_whose_twin_got_lost(world: World) -> None:
    ask(world, "P3")
    reference = world.ready()
    with world.services.db.transaction() as session:
        session.exec(select(Recipient)).one().twin_sha256 = None
    with pytest.raises(IntegrityError) as caught:
        approving.approve(world.services, "bea", reference)
    assert caught.value.code == "twin-missing"
    assert world.view(reference).state == "ready"


def test_what_was_signed_of_a_twin_cannot_be_changed(world: World) -> None:
    ask(world, "P3")
    world.approved()
    with pytest.raises(DatabaseRefuses, match="emptied_late"), world.services.db.transaction() as session:
        session.exec(select(SignedCompanion)).one().kind = CompanionKind.ENCLOSURE


def test_a_twin_that_the_store_lost_is_named_by_the_account(world: World) -> None:
    ask(world, "P3")
    reference = world.approved()
    lose(world, world.only(reference).twin_sha256)
    sweep(world.services)
    assert not account(world.services).balanced


def test_letter_and_twin_together_must_fit_one_piece(world: World) -> None:
    ask(world, "P3")
    profile = replace(world.services.provider.profile, max_sheets=1)
    provider = replace_profile(world, profile)
    reference = world.write()
    drafting.submit(world.services, "anna", reference)
    rendering.render_letter(
        replace(world.services, providers={world.services.provider_name: provider}), reference
    )
    assert "too-many-sheets" in [finding.code for finding in world.only(reference).findings]
    assert world.view(reference).state == "faulty"


def replace_profile(world: World, profile: Any) -> Any:
    """The provider, as if its profile were another one."""

    class Narrow:
        def __init__(self) -> None:
            self.profile = profile

        def __getattr__(self, name: str) -> Any:
            return getattr(world.services.provider, name)

    return Narrow()


def test_the_profile_counts_as_it_is_when_the_letter_is_submitted(world: World) -> None:
    reference = world.write()
    ask(world, "P3")
    drafting.submit(world.services, "anna", reference)
    ask(world, "P3", copy=None)
    rendering.render_letter(world.services, reference)
    assert world.only(reference).twin_sha256 is not None


def test_a_finished_pdf_says_that_its_reader_asked_for_large_print(world: World) -> None:
    ask(world, "P3")
    pdf = world.services.blobs.get(world.only(world.ready()).document_sha256 or "")
    reference = import_letter(world.services, "anna", Upload(pdf, "F1", "Schreiben aus dem Fachverfahren"))
    view = world.view(reference)
    assert view.state == "ready"
    assert "accessible-copy-missing" in [finding.code for finding in view.recipients[0].findings]


def test_an_import_may_only_ask_for_forms_that_exist(world: World) -> None:
    with pytest.raises(DataInvalid) as caught:
        ask(world, "P3", copy="holographic")
    assert caught.value.code == "import-invalid"
