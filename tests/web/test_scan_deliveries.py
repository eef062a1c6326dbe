"""Scan deliveries by HTTP, their page, and the form about a scan on its page."""

import base64
import dataclasses
import hashlib
import io
import socket
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlmodel import select

from gateway.application.arrivals.answering_scans import send_answers
from gateway.application.arrivals.arriving import take_arrivals
from gateway.application.arrivals.spooling import spool_of
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.paper.paper_returning import recall
from gateway.application.paper.paper_view import originals
from gateway.db.arrivals import QuarantinedDelivery, ScanAnswer, ScanUpload
from gateway.db.files import InboundDocument, ScanDelivery
from gateway.db.originals import DestructionCertificate, DestructionItem, ScanReport
from gateway.domain.inbound.scan_sources import DeliveryLimits, ScanSource
from gateway.domain.paper.original_reports import PaperFinding, RecallAnswer
from gateway.domain.paper.originals import Paper
from gateway.domain.scopes import Scope
from gateway.inbound.folder_site import FolderSite
from gateway.inbound.upload_site import UploadSite
from gateway.testing.scan_centre.reports import report_bytes
from gateway.testing.scans import ScanSpec, make_delivery
from tests.web.api_client import System, problem_of, system
from tests.web.site import Site, serve
from tests.world import World

_CERTIFICATE: dict[str, Any] = {
    "schema": "destruction-certificate/1",
    "certificate": "VN-1",
    "destroyed_on": "2026-11-20",
    "container": "B-1",
    "seal": "P-1",
    "process": "Schreddern",
    "level": "P-5",
    "quantity": 1,
    "signed_by": "M. V.",
    "documents": [{"delivery": "L-1", "document_id": "a"}],
}
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


def upload(caller: System, content: bytes, key: str | None = None, **headers: str) -> requests.Response:
    return caller.deliver(content, key=key, **headers)


def taken_in(site: Site, caller: System, content: bytes) -> dict[str, Any]:
    """Upload, let the rounds work, and ask what became of it."""
    answer = upload(caller, content)
    assert answer.status_code == 202, answer.text
    take_arrivals(site.world.services)
    told: dict[str, Any] = caller.get(f"/scan-deliveries/{answer.json()['upload']}").json()
    return told


def rows(site: Site, kind: type) -> int:
    with site.world.services.db.reading() as session:
        return len(session.exec(select(kind)).all())


def spool(site: Site) -> list[str]:
    return [path.name for path in (site.world.services.scan_spool / "west").glob("*")]


def test_an_upload_is_kept_before_it_is_answered_and_its_receipt_is_asked_for(
    scans: Site, tmp_path: Path
) -> None:
    caller, content = system(scans, "post", Scope.SCANS_DELIVER), packed(scans.world, tmp_path)
    first = upload(caller, content, "delivery-0001")
    name = first.json()["upload"]
    assert (first.status_code, first.json()) == (202, {"upload": name, "state": "waiting", "receipt": None})
    assert spool(scans) == [name]
    assert (scans.world.services.scan_spool / "west" / name / "delivery.zip").read_bytes() == content
    assert first.headers["Location"] == f"/api/v1/scan-deliveries/{name}"
    assert rows(scans, ScanDelivery) == 0, "nothing is taken in within the request"
    take_arrivals(scans.world.services)
    told = caller.get(f"/scan-deliveries/{name}").json()
    assert (told["state"], told["receipt"]["delivery"]) == ("accepted", "L-1")
    assert spool(scans) == []
    assert caller.get("/scan-answers").json() == {"answers": ["L-1.receipt.json"]}
    assert caller.get("/scan-answers/L-1.receipt.json").json() == told["receipt"]
    assert problem_of(caller.get("/scan-answers/L-2.receipt.json")) == (404, "scan-answer-unknown")
    assert problem_of(caller.get("/scan-deliveries/upload-0")) == (404, "scan-upload-unknown")


def test_the_same_upload_as_often_as_it_comes_is_taken_in_once(scans: Site, tmp_path: Path) -> None:
    caller, content = system(scans, "post", Scope.SCANS_DELIVER), packed(scans.world, tmp_path)
    first = upload(caller, content, "delivery-0001")
    again = upload(caller, content, "delivery-0001")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert upload(caller, content).json() == first.json(), "under another key, while it waits"
    assert problem_of(upload(caller, b"PK other", "delivery-0001"))[1] == "idempotency-key-reused"
    take_arrivals(scans.world.services)
    later = upload(caller, content)
    assert (later.status_code, later.json()["state"]) == (202, "accepted")
    assert spool(scans) == []
    take_arrivals(scans.world.services)
    assert (rows(scans, ScanDelivery), rows(scans, InboundDocument), rows(scans, ScanUpload)) == (1, 1, 1)


def test_an_upload_that_was_taken_in_before_its_row_was_written_has_its_receipt_nevertheless(
    scans: Site, tmp_path: Path
) -> None:
    """The rounds may be quicker than the request, or the request is killed between file and row."""
    caller, content = system(scans, "post", Scope.SCANS_DELIVER), packed(scans.world, tmp_path)
    services = scans.world.services
    incoming = services.scans.incoming(spool_of(services, "west"))
    incoming.write(content)
    incoming.finish()
    incoming.keep()
    take_arrivals(services)
    answer = upload(caller, content)
    assert (answer.json()["upload"], answer.json()["state"]) == (incoming.name, "accepted")
    assert rows(scans, ScanDelivery) == 1


def test_an_upload_that_is_wrong_as_a_whole_is_kept_and_says_why(scans: Site, tmp_path: Path) -> None:
    caller = system(scans, "post", Scope.SCANS_DELIVER)
    content = packed(scans.world, tmp_path, whole=False)
    for _ in range(2):
        told = taken_in(scans, caller, content)
        assert (told["state"], told["receipt"]["code"]) == ("refused", "manifest-hash-wrong")
    half = taken_in(scans, caller, packed(scans.world, tmp_path, 3, marker="half"))
    assert half["receipt"]["code"] == "zip-incomplete"
    assert (rows(scans, QuarantinedDelivery), rows(scans, ScanAnswer)) == (2, 2)
    assert rows(scans, ScanDelivery) == 0
    assert spool(scans) == []


def test_what_is_no_delivery_is_refused_at_the_door_and_leaves_nothing(scans: Site, tmp_path: Path) -> None:
    caller, good = system(scans, "post", Scope.SCANS_DELIVER), packed(scans.world, tmp_path)
    of_other = "sha-256=:" + base64.b64encode(hashlib.sha256(b"x").digest()).decode() + ":"
    right = "sha-256=:" + base64.b64encode(hashlib.sha256(good).digest()).decode() + ":"
    limits = DeliveryLimits(max_bytes=len(good))
    scans.world.services.scan_sources["west"] = dataclasses.replace(WEST, limits=limits)  # type: ignore[index]
    assert problem_of(upload(caller, b"no zip")) == (422, "zip-unreadable")
    incomplete = packed(scans.world, tmp_path, 2, marker=None)
    assert problem_of(upload(caller, incomplete))[1] == "zip-incomplete"
    assert problem_of(upload(caller, good + b"0")) == (422, "delivery-too-large")
    assert problem_of(upload(caller, good, **{"Content-Digest": of_other})) == (422, "upload-hash-wrong")
    assert problem_of(upload(caller, good, **{"Content-Digest": "sha-256=:=:"}))[1] == "upload-hash-wrong"
    assert (spool(scans), rows(scans, ScanUpload), rows(scans, ScanAnswer)) == ([], 0, 0)
    assert upload(caller, good, **{"Content-Digest": right}).status_code == 202


def test_an_upload_that_breaks_off_leaves_nothing(scans: Site, tmp_path: Path) -> None:
    caller, content = system(scans, "post", Scope.SCANS_DELIVER), packed(scans.world, tmp_path)
    host, port = scans.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        head = (
            f"POST /api/v1/scan-deliveries HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {caller.token}\r\n"
            f"Content-Type: application/zip\r\nIdempotency-Key: half-way-1\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        line.sendall(head.encode() + content[:1000])
        assert eventually(lambda: spool(scans) != [])
    assert eventually(lambda: spool(scans) == [])
    assert upload(caller, content).status_code == 202


def eventually(holds: Callable[[], bool]) -> bool:
    ends = time.monotonic() + 10
    while not holds():
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True


def test_the_pages_take_an_upload_in_at_once(world: World, scans: Site, tmp_path: Path) -> None:
    with serve(world, render=True) as site:
        caller = system(site, "post", Scope.SCANS_DELIVER)
        name = upload(caller, packed(world, tmp_path)).json()["upload"]
        assert eventually(lambda: caller.get(f"/scan-deliveries/{name}").json()["state"] == "accepted")


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
    taken_in(scans, caller, packed(scans.world, tmp_path, 3))
    bad = packed(scans.world, tmp_path, 4, whole=False)
    taken_in(scans, caller, bad)
    visitor = scans.visitor("post")
    visitor.get("/scanlieferungen")
    assert "1 bis 2" in visitor.text
    assert "L-3" in visitor.text
    assert "manifest-hash-wrong" in visitor.text
    visitor.post("/scanlieferungen/quarantaene/1", reason="neu angefordert", to="discard")
    assert "verworfen" in visitor.text
    assert "Keine Lieferung ist in Quarantäne" in visitor.text
    told = taken_in(scans, caller, bad)
    visitor.get("/scanlieferungen")
    assert "Unverändert noch einmal geliefert" in visitor.text
    assert "Unverändert noch einmal geliefert" in told["receipt"]["reason"]
    assert scans.visitor("anna").get("/scanlieferungen").status_code == 403


def test_the_page_of_a_delivery_says_what_was_not_read_and_where_it_lies(world: World, tmp_path: Path) -> None:
    inbox = tmp_path / "site" / "in"
    answers = tmp_path / "site" / "answers"
    answers.mkdir(parents=True)
    side = FolderSite("west", answers=answers, inbox=inbox)
    world.services = dataclasses.replace(
        world.services,
        scan_sources={"west": WEST},
        scan_sites={**world.services.scan_sites, "west": side},
    )
    for sequence, folders in enumerate((["Nachtrag", "mehr"], []), start=1):
        name = f"L-{sequence}"
        delivered = make_delivery(
            inbox / name, "west", name, sequence, [ScanSpec.unknown()], at=world.clock.now()
        )
        for folder in folders:
            (delivered / folder).mkdir()
    take_arrivals(world.services)
    (aside,) = (inbox / ".refused").iterdir()
    with serve(world) as site:
        visitor = site.visitor("post")
        visitor.get("/scanlieferungen")
        assert visitor.text.count("Ordner oder Verknüpfungen, nicht gelesen") == 1
        visitor.get("/scanlieferungen/1")
        assert "2 Ordner oder Verknüpfungen. Die ganze Lieferung liegt im Eingangsordner" in visitor.text
        assert f".refused/{aside.name}" in visitor.text
        visitor.get("/scanlieferungen/2")
        assert "Verknüpfung" not in visitor.text


def test_a_finding_is_reported_on_the_page_of_the_document(scans: Site, tmp_path: Path) -> None:
    taken_in(scans, system(scans, "post", Scope.SCANS_DELIVER), packed(scans.world, tmp_path))
    visitor = scans.visitor("post")
    visitor.get("/posteingang/1")
    visitor.post("/posteingang/1/scan-mangel", finding="unreadable", page="1", to="report")
    assert "unleserlich, Seite 1" in visitor.text
    visitor.post("/posteingang/1/scan-mangel", finding="rescan", to="reject")
    assert "zurückgegeben" in visitor.text
    assert visitor.post("/posteingang/1/scan-mangel", finding="no such", to="report").status_code == 422


def test_a_certificate_comes_by_http_once_and_what_it_says_holds(scans: Site) -> None:
    caller = system(scans, "post", Scope.SCANS_DELIVER)
    told = _CERTIFICATE
    for kind in ("xml", "csv"):
        content = report_bytes({**told, "certificate": f"VN-{kind}"}, kind)
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"
        first = caller.report(f"VN.{kind}", content, key=f"report-{kind}", **{"Content-Digest": digest})
        assert (first.status_code, first.json()) == (200, {"report": f"VN.{kind}", "finding": None}), first.text
        again = caller.report(f"VN.{kind}", content, key=f"report-{kind}", **{"Content-Digest": digest})
        assert (again.json(), again.headers.get("Idempotency-Replayed")) == (first.json(), "true")
        assert caller.report(f"VN.{kind}", content).json() == first.json(), "the same under another key"
    assert (rows(scans, DestructionCertificate), rows(scans, ScanReport)) == (2, 2)
    assert caller.report("VN.xml", b"<x/>").json()["finding"] == "scan-report-unreadable"
    wrong = f"sha-256=:{base64.b64encode(bytes(32)).decode()}:"
    assert problem_of(caller.report("VN-2.xml", b"x", **{"Content-Digest": wrong})) == (
        422,
        "upload-hash-wrong",
    )
    assert problem_of(caller.report("VN-2.exe", b"x")) == (422, "report-name-wrong")
    assert problem_of(caller.report("VN-2.xml", bytes(20_000_001))) == (413, "request-too-large")
    assert rows(scans, ScanReport) == 3
    assert caller.report("VN-3.json", b"{}", key="report-xml").status_code == 422
    stranger = system(scans, "anna", Scope.SCANS_DELIVER)
    assert stranger.report("VN-4.json", b"{}").status_code == 403


def test_the_account_that_delivers_hears_what_is_recalled_and_says_by_http_what_became_of_the_paper(
    scans: Site, tmp_path: Path
) -> None:
    caller, services = system(scans, "post", Scope.SCANS_DELIVER), scans.world.services
    assert taken_in(scans, caller, packed(scans.world, tmp_path))["state"] == "accepted"
    make_rounds(services)
    name = recall(services, "post", 1, "wird im Original gebraucht")
    send_answers(services)
    wanted = caller.get(f"/scan-answers/{name}.json").json()
    said = {"recall": wanted["recall"], "answer": "sent", "shipment": "S-1"}
    answer = report_bytes({"schema": "recall-answer/1", "answers": [said]}, "json")
    assert caller.report("answers-1.json", answer).json() == {"report": "answers-1.json", "finding": None}
    view = originals(services, "post")
    assert [(one.name, one.answer, one.shipment) for _, one in view.recalled] == [
        (name, RecallAnswer.SENT, "S-1")
    ]
    told = {**_CERTIFICATE, "documents": [{"delivery": "L-1", "document_id": wanted["document_id"]}]}
    assert caller.report("VN-1.xml", report_bytes(told, "xml")).json()["finding"] is None
    with services.db.reading() as session:
        (item,) = session.exec(select(DestructionItem)).all()
        (kept,) = session.exec(select(ScanReport).where(ScanReport.name == "VN-1.xml")).all()
    assert (item.inbound_id, item.finding) == (1, PaperFinding.RECALLED), "it was recalled, and is destroyed"
    assert kept.source == "west"
    assert originals(services, "post").counts[Paper.DESTROYED] == 1
