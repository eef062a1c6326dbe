"""Rendering what was submitted: documents belong to the data they were made from, whoever renders at the same time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.letters import approving, drafting, rendering
from gateway.db.letters import Document
from gateway.domain.findings import Finding, Severity
from gateway.domain.sheets.layout import PrintProfile
from gateway.errors import Conflict, RenderError
from gateway.ports.renderer import PreflightReport, RenderedDocument, Renderer, RenderRequest
from tests.world import World, pdf_text


class Around:
    """A renderer that does something first."""

    def __init__(self, renderer: Renderer, before: Any) -> None:
        self._renderer = renderer
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._renderer, name)

    def render(self, request: RenderRequest) -> RenderedDocument:
        self._before(request)
        return self._renderer.render(request)


class Complaining(Around):
    """A preflight that finds an error."""

    def preflight(
        self, pdf: bytes, profile: PrintProfile, expected_address: Sequence[str] | None
    ) -> PreflightReport:
        report = self._renderer.preflight(pdf, profile, expected_address)
        finding = Finding("ink-outside", Severity.ERROR, "Etwas steht im Rand.", page=1)
        return replace(report, findings=[*report.findings, finding])


def test_a_document_is_stored_with_what_it_was_made_with(world: World) -> None:
    reference = world.ready()
    with world.services.db.reading() as session:
        document = session.exec(select(Document)).one()
    assert document.sha256 == world.only(reference).document_sha256
    assert {"weasyprint", "pango", "harfbuzz", "template"} <= {name.lower() for name in document.versions}
    assert document.pages >= 1


def test_every_submitted_letter_is_rendered_oldest_first_and_a_repeat_does_nothing(world: World) -> None:
    references = [world.write("F1", appointment_time=f"1{n}:00") for n in range(3)]
    for reference in references:
        drafting.submit(world.services, "anna", reference)
        world.advance(minutes=1)
    seen: list[str] = []
    services = replace(
        world.services, renderer=Around(world.services.renderer, lambda r: seen.append(r.letter_reference))
    )
    assert rendering.render_submitted(services) == 3
    assert seen == references
    assert rendering.render_submitted(services) == 0


def test_a_letter_that_fails_is_faulty_says_why_and_the_others_go_on(world: World) -> None:
    bad, good = world.write(appointment_time="10:00"), world.write(appointment_time="11:00")
    for reference in (bad, good):
        drafting.submit(world.services, "anna", reference)

    def fail(request: RenderRequest) -> None:
        if request.letter_reference == bad:
            raise RenderError("render-timeout", "Die Vorlage braucht zu lange.")

    rendering.render_submitted(replace(world.services, renderer=Around(world.services.renderer, fail)))
    assert world.view(bad).state == "faulty"
    assert [finding.code for finding in world.only(bad).findings] == ["render-timeout"]
    assert world.view(good).state == "ready"


def test_a_letter_with_an_error_finding_cannot_be_approved_until_it_is_revised(world: World) -> None:
    reference = world.write()
    drafting.submit(world.services, "anna", reference)
    rendering.render_letter(
        replace(world.services, renderer=Complaining(world.services.renderer, lambda _: None)), reference
    )
    assert world.view(reference).state == "faulty"
    with pytest.raises(Conflict) as caught:
        approving.approve(world.services, "bea", reference)
    assert caught.value.code == "letter-not-ready"
    drafting.revise(world.services, "anna", reference, world.data(appointment_time="12:00"))
    drafting.submit(world.services, "anna", reference, accept_duplicate=True)
    rendering.render_letter(world.services, reference)
    assert world.only(reference).findings == []
    approving.approve(world.services, "bea", reference)


def test_two_workers_on_the_same_letter_are_harmless(world: World) -> None:
    reference = world.write()
    drafting.submit(world.services, "anna", reference)
    other_worker = [True]

    def meanwhile(_: RenderRequest) -> None:
        if other_worker:
            other_worker.pop()
            rendering.render_letter(world.services, reference)

    rendering.render_letter(
        replace(world.services, renderer=Around(world.services.renderer, meanwhile)), reference
    )
    assert world.view(reference).state == "ready"


def test_a_slow_worker_never_puts_an_old_document_under_new_data(world: World) -> None:
    reference = world.write(appointment_time="10:00")
    drafting.submit(world.services, "anna", reference)
    once = [True]

    def meanwhile(_: RenderRequest) -> None:
        if once:
            once.pop()
            rendering.render_letter(world.services, reference)
            drafting.revise(world.services, "anna", reference, world.data(appointment_time="15:30"))
            drafting.submit(world.services, "anna", reference, accept_duplicate=True)

    rendering.render_letter(
        replace(world.services, renderer=Around(world.services.renderer, meanwhile)), reference
    )
    rendering.render_submitted(world.services)
    view = world.view(reference)
    assert view.data["appointment_time"] == "15:30"
    assert "15:30" in pdf_text(world.services.blobs.get(world.only(reference).document_sha256 or ""))
