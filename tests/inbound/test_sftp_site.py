"""A scan provider behind a real OpenSSH server: fetched whole, answered once, and only the pinned server."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import paramiko
import pytest

from gateway.errors import Conflict, NotSent
from gateway.inbound.sftp_site import SftpSite
from gateway.ports.scans import RefusedArrival
from gateway.sftp_line import SftpSettings
from gateway.testing.house.sshd import Sshd


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    served = tmp_path_factory.mktemp("served")
    sshd = Sshd(tmp_path_factory.mktemp("ssh"), served)
    sshd.start()
    yield sshd
    sshd.stop()


@pytest.fixture
def root(server: Sshd, request: pytest.FixtureRequest) -> Path:
    """Folders of this test alone."""
    root = Path(server._served, request.node.name)
    for name in ("in", "answers", "reports"):
        (root / name).mkdir(parents=True)
    return root


def settings(server: Sshd) -> SftpSettings:
    return SftpSettings(
        "127.0.0.1", server.port, server.user, (server.host_key,), server.key_file, read_timeout_s=30
    )


@pytest.fixture
def site(server: Sshd, root: Path) -> SftpSite:
    inbox, answers, reports = (f"{root.name}/{folder}" for folder in ("in", "answers", "reports"))
    return SftpSite(
        "west", settings(server), inbox=inbox, answers=answers, reports=reports, max_bytes=1_000_000
    )


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


def paths(arrivals: Iterator[Path | RefusedArrival]) -> list[Path]:
    """They can all be read."""
    found = list(arrivals)
    return [each for each in found if isinstance(each, Path)] if RefusedArrival not in map(type, found) else []


def put(root: Path, name: str, *, ready: bool = True) -> Path:
    folder = root / "in" / name
    folder.mkdir()
    (folder / "one.pdf").write_bytes(b"%PDF" * 1000)
    if ready:
        (folder / "READY").write_text("0" * 64)
    return folder


def test_what_is_ready_is_fetched_whole_and_stays_there_until_it_was_taken(
    site: SftpSite, root: Path, spool: Path
) -> None:
    given = {path.name: path.read_bytes() for path in put(root, "b").iterdir()}
    put(root, "c", ready=False)
    (root / "in" / "a.zip").write_bytes(b"PK")
    (root / "in" / "a.zip.READY").touch()
    (root / "in" / "link").symlink_to("/etc")
    for _ in range(2):
        first, second = paths(site.arrivals(spool))
        assert [first.name, second.name] == ["a", "b"]
    assert (first / "delivery.zip").read_bytes() == b"PK"
    assert {path.name: path.read_bytes() for path in second.iterdir()} == given
    for arrival in (first, second, second):
        site.taken(arrival)
    assert list(site.arrivals(spool)) == []
    assert list(spool.iterdir()) == []
    assert sorted(path.name for path in (root / "in").iterdir() if path.name[0] != ".") == ["c", "link"]
    assert [*(root / "in" / ".taken").iterdir(), *(root / "in" / ".claimed").iterdir()] == []


def test_what_a_kill_left_half_fetched_is_fetched_again(site: SftpSite, root: Path, spool: Path) -> None:
    put(root, "a")
    (first,) = paths(site.arrivals(spool))
    first.rename(first.with_name(".left.part"))
    (first.with_name(".left.part") / "one.pdf").write_bytes(b"half")
    (arrival,) = paths(site.arrivals(spool))
    assert arrival == first
    assert (arrival / "one.pdf").read_bytes() == b"%PDF" * 1000
    site.taken(arrival)
    assert list(spool.iterdir()) == []


def test_an_answer_is_put_there_once(site: SftpSite, root: Path) -> None:
    (root / "answers" / ".x.json.part").write_bytes(b"longer than the answer, of a kill")
    site.answer("x.json", b"1")
    site.answer("x.json", b"1")
    with pytest.raises(Conflict):
        site.answer("x.json", b"12")
    assert {path.name: path.read_bytes() for path in (root / "answers").iterdir()} == {"x.json": b"1"}


def test_reports_are_read_and_left(site: SftpSite, root: Path) -> None:
    (root / "reports" / "a.json").write_bytes(b"1")
    (root / "reports" / "b.part").write_bytes(b"2")
    assert list(site.reports()) == list(site.reports()) == [("a.json", b"1")]


def test_a_delivery_beyond_the_limit_is_refused_by_itself_and_stays_at_the_site(
    site: SftpSite, root: Path, spool: Path
) -> None:
    for name in ("a", "c"):
        (put(root, name) / "two.pdf").write_bytes(bytes(1_000_001))
    (root / "in" / "a" / "manifest.xml").write_bytes(b"<x/>")
    (root / "in" / "b.zip").write_bytes(bytes(1_000_001))
    (root / "in" / "b.zip.READY").touch()
    put(root, "d")
    *refused, whole = site.arrivals(spool)
    assert isinstance(whole, Path)
    assert whole.name == "d"
    assert [(each.folder.name, each.error.code) for each in refused if isinstance(each, RefusedArrival)] == [
        (name, "delivery-too-large") for name in "abc"
    ]
    first = refused[0]
    assert isinstance(first, RefusedArrival)
    assert {path.name for path in first.folder.iterdir()} == {"READY", "manifest.xml", "listing.txt"}
    for each in refused:
        assert isinstance(each, RefusedArrival)
        site.set_aside(each)
    assert list(site.arrivals(spool)) == [whole]
    aside = {path.name.rpartition("-")[0]: path for path in (root / "in" / ".refused").iterdir()}
    assert set(aside) == {"a", "b.zip", "c"}
    assert (aside["a"] / "two.pdf").stat().st_size == 1_000_001
    assert site.check() == []


def test_what_was_set_aside_is_brought_again_as_it_lies_there_now(
    site: SftpSite, root: Path, spool: Path
) -> None:
    (root / "in" / "b.zip").write_bytes(bytes(1_000_001))
    (root / "in" / "b.zip.READY").touch()
    (refused,) = site.arrivals(spool)
    assert isinstance(refused, RefusedArrival)
    site.set_aside(refused)
    assert site.again("nie", spool) is None
    still = site.again("b", spool)
    assert isinstance(still, RefusedArrival)
    site.set_aside(still)
    assert len(list((root / "in" / ".refused").iterdir())) == 1
    (root / "in" / "b.zip").write_bytes(b"neu, noch nicht fertig")
    assert site.again("b", spool) is None, "the provider is at it"
    (root / "in" / "b.zip.READY").touch()
    arrival = site.again("b", spool)
    assert isinstance(arrival, Path)
    assert (arrival / "delivery.zip").read_bytes() == b"neu, noch nicht fertig"


def test_a_delivery_that_cannot_be_read_waits_and_is_refused_when_it_stays_so(
    server: Sshd, root: Path, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is listed and gone when it is asked for; the line still answers."""
    put(root, "a")
    put(root, "b")
    site = SftpSite("west", settings(server), inbox=f"{root.name}/in", answers=f"{root.name}/answers")
    taken = paramiko.SFTPClient.get

    def spoiled(client: paramiko.SFTPClient, path: str, *rest: Any, **options: Any) -> None:
        if path.endswith("/a/one.pdf"):
            path += ".gone"
        taken(client, path, *rest, **options)

    monkeypatch.setattr(paramiko.SFTPClient, "get", spoiled)
    (held,) = paths(site.arrivals(spool))
    assert held.name == "b"
    hours_later = time.time() + 7 * 3600
    monkeypatch.setattr(time, "time", lambda: hours_later)
    refused, again = site.arrivals(spool)
    assert again == held
    assert isinstance(refused, RefusedArrival)
    assert (refused.folder.name, refused.error.code) == ("a", "delivery-not-fetchable")
    assert len(list((root / "in" / ".claimed").glob("*/a/one.pdf"))) == 1


def test_another_server_than_the_pinned_one_gets_nothing(server: Sshd, root: Path, spool: Path) -> None:
    put(root, "a")
    other = replace(
        settings(server), host_keys=("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGNvbXBsZXRlbHktb3RoZXI=",)
    )
    site = SftpSite("west", other, inbox=f"{root.name}/in", answers=f"{root.name}/answers")
    with pytest.raises(NotSent) as refused:
        list(site.arrivals(spool))
    assert refused.value.code == "sftp-host-key-changed"
    with pytest.raises(NotSent):
        site.answer("x.json", b"1")
    assert list((root / "answers").iterdir()) == []


def test_checking_says_what_is_missing_and_changes_nothing(site: SftpSite, root: Path, server: Sshd) -> None:
    put(root, "a", ready=False)
    assert site.check() == []
    (root / "answers").rmdir()
    assert [finding.code for finding in site.check()] == ["sftp-interrupted"]
    away = SftpSite("west", replace(settings(server), port=1))
    assert [finding.code for finding in away.check()] == ["sftp-unreachable"]
