"""Template versions: four eyes, letters that keep their version, withdrawal and healing; all really rendered."""

import hashlib
import io
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from sqlmodel import select

from gateway.application.access.importing import import_cases
from gateway.application.desk.desk_view import desk
from gateway.application.filing.filing import file_due
from gateway.application.letters import approving, drafting, rendering
from gateway.application.letters.healing import approve_healed, heal, healed_to_approve
from gateway.application.templates.publishing import propose, publish
from gateway.application.templates.template_diff import diff_versions
from gateway.application.templates.withdrawing import withdraw
from gateway.db.files import Filing
from gateway.db.letters import Approval
from gateway.db.templates import TemplateVersion
from gateway.domain.desk.desk import Problem
from gateway.domain.templates.publishing import VersionState
from gateway.errors import Conflict, InputError, NotFound, NotPermitted
from gateway.rendering.local import LocalRenderer
from tests.world import INVITATION, ROOT, World, cases_document

pytestmark = pytest.mark.slow
NAME = "probe"
NEW = "Wir bitten Sie herzlich:"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An authors' folder with one template."""
    made = tmp_path / "templates"
    shutil.copytree(ROOT / "letter_templates" / "_shared", made / "_shared")
    shutil.copytree(ROOT / "letter_templates" / INVITATION, made / NAME)
    return made


@pytest.fixture
def office(world: World, folder: Path, tmp_path: Path) -> Iterator[World]:
    """The small authority with an authors' folder of its own, where four eyes publish."""
    document = cases_document()
    document["users"].append(
        {"login": "tina", "name": "Tina Text", "roles": ["template_author"], "offices": []}
    )
    import_cases(world.services, document)
    with closing(LocalRenderer(folder, versions_dir=tmp_path / "shelf", workers=0)) as renderer:
        yield replace(world, services=replace(world.services, renderer=renderer, template_four_eyes=True))


def edit(folder: Path, text: str) -> None:
    """The author writes something else into the body."""
    body = folder / NAME / "letter.html.j2"
    source = body.read_text("utf-8")
    body.write_text(source.replace("{% block content %}", "{% block content %}<p>" + text + "</p>", 1), "utf-8")


def publish_folder(world: World, note: str = "neu") -> str:
    """Tina proposes what lies in the folder, the administrator publishes it."""
    version = propose(world.services, "tina", NAME, note=note).version
    publish(world.services, "admin", NAME, version=version, legal_release="Rechtsamt")
    return version


def version_of(world: World, reference: str) -> str:
    return world.view(reference).template_version


def text_of(world: World, reference: str) -> str:
    sha256 = world.only(reference).document_sha256
    assert sha256
    return " ".join(world.pdf_text(world.services.blobs.get(sha256)).split())


def render(world: World, reference: str) -> None:
    drafting.submit(world.services, "anna", reference, accept_duplicate=True)
    rendering.render_letter(world.services, reference)


def test_a_version_is_published_by_somebody_else_than_its_author(office: World) -> None:
    with pytest.raises(NotFound, match="template-not-proposed"):
        publish(office.services, "admin", NAME, legal_release="Rechtsamt")
    with pytest.raises(InputError, match="note-missing"):
        propose(office.services, "tina", NAME, note=" ")
    with pytest.raises(NotPermitted):
        propose(office.services, "anna", NAME, note="neu")
    mine = propose(office.services, "admin", NAME, note="erste Fassung").version
    with pytest.raises(NotPermitted, match="template-needs-four-eyes"):
        publish(office.services, "admin", NAME, version=mine, legal_release="Rechtsamt")
    with pytest.raises(NotPermitted):
        publish(office.services, "tina", NAME, version=mine, legal_release="Rechtsamt")
    with pytest.raises(Conflict, match="template-not-published"):
        office.write(template=NAME)
    withdraw(office.services, "admin", NAME, version=mine, reason="von der Falschen vorgeschlagen")
    assert publish_folder(office) == mine
    assert version_of(office, office.write(template=NAME)) == mine


def test_a_faulty_template_is_neither_proposed_nor_published(office: World, folder: Path) -> None:
    edit(folder, "{{ data.nobody_knows_this }}")
    with pytest.raises(Conflict, match="template-faulty"):
        propose(office.services, "tina", NAME, note="neu")
    with pytest.raises(Conflict, match="template-faulty"):
        publish(replace(office.services, template_four_eyes=False), "admin", NAME, legal_release="Rechtsamt")
    with office.services.db.reading() as session:
        assert session.exec(select(TemplateVersion).where(TemplateVersion.template == NAME)).all() == []


def test_a_letter_keeps_its_version_whatever_becomes_of_the_folder(
    office: World, folder: Path, tmp_path: Path
) -> None:
    first = publish_folder(office)
    early, late = office.write(template=NAME), office.write(template=NAME)
    edit(folder, NEW)
    assert version_of(office, office.write(template=NAME)) == first  # an unpublished edit blocks nobody
    second = publish_folder(office)
    render(office, early)
    assert NEW not in text_of(office, early)
    newest = office.write(template=NAME)
    assert version_of(office, newest) == second
    render(office, newest)
    assert NEW in text_of(office, newest)
    shutil.rmtree(folder)
    with closing(LocalRenderer(folder, versions_dir=tmp_path / "another machine", workers=0)) as elsewhere:
        there = replace(office, services=replace(office.services, renderer=elsewhere))
        render(there, late)
        assert version_of(there, late) == first
        assert NEW not in text_of(there, late)
        assert version_of(there, there_written := drafting.write_letter(
            there.services, "anna", case="F1", template=NAME, data=office.view(newest).data
        )) == second  # fmt: skip
        assert there_written


def test_nothing_is_submitted_or_approved_from_a_withdrawn_version(office: World, folder: Path) -> None:
    publish_folder(office)
    draft, ready = office.write(template=NAME), office.ready(template=NAME)
    on_its_way = office.approved(template=NAME)
    assert withdraw(office.services, "admin", NAME, reason="Falsche Frist.") == []
    with pytest.raises(Conflict, match="template-version-withdrawn") as refused:
        drafting.submit(office.services, "anna", draft, accept_duplicate=True)
    assert "Falsche Frist." in refused.value.message
    with pytest.raises(Conflict, match="template-version-withdrawn"):
        approving.approve(office.services, "bea", ready)
    with pytest.raises(Conflict, match="template-not-published"):
        office.write(template=NAME)
    edit(folder, NEW)
    mended = publish_folder(office)
    drafting.revise(office.services, "anna", draft, office.view(draft).data)
    assert version_of(office, draft) == mended
    render(office, draft)
    assert NEW in text_of(office, draft)
    office.evening()
    assert office.view(on_its_way).state == "batched"  # approved letters go on


def test_letters_held_with_their_version_are_healed_and_approved_again(office: World, folder: Path) -> None:
    old = publish_folder(office)
    reference = office.approved(template=NAME)
    signed = office.only(reference).approved_sha256
    held = withdraw(office.services, "admin", NAME, reason="Falsche Frist.", hold_letters=True)
    assert held == [reference]
    (line,) = desk(office.services, "post").letters
    assert (line.reference, "Falsche Frist." in line.problems[0]) == (reference, True)
    assert line.problem is Problem.TEMPLATE_WITHDRAWN
    edit(folder, NEW)
    mended = publish_folder(office)
    with pytest.raises(NotPermitted):
        heal(office.services, "anna", NAME)
    assert heal(office.services, "admin", NAME).healed == [reference]
    view = office.view(reference)
    assert (view.state, view.template_version, view.held_at) == ("ready", mended, None)
    assert (view.approved_at, office.only(reference).approved_sha256) == (None, None)
    assert not any(report.letters for report in office.evening())  # what was signed before counts for nothing
    (group,) = healed_to_approve(office.services, "bea")
    assert group.letters == [reference]
    assert approve_healed(office.services, "bea", NAME).approved == [reference]
    assert healed_to_approve(office.services, "bea") == []
    assert office.only(reference).approved_sha256 == office.only(reference).document_sha256 != signed
    with office.services.db.reading() as session:
        approvals = session.exec(select(Approval).order_by(Approval.signing)).all()  # type: ignore[arg-type]
        assert next(row.document_sha256 for row in approvals) == signed
        states = {row.version: row.state for row in session.exec(select(TemplateVersion)).all()}
    assert (states[old], states[mended]) == (VersionState.WITHDRAWN, VersionState.PUBLISHED)
    office.advance(days=1)
    office.evening()
    (taken,) = office.simulator.letters
    assert NEW in " ".join(office.pdf_text(office.simulator.pdf(taken.letter_id)).split())
    file_due(office.services)
    with office.services.db.reading() as session:
        keys = {row.key for row in session.exec(select(Filing)).all()}
    assert {f"document:{reference}:1", f"document:{reference}:1:signing-2"} <= keys
    filed = [path.read_bytes() for path in Path(office.settings.data_dir).rglob("case-files/**/*.pdf")]
    assert {hashlib.sha256(pdf).hexdigest() for pdf in filed} >= {
        signed,
        office.only(reference).approved_sha256,
    }


def test_two_versions_are_compared_in_words_source_and_picture(office: World, folder: Path) -> None:
    published = publish_folder(office)
    assert diff_versions(office.services, NAME).is_empty
    edit(folder, NEW)
    found = diff_versions(office.services, NAME)
    assert (found.old.version, found.same_sample) == (published, True)
    assert [line for line in found.unified.splitlines() if line.startswith("+") and NEW in line]
    assert [change.path for change in found.sources] == [f"{NAME}/letter.html.j2"]
    assert found.pages[0].changes >= 1
    with Image.open(io.BytesIO(found.pages[0].picture)) as picture:
        assert picture.width > 1.3 * picture.height
        assert any(colour == (20, 120, 60) for _, colour in picture.getcolors(1 << 24) or [])
