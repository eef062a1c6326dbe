"""Arriving: what lies ready at a site is taken in, answered there, and removed there, whatever its transport."""

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from sqlmodel import col, select

from gateway.application.arrivals.arriving import take_arrivals
from gateway.application.arrivals.delivery_view import delivery_view
from gateway.application.arrivals.quarantining import discard
from gateway.application.arrivals.retrying_scans import retry
from gateway.application.desk.alarming import alarms
from gateway.application.services import Services
from gateway.db.arrivals import QuarantinedDelivery, QuarantineDecision
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, ScanDelivery
from gateway.domain.desk.alarms import AlarmKind
from gateway.domain.inbound.scan_sources import ScanSource
from gateway.errors import Conflict, DocumentInvalid, InputError, NotFound, NotPermitted
from gateway.inbound.folder_site import FolderSite
from gateway.inbound.sftp_site import SftpSite
from gateway.ports.scans import Delivery, ScanReader, Unread
from gateway.sftp_line import SftpSettings
from gateway.testing.house.sshd import Sshd
from gateway.testing.scans import ScanSpec, make_delivery
from tests.world import World

WEST = ScanSource("west", agreed=True, late_days=2, first_sequence=1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of the site."""
    for name in ("in", "answers", "reports"):
        (tmp_path / "site" / name).mkdir(parents=True)
    return tmp_path / "site"


@pytest.fixture
def line(root: Path, tmp_path: Path) -> Iterator[SftpSettings]:
    """An account at an OpenSSH server that serves it."""
    sshd = Sshd(tmp_path / "ssh", root)
    sshd.start()
    yield SftpSettings("127.0.0.1", sshd.port, sshd.user, (sshd.host_key,), sshd.key_file)
    sshd.stop()


@pytest.fixture(params=["folder", "sftp"])
def at_site(request: pytest.FixtureRequest, world: World, root: Path) -> tuple[Services, Path]:
    if request.param == "folder":
        site = FolderSite("west", answers=root / "answers", inbox=root / "in", reports=root / "reports")
        return with_site(world, site), root
    return with_site(world, SftpSite("west", request.getfixturevalue("line"))), root


def with_site(world: World, site: FolderSite | SftpSite) -> Services:
    sites = {**world.services.scan_sites, "west": site}
    return dataclasses.replace(world.services, scan_sites=sites, scan_sources={"west": WEST})


def deliver(world: World, root: Path, sequence: int, *specs: ScanSpec) -> Path:
    name = f"L-{sequence}"
    return make_delivery(root / "in" / name, "west", name, sequence, specs, at=world.clock.now())


def waiting(root: Path) -> list[str]:
    return [path.name for path in (root / "in").iterdir() if not path.name.startswith(".")]


def test_a_delivery_is_taken_answered_at_the_site_and_removed_there(
    world: World, at_site: tuple[Services, Path]
) -> None:
    services, root = at_site
    deliver(world, root, 1, ScanSpec.unknown(), ScanSpec.letter("JC-BOR-2026-00018"))
    bad = deliver(world, root, 2, ScanSpec.unknown())
    (bad / "manifest.json").write_text("{}")
    unready = deliver(world, root, 3, ScanSpec.unknown())
    (unready / "READY").unlink()
    report = take_arrivals(services)
    assert ([one.delivery for one in report.taken], report.refused, report.away) == (["L-1"], 1, [])
    assert waiting(root) == ["L-3"]
    told = {path.name: json.loads(path.read_text())["result"] for path in sorted((root / "answers").iterdir())}
    assert list(told.values()) == ["accepted", "refused"]
    with world.services.db.reading() as session:
        assert len(session.exec(select(InboundDocument)).all()) == 2
        (kept,) = session.exec(select(QuarantinedDelivery)).all()
    assert (Path(kept.folder) / "manifest.json").read_text() == "{}"
    again = take_arrivals(services)
    assert (again.taken, again.refused) == ([], 0)


def test_folders_and_links_that_are_not_read_are_told_with_the_place_where_they_lie_then(
    world: World, at_site: tuple[Services, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, root = at_site
    folder = deliver(world, root, 1, ScanSpec.unknown())
    (folder / "Nachtrag").mkdir()
    (folder / "Nachtrag" / "zwei.pdf").write_bytes(b"%PDF")
    (folder / "notiz.txt").write_text("nicht genannt")
    (folder / "link").symlink_to("notiz.txt")
    bad = deliver(world, root, 2, ScanSpec.unknown())
    (bad / "manifest.json").write_text("{}")
    (bad / "mehr").mkdir()
    deliver(world, root, 3, ScanSpec.unknown())

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(services.scan_sites["west"]), "taken", killed)
        with pytest.raises(KeyboardInterrupt):
            take_arrivals(services)
    take_arrivals(services)
    told = {path.name[:3]: json.loads(path.read_text()) for path in (root / "answers").iterdir()}
    assert {name: one["result"] for name, one in told.items()} == {
        "L-1": "accepted",
        "L-2": "refused",
        "L-3": "accepted",
    }
    remarks, not_read = ({name: one[key] for name, one in told.items()} for key in ("remarks", "not_read"))
    assert remarks == {"L-1": ["delivery-not-only-files"], "L-2": ["delivery-not-only-files"], "L-3": []}
    assert (not_read["L-1"]["count"], not_read["L-2"]["count"], not_read["L-3"]) == (2, 1, None)
    assert told["L-1"]["counts"]["not_in_manifest"] == 1, "a file, which was read"
    assert (root / "in" / not_read["L-1"]["place"] / "Nachtrag" / "zwei.pdf").read_bytes() == b"%PDF"
    assert (root / "in" / not_read["L-2"]["place"] / "mehr").is_dir()
    assert f"unter {not_read['L-1']['place']}." in not_read["L-1"]["reason"]
    views = [delivery_view(services, "post", number) for number in (1, 2)]
    assert [view.unread for view in views] == [Unread(2, not_read["L-1"]["place"]), None]
    assert [view.delivery.findings for view in views] == [["delivery-not-only-files"], []]


def test_a_delivery_put_there_while_one_of_its_name_is_taken_in_is_taken_in_next(
    world: World, at_site: tuple[Services, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    services, root = at_site
    deliver(world, root, 1, ScanSpec.unknown())
    read, other = services.scans.read, [ScanSpec.unknown()]

    def replaced(folder: Path, source: ScanSource) -> Delivery:
        found = read(folder, source)
        if other:  # the scan site uses the folder's name again, for its next delivery
            shutil.rmtree(root / "in" / "L-1", ignore_errors=True)
            make_delivery(root / "in" / "L-1", "west", "L-2", 2, [other.pop()], at=world.clock.now())
        return found

    monkeypatch.setattr(services.scans, "read", replaced)
    taken = [one.delivery for _ in range(2) for one in take_arrivals(services).taken]
    assert taken == ["L-1", "L-2"]
    assert waiting(root) == []
    with world.services.db.reading() as session:
        assert len(session.exec(select(InboundDocument)).all()) == 2


def put_zip(root: Path, content: bytes, at: int) -> None:
    """The file first, its marker last; `at` is when it was written."""
    file = root / "in" / "L-1.zip"
    file.write_bytes(content)
    os.utime(file, (at, at))
    (root / "in" / "L-1.zip.READY").touch()


def refused_rows(world: World) -> list[QuarantinedDelivery]:
    with world.services.db.reading() as session:
        return list(session.exec(select(QuarantinedDelivery).order_by(col(QuarantinedDelivery.id))).all())


def test_another_zip_of_the_same_name_and_size_is_an_arrival_of_its_own(
    world: World, at_site: tuple[Services, Path]
) -> None:
    services, root = at_site
    for content in (b"first, no ZIP", b"other, no ZIP", b"other, no ZIP"):
        put_zip(root, content, 1_700_000_000)
        assert take_arrivals(services).refused == 1
        assert waiting(root) == []
    found = refused_rows(world)
    assert [(Path(row.folder) / "delivery.zip").read_bytes() for row in found] == [
        b"first, no ZIP",
        b"other, no ZIP",
    ]
    assert len({row.name for row in found}) == 2
    assert {path.name for path in (root / "answers").iterdir()} == {f"{row.name}.receipt.json" for row in found}


def test_a_discarded_delivery_that_comes_again_waits_for_a_decision_of_its_own_and_is_answered(
    world: World, at_site: tuple[Services, Path]
) -> None:
    services, root = at_site
    for _ in range(3):  # while it waits, the same is the same
        put_zip(root, b"no ZIP", 1_700_000_000)
        take_arrivals(services)
    (first,) = refused_rows(world)
    discard(services, "post", row_id(first), "bitte neu")
    for _ in range(2):
        put_zip(root, b"no ZIP", 1_700_000_000)
        assert take_arrivals(services).refused == 1
    _, second = refused_rows(world)
    assert (second.decision, second.code, second.name) == (None, first.code, f"{first.name}-2")
    assert second.message.startswith(
        "Unverändert noch einmal geliefert, nachdem sie am 16.11.2026 verworfen wurde."
    )
    assert (Path(second.folder) / "delivery.zip").read_bytes() == b"no ZIP"
    assert second.folder != first.folder, "each goes by its own rule of retention"
    told = json.loads((root / "answers" / f"{second.name}.receipt.json").read_text())
    assert (told["result"], told["reason"]) == ("refused", second.message)
    on_desk = [each for each in alarms(services, "post") if each.kind is AlarmKind.SCAN_QUARANTINE]
    assert [second.message in each.message for each in on_desk] == [True]
    discard(services, "post", row_id(second), "noch einmal")
    put_zip(root, b"no ZIP", 1_700_000_000)
    take_arrivals(services)
    assert [row.name for row in refused_rows(world)][2:] == [f"{first.name}-3"]


def test_a_delivery_that_was_taken_in_and_comes_again_stays_harmless(
    world: World, at_site: tuple[Services, Path]
) -> None:
    services, root = at_site
    given = deliver(world, root, 1, ScanSpec.unknown())
    shutil.copytree(given, root / "copy")
    for _ in range(2):
        (report,) = take_arrivals(services).taken
        shutil.copytree(root / "copy", root / "in" / "L-1")
    assert report.already_known
    assert refused_rows(world) == []
    with world.services.db.reading() as session:
        assert len(session.exec(select(InboundDocument)).all()) == 1


def test_another_zip_that_cannot_be_fetched_is_an_arrival_of_its_own(
    world: World, root: Path, line: SftpSettings
) -> None:
    services = with_site(world, SftpSite("west", line, max_bytes=1000))
    for at in (1_700_000_000, 1_700_000_060, 1_700_000_060):
        put_zip(root, bytes(1001), at)
        assert take_arrivals(services).refused == 1
    found = refused_rows(world)
    assert [row.at_site for row in found] == [True, True]
    assert len(list((root / "answers").iterdir())) == 2
    assert len(list((root / "in" / ".refused").iterdir())) == 3, "nothing is deleted there"


def test_a_delivery_over_the_limit_is_answered_and_holds_up_no_later_one(
    world: World, root: Path, line: SftpSettings
) -> None:
    services = with_site(world, SftpSite("west", line, max_bytes=500_000))
    large = deliver(world, root, 1, ScanSpec.unknown())
    (large / "huge.pdf").write_bytes(bytes(500_001))
    deliver(world, root, 2, ScanSpec.unknown())
    report = take_arrivals(services)
    assert ([one.delivery for one in report.taken], report.refused, report.away) == (["L-2"], 1, [])
    assert waiting(root) == []
    (refusal,) = (root / "answers").glob("L-1.refused-*")
    assert json.loads(refusal.read_text())["code"] == "delivery-too-large"
    with world.services.db.reading() as session:
        (kept,) = session.exec(select(QuarantinedDelivery)).all()
    assert (kept.name[:3], kept.code, kept.sequence) == ("L-1", "delivery-too-large", 1)
    assert (take_arrivals(services).refused, len(list((root / "in" / ".refused").iterdir()))) == (0, 1)
    with pytest.raises(NotPermitted):
        retry(services, "anna", kept.id or 0, "nicht meine Sache")
    with pytest.raises(InputError) as silent:
        retry(services, "post", kept.id or 0, " ")
    assert silent.value.code == "reason-missing"
    with services.locks.try_lock("sweep-arrivals"), pytest.raises(Conflict) as busy:
        retry(services, "post", kept.id or 0, "während geholt wird")
    assert busy.value.code == "delivery-busy"
    assert refused_rows(world)[0].decision is None
    with pytest.raises(DocumentInvalid) as still:
        retry(services, "post", kept.id or 0, "vielleicht geht es jetzt")
    assert still.value.code == "delivery-too-large"
    assert (waiting(root), len(list((root / "in" / ".refused").iterdir()))) == ([], 1)
    (aside,) = (root / "in" / ".refused").iterdir()
    (aside / "huge.pdf").unlink()  # the scan provider repairs it where it lies
    assert retry(services, "post", kept.id or 0, "von der Scanstelle repariert").counts == {"desk": 1}
    assert (waiting(root), list((root / "in" / ".refused").iterdir())) == ([], [])
    with world.services.db.reading() as session:
        found = session.get_one(QuarantinedDelivery, kept.id)
        assert len(session.exec(select(InboundDocument)).all()) == 2
    assert found.decision is QuarantineDecision.RETRIED
    with pytest.raises(NotFound):
        retry(services, "post", kept.id or 0, "noch einmal")


def test_what_is_fetched_again_and_refused_for_another_reason_is_in_quarantine_on_its_own(
    world: World, root: Path, line: SftpSettings
) -> None:
    services = with_site(world, SftpSite("west", line, max_bytes=500_000))
    large = deliver(world, root, 1, ScanSpec.unknown())
    (large / "huge.pdf").write_bytes(bytes(500_001))
    take_arrivals(services)
    (too_large,) = refused_rows(world)
    (aside,) = (root / "in" / ".refused").iterdir()
    (aside / "huge.pdf").unlink()
    (aside / "manifest.json").write_text("{}")  # what was to be a repair spoils the manifest
    with pytest.raises(DocumentInvalid) as spoilt:
        retry(services, "post", too_large.id or 0, "von der Scanstelle repariert")
    settled, found = refused_rows(world)
    assert (settled.id, settled.decision) == (too_large.id, QuarantineDecision.RETRIED)
    assert (found.decision, found.at_site, found.code) == (None, False, spoilt.value.code)
    assert found.code.startswith("manifest-")
    assert (Path(found.folder) / "manifest.json").read_text() == "{}"
    assert list(Path(found.folder).glob("*.pdf")), "all its bytes are here"
    assert (waiting(root), list((root / "in" / ".refused").iterdir())) == ([], [])
    assert (take_arrivals(services).refused, len(refused_rows(world))) == (0, 2)


class Stumbling:
    """A reader that breaks on what nobody foresaw in delivery L-1."""

    def __init__(self, scans: ScanReader) -> None:
        self._scans = scans

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scans, name)

    def read(self, folder: Path, source: ScanSource) -> Delivery:
        if folder.name == "L-1":
            raise OverflowError("Erika Mustermann")
        return self._scans.read(folder, source)


def test_what_nobody_foresaw_in_one_delivery_holds_up_no_other_and_is_said(
    world: World, at_site: tuple[Services, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    services, root = at_site
    stumbling = dataclasses.replace(services, scans=cast("ScanReader", Stumbling(services.scans)))
    for number in (1, 2):
        deliver(world, root, number, ScanSpec.unknown())
    report = take_arrivals(stumbling)
    assert ([each.delivery for each in report.taken], report.stuck, report.away) == (["L-2"], 1, ["west"])
    assert "Mustermann" not in capsys.readouterr().out
    world.advance(hours=2)
    take_arrivals(stumbling)
    said = [each for each in alarms(services, "post") if each.kind is AlarmKind.SCAN_OUTAGE]
    assert ["sich nicht einlesen" in each.message for each in said] == [True]
    assert [each.delivery for each in take_arrivals(services).taken] == ["L-1"]  # mended


def test_a_site_that_is_away_holds_up_nobody_and_what_waits_there_comes_later(
    world: World, tmp_path: Path
) -> None:
    root = tmp_path / "east"
    for name in ("in", "answers"):
        (root / name).mkdir(parents=True)
    east = FolderSite("east", answers=root / "answers", inbox=root / "in")
    gone = FolderSite("west", answers=tmp_path / "no" / "answers", inbox=tmp_path / "no" / "in")
    make_delivery(root / "in" / "E-1", "east", "E-1", 1, [ScanSpec.unknown()], at=world.clock.now())
    sites = {**world.services.scan_sites, "west": gone, "east": east}
    services = dataclasses.replace(world.services, scan_sites=sites)
    report = take_arrivals(services)
    assert ([one.delivery for one in report.taken], report.away) == (["E-1"], ["west"])
    with world.services.db.reading() as session:
        assert [row.source for row in session.exec(select(ScanDelivery)).all()] == ["east"]


def test_of_two_who_look_at_the_sites_one_does_it_all(world: World, root: Path, line: SftpSettings) -> None:
    services = with_site(world, SftpSite("west", line))
    deliver(world, root, 1, ScanSpec.unknown())
    with services.locks.try_lock("sweep-arrivals"):
        report = take_arrivals(services)
    assert (report.busy, report.taken, waiting(root)) == (True, [], ["L-1"])
    assert [one.delivery for one in take_arrivals(services).taken] == ["L-1"]
