"""Finished PDFs: the window says who receives them, and from then on they are letters like all others."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import pytest
from reportlab.pdfgen.canvas import Canvas
from sqlmodel import func, select

from gateway.application.clearing import withholding
from gateway.application.filing import filing
from gateway.application.letters import approving, drafting, rendering, uploading
from gateway.application.letters.uploading import Upload, import_letter, imported_before
from gateway.db.letters import Letter
from gateway.db.people import Person, Representative, RepresentativeKind
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.errors import Conflict, DocumentInvalid, InputError, NotFound, NotPermitted, RenderError
from gateway.ports.renderer import RepairedDocument
from tests.rendering import pdfs
from tests.world import World

OBRIEN = ("Herrn", "Đorđe O’Brien", "Lindenweg 5", "46325 Borken")
NGUYEN = ("Frau", "Thị Hương Nguyễn-Şahin", "Ahornallee 12", "46325 Borken")
DVORAK = ("Herrn", "Łukasz Dvořák", "Musterweg 3", "01067 Dresden")
NOBODY = ("Frau", "Erika Muster", "Ahornallee 12", "46325 Borken")


def finished(lines: Sequence[str] = OBRIEN, pages: int = 2, extra: pdfs.Draw | None = None) -> bytes:
    return pdfs.letter(pages, address=lambda canvas: pdfs.address_block(canvas, lines), extra=extra)


def upload(pdf: bytes | None = None, case: str = "F1", title: str = "Bescheid aus dem Fachverfahren") -> Upload:
    return Upload(finished() if pdf is None else pdf, case, title)


def letters(world: World) -> int:
    with world.services.db.reading() as session:
        return session.exec(select(func.count()).select_from(Letter)).one()


def test_a_finished_pdf_goes_the_way_of_every_letter_and_is_printed_as_it_came(world: World) -> None:
    pdf = finished()
    reference = import_letter(world.services, "anna", upload(pdf))
    view = world.view(reference)
    assert (view.state, view.template, view.four_eyes) == ("ready", FINISHED_PDF, False)
    assert world.only(reference).document_sha256 == hashlib.sha256(pdf).hexdigest()
    assert tuple(world.only(reference).address_lines) == OBRIEN
    approving.approve(world.services, "anna", reference)
    world.evening()
    assert len(world.taken()) == 1
    printed = world.services.blobs.get(world.only(reference).print_sha256 or "")
    assert "Bewilligung von Leistungen" in world.pdf_text(printed)
    assert world.only(reference).sheets == 1
    filing.file_due(world.services)
    (document,) = [
        file for file in (world.settings.data_dir / "case-files").rglob("*.pdf") if file.read_bytes() == pdf
    ]
    assert document.exists()


def test_the_bytes_as_they_came_are_kept_beside_the_repaired_ones(world: World) -> None:
    turned = pdfs.turned(finished(), 90)
    reference = import_letter(world.services, "anna", upload(turned))
    original = world.view(reference).data["original_sha256"]
    assert original == hashlib.sha256(turned).hexdigest()
    assert world.services.blobs.get(original) == turned
    repaired = world.only(reference).document_sha256
    assert repaired not in {None, original}
    assert [(one.code, one.severity) for one in world.only(reference).findings] == [
        ("repaired-page-geometry", "info")
    ] * 2


def test_it_is_never_rendered_and_stays_what_it_is_when_it_is_submitted_again(world: World) -> None:
    reference = import_letter(world.services, "anna", upload(pdfs.turned(finished(), 180)))
    before = world.only(reference)
    approving.reject(world.services, "bea", reference, "bitte noch warten")
    drafting.submit(world.services, "anna", reference)
    assert rendering.render_submitted(world.services) == 1
    after = world.only(reference)
    assert world.view(reference).state == "ready"
    assert (after.document_sha256, after.findings) == (before.document_sha256, before.findings)


def test_its_data_cannot_be_changed(world: World) -> None:
    reference = import_letter(world.services, "anna", upload())
    with pytest.raises(Conflict) as caught:
        drafting.revise(world.services, "anna", reference, {})
    assert caught.value.code == "letter-is-finished-pdf"


def test_a_representative_on_record_is_found_by_the_window_too(world: World) -> None:
    for lines in (NGUYEN, DVORAK):
        reference = import_letter(world.services, "anna", upload(finished(lines), "F2"))
        assert tuple(world.only(reference).address_lines) == lines


@pytest.mark.parametrize("lines", [NOBODY, NGUYEN, OBRIEN[:3], (*OBRIEN[:3], "46325 Bocholt")])
def test_an_address_that_is_not_on_record_in_this_case_is_not_accepted(
    world: World, lines: Sequence[str]
) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        import_letter(world.services, "anna", upload(finished(lines)))
    assert caught.value.code == "address-differs"
    assert "O’Brien" not in caught.value.message
    assert letters(world) == 0


def test_by_explicit_choice_another_address_is_accepted_and_a_second_person_looks_at_it(world: World) -> None:
    moved = (*OBRIEN[:2], "Neuer Weg 1", "46325 Borken")
    reference = import_letter(world.services, "anna", replace(upload(finished(moved)), recipient="P3"))
    view = world.view(reference)
    assert (view.state, view.four_eyes) == ("ready", True)
    assert tuple(world.only(reference).address_lines) == moved
    assert [one.code for one in world.only(reference).findings] == ["address-not-on-record"]
    with pytest.raises(NotPermitted):
        approving.approve(world.services, "anna", reference)
    approving.approve(world.services, "bea", reference)


def test_nobody_of_another_case_can_be_chosen(world: World) -> None:
    with pytest.raises(NotFound) as caught:
        import_letter(world.services, "anna", replace(upload(finished(NGUYEN)), recipient="P1"))
    assert caught.value.code == "recipient-not-in-case"


def test_of_two_persons_with_one_address_somebody_must_choose(world: World) -> None:
    """Father and son of the same name in the same house."""
    with world.services.db.transaction() as session:
        father = session.exec(select(Person).where(Person.reference == "P3")).one()
        son = Person(reference="P3b", **father.model_dump(exclude={"id", "reference"}))
        session.add(son)
        session.flush()
        assert son.id is not None
        assert father.id is not None
        kind = RepresentativeKind.AUTHORISED
        session.add(Representative(case_id=1, person_id=son.id, for_person_id=father.id, kind=kind))
    with pytest.raises(Conflict) as caught:
        import_letter(world.services, "anna", upload())
    assert caught.value.code == "address-ambiguous"
    reference = import_letter(world.services, "anna", replace(upload(), recipient="P3b"))
    assert not world.view(reference).four_eyes


def test_a_pdf_without_an_address_is_not_accepted(world: World) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        import_letter(world.services, "anna", upload(pdfs.pdf(pdfs.following_page)))
    assert caught.value.code in {"address-missing", "address-differs"}


def test_a_decision_needs_four_eyes_and_a_fault_keeps_it_from_being_approved(world: World) -> None:
    def franking(canvas: Canvas) -> None:
        pdfs.rectangle(canvas, [60, 60, 70, 61])

    reference = import_letter(world.services, "both", replace(upload(finished(extra=franking)), decision=True))
    view = world.view(reference)
    assert (view.state, view.four_eyes, view.is_decision) == ("faulty", True, True)
    faults = [one for one in world.only(reference).findings if one.severity == "error"]
    assert faults[0].code == "franking-band-not-free"
    assert (faults[0].page, faults[0].box_mm is not None) == (1, True)
    with pytest.raises(Conflict):
        approving.approve(world.services, "bea", reference)


def test_the_same_file_in_the_same_case_is_recognised_until_it_is_cancelled(world: World) -> None:
    reference = import_letter(world.services, "anna", upload())
    assert imported_before(world.services, upload()) == reference
    assert imported_before(world.services, upload(case="F2")) is None
    with pytest.raises(Conflict) as caught:
        import_letter(world.services, "anna", upload())
    assert caught.value.code == "letter-probably-duplicate"
    assert letters(world) == 1
    import_letter(world.services, "anna", upload(), accept_duplicate=True)
    withholding.cancel(world.services, "anna", reference, "doppelt")


@pytest.mark.parametrize("login", ["ahmad", "post", "admin", "audit", "bea"])
def test_only_those_who_write_letters_in_this_office_may_bring_one(world: World, login: str) -> None:
    with pytest.raises(NotPermitted):
        import_letter(world.services, login, upload())


@pytest.mark.parametrize(("pdf", "code"), [(b"", "pdf-unreadable"), (b"\0" * 20_000_001, "pdf-too-large")])
def test_what_is_no_pdf_or_too_large_leaves_nothing_behind(world: World, pdf: bytes, code: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        import_letter(world.services, "anna", upload(pdf))
    assert caught.value.code == code
    assert letters(world) == 0
    assert not world.services.blobs.has(hashlib.sha256(pdf).hexdigest())


def test_a_file_on_which_a_worker_gives_up_is_refused_as_too_complex(world: World) -> None:
    class Tired:
        def repair(self, _pdf: bytes) -> RepairedDocument:
            raise RenderError("render-memory", "zu viel")

    tired = replace(world.services, renderer=Tired())  # type: ignore[arg-type]
    with pytest.raises(DocumentInvalid) as caught:
        import_letter(tired, "anna", upload())
    assert caught.value.code == "pdf-too-complex"


def test_a_title_is_asked_for(world: World) -> None:
    with pytest.raises(InputError):
        import_letter(world.services, "anna", upload(title="  "))
    assert uploading.MAX_TITLE < 200
