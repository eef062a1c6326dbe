"""Signing in and out: no hints for guessers, no session that outlives its end, no way around the token."""

import pytest
import requests
from sqlmodel import select

from gateway.application.access.authorising import hash_password
from gateway.db.people import AuditEntry, User
from tests.web.site import PASSWORD, Site

COOKIE = "gateway_session"
pytestmark = pytest.mark.slow


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_then_to_where_they_wanted(site: Site) -> None:
    visitor = site.visitor()
    assert visitor.get("/saldo").url == f"{site.url}/anmelden"
    assert visitor.post("/anmelden", login="post", password=PASSWORD).url == f"{site.url}/saldo"


@pytest.mark.parametrize("path", ["/", "/faelle", "/faelle/F1", "/schreiben", "/freigabe", "/vorschau/x/1.png"])
def test_no_page_shows_anything_to_strangers(site: Site, path: str) -> None:
    answer = site.visitor().get(path, follow=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/anmelden")
    assert answer.content == b""


def test_a_wrong_password_and_an_unknown_login_look_the_same(site: Site) -> None:
    wrong, unknown = site.visitor(), site.visitor()
    assert wrong.sign_in("anna", "falsch").status_code == 403
    assert unknown.sign_in("nobody", "falsch").status_code == 403
    assert "Benutzername oder Kennwort stimmen nicht." in wrong.text
    assert wrong.text.replace("anna", "") == unknown.text.replace("nobody", "")


def test_after_five_failures_even_the_right_password_waits_five_minutes(site: Site) -> None:
    visitor = site.visitor()
    for _ in range(5):
        assert visitor.sign_in("anna", "falsch").status_code == 403
    assert visitor.sign_in("anna").status_code == 429
    assert visitor.sign_in(" ANNA ").status_code == 429
    assert site.visitor().sign_in("bea").status_code == 200
    site.clock.value += 301
    assert visitor.sign_in("anna").url == f"{site.url}/"


def test_a_success_forgets_earlier_failures(site: Site) -> None:
    for _ in range(2):
        visitor = site.visitor()
        for _ in range(4):
            visitor.sign_in("anna", "falsch")
        assert visitor.sign_in("anna").url == f"{site.url}/"


def test_signing_in_begins_a_new_session_with_a_new_token(site: Site) -> None:
    visitor = site.visitor()
    visitor.get("/anmelden")
    before, token = visitor.session.cookies[COOKIE], visitor.token
    visitor.sign_in("anna")
    assert visitor.session.cookies[COOKIE] != before
    assert visitor.token not in {"", token}


def test_the_cookie_is_for_this_site_only_and_out_of_reach_of_scripts(site: Site) -> None:
    cookie = site.visitor().get("/anmelden").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie


def test_behind_tls_the_cookie_and_the_site_stay_with_tls(site: Site) -> None:
    answer = requests.get(f"{site.url}/anmelden", headers={"X-Forwarded-Proto": "https"}, timeout=10)
    assert answer.headers["set-cookie"].endswith("; secure")
    assert answer.headers["strict-transport-security"]


def test_a_forged_cookie_signs_nobody_in(site: Site) -> None:
    visitor = site.visitor("anna")
    payload, _, signature = visitor.session.cookies[COOKIE].partition(".")
    visitor.session.cookies.set(COOKIE, f"{payload[:-4]}AAAA.{signature}", domain="127.0.0.1", path="/")
    stranger = requests.get(f"{site.url}/faelle", cookies={COOKIE: f"{payload}AA.{signature}"}, timeout=10)
    assert stranger.url == f"{site.url}/anmelden"


def test_a_copied_cookie_ends_with_the_sign_out(site: Site) -> None:
    visitor = site.visitor("anna")
    copied = {COOKIE: visitor.session.cookies[COOKIE]}
    assert requests.get(f"{site.url}/faelle", cookies=copied, timeout=10).url == f"{site.url}/faelle"
    assert visitor.post("/abmelden").url == f"{site.url}/anmelden"
    assert requests.get(f"{site.url}/faelle", cookies=copied, timeout=10).url == f"{site.url}/anmelden"


def test_a_session_ends_after_its_hours_however_busy_it_was(site: Site) -> None:
    visitor = site.visitor("anna")
    for _ in range(9):
        site.clock.value += 3600
        assert visitor.get("/faelle").url == f"{site.url}/faelle"
    site.clock.value += 3601
    assert visitor.get("/faelle").url == f"{site.url}/anmelden"


def test_a_locked_user_is_out_at_once(site: Site) -> None:
    visitor = site.visitor("anna")
    with site.world.services.db.transaction() as session:
        session.exec(select(User).where(User.login == "anna")).one().active = False
    assert visitor.get("/faelle").url == f"{site.url}/anmelden"
    assert visitor.sign_in("anna").status_code == 403


def test_the_way_after_the_sign_in_never_leads_to_another_site(site: Site) -> None:
    visitor = site.visitor()
    visitor.get("//example.org/faelle")
    visitor.get("/\\example.org")
    assert visitor.sign_in("anna").url.startswith(f"{site.url}/")


def test_sign_ins_are_in_the_audit_trail_and_passwords_are_not(site: Site) -> None:
    site.visitor("anna")
    with site.world.services.db.reading() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "signed-in")).all()
    assert [entry.actor for entry in entries] == ["anna"]
    assert PASSWORD not in repr(entries)


def test_hashes_of_the_same_password_differ() -> None:
    assert hash_password(PASSWORD) != hash_password(PASSWORD)
