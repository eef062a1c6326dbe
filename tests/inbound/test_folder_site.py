"""A shared folder: what is ready arrives, what was taken goes, and an answer is written once."""

import os
import time
from pathlib import Path

import pytest

from gateway.errors import Conflict, NotSent
from gateway.inbound.folder_site import MAX_REPORT_BYTES, FolderSite


@pytest.fixture
def site(tmp_path: Path) -> FolderSite:
    for name in ("in", "answers", "reports", "spool"):
        (tmp_path / name).mkdir()
    return FolderSite("west", answers=tmp_path / "answers", inbox=tmp_path / "in", reports=tmp_path / "reports")


def put(tmp_path: Path, name: str, *, ready: bool) -> Path:
    folder = tmp_path / "in" / name
    folder.mkdir()
    (folder / "one.pdf").write_bytes(b"%PDF")
    if ready:
        (folder / "READY").write_text("0" * 64)
    return folder


def lying(tmp_path: Path) -> list[str]:
    """What the provider sees in its inbox."""
    return sorted(path.name for path in (tmp_path / "in").iterdir() if not path.name.startswith("."))


def test_only_what_is_ready_arrives_and_it_arrives_until_it_was_taken(site: FolderSite, tmp_path: Path) -> None:
    put(tmp_path, "b", ready=True)
    put(tmp_path, "a", ready=True)
    unready = put(tmp_path, "c", ready=False)
    (first, second) = site.arrivals(tmp_path / "spool")
    assert [first.name, second.name] == ["a", "b"]
    site.taken(first)
    site.taken(first)
    assert [path.name for path in site.arrivals(tmp_path / "spool")] == ["b"]
    assert lying(tmp_path) == ["c"]
    assert unready.exists()
    assert (second / "one.pdf").exists()


def test_what_a_kill_left_half_removed_is_never_a_delivery(site: FolderSite, tmp_path: Path) -> None:
    folder = put(tmp_path, "a", ready=True)
    (tmp_path / "in" / ".taken").mkdir()
    folder.rename(tmp_path / "in" / ".taken" / "a-1")
    assert list(site.arrivals(tmp_path / "spool")) == []
    assert list((tmp_path / "in" / ".taken").iterdir()) == []


def test_an_answer_is_written_once_and_other_bytes_are_a_conflict(site: FolderSite, tmp_path: Path) -> None:
    site.answer("x.json", b"1")
    site.answer("x.json", b"1")
    with pytest.raises(Conflict) as refused:
        site.answer("x.json", b"2")
    assert refused.value.code == "answer-exists"
    assert Path(site.place("x.json")).read_bytes() == b"1"
    assert [path.name for path in (tmp_path / "answers").iterdir()] == ["x.json"]


def test_a_share_that_is_not_mounted_is_said_and_nothing_is_made_there(tmp_path: Path) -> None:
    site = FolderSite("west", answers=tmp_path / "no" / "answers", inbox=tmp_path / "no" / "in")
    with pytest.raises(NotSent):
        list(site.arrivals(tmp_path))
    with pytest.raises(NotSent):
        site.answer("x.json", b"1")
    assert [finding.code for finding in site.check()] == ["scan-folder-missing"]
    assert list(tmp_path.iterdir()) == []


def test_a_delivery_that_stays_unfinished_is_noticed(site: FolderSite, tmp_path: Path) -> None:
    folder = put(tmp_path, "Mustermann", ready=False)
    assert site.check() == []
    os.utime(folder, (time.time() - 7 * 3600,) * 2)
    (finding,) = site.check()
    assert finding.code == "delivery-unfinished"
    assert "Mustermann" not in finding.message


def test_a_report_is_read_as_far_as_one_may_be_large_and_its_name_can_be_kept(
    site: FolderSite, tmp_path: Path
) -> None:
    with (tmp_path / "reports" / os.fsdecode(b"VN-\xfc.json")).open("wb") as file:
        file.truncate(MAX_REPORT_BYTES * 2)
    ((name, content),) = site.reports()
    assert (name, len(content)) == ("VN-\\xfc.json", MAX_REPORT_BYTES + 1)


def test_reports_are_files_beside_deliveries_and_reading_changes_nothing(
    site: FolderSite, tmp_path: Path
) -> None:
    (tmp_path / "reports" / "b.json").write_bytes(b"2")
    (tmp_path / "reports" / "a.json").write_bytes(b"1")
    (tmp_path / "reports" / "c.json.part").write_bytes(b"3")
    assert list(site.reports()) == list(site.reports()) == [("a.json", b"1"), ("b.json", b"2")]


def test_a_packed_delivery_arrives_with_its_marker_and_goes_with_it(site: FolderSite, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    packed = tmp_path / "in" / "L-1.zip"
    packed.write_bytes(b"PK")
    assert list(site.arrivals(spool)) == []
    (tmp_path / "in" / "L-1.zip.READY").touch()
    for _ in range(2):
        (arrival,) = site.arrivals(spool)
        assert (arrival.name, (arrival / "delivery.zip").read_bytes()) == ("L-1", b"PK")
    site.taken(arrival)
    assert list(site.arrivals(spool)) == []
    assert [*lying(tmp_path), *spool.iterdir()] == []


def test_what_was_brought_before_a_kill_comes_again_and_what_was_dropped_does_not(
    site: FolderSite, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    (spool / "L-1").mkdir()
    (spool / ".L-2.gone").mkdir()
    assert [path.name for path in site.arrivals(spool)] == ["L-1"]
    site.taken(spool / "L-1")
    assert [*lying(tmp_path), *spool.iterdir()] == []
