"""What every page has: a token at every form, headers, escaped names, offices kept apart, no names in addresses."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlmodel import col, select

from gateway.db.people import AuditEntry, Person
from gateway.web.app import create_app
from tests.web.site import Site, Visitor
from tests.world import AWARD, World

pytestmark = pytest.mark.slow


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every page: method and path, with something plausible in its gaps."""
    values = {
        "reference": "F1",
        "template": "einladung",
        "name": "einladung",
        "version": "0123456789abcdef",
        "old": "0123456789abcdef",
        "new": "ordner",
        "key": "x",
        "number": "1",
        "page": "1",
        "proof": "1",
        "day": "2026-11-17",
    }
    for route in _flat(app.routes):
        if isinstance(route, APIRoute):
            path = re.sub(r"{(\w+)}", lambda gap: values[gap[1]], route.path)
            for method in sorted(route.methods or ()):
                yield method, path


def _flat(found: Any) -> Iterator[Any]:
    for route in found:
        yield route
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        if inner is not None:
            yield from _flat(inner.routes)


@pytest.fixture
def app(world: World) -> FastAPI:
    return create_app(world.services, secret="only for tests")


def test_no_form_is_taken_without_the_token_of_the_session(site: Site, app: FastAPI) -> None:
    visitor = site.visitor("both")
    posts = [path for method, path in routes(app) if method == "POST"]
    assert len(posts) > 12
    for path in posts:
        for token in ("", "wrong", None):
            form = {} if token is None else {"csrf": token}
            answer = visitor.session.post(site.url + path, data=form, timeout=10, allow_redirects=False)
            assert (path, answer.status_code) == (path, 403)
            assert "token-wrong" in answer.text


def test_a_token_of_somebody_else_is_refused(site: Site) -> None:
    anna, bea = site.visitor("anna"), site.visitor("bea")
    anna.get("/faelle")
    bea.get("/faelle")
    assert bea.post("/faelle", csrf=anna.token, text="x").status_code == 403


def test_every_answer_carries_the_headers_and_nothing_personal_is_cached(site: Site, app: FastAPI) -> None:
    visitor = site.visitor("anna")
    for path in [path for method, path in routes(app) if method == "GET"] + ["/nothing", "/static/gateway.css"]:
        headers = visitor.get(path).headers
        assert headers["x-frame-options"] == "DENY", path
        assert headers["x-content-type-options"] == "nosniff"
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == ("public, max-age=3600" if "/static/" in path else "no-store")


def test_no_page_has_a_script_or_a_style_of_its_own(site: Site, app: FastAPI) -> None:
    visitor = site.visitor("both")
    reference = site.world.ready()
    paths = [path for method, path in routes(app) if method == "GET"] + [f"/schreiben/{reference}"]
    for path in paths:
        page = visitor.get(path)
        if page.headers.get("content-type", "").startswith("text/html"):
            assert not re.search(
                r"<style|\sstyle=|\son\w+=|javascript:|<script(?! src=\"/static/)", page.text
            ), path
            assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page.text), path


def test_a_name_that_looks_like_a_script_is_shown_and_does_nothing(site: Site) -> None:
    evil = "<script>alert(1)</script>"
    with site.world.services.db.transaction() as session:
        session.exec(select(Person).where(Person.reference == "P3")).one().family_name = evil
    visitor = site.visitor("anna")
    for path in ("/faelle", "/faelle/F1", "/faelle/F1/schreiben/einladung"):
        page = visitor.get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    visitor.post("/faelle", text='"><script>alert(2)</script>')
    assert "<script>alert(2)" not in visitor.page


@pytest.mark.parametrize(
    ("login", "path", "status"),
    [
        ("anna", "/faelle/F1", 200),
        ("bea", "/faelle/F1", 200),
        ("ahmad", "/faelle/F1", 403),
        ("beate", "/faelle/F1", 403),
        ("post", "/faelle/F1", 200),
        ("audit", "/faelle/F1", 200),
        ("admin", "/faelle/F1", 403),
        ("anna", "/faelle/F1/schreiben", 200),
        ("ahmad", "/faelle/F1/schreiben", 403),
        ("bea", "/faelle/F1/schreiben", 403),
        ("audit", "/faelle/F1/schreiben/einladung", 403),
        ("admin", "/", 200),
        ("admin", "/faelle", 403),
        ("admin", "/schreiben", 403),
        ("admin", "/saldo", 403),
        ("admin", "/klaerung", 403),
        ("admin", "/posteingang", 403),
        ("admin", "/aufgabe", 403),
        ("audit", "/freigabe", 403),
        ("post", "/freigabe", 403),
        ("anna", "/faelle/F99", 404),
        ("anna", "/schreiben/00000000", 404),
        ("anna", "/faelle/F1/schreiben/nichts", 404),
        ("anna", "/aufgabe/heute", 404),
        ("anna", "/nichts", 404),
    ],
)
def test_role_and_office_decide_about_every_page(site: Site, login: str, path: str, status: int) -> None:
    assert site.visitor(login).get(path).status_code == status


@pytest.mark.parametrize("login", ["ahmad", "beate", "admin"])
def test_a_letter_of_another_office_stays_closed_with_all_its_parts(site: Site, login: str) -> None:
    reference = site.world.ready()
    visitor = site.visitor(login)
    for part in ("", "/1/dokument.pdf", "/1/seite-1.png", "/bearbeiten"):
        assert visitor.get(f"/schreiben/{reference}{part}").status_code == 403, part
    for action in (
        "freigeben",
        "zurueckgeben",
        "anhalten",
        "weiterlaufen",
        "stornieren",
        "vorziehen",
        "einreichen",
    ):
        visitor.get("/")
        answer = visitor.post(f"/schreiben/{reference}/{action}", reason="Grund")
        assert answer.status_code == 403, action
    assert site.world.view(reference).state == "ready"
    assert not {"/schreiben/" + reference} & set(re.findall(r'href="([^"]+)"', visitor.get("/").text))


@pytest.mark.parametrize(
    ("login", "seen"),
    [("anna", {"F1", "F2"}), ("ahmad", {"F3"}), ("post", {"F1", "F2", "F3"}), ("audit", {"F1", "F2", "F3"})],
)
def test_lists_hold_what_belongs_to_the_users_offices(site: Site, login: str, seen: set[str]) -> None:
    letters = {
        case: site.world.ready(case, login="ahmad" if case == "F3" else "anna") for case in ("F1", "F2", "F3")
    }
    visitor = site.visitor(login)
    assert set(re.findall(r'href="/faelle/(F\d)"', visitor.get("/faelle").text)) == seen
    listed = set(re.findall(r'href="/schreiben/(\w{8})"', visitor.get("/schreiben").text))
    assert listed == {letters[case] for case in seen}


def test_auditors_see_and_change_nothing(site: Site) -> None:
    reference = site.world.ready()
    visitor = site.visitor("audit")
    page = visitor.get(f"/schreiben/{reference}").text
    assert "Entscheiden" not in page
    assert visitor.post(f"/schreiben/{reference}/anhalten", reason="x").status_code == 403


def test_every_look_at_a_document_is_in_the_audit_trail(site: Site) -> None:
    reference = site.world.ready()
    visitor = site.visitor("audit")
    visitor.get(f"/schreiben/{reference}/1/dokument.pdf")
    visitor.get(f"/schreiben/{reference}/1/seite-1.png")
    with site.world.services.db.reading() as session:
        entries = session.exec(
            select(AuditEntry).where(AuditEntry.action == "document-read").order_by(col(AuditEntry.id))
        ).all()
    assert [(one.actor, one.subject, one.details["door"]) for one in entries] == [("audit", reference, "page")]


def test_a_saved_document_is_named_by_its_reference_and_holds_the_archived_bytes(site: Site) -> None:
    reference = site.world.ready()
    answer = site.visitor("anna").get(f"/schreiben/{reference}/1/dokument.pdf")
    assert answer.headers["content-disposition"] == f'inline; filename="{reference}-1.pdf"'
    archived = site.world.only(reference).document_sha256
    assert answer.content == site.world.services.blobs.get(archived or "")


def test_a_search_for_a_name_stays_out_of_the_address(site: Site) -> None:
    visitor = site.visitor("anna")
    visitor.get("/faelle")
    answer = visitor.post("/faelle", text="nguyễn")
    assert answer.url == f"{site.url}/faelle"
    assert "Nguyễn-Şahin" in visitor.text
    assert "O’Brien" not in visitor.text


@pytest.mark.parametrize("text", ["NGUYỄN", "şahin", "BOR-2026-00018", "0012346", "F2"])
def test_a_case_is_found_by_parts_of_its_names_and_numbers(site: Site, text: str) -> None:
    visitor = site.visitor("anna")
    visitor.get("/faelle")
    visitor.post("/faelle", text=text)
    assert re.findall(r'href="/faelle/(F\d)"', visitor.page) == ["F2"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "' OR 1=1 --", "xyz"])
def test_signs_with_a_meaning_to_databases_find_nothing(site: Site, text: str) -> None:
    visitor = site.visitor("anna")
    visitor.get("/faelle")
    visitor.post("/faelle", text=text)
    assert "Kein Fall gefunden" in visitor.text


def test_health_says_nothing_about_people(site: Site) -> None:
    stranger = Visitor(site.url)
    assert stranger.get("/healthz").json() == {"status": "ok"}
    assert stranger.get("/readyz").json() == {"status": "ok"}
    stranger.session.close()


def test_a_form_that_is_too_large_is_refused(site: Site) -> None:
    visitor = site.visitor("anna")
    visitor.get("/faelle")
    assert visitor.post("/faelle", text="x" * 2_000_001).status_code == 422
    assert "form-too-large" in visitor.page


def test_four_eyes_hold_in_the_pages_too(site: Site) -> None:
    reference = site.world.ready(template=AWARD, login="both")
    visitor = site.visitor("both")
    assert "zweite Person" in visitor.get(f"/schreiben/{reference}").text
    documents = site.world.only(reference).document_sha256
    assert visitor.post(f"/schreiben/{reference}/freigeben", documents=documents).status_code == 403
    assert site.world.view(reference).state == "ready"
