"""Letters over the API: the same roles, offices, four eyes and findings as for people."""

from datetime import timedelta

import pytest
from sqlmodel import select

from gateway.application.access.tokens import list_tokens, revoke_token
from gateway.db.people import AuditEntry, User
from gateway.domain.scopes import Scope
from tests.web.api_client import System, problem_of, system
from tests.web.site import Site
from tests.web.test_uploading import finished
from tests.world import AWARD, INVITATION

pytestmark = pytest.mark.slow
DECISION = {"case": "F1", "title": "Bescheid aus dem Fachverfahren", "decision": "true"}


def new(site: Site, case: str = "F1", template: str = INVITATION, **more: object) -> dict[str, object]:
    return {"case": case, "template": template, "data": site.world.data(template), **more}


def hashes(letter: dict[str, object]) -> list[str]:
    return [one["document_sha256"] for one in letter["recipients"]]  # type: ignore[attr-defined]


def test_a_letter_is_written_checked_approved_and_followed(site: Site) -> None:
    clerk, signer = system(site, "anna"), system(site, "bea")
    made = clerk.post("/letters", new(site, template=AWARD))
    assert made.status_code == 201, made.text
    letter = made.json()
    assert (letter["state"], letter["author"]) == ("ready", "anna")
    assert made.headers["Location"] == f"/api/v1/letters/{letter['reference']}"
    signed = signer.post(f"/letters/{letter['reference']}/approve", {"documents": hashes(letter)})
    assert (signed.status_code, signed.json()["approved_by"]) == (200, "bea")
    seen = clerk.get(f"/letters/{letter['reference']}").json()
    assert (seen["status"], seen["recipients"][0]["approved_sha256"]) == ("approved", hashes(letter)[0])


def test_who_wrote_it_may_not_sign_it_over_the_api_either(site: Site) -> None:
    both = system(site, "both")
    letter = both.post("/letters", new(site, template=AWARD)).json()
    answer = both.post(f"/letters/{letter['reference']}/approve", {"documents": hashes(letter)})
    assert problem_of(answer) == (403, "approval-needs-four-eyes")


def test_only_what_was_looked_at_is_signed(site: Site) -> None:
    signer, reference = system(site, "bea"), site.world.ready()
    answer = signer.post(f"/letters/{reference}/approve", {"documents": ["0" * 64]})
    assert problem_of(answer) == (422, "documents-changed")
    assert site.world.view(reference).approved_at is None


def test_a_finished_pdf_comes_back_with_its_findings(site: Site) -> None:
    clerk = system(site)
    pdf = finished()
    made = clerk.upload("/finished-pdfs", pdf, DECISION)
    assert made.status_code == 201, made.text
    letter = made.json()
    assert (letter["state"], letter["template"]) == ("ready", "finished-pdf")
    assert problem_of(clerk.upload("/finished-pdfs", pdf, DECISION)) == (409, "letter-probably-duplicate")
    assert problem_of(clerk.upload("/finished-pdfs", b"no pdf", DECISION))[0] == 422


def test_held_let_go_and_cancelled_with_a_reason(site: Site) -> None:
    clerk, reference = system(site), site.world.approved()
    assert clerk.post(f"/letters/{reference}/hold", {"reason": "Rückfrage"}).json()["held"] is True
    assert clerk.post(f"/letters/{reference}/let-go").json()["held"] is False
    assert clerk.post(f"/letters/{reference}/cancel", {"reason": "überholt"}).json()["status"] == "cancelled"
    assert problem_of(clerk.post(f"/letters/{reference}/cancel", {"reason": "noch einmal"})) == (
        409,
        "letter-already-cancelled",
    )
    assert problem_of(clerk.post(f"/letters/{reference}/hold", {"reason": "  "})) == (422, "request-invalid")


def test_the_list_has_filters_and_pages(site: Site) -> None:
    clerk = system(site)
    references = [site.world.write() for _ in range(5)]
    first = clerk.get("/letters", limit=3, status="draft").json()
    second = clerk.get("/letters", limit=3, status="draft", cursor=first["next_cursor"]).json()
    seen = [line["reference"].replace("-", "") for line in first["letters"] + second["letters"]]
    assert (seen, second["next_cursor"]) == (references[::-1], None)
    assert clerk.get("/letters", status="posted").json()["letters"] == []
    assert problem_of(clerk.get("/letters", colour="red")) == (422, "request-invalid")


def test_another_office_is_not_seen(site: Site) -> None:
    stranger, reference = system(site, "ahmad"), site.world.ready()
    assert stranger.get("/letters").json()["letters"] == []
    assert problem_of(stranger.get(f"/letters/{reference}")) == (403, "not-permitted")
    assert problem_of(stranger.post("/letters", new(site))) == (403, "not-permitted")
    assert problem_of(stranger.post(f"/letters/{reference}/cancel", {"reason": "nein"})) == (
        403,
        "not-permitted",
    )
    path = f"/letters/{reference}/recipients/1/document.pdf"
    assert problem_of(stranger.get(path)) == (403, "not-permitted")


def test_reading_a_document_is_written_to_the_audit_trail(site: Site) -> None:
    reader, reference = system(site, "audit"), site.world.ready()
    answer = reader.get(f"/letters/{reference}/recipients/1/document.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    with site.world.services.db.reading() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "document-read")).one()
    assert (entry.actor, entry.subject) == ("audit", reference)


SCOPES = [
    ("GET", "/letters", Scope.LETTERS_READ),
    ("GET", "/letters/ABCD1234", Scope.LETTERS_READ),
    ("GET", "/letters/ABCD1234/recipients/1/document.pdf", Scope.DOCUMENTS_READ),
    ("POST", "/letters", Scope.LETTERS_WRITE),
    ("POST", "/finished-pdfs", Scope.LETTERS_WRITE),
    ("POST", "/letters/ABCD1234/approve", Scope.LETTERS_APPROVE),
    ("POST", "/letters/ABCD1234/reject", Scope.LETTERS_APPROVE),
    ("POST", "/letters/ABCD1234/hold", Scope.LETTERS_WITHHOLD),
    ("POST", "/letters/ABCD1234/let-go", Scope.LETTERS_WITHHOLD),
    ("POST", "/letters/ABCD1234/cancel", Scope.LETTERS_WITHHOLD),
    ("POST", "/letters/ABCD1234/bring-forward", Scope.LETTERS_WITHHOLD),
    ("POST", "/cases/import", Scope.CASES_IMPORT),
    ("GET", "/deadlines", Scope.CHECKS),
    ("GET", "/postage", Scope.CHECKS),
    ("POST", "/addresses/check", Scope.CHECKS),
    ("POST", "/preflights", Scope.CHECKS),
    ("POST", "/scan-deliveries", Scope.SCANS_DELIVER),
    ("GET", "/scan-deliveries/L-1.json", Scope.SCANS_DELIVER),
    ("GET", "/scan-answers", Scope.SCANS_DELIVER),
    ("GET", "/scan-answers/L-1.json", Scope.SCANS_DELIVER),
    ("POST", "/scan-reports/L-1.json", Scope.SCANS_DELIVER),
]


def test_without_its_scope_nothing_can_be_done(site: Site) -> None:
    for method, path, scope in SCOPES:
        caller = system(site, "both", *(set(Scope) - {scope}))
        if method == "GET":
            answer = caller.get(path)
        elif path in {"/finished-pdfs", "/preflights"}:
            answer = caller.upload(path, b"%PDF-1.7")
        elif path == "/scan-deliveries":
            answer = caller.deliver(b"PK")
        else:
            answer = caller.post(path)
        assert problem_of(answer) == (403, "scope-missing"), path


def test_every_route_is_in_the_table_of_scopes(site: Site) -> None:
    described = requests_of(site)
    written = {
        (
            method,
            path.replace("ABCD1234", "{reference}").replace("/1/", "/{number}/").replace("L-1.json", "{name}"),
        )
        for method, path, _ in SCOPES
    }
    assert described == written


def requests_of(site: Site) -> set[tuple[str, str]]:
    paths = System(f"{site.url}/api/v1", "").get("/openapi.json").json()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


@pytest.mark.parametrize("ended", ["revoked", "expired", "user locked", "never made"])
def test_a_token_that_does_not_hold_is_refused(site: Site, ended: str) -> None:
    caller, world = system(site), site.world
    assert caller.get("/letters").status_code == 200
    if ended == "revoked":
        (name,) = [token.name for token in list_tokens(world.services)]
        revoke_token(world.services, name)
    elif ended == "expired":
        world.advance_to(world.clock.now() + timedelta(days=31))
    elif ended == "user locked":
        with world.services.db.transaction() as session:
            session.exec(select(User).where(User.login == "anna")).one().active = False
    else:
        caller.token = caller.token[:-1] + ("0" if caller.token[-1] != "0" else "1")
    answer = caller.get("/letters")
    assert problem_of(answer) == (401, "token-invalid")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
