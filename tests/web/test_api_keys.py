"""Keys: one effect for one key, whatever is repeated, at once or after a crash."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import col, func, select

from gateway.application.access import answering
from gateway.application.services import Services
from gateway.db.letters import Letter
from gateway.db.people import AuditEntry
from gateway.db.tokens import ApiAnswer
from tests.web.api_client import problem_of, system
from tests.web.site import Site
from tests.web.test_api_letters import DECISION, new
from tests.web.test_uploading import finished

pytestmark = pytest.mark.slow


class Crash(Exception):
    """The process dies here: nothing after it happens."""


def crash(*_arguments: object, **_named: object) -> None:
    raise Crash


def letters(site: Site) -> int:
    with site.world.services.db.reading() as session:
        return session.exec(select(func.count()).select_from(Letter)).one()


def audited(site: Site, action: str) -> int:
    with site.world.services.db.reading() as session:
        return len(session.exec(select(AuditEntry).where(AuditEntry.action == action)).all())


def keys(site: Site) -> list[tuple[str, int | None]]:
    with site.world.services.db.reading() as session:
        return [
            (row.key, row.status) for row in session.exec(select(ApiAnswer).order_by(col(ApiAnswer.id))).all()
        ]


def test_the_same_request_again_gets_the_same_answer_and_has_no_second_effect(site: Site) -> None:
    clerk = system(site)
    first = clerk.post("/letters", new(site), key="brief-0001")
    again = clerk.post("/letters", new(site), key="brief-0001")
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert letters(site) == 1


def test_an_uploaded_file_again_is_the_same_request_though_its_form_is_packed_anew(site: Site) -> None:
    clerk = system(site)
    first = clerk.upload("/finished-pdfs", finished(), DECISION, key="pdf-00001")
    again = clerk.upload("/finished-pdfs", finished(), DECISION, key="pdf-00001")
    assert (again.status_code, again.json()) == (201, first.json())
    other = clerk.upload("/finished-pdfs", finished(), {**DECISION, "title": "Anders"}, key="pdf-00001")
    assert problem_of(other) == (422, "idempotency-key-reused")
    assert letters(site) == 1


def test_the_same_key_for_something_else_is_refused(site: Site) -> None:
    clerk, reference = system(site), site.world.approved()
    clerk.post(f"/letters/{reference}/hold", {"reason": "Rückfrage"}, key="einmal-01")
    for path, body in (("hold", {"reason": "Anders"}), ("cancel", {"reason": "Rückfrage"})):
        answer = clerk.post(f"/letters/{reference}/{path}", body, key="einmal-01")
        assert problem_of(answer) == (422, "idempotency-key-reused")
    assert site.world.view(reference).cancelled_at is None


def test_keys_of_two_systems_do_not_meet(site: Site) -> None:
    for clerk in (system(site), system(site)):
        assert clerk.post("/letters", new(site, accept_duplicate=True), key="brief-0001").status_code == 201
    assert letters(site) == 2


def test_a_refused_request_keeps_no_key(site: Site) -> None:
    clerk, reference = system(site), site.world.write()
    body = {"documents": ["0" * 64]}
    assert problem_of(clerk.post(f"/letters/{reference}/approve", body, key="zu-frueh-1"))[0] == 409
    assert keys(site) == []
    assert (
        clerk.post(f"/letters/{reference}/cancel", {"reason": "doch nicht"}, key="zu-frueh-1").status_code
        == 200
    )


@pytest.mark.parametrize("times", range(3))
def test_equal_requests_at_once_have_one_effect_and_one_answer(site: Site, times: int) -> None:
    clerk, body = system(site), new(site)
    with ThreadPoolExecutor(6) as pool:
        sent = [pool.submit(clerk.post, "/letters", body, key=f"zugleich-{times}") for _ in range(6)]
    answers = [each.result() for each in sent]
    assert {answer.status_code for answer in answers} == {201}, [answer.text for answer in answers]
    assert len({answer.json()["reference"] for answer in answers}) == 1
    assert letters(site) == 1


def test_equal_approvals_at_once_sign_once(site: Site) -> None:
    signer, reference = system(site, "bea"), site.world.ready()
    body = {"documents": [site.world.only(reference).document_sha256]}
    with ThreadPoolExecutor(4) as pool:
        path = f"/letters/{reference}/approve"
        sent = [pool.submit(signer.post, path, body, key="freigabe-1") for _ in range(4)]
    assert {each.result().status_code for each in sent} == {200}
    assert audited(site, "letter-approved") == 1


def test_a_crash_between_effect_and_answer_is_answered_when_asked_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = system(site)
    with monkeypatch.context() as patch:
        patch.setattr(answering, "_store", crash)
        assert problem_of(clerk.post("/letters", new(site), key="absturz-1")) == (500, "unexpected-error")
    assert (letters(site), keys(site)) == (1, [("absturz-1", None)])
    again = clerk.post("/letters", new(site), key="absturz-1")
    assert (again.status_code, again.json()["state"], letters(site)) == (201, "ready", 1)
    assert keys(site) == [("absturz-1", 201)]


def test_a_crash_before_the_rendering_is_made_good_when_asked_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = system(site)
    with monkeypatch.context() as patch:
        patch.setattr("gateway.application.letters.uploading.render_letter", crash)
        answer = clerk.upload("/finished-pdfs", finished(), DECISION, key="absturz-2")
        assert problem_of(answer) == (500, "unexpected-error")
    again = clerk.upload("/finished-pdfs", finished(), DECISION, key="absturz-2")
    assert (again.status_code, again.json()["state"], letters(site)) == (201, "ready", 1)


def test_a_crash_before_the_commit_leaves_neither_effect_nor_key(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, reference = system(site), site.world.approved()
    with monkeypatch.context() as patch:
        patch.setattr("gateway.application.clearing.withholding.audit", crash)
        answer = clerk.post(f"/letters/{reference}/hold", {"reason": "Rückfrage"}, key="absturz-3")
        assert answer.status_code == 500
    assert (keys(site), site.world.view(reference).held_at) == ([], None)
    answer = clerk.post(f"/letters/{reference}/hold", {"reason": "Rückfrage"}, key="absturz-3")
    assert answer.json()["held"] is True


def test_an_import_is_counted_the_same_when_asked_again(site: Site) -> None:
    importer = system(site, "admin")
    document = {
        "schema": "cases/1",
        "source": "test",
        "persons": [
            {
                "reference": "P9",
                "form": "frau",
                "given_name": "Ida",
                "family_name": "Neu",
                "address": {"street": "Am Markt 9", "postcode": "46325", "place": "Borken"},
            }
        ],
    }
    first = importer.post("/cases/import", document, key="import-001")
    again = importer.post("/cases/import", document, key="import-001")
    assert first.json() == again.json() == {"counts": {"persons_new": 1}, "findings": []}
    assert importer.post("/cases/import", document).json()["counts"] == {"persons_unchanged": 1}


def test_keys_are_forgotten_after_a_week(site: Site) -> None:
    clerk, reference = system(site), site.world.approved()
    clerk.post(f"/letters/{reference}/hold", {"reason": "alt"}, key="vergessen-1")
    site.world.advance_to(site.world.clock.now() + timedelta(days=8))
    clerk.post(f"/letters/{reference}/let-go", key="neuer-key-1")
    assert keys(site) == [("neuer-key-1", 200)]


def test_answers_hold_no_names_and_no_addresses(site: Site) -> None:
    clerk, services = system(site), site.world.services
    clerk.post("/letters", new(site))
    clerk.upload("/finished-pdfs", finished(), DECISION)
    text = stored(services)
    assert "letter-written" in text
    assert not [word for word in ("Brien", "Lindenweg", "46325", "Đorđe") if word in text]


def stored(services: Services) -> str:
    with services.db.reading() as session:
        return " ".join(f"{row.effect} {row.body}" for row in session.exec(select(ApiAnswer)).all())
