"""Gaps, silence and quarantine are seen, are alarms, and close by themselves when what is missing comes."""

import dataclasses
import socket
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.application.arrivals import arrival_alarms
from gateway.application.arrivals.arrival_alarms import arrival_findings
from gateway.application.arrivals.arrivals_view import arrivals_view
from gateway.application.arrivals.arriving import take_arrivals
from gateway.application.arrivals.quarantining import discard
from gateway.application.arrivals.receiving import import_delivery
from gateway.application.desk.alarming import alarms, settle
from gateway.domain.desk.alarms import AlarmAction, AlarmKind
from gateway.domain.inbound.scan_sources import ScanSource
from gateway.domain.inbound.sequences import as_words, gaps
from gateway.errors import DocumentInvalid, NotPermitted
from gateway.inbound.folder_site import FolderSite
from gateway.inbound.sftp_site import SftpSite
from gateway.sftp_line import SftpSettings
from gateway.testing.scans import make_delivery
from tests.world import World

WEST = ScanSource("west", agreed=True, late_days=2, first_sequence=1, title="Scanstelle West")


@pytest.fixture(autouse=True)
def agreed(world: World) -> None:
    world.services = dataclasses.replace(world.services, scan_sources={"west": WEST})


def come(world: World, tmp_path: Path, *numbers: int, whole: bool = True) -> None:
    for number in numbers:
        name = f"L-{number}"
        folder = make_delivery(tmp_path / name, "west", name, number, [], at=world.clock.now())
        if not whole:
            (folder / "READY").write_text("0" * 64)
        import_delivery(world.services, folder, source="west")


def kinds(world: World) -> list[AlarmKind]:
    return [alarm.kind for alarm in alarms(world.services, "post") if alarm.provider == "Scanstelle West"]


def test_a_missing_number_is_an_alarm_until_it_comes(world: World, tmp_path: Path) -> None:
    come(world, tmp_path, 2, 5)
    (one, two) = alarms(world.services, "post")
    assert {one.kind, two.kind} == {AlarmKind.SCAN_GAP}
    assert "Nr. 1." in one.message + two.message
    assert "3 bis 4" in one.message + two.message
    come(world, tmp_path, 1, 3)
    (left,) = alarms(world.services, "post")
    assert "Nr. 4." in left.message
    come(world, tmp_path, 4)
    assert kinds(world) == []


def test_silence_is_an_alarm_after_the_agreed_working_days(world: World, tmp_path: Path) -> None:
    come(world, tmp_path, 1)
    world.advance(days=2)
    assert kinds(world) == []
    world.advance(days=1)
    assert kinds(world) == [AlarmKind.SCANS_LATE]
    come(world, tmp_path, 2)
    assert kinds(world) == []


def test_a_quarantined_delivery_is_no_gap_until_it_is_discarded(world: World, tmp_path: Path) -> None:
    come(world, tmp_path, 1, 3)
    with pytest.raises(DocumentInvalid):
        come(world, tmp_path, 2, whole=False)
    assert kinds(world) == [AlarmKind.SCAN_QUARANTINE]
    (kept,) = arrivals_view(world.services, "post").quarantine
    discard(world.services, "post", kept.id or 0, "neu angefordert")
    assert kinds(world) == [AlarmKind.SCAN_GAP]


def test_a_site_that_cannot_be_emptied_is_an_alarm_after_an_hour_until_a_look_goes_through(
    world: World, tmp_path: Path
) -> None:
    site = FolderSite("west", answers=tmp_path / "answers", inbox=tmp_path / "in")
    services = dataclasses.replace(world.services, scan_sites={**world.services.scan_sites, "west": site})
    world.services = services
    assert take_arrivals(services).away == ["west"]
    world.advance(minutes=59)
    assert kinds(world) == []
    world.advance(minutes=1)
    take_arrivals(services)
    (alarm,) = alarms(services, "post")
    assert (alarm.kind, alarm.provider) == (AlarmKind.SCAN_OUTAGE, "Scanstelle West")
    assert alarm.message.startswith("Seit dem 16.11.2026, 08:00 Uhr")
    (west,) = [one for one in arrivals_view(services, "post").sources if one.name == "west"]
    assert west.outage is not None
    assert west.outage.error_code == "scan-folder-missing"
    assert "scan-outage" in {finding.code for finding in arrival_findings(services)["scans"]}
    (tmp_path / "in").mkdir()
    assert take_arrivals(services).away == []
    assert kinds(world) == []
    (tmp_path / "in").rmdir()
    take_arrivals(services)
    assert kinds(world) == []
    world.advance(hours=2)
    (again,) = alarms(services, "post")
    assert again.key != alarm.key, "another outage is another occasion"


def test_the_outage_of_a_source_that_was_given_up_alarms_nobody(world: World, tmp_path: Path) -> None:
    sites = world.services.scan_sites
    site = FolderSite("west", answers=tmp_path / "answers", inbox=tmp_path / "in")
    take_arrivals(dataclasses.replace(world.services, scan_sites={**sites, "west": site}))
    world.advance(hours=2)
    assert kinds(world) == []


def test_however_many_lie_in_quarantine_they_are_one_alarm_until_another_comes(
    world: World, tmp_path: Path
) -> None:
    for number in (1, 2, 3):
        with pytest.raises(DocumentInvalid):
            come(world, tmp_path, number, whole=False)
    (alarm,) = alarms(world.services, "post")
    assert alarm.message.startswith("3 Scanlieferungen sind abgelehnt")
    settle(world.services, "post", alarm.key, AlarmAction.SETTLE, "Scanstelle weiß es")
    assert kinds(world) == []
    with pytest.raises(DocumentInvalid):
        come(world, tmp_path, 4, whole=False)
    (alarm,) = alarms(world.services, "post")
    assert alarm.message.startswith("4 Scanlieferungen")
    for kept in arrivals_view(world.services, "post").quarantine[:3]:
        discard(world.services, "post", kept.id or 0, "neu angefordert")
    (alarm,) = [one for one in alarms(world.services, "post") if one.kind is AlarmKind.SCAN_QUARANTINE]
    assert "Scanlieferungen sind" not in alarm.message


def test_the_doctor_says_the_same_and_warns_only(world: World, tmp_path: Path) -> None:
    come(world, tmp_path, 2)
    (finding,) = arrival_findings(world.services)["scans"]
    assert (finding.code, finding.severity.value) == ("scan-gap", "warning")


@pytest.mark.parametrize("login", ["anna", "bea", "ahmad", "audit"])
def test_only_those_who_receive_scans_see_deliveries(world: World, login: str) -> None:
    with pytest.raises(NotPermitted):
        arrivals_view(world.services, login)


@given(st.sets(st.integers(1, 60), min_size=1), st.one_of(st.none(), st.just(1)))
def test_gaps_are_exactly_the_numbers_that_did_not_come(numbers: set[int], first: int | None) -> None:
    found = [number for start, end in gaps(numbers, first) for number in range(start, end + 1)]
    expected = set(range(first or min(numbers), max(numbers) + 1)) - numbers
    assert found == sorted(expected)


@pytest.mark.parametrize(("gap", "words"), [((3, 3), "3"), ((3, 5), "3 bis 5")])
def test_a_gap_is_written_as_people_do(gap: Sequence[int], words: str) -> None:
    assert as_words((gap[0], gap[1])) == words


def test_a_site_that_does_not_answer_holds_up_the_check_of_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes the line and says nothing, as a firewall makes of it."""
    monkeypatch.setattr(arrival_alarms, "ANSWERS_WITHIN_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGNvbXBsZXRlbHktb3RoZXI="
        line = SftpSettings("127.0.0.1", mute.getsockname()[1], "scan", (key,), connect_timeout_s=30)
        sites = {"": world.services.scan_sites[""], "west": SftpSite("west", line)}
        began = time.monotonic()
        found = arrival_findings(dataclasses.replace(world.services, scan_sites=sites))["scans"]
        assert time.monotonic() - began < 10
    silent = next(each for each in found if each.code == "scan-site-silent")
    assert "Scanstelle West" in silent.message
