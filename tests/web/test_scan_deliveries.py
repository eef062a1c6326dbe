"""Scan deliveries by HTTP, their page, and the form about a scan on its page."""

import dataclasses
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlmodel import select

from gateway.db.arrivals import QuarantinedDelivery, ScanAnswer
from gateway.db.files import InboundDocument, ScanDelivery
from gateway.domain.scan_sources import ScanSource
from gateway.domain.scopes import Scope
from gateway.inbound.upload_site import UploadSite
from gateway.testing.scans import ScanSpec, make_delivery
from tests.web.api_client import System, problem_of, system
from tests.web.site import Site, serve
from tests.world import World

WEST = ScanSource("west", agreed=True, first_sequence=1, account="post")


@pytest.fixture
def scans(world: World) -> Iterator[Site]:
    sites = {**world.services.scan_sites, "west": UploadSite("west")}
    world.services = dataclasses.replace(world.services, scan_sources={"west": WEST}, scan_sites=sites)
    with serve(world) as site:
        yield site


def packed(
    world: World, tmp_path: Path, number: int = 1, *, marker: str | None = "", whole: bool = True
) -> bytes:
    """A delivery; `marker` in place of the right one, None for none."""
    folder = make_delivery(
        tmp_path / f"L-{number}", "west", f"L-{number}", number, [ScanSpec.unknown()], at=world.clock.now()
    )
    if not whole:
        (folder / "manifest.json").write_text("{}")
    if marker:
        (folder / "READY").write_text(marker)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.iterdir()):
            if marker is not None or path.name != "READY":
                archive.write(path, path.name)
    return buffer.getvalue()


def upload(caller: System, content: bytes, key: str | None = None) -> requests.Response:
    return caller.deliver(content, key=key)


def rows(site: Site, kind: type) -> int:
    with site.world.services.db.reading() as session:
        return len(session.exec(select(kind)).all())


def test_an_upload_is_answered_with_its_receipt_and_the_same_key_does_it_once(
    scans: Site, tmp_path: Path
) -> None:
    caller, content = system(scans, "post", Scope.SCANS_DELIVER), packed(scans.world, tmp_path)
    first = upload(caller, content, "delivery-0001")
    assert (first.status_code, first.json()["result"], first.json()["delivery"]) == (200, "accepted", "L-1")
    again = upload(caller, content, "delivery-0001")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert upload(caller, content).json() == first.json(), "the same delivery under another key"
    assert problem_of(upload(caller, b"PK other", "delivery-0001"))[1] == "idempotency-key-reused"
    assert (rows(scans, ScanDelivery), rows(scans, InboundDocument)) == (1, 1)
    assert list((scans.world.services.scan_spool / "west").iterdir()) == []
    assert caller.get("/scan-answers").json() == {"answers": ["L-1.receipt.json"]}
    assert caller.get("/scan-answers/L-1.receipt.json").json() == first.json()
    assert problem_of(caller.get("/scan-answers/L-2.receipt.json")) == (404, "scan-answer-unknown")


def test_an_upload_that_is_wrong_as_a_whole_is_kept_and_says_why(scans: Site, tmp_path: Path) -> None:
    caller = system(scans, "post", Scope.SCANS_DELIVER)
    content = packed(scans.world, tmp_path, whole=False)
    for _ in range(2):
        refused = upload(caller, content)
        assert (refused.status_code, refused.json()["code"]) == (422, "manifest-hash-wrong")
    unreadable = upload(caller, b"no zip")
    assert (unreadable.status_code, unreadable.json()["code"]) == (422, "zip-unreadable")
    incomplete = upload(caller, packed(scans.world, tmp_path, 2, marker=None))
    assert (incomplete.status_code, incomplete.json()["code"]) == (422, "zip-incomplete")
    assert rows(scans, QuarantinedDelivery) == rows(scans, ScanAnswer) == 3
    assert rows(scans, ScanDelivery) == 0


def test_an_upload_that_is_not_ready_changes_nothing(scans: Site, tmp_path: Path) -> None:
    caller = system(scans, "post", Scope.SCANS_DELIVER)
    content = packed(scans.world, tmp_path, marker="half")
    assert problem_of(upload(caller, content))[1] == "delivery-not-ready"
    assert list((scans.world.services.scan_spool / "west").iterdir()) == []
    assert rows(scans, ScanAnswer) == 0


@pytest.mark.parametrize(("login", "code"), [("admin", "scan-source-missing"), ("anna", "not-permitted")])
def test_an_account_without_a_source_delivers_nothing(
    scans: Site, tmp_path: Path, login: str, code: str
) -> None:
    caller = system(scans, login, Scope.SCANS_DELIVER)
    status, told = problem_of(upload(caller, packed(scans.world, tmp_path)))
    assert status == 403
    assert told == code or code == "not-permitted"
    assert caller.get("/scan-answers").status_code == 403


def test_the_page_shows_quarantine_gaps_and_deliveries_and_a_person_decides(
    scans: Site, tmp_path: Path
) -> None:
    caller = system(scans, "post", Scope.SCANS_DELIVER)
    upload(caller, packed(scans.world, tmp_path, 3))
    upload(caller, packed(scans.world, tmp_path, 4, whole=False))
    visitor = scans.visitor("post")
    visitor.get("/scanlieferungen")
    assert "1 bis 2" in visitor.text
    assert "L-3" in visitor.text
    assert "manifest-hash-wrong" in visitor.text
    visitor.post("/scanlieferungen/quarantaene/1", reason="neu angefordert", to="discard")
    assert "verworfen" in visitor.text
    assert "Keine Lieferung ist in Quarantäne" in visitor.text
    assert scans.visitor("anna").get("/scanlieferungen").status_code == 403


def test_a_finding_is_reported_on_the_page_of_the_document(scans: Site, tmp_path: Path) -> None:
    upload(system(scans, "post", Scope.SCANS_DELIVER), packed(scans.world, tmp_path))
    visitor = scans.visitor("post")
    visitor.get("/posteingang/1")
    visitor.post("/posteingang/1/scan-mangel", finding="unreadable", page="1", to="report")
    assert "unleserlich, Seite 1" in visitor.text
    visitor.post("/posteingang/1/scan-mangel", finding="rescan", to="reject")
    assert "zurückgegeben" in visitor.text
    assert visitor.post("/posteingang/1/scan-mangel", finding="no such", to="report").status_code == 422
