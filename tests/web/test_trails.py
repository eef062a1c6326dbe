"""Reading is noted at every door; the auditor sees the trail of a letter, the administrator the rules of retention."""

import pytest
from sqlmodel import col, select

from gateway.application.access.tokens import add_token
from gateway.application.retention.destroying import apply
from gateway.application.retention.locking import lock_deletion
from gateway.application.trail.sealing import anchor
from gateway.application.trail.trail_releasing import departures
from gateway.application.trail.verifying import verify
from gateway.db.people import AuditEntry
from gateway.domain.references import for_people
from gateway.domain.scopes import Scope
from tests.web.site import Site

pytestmark = pytest.mark.slow


def looks(site: Site, action: str) -> list[tuple[str, str, str]]:
    with site.world.services.db.reading() as session:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(col(AuditEntry.id))
        return [(one.actor, one.subject, one.details["door"]) for one in session.exec(query).all()]


def test_whoever_looks_at_a_letter_or_a_case_is_in_the_trail_once_in_ten_minutes(site: Site) -> None:
    reference = site.world.ready()
    visitor = site.visitor("anna")
    for _ in range(3):
        visitor.get(f"/schreiben/{reference}")
        visitor.get("/faelle/F1")
    assert looks(site, "letter-read") == [("anna", reference, "page")]
    assert looks(site, "case-read") == [("anna", "F1", "page")]
    site.world.advance(minutes=11)
    visitor.get(f"/schreiben/{reference}")
    site.visitor("bea").get("/freigabe")
    assert looks(site, "letter-read") == [
        ("anna", reference, "page"),
        ("anna", reference, "page"),
        ("bea", reference, "page"),
    ]


def test_a_stranger_who_is_refused_has_read_nothing(site: Site) -> None:
    reference = site.world.ready()
    assert site.visitor("ahmad").get(f"/schreiben/{reference}").status_code == 403
    assert looks(site, "letter-read") == []


def test_the_api_is_another_door(site: Site) -> None:
    reference = site.world.ready()
    token = add_token(
        site.world.services,
        "fach",
        login="anna",
        scopes=[Scope.LETTERS_READ, Scope.DOCUMENTS_READ],
        days=3,
    )
    visitor = site.visitor()
    headers = {"Authorization": f"Bearer {token}"}
    visitor.session.get(f"{site.url}/api/v1/letters/{reference}", headers=headers, timeout=30)
    pdf = f"{site.url}/api/v1/letters/{reference}/recipients/1/document.pdf"
    assert visitor.session.get(pdf, headers=headers, timeout=30).status_code == 200
    assert looks(site, "letter-read") == looks(site, "document-read") == [("anna", reference, "api")]


def test_an_auditor_sees_the_trail_of_a_letter_and_nobody_else_does(site: Site) -> None:
    reference = site.world.approved()
    site.visitor("anna").get(f"/schreiben/{reference}/1/dokument.pdf")
    anchor(site.world.services)
    visitor = site.visitor("audit")
    visitor.get("/protokoll")
    assert "Kopf der Kette" in visitor.text
    visitor.post("/protokoll", schreiben=for_people(reference))
    for words in (
        "Entwurf geschrieben",
        "freigegeben",
        "Dokument geöffnet",
        "Anna Werk",
        "Bea Freigabe",
        "Seite",
    ):
        assert words in visitor.text
    assert visitor.post("/protokoll", schreiben="nichts").status_code == 422
    for login in ("anna", "bea", "post", "admin"):
        for path in ("/protokoll", f"/protokoll/{reference}"):
            assert site.visitor(login).get(path).status_code == 403
    assert looks(site, "trail-read") == [("audit", reference, "page")]


def test_the_rules_of_retention_and_the_last_pass_are_shown(site: Site) -> None:
    lock_deletion(site.world.services, "anna", "F1", "Klage S 7 AS 12/26")
    visitor = site.visitor("admin")
    visitor.get("/aufbewahrung")
    assert "Noch nie angewandt" in visitor.text
    apply(site.world.services)
    visitor.get("/aufbewahrung")
    for words in ("Zuletzt angewandt", "Druckexemplare", "DSGVO", "Klage S 7 AS 12/26", "JC-BOR-2026-00017"):
        assert words in visitor.text
    assert site.visitor("anna").get("/aufbewahrung").status_code == 403


def test_old_entries_of_the_trail_are_proposed_confirmed_and_shown(site: Site) -> None:
    services = site.world.services
    anchor(services)
    site.world.advance(days=3660)
    admin = site.visitor("admin")
    admin.get("/aufbewahrung")
    assert "Bisher wurde kein Eintrag gelöscht" in admin.text
    admin.post("/aufbewahrung/protokoll")
    assert "eine zweite Person muss sie bestätigen" in admin.text
    assert "Löschung bestätigen" not in admin.page
    assert "Prüfen, was gehen darf" not in admin.page
    (made,) = departures(services)
    refused = admin.post("/aufbewahrung/protokoll/1/bestaetigen", sha256=made.sha256)
    assert refused.status_code == 403
    auditor = site.visitor("audit")
    auditor.get("/aufbewahrung")
    assert "Prüfen, was gehen darf" not in auditor.page
    assert auditor.post("/aufbewahrung/protokoll/1/bestaetigen", sha256="0" * 64).status_code == 409
    auditor.get("/aufbewahrung")
    auditor.post("/aufbewahrung/protokoll/1/bestaetigen", sha256=made.sha256)
    assert "der nächste Durchgang führt sie aus" in auditor.text
    apply(services)
    auditor.get("/aufbewahrung")
    assert "gelöscht am" in auditor.text
    assert "Verwerfen" not in auditor.page
    assert verify(services).departed == made.count
