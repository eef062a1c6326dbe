"""What the API refuses before it reads a body, its problems, its checks, and what monitors see."""

import logging
import shutil
from pathlib import Path

import pytest
import requests

from gateway.domain.scopes import Scope
from gateway.web.api import door
from tests.rendering import pdfs
from tests.web.api_client import problem_of, system
from tests.web.site import Site
from tests.world import cases_document

pytestmark = pytest.mark.slow


def raw(site: Site, path: str, **headers: str) -> requests.Response:
    token = system(site).token
    wanted = {"Authorization": f"Bearer {token}", "Idempotency-Key": "schluessel-1", **headers}
    return requests.post(f"{site.url}/api/v1{path}", data=b"{}", headers=wanted, timeout=10)


def test_a_request_in_the_wrong_shape_is_refused_at_the_door(site: Site) -> None:
    assert problem_of(raw(site, "/letters", **{"Content-Type": "text/plain"})) == (415, "content-type-wrong")
    json = {"Content-Type": "application/json"}
    assert problem_of(raw(site, "/letters", **json, **{"Idempotency-Key": "kurz"})) == (
        400,
        "idempotency-key-missing",
    )
    assert problem_of(raw(site, "/letters", **json)) == (422, "request-invalid")
    pdf = {"Content-Type": "multipart/form-data; boundary=x"}
    assert problem_of(raw(site, "/finished-pdfs", **pdf))[0] in {400, 422}
    assert problem_of(raw(site, "/finished-pdfs", **json)) == (415, "content-type-wrong")
    assert problem_of(raw(site, "/nowhere", **json)) == (404, "http-404")
    assert problem_of(requests.get(f"{site.url}/api/v1/letters", timeout=10)) == (401, "token-invalid")


def test_what_is_too_large_is_refused_before_it_is_read(site: Site) -> None:
    caller = system(site)
    assert problem_of(caller.post("/letters", {"data": "x" * 1_000_001})) == (413, "request-too-large")
    assert problem_of(caller.upload("/preflights", b"x" * 20_200_000)) == (413, "request-too-large")
    assert problem_of(caller.upload("/preflights", b"x" * 20_000_001)) == (422, "pdf-too-large")
    chunks = requests.post(
        f"{site.url}/api/v1/letters",
        data=iter([b"{}"]),
        headers={
            "Authorization": f"Bearer {caller.token}",
            "Idempotency-Key": "in-stuecken",
            "Content-Type": "application/json",
        },
        timeout=10,
    )
    assert problem_of(chunks) == (411, "length-required")


def test_unknown_fields_are_named_and_refused_without_their_values(site: Site) -> None:
    body = {"case": "F1", "template": "einladung", "data": {}, "geheim": "Đorđe O’Brien"}
    answer = system(site).post("/letters", body)
    assert problem_of(answer) == (422, "request-invalid")
    assert answer.json()["errors"] == [{"at": "body/geheim", "what": "extra_forbidden"}]
    assert "Brien" not in answer.text


def test_a_system_that_asks_too_often_has_to_wait_and_no_other_has(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty, calm = system(site), system(site)
    for _ in range(door.REQUESTS_PER_MINUTE):
        answer = hasty.get("/postage", sheets=1)
        if answer.status_code != 200:
            break
    answer = hasty.get("/postage", sheets=1)
    assert problem_of(answer) == (429, "too-many-requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert calm.get("/postage", sheets=1).status_code == 200
    site.clock.value += 61
    assert hasty.get("/postage", sheets=1).status_code == 200


def test_the_description_is_openapi_and_asks_for_a_key_on_every_post(site: Site) -> None:
    described = requests.get(f"{site.url}/api/v1/openapi.json", timeout=10).json()
    assert described["openapi"].startswith("3.")
    for path, methods in described["paths"].items():
        for method, about in methods.items():
            names = {each["name"].lower() for each in about.get("parameters", []) if each["in"] == "header"}
            assert ("idempotency-key" in names) == (method == "post"), path
            assert about["security"], path
    assert requests.get(f"{site.url}/api/v1/docs", timeout=10).status_code == 401


def test_the_checks_answer_as_the_commands_do(site: Site) -> None:
    caller = system(site)
    found = caller.get(
        "/deadlines", channel="post-inland", dispatched="2026-11-18", remedy="widerspruch", regime="sgb-x"
    )
    assert (found.json()["deemed"], found.json()["deadline"]) == ("2026-11-22", "2026-12-22")
    assert caller.get("/postage", sheets=3, on="2026-11-18").json()["envelope"]
    assert problem_of(caller.get("/postage", sheets=1, country="XX")) == (422, "country-unknown")
    good = ["Frau", "Ida Neu", "Am Markt 1", "46325 Borken"]
    (checked,) = caller.post("/addresses/check", [good]).json()
    assert (checked["lines"], checked["zone"], checked["findings"]) == (good, "domestic", [])
    report = caller.upload("/preflights", pdfs.letter()).json()
    assert {"ok", "pages", "sheets", "address", "findings"} == set(report)


def test_other_systems_make_no_users(site: Site) -> None:
    answer = system(site, "admin").post("/cases/import", cases_document())
    assert problem_of(answer) == (403, "import-users-not-here")
    assert problem_of(system(site, "anna").post("/cases/import", {"schema": "cases/1"})) == (
        422,
        "import-invalid",
    )


def test_nothing_personal_is_logged(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        caller = system(site)
        caller.post("/addresses/check", [["Đorđe O’Brien", "Lindenweg 5", "46325 Borken"]])
        caller.post("/letters", {"case": "F1", "template": "einladung", "data": {"wrong": "O’Brien"}})
        assert problem_of(caller.get("/letters", number="O’Brien")) == (422, "request-invalid")
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("urllib3")]
    assert not [line for line in logged if "Brien" in line or "Lindenweg" in line]


def test_figures_need_a_token_of_their_own(site: Site) -> None:
    world = site.world
    world.write()
    held = world.approved(case="F2")
    system(site).post(f"/letters/{held}/hold", {"reason": "Rückfrage"})
    url = f"{site.url}/metrics"
    assert problem_of(requests.get(url, timeout=10)) == (401, "token-invalid")
    other = {"Authorization": f"Bearer {system(site, 'anna', Scope.LETTERS_READ).token}"}
    assert problem_of(requests.get(url, headers=other, timeout=10)) == (403, "scope-missing")
    monitor = {"Authorization": f"Bearer {system(site, 'audit', Scope.METRICS).token}"}
    answer = requests.get(url, headers=monitor, timeout=10)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'gateway_letters{standing="draft"} 1' in lines
    assert 'gateway_letters{standing="held"} 1' in lines
    assert "gateway_unfinished_submissions 0" in lines
    assert "gateway_oldest_in_doubt_seconds 0" in lines
    assert 'gateway_desk{kind="letters"} 0' in lines
    assert "# TYPE gateway_letters gauge" in lines
    assert not [word for word in ("Brien", "F2", held) if word in answer.text]


def test_a_house_that_cannot_work_is_not_ready_and_says_which_part(site: Site) -> None:
    assert requests.get(f"{site.url}/readyz", timeout=10).json() == {"status": "ok"}
    folder = Path(site.world.settings.data_dir) / "documents"
    shutil.rmtree(folder)
    folder.write_bytes(b"in the way")
    site.clock.value += 10
    answer = requests.get(f"{site.url}/readyz", timeout=10)
    assert (answer.status_code, answer.json()["failing"]) == (503, ["document-store-not-writable"])
    assert requests.get(f"{site.url}/healthz", timeout=10).json() == {"status": "ok"}
