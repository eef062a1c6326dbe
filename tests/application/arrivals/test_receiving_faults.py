"""What a scan provider does wrong is answered with a code, its bytes are kept, and nothing is taken twice."""

import dataclasses
import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.arrivals.answering_scans import send_answers
from gateway.application.arrivals.receiving import import_delivery
from gateway.db.arrivals import QuarantinedDelivery, ScanAnswer
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.domain.findings import Finding
from gateway.errors import Conflict, DocumentInvalid, NotSent
from gateway.ports.scans import RefusedArrival
from gateway.testing.scans import ScanSpec
from tests.application.arrivals.test_receiving import SOURCE, change_manifest, deliver, take
from tests.world import World


def rows(world: World, kind: Any) -> list[Any]:
    with world.services.db.reading() as session:
        return list(session.exec(select(kind).order_by(kind.id)).all())


def test_a_refused_delivery_stays_in_quarantine_with_all_its_bytes_and_is_answered_once(
    world: World, tmp_path: Path
) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown(), sequence=7)
    change_manifest(folder, lambda manifest: manifest["counts"].update(documents=2))
    given = {path.name: path.read_bytes() for path in folder.iterdir()}
    for _ in range(2):
        with pytest.raises(DocumentInvalid):
            take(world, folder)
        world.advance(hours=1)
    (kept,) = rows(world, QuarantinedDelivery)
    assert (kept.code, kept.source, kept.decision) == ("manifest-count-wrong", SOURCE, None)
    assert {path.name: path.read_bytes() for path in Path(kept.folder).iterdir()} == given
    (answer,) = rows(world, ScanAnswer)
    assert (answer.kind, answer.sent_at is not None) == ("refusal", True)


def test_a_refused_delivery_is_kept_whatever_its_files_are_called(world: World, tmp_path: Path) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown(), sequence=7)
    change_manifest(folder, lambda manifest: manifest["counts"].update(documents=2))
    (folder / os.fsdecode(b"M\xfcller.pdf")).write_bytes(b"more")
    folder = folder.rename(folder.with_name(os.fsdecode(b"M\xfcnster-7")))
    with pytest.raises(DocumentInvalid):
        take(world, folder)
    (kept,) = rows(world, QuarantinedDelivery)
    assert b"M\xfcller.pdf" in [os.fsencode(path.name) for path in Path(kept.folder).iterdir()]
    assert kept.name.isascii()


def test_a_repeated_delivery_is_taken_after_a_refusal_and_both_answers_stand(
    world: World, tmp_path: Path
) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    good = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(good + b" ")
    with pytest.raises(DocumentInvalid):
        take(world, folder)
    (folder / "manifest.json").write_bytes(good)
    assert take(world, folder) == {"desk": 1}
    assert [answer.kind for answer in rows(world, ScanAnswer)] == ["refusal", "receipt"]
    assert len(list(world.services.receipts_dir.glob("L-1*.receipt.json"))) == 2


def test_a_document_that_was_taken_is_not_taken_again_under_its_number_or_with_its_bytes(
    world: World, tmp_path: Path
) -> None:
    first = deliver(world, tmp_path, ScanSpec.unknown(), ScanSpec.unknown())
    take(world, first)
    again = tmp_path / "in" / "L-2"
    shutil.copytree(first, again)

    def renamed(manifest: dict[str, object]) -> None:
        manifest.update(delivery="L-2", sequence=2)
        manifest["documents"][1]["document_id"] = "11111111-1111-4111-8111-111111111111"  # type: ignore[index]

    change_manifest(again, renamed)
    assert take(world, again) == {"quarantine": 2}
    codes = [row.finding_code for row in rows(world, InboundDocument) if row.finding_code]
    assert codes == ["scan-id-repeated", "scan-content-repeated"]
    assert len(list((world.services.quarantine_dir / SOURCE / "L-2").iterdir())) == 2


def test_the_same_bytes_twice_in_one_delivery_are_taken_once(world: World, tmp_path: Path) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown(), ScanSpec.unknown())
    one, other = sorted(folder.glob("*.pdf"))
    shutil.copy(one, other)

    def twice(manifest: dict[str, object]) -> None:
        hashes = {entry["file"]: entry["sha256"] for entry in manifest["documents"]}  # type: ignore[attr-defined]
        for entry in manifest["documents"]:  # type: ignore[attr-defined]
            entry["sha256"] = hashes[one.name]

    change_manifest(folder, twice)
    assert take(world, folder) == {"desk": 1, "quarantine": 1}


def test_what_lay_in_quarantine_is_taken_when_it_comes_right(world: World, tmp_path: Path) -> None:
    first = deliver(world, tmp_path, ScanSpec.unknown())
    again = tmp_path / "in" / "L-2"
    shutil.copytree(first, again)
    (scan,) = first.glob("*.pdf")
    bad = scan.read_bytes() + b" "
    scan.write_bytes(bad)
    assert take(world, first) == {"quarantine": 1}
    assert (world.services.quarantine_dir / SOURCE / "L-1" / scan.name).read_bytes() == bad
    change_manifest(again, lambda manifest: manifest.update(delivery="L-2", sequence=2))
    assert take(world, again) == {"desk": 1}
    assert [row.state for row in rows(world, InboundDocument)] == [InboundState.QUARANTINE, InboundState.DESK]


def test_a_late_delivery_and_a_number_used_twice_are_taken_and_said(world: World, tmp_path: Path) -> None:
    take(world, deliver(world, tmp_path, ScanSpec.unknown()))
    second = deliver(world, tmp_path, ScanSpec.unknown(), name="L-2", sequence=1)
    world.advance(hours=25)
    take(world, second)
    found = [row.findings for row in rows(world, ScanDelivery)]
    assert found == [[], ["delivery-late", "delivery-sequence-repeated"]]
    assert "delivery-late" in (world.services.receipts_dir / "L-2.receipt.json").read_text()


def test_a_day_of_receipt_after_the_scan_is_not_believed_and_the_rest_goes_on(
    world: World, tmp_path: Path
) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown(), ScanSpec.unknown())
    today = world.services.today()
    change_manifest(
        folder, lambda told: told["documents"][0].update(received_on=f"{today + timedelta(days=1)}")
    )
    assert take(world, folder) == {"desk": 1, "quarantine": 1}
    [bad] = [each for each in rows(world, InboundDocument) if each.state is InboundState.QUARANTINE]
    assert (bad.finding_code, "Eingangstag" in bad.match_reason) == ("scan-day-wrong", True)


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ({"received_on": "2026-01-20"}, "scan-received-long-ago"),
        ({"scanned_at": "2027-03-01T10:00:00+01:00", "received_on": "2027-02-28"}, "scan-dated-in-future"),
    ],
)
def test_an_unlikely_day_is_taken_and_said(
    world: World, tmp_path: Path, days: dict[str, str], said: str
) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    change_manifest(folder, lambda told: told["documents"][0].update(days))
    assert take(world, folder) == {"desk": 1}
    assert [row.findings for row in rows(world, ScanDelivery)] == [[said]]


class Away:
    """A site that cannot be reached, and then can."""

    source = SOURCE

    def __init__(self) -> None:
        self.away = True
        self.given: dict[str, bytes] = {}

    def arrivals(self, into: Path) -> Iterator[Path]:
        return iter(())

    def taken(self, arrival: Path) -> None:
        raise AssertionError

    def set_aside(self, refused: RefusedArrival) -> None:
        raise AssertionError

    def again(self, name: str, into: Path) -> None:
        raise AssertionError

    def answer(self, name: str, content: bytes) -> None:
        if self.away:
            raise NotSent("sftp-unreachable", "Nicht erreichbar.")
        assert self.given.setdefault(name, content) == content

    def place(self, name: str) -> str:
        return f"sftp://west/{name}"

    def reports(self) -> Iterator[tuple[str, bytes]]:
        return iter(())

    def check(self) -> list[Finding]:
        return []


def test_an_answer_waits_for_a_site_that_is_away_and_goes_out_later_once(world: World, tmp_path: Path) -> None:
    site = Away()
    services = dataclasses.replace(world.services, scan_sites={"": site})
    report = import_delivery(services, deliver(world, tmp_path, ScanSpec.unknown()), source=SOURCE)
    assert (report.counts, str(report.receipt)) == ({"desk": 1}, "sftp:/west/L-1.receipt.json")
    (row,) = rows(world, ScanAnswer)
    assert (row.sent_at, row.error_code) == (None, "sftp-unreachable")
    site.away = False
    assert send_answers(services).sent == 0, "not before its time"
    world.advance(minutes=20)
    assert send_answers(services).sent == 1
    assert send_answers(services).sent == 0
    assert list(site.given) == ["L-1.receipt.json"]


def test_two_imports_of_one_source_at_once_are_not_made(world: World, tmp_path: Path) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    with world.services.locks.try_lock(f"scans-{SOURCE}"), pytest.raises(Conflict) as refused:
        take(world, folder)
    assert refused.value.code == "delivery-busy"


def test_a_document_that_cannot_be_read_is_rejected_and_the_rest_goes_on(world: World, tmp_path: Path) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown(), ScanSpec.unknown())
    broken = sorted(folder.glob("*.pdf"))[0]
    broken.write_bytes(broken.read_bytes()[:-60])  # counts as one page where a reader repairs what it can
    sha256 = hashlib.sha256(broken.read_bytes()).hexdigest()

    def tell(manifest: dict[str, Any]) -> None:
        [entry] = [each for each in manifest["documents"] if each["file"] == broken.name]
        entry["sha256"] = sha256

    change_manifest(folder, tell)
    assert take(world, folder) == {"desk": 1, "quarantine": 1}
    [bad] = [each for each in rows(world, InboundDocument) if each.state is InboundState.QUARANTINE]
    assert (bad.finding_code, bad.document_id in bad.match_reason) == ("scan-unreadable", True)
    [kept] = (world.services.quarantine_dir / SOURCE / "L-1").glob("*.pdf")
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == sha256
