"""The pages of letter templates."""

import pytest
from sqlmodel import select

from gateway.application.templates.withdrawing import withdraw
from gateway.db.templates import TemplateVersion
from gateway.domain.templates.publishing import VersionState
from tests.web.site import Site
from tests.world import INVITATION

PAGE = f"/vorlagen/{INVITATION}"


def row(site: Site) -> TemplateVersion:
    with site.world.services.db.reading() as session:
        return session.exec(select(TemplateVersion).where(TemplateVersion.template == INVITATION)).one()


def test_the_list_says_what_is_in_force_and_a_template_shows_its_sample_as_picture(site: Site) -> None:
    visitor = site.visitor("admin")
    visitor.get("/vorlagen")
    assert "Einladung (Meldeaufforderung)" in visitor.text
    assert "ohne Befund" in visitor.text
    version = row(site).version
    visitor.get(PAGE)
    assert f"/vorlagen/{INVITATION}/{version}/seite-1.png" in visitor.page
    assert visitor.get(f"{PAGE}/{version}/seite-1.png").content.startswith(b"\x89PNG")
    assert visitor.get(f"{PAGE}/{'0' * 16}/seite-1.png").status_code == 404


@pytest.mark.parametrize("login", ["anna", "bea", "audit", "post"])
def test_only_administrators_withdraw_and_heal(site: Site, login: str) -> None:
    visitor = site.visitor(login)
    visitor.get(PAGE)
    assert "Version zurückziehen" not in visitor.text
    version = row(site).version
    assert visitor.post(f"{PAGE}/{version}/zurueckziehen", reason="darum").status_code == 403
    assert visitor.post(f"{PAGE}/heilen").status_code == 403
    assert row(site).state is VersionState.PUBLISHED


def test_withdrawing_needs_a_reason_and_the_token_of_the_page(site: Site) -> None:
    visitor = site.visitor("admin")
    visitor.get(PAGE)
    version = row(site).version
    assert visitor.post(f"{PAGE}/{version}/zurueckziehen", reason="x", csrf="forged").status_code == 403
    visitor.get(PAGE)
    assert visitor.post(f"{PAGE}/{version}/zurueckziehen", reason=" ").status_code == 422
    assert row(site).state is VersionState.PUBLISHED
    reference = site.world.ready()
    visitor.get(PAGE)
    visitor.post(f"{PAGE}/{version}/zurueckziehen", reason="Falsche Frist.", anhalten="ja")
    assert "1 Schreiben sind angehalten" in visitor.text
    assert "Falsche Frist." in (site.world.view(reference).hold_reason or "")
    assert row(site).withdrawal_reason == "Falsche Frist."


def test_what_was_looked_at_is_what_is_proposed(site: Site) -> None:
    withdraw(site.world.services, "admin", INVITATION, reason="Probe")
    visitor = site.visitor("admin")
    visitor.get(PAGE)
    assert visitor.post(f"{PAGE}/vorschlagen", note="wieder", version="0" * 16).status_code == 409
    assert row(site).state is VersionState.WITHDRAWN
    visitor.get(PAGE)
    visitor.post(f"{PAGE}/vorschlagen", note="Doch richtig.", version=row(site).version)
    assert (row(site).state, row(site).note) == (VersionState.PROPOSED, "Doch richtig.")
