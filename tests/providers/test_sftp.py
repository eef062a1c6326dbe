"""The adapter for print centres against a real OpenSSH server, with what can go wrong on the way."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import paramiko
import pytest

from gateway.domain.findings import Finding
from gateway.domain.runs.status import Status, fold
from gateway.errors import AlreadyReleased, GatewayError, NotSent, OutcomeUnknown, Refused
from gateway.ports.provider import Consignment, StatusReport
from gateway.providers.print_house import HouseRules
from gateway.providers.print_package import Packing
from gateway.providers.sftp import SftpProvider, SftpSettings
from gateway.testing.epost.samples import ADDRESS
from gateway.testing.print_centre import SftpPrintCentre, sshd_path
from tests.providers.house import COLLATED, JSON, PROFILE, XML, Lazy, consignment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sshd_path() is None and "CI" not in os.environ, reason="sshd is missing: apt-get install openssh-server"
    ),
]

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def centre() -> Iterator[SftpPrintCentre]:
    with SftpPrintCentre(speed=0, start=MONDAY, automatic=False) as made:
        yield made


def settings(centre: SftpPrintCentre, **changes: Any) -> SftpSettings:
    made = SftpSettings(
        centre.host, centre.port, centre.user, (centre.host_key,), centre.key_file, read_timeout_s=30
    )
    return replace(made, **changes)


def provider(
    centre: SftpPrintCentre, packing: Packing = JSON, rules: HouseRules | None = None, **changes: Any
) -> SftpProvider:
    now = changes.pop("now", lambda: datetime.now(UTC))
    return SftpProvider(settings(centre, **changes), packing, rules or HouseRules(), PROFILE, now=now)


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}


def folded(reports: list[StatusReport], key: str) -> Status:
    return fold(report.status for report in reports if report.key == key)


def hand_over(centre: SftpPrintCentre, key: str = "C1", packing: Packing = JSON) -> SftpProvider:
    """A consignment of three pieces, released and taken."""
    made = provider(centre, packing)
    pieces = consignment(key)
    made.release(made.stage(pieces), pieces)
    centre.work()
    return made


# Exactly once


@pytest.mark.parametrize("packing", [JSON, XML, COLLATED])
def test_every_byte_of_every_piece_arrives_and_is_printed_once(
    centre: SftpPrintCentre, packing: Packing
) -> None:
    hand_over(centre, packing=packing)
    centre.advance(days=1)
    assert [(letter.key, letter.sha256) for letter in centre.ledger] == [
        (piece.key, piece.sha256) for piece in consignment()
    ]
    if packing is not COLLATED:
        assert [centre.pdf(letter) for letter in centre.ledger] == [piece.pdf for piece in consignment()]


def test_what_is_staged_lies_beside_the_inbox_and_is_not_touched(centre: SftpPrintCentre) -> None:
    provider(centre).stage(consignment())
    centre.advance(days=3)
    assert centre.deliveries == []
    assert {file.name for file in (centre.root / "staging").iterdir()} == {"C1.part", "C1.pieces"}
    assert "Ada" not in (centre.root / "staging" / "C1.pieces").read_text()


def test_a_lost_answer_is_unknown_and_the_repeated_release_finds_it_done(centre: SftpPrintCentre) -> None:
    made = provider(centre)
    handle = made.stage(consignment())
    centre.lose_answer_to_release()
    with pytest.raises(OutcomeUnknown, match="sftp-answer-lost"):
        made.release(handle, consignment())
    with pytest.raises(AlreadyReleased) as done:
        made.release(handle, consignment())
    assert done.value.provider_reference == "C1"
    centre.advance(days=1)
    assert len(centre.ledger) == 3


def test_taken_and_not_yet_acknowledged_stays_unknown_until_the_house_writes(centre: SftpPrintCentre) -> None:
    """Gone from staging, not in the inbox: nobody may guess, and nothing is uploaded again."""
    made = provider(centre)
    handle = made.stage(consignment())
    centre.script.withhold = {"ack"}
    made.release(handle, consignment())
    centre.work()
    with pytest.raises(OutcomeUnknown, match="print-house-staged-gone"):
        made.release(handle, consignment())
    with pytest.raises(OutcomeUnknown, match="print-house-staged-gone"):
        made.find("C1")
    centre.script.withhold = set()
    centre.work()
    with pytest.raises(AlreadyReleased):
        made.release(handle, consignment())
    found = made.find("C1")
    assert found is not None
    assert (found.provider_reference, found.count) == ("C1", 1)


def test_staging_again_after_a_release_prints_nothing_more(centre: SftpPrintCentre) -> None:
    made = hand_over(centre)
    handle = made.stage(consignment())
    with pytest.raises(AlreadyReleased):
        made.release(handle, consignment())
    centre.advance(days=1)
    assert len(centre.ledger) == 3


def test_an_upload_that_is_killed_leaves_nothing_that_prints_and_is_done_anew(
    centre: SftpPrintCentre, tmp_path: Path
) -> None:
    """A process is killed in mid-upload, for certain: the line is slow, and its part has begun to grow."""
    centre.line.delay_s = 0.05
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from tests.providers.house import *\nfrom gateway.providers.sftp import *\n"
        "from gateway.providers.print_house import HouseRules\n"
        "host, port, user, host_key, key_file = sys.argv[1:]\n"
        "made = SftpProvider(SftpSettings(host, int(port), user, (host_key,), Path(key_file)), JSON, HouseRules(),"
        " PROFILE)\n"
        "made.stage(Consignment('C1', Lazy(300, 200_000)))\n"
    )
    command = [sys.executable, "-c", script, centre.host, str(centre.port), centre.user, centre.host_key]
    part = centre.root / "staging" / "C1.part"
    with subprocess.Popen([*command, str(centre.key_file)], cwd=Path(__file__).parents[2]) as child:
        for _ in range(1000):
            if part.exists() and part.stat().st_size > 1_000_000:
                break
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert 1_000_000 < part.stat().st_size < 60_000_000
    centre.line.delay_s = 0
    centre.advance(days=1)
    assert centre.deliveries == []
    made = provider(centre)
    assert made.find("C1") is None
    made.release(made.stage(consignment()), consignment())
    centre.advance(days=1)
    assert [letter.key for letter in centre.ledger] == ["C1-1", "C1-2", "C1-3"]


@pytest.mark.parametrize("sent_bytes", [0, 50, 1500, 3000, 5000, 8000, 12_000])
def test_a_line_that_breaks_anywhere_while_staging_is_not_sent(
    centre: SftpPrintCentre, sent_bytes: int
) -> None:
    made = provider(centre)
    centre.line.cut_after(sent_bytes)
    with pytest.raises(NotSent):
        made.stage(consignment(count=6))
    made.release(made.stage(consignment(count=6)), consignment(count=6))
    centre.advance(days=1)
    assert len(centre.ledger) == 6


@pytest.mark.parametrize("owner", [paramiko.SFTPClient, paramiko.Transport])
def test_a_line_that_breaks_while_it_is_closed_changes_nothing_about_what_was_done(
    centre: SftpPrintCentre, monkeypatch: pytest.MonkeyPatch, owner: type[Any]
) -> None:
    """Whether the goodbye arrives is chance; the fact must not depend on it."""
    close = owner.close

    def break_down(thing: Any) -> None:
        close(thing)
        raise EOFError

    monkeypatch.setattr(owner, "close", break_down)
    made = provider(centre)
    centre.line.cut_after(8000)
    with pytest.raises(NotSent):
        made.stage(consignment(count=6))
    assert made.release(made.stage(consignment(count=6)), consignment(count=6))
    centre.advance(days=1)
    assert len(centre.ledger) == 6


def test_a_consignment_that_lost_a_piece_after_staging_is_not_released(centre: SftpPrintCentre) -> None:
    """A piece that was stopped meanwhile would be printed with the others."""
    made = provider(centre)
    handle = made.stage(consignment(count=3))
    with pytest.raises(Refused, match="print-house-staged-changed"):
        made.release(handle, consignment(count=2))
    centre.advance(days=1)
    assert centre.deliveries == []


def test_other_bytes_in_staging_than_were_staged_are_not_released(centre: SftpPrintCentre) -> None:
    made = provider(centre)
    handle = made.stage(consignment())
    with (centre.root / "staging" / "C1.part").open("ab") as file:
        file.write(b"more")
    with pytest.raises(Refused, match="print-house-staged-changed"):
        made.release(handle, consignment())


# Servers that are not as they should be


def test_another_host_key_is_never_accepted(centre: SftpPrintCentre) -> None:
    made = provider(centre)
    handle = made.stage(consignment())
    pinned = centre.host_key
    centre.change_host_key()
    with pytest.raises(NotSent, match="sftp-host-key-changed"):
        made.stage(consignment())
    with pytest.raises(NotSent, match="sftp-host-key-changed"):
        made.release(handle, consignment())
    assert codes(made.check()) == {"sftp-host-key-changed"}
    both = provider(centre, host_keys=(pinned, centre.host_key))
    both.release(handle, consignment())
    centre.advance(days=1)
    assert len(centre.ledger) == 3


@pytest.mark.parametrize(
    ("host_keys", "code"),
    [
        ((), "sftp-host-key-missing"),
        (("nonsense",), "sftp-host-key-unreadable"),
        (("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==",), "sftp-host-key-changed"),
    ],
)
def test_without_a_fitting_pinned_key_nothing_is_sent(
    centre: SftpPrintCentre, host_keys: tuple[str, ...], code: str
) -> None:
    with pytest.raises(NotSent, match=code):
        provider(centre, host_keys=host_keys).stage(consignment())


def test_a_server_without_atomic_rename_gets_nothing(centre: SftpPrintCentre) -> None:
    made = provider(centre)
    handle = made.stage(consignment())
    centre.forbid_posix_rename()
    assert codes(made.check()) == {"sftp-no-posix-rename"}
    with pytest.raises((Refused, NotSent)):
        made.release(handle, consignment())
    with pytest.raises(Refused, match="sftp-no-posix-rename"):
        made.stage(consignment("C2"))
    centre.advance(days=1)
    assert centre.deliveries == []


@pytest.mark.parametrize("size_bytes", [4096, 10_000_000])
def test_a_full_disk_is_not_sent_and_later_it_goes(centre: SftpPrintCentre, size_bytes: int) -> None:
    """Whether it fills with the last bytes or long before."""
    made = provider(centre)
    centre.fill_disk(after_bytes=4096)
    with pytest.raises(NotSent, match=r"sftp-upload-failed|print-house-upload-incomplete") as fact:
        made.stage(Consignment("C1", Lazy(6, size_bytes)))
    assert "kein Platz" in fact.value.message
    centre.empty_disk()
    made.release(made.stage(consignment(count=6)), consignment(count=6))
    centre.advance(days=1)
    assert len(centre.ledger) == 6


def test_a_missing_inbox_is_not_sent_and_what_is_staged_stays(centre: SftpPrintCentre) -> None:
    made = provider(centre)
    handle = made.stage(consignment())
    (centre.root / "in").rmdir()
    with pytest.raises(NotSent, match="sftp-inbox-missing"):
        made.release(handle, consignment())
    (centre.root / "in").mkdir()
    assert made.release(handle, consignment()) == "C1"


def test_a_wrong_key_and_a_wrong_password_say_so_without_showing_them(
    centre: SftpPrintCentre, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    other = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "geheim-7", "-f", str(other)], check=True)
    wrong = [
        provider(centre, key_file=other, passphrase="geheim-7"),
        provider(centre, key_file=None, password="geheim-7"),
    ]
    for made in wrong:
        with pytest.raises(NotSent, match="sftp-login") as fact:
            made.stage(consignment())
        assert "geheim-7" not in f"{made!r}{fact.value!r}{vars(fact.value)}{caplog.text}"
        assert ADDRESS[0] not in caplog.text
    with pytest.raises(NotSent, match="sftp-private-key") as fact:
        provider(centre, key_file=other, passphrase="geheim-8").stage(consignment())
    assert "geheim-8" not in str(fact.value)


def test_a_server_that_says_nothing_is_given_up_in_time(centre: SftpPrintCentre) -> None:
    made = provider(centre, connect_timeout_s=1, read_timeout_s=1)
    handle = made.stage(consignment())
    centre.line.delay_s = 30
    began = time.monotonic()
    with pytest.raises(GatewayError) as fact:
        made.release(handle, consignment())
    assert isinstance(fact.value, NotSent | OutcomeUnknown)
    assert time.monotonic() - began < 20


# What the house writes back


@pytest.mark.parametrize("packing", [JSON, XML])
def test_a_consignment_is_followed_from_acknowledgement_to_return(packing: Packing) -> None:
    answer = "json" if packing is JSON else "xml"
    with SftpPrintCentre(speed=0, start=MONDAY, automatic=False, answer=answer) as centre:
        made = hand_over(centre, packing=packing)
        seen = []
        for hours in (0, 2, 2, 72):
            centre.advance(hours=hours)
            seen.append(folded(list(made.poll(["C1"])), "C1-2"))
        assert seen == [Status.ACCEPTED, Status.IN_PRODUCTION, Status.PRINTED, Status.HANDED_TO_POST]
        centre.bring_back(centre.ledger[1], "unknown-address")
        centre.advance(days=9)
        said = list(made.poll([]))
        assert [(report.key, report.status) for report in said] == [("C1-2", Status.RETURNED)]
        days = {report.posted_on for report in made.poll(["C1"]) if report.posted_on}
        assert days == {date(2026, 11, 24)}


def test_late_repeated_and_reordered_files_say_nothing_new(centre: SftpPrintCentre) -> None:
    made = hand_over(centre)
    centre.advance(days=5)
    before = list(made.poll(["C1"]))
    centre.repeat_everything()
    after = list(made.poll(["C1"]))
    assert len(after) == 2 * len(before)
    assert {report.dedup_key for report in after} == {report.dedup_key for report in before}


def test_a_rejected_piece_fails_alone_with_its_reason(centre: SftpPrintCentre) -> None:
    centre.script.reject_keys = {"C1-2": "address-unreadable"}
    made = hand_over(centre)
    centre.advance(days=5)
    said = list(made.poll(["C1"]))
    assert folded(said, "C1-2") is Status.FAILED
    assert folded(said, "C1-1") is Status.HANDED_TO_POST
    [reason] = {report.reason for report in said if report.reason}
    assert reason == "Die Anschrift im Fenster ist nicht lesbar."
    assert [letter.key for letter in centre.ledger] == ["C1-1", "C1-3"]


def test_a_rejected_batch_fails_every_piece(centre: SftpPrintCentre) -> None:
    centre.script.reject_next = "manifest-unreadable"
    made = hand_over(centre)
    said = list(made.poll(["C1"]))
    assert [(report.key, report.status) for report in said] == [
        (f"C1-{number}", Status.FAILED) for number in (1, 2, 3)
    ]
    assert centre.ledger == []


def test_an_acknowledgement_of_other_bytes_is_not_believed(centre: SftpPrintCentre) -> None:
    made = hand_over(centre)
    file = centre.root / "out" / "C1.ack.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "sha256": "0" * 64}))
    assert list(made.poll(["C1"])) == []


def test_a_piece_that_was_never_in_the_consignment_is_told_by_its_key_alone(centre: SftpPrintCentre) -> None:
    """It must not be taken for another piece of the consignment, nor vanish."""
    made = hand_over(centre)
    told = {"kind": "posting", "consignment": "C1", "posted_on": "2026-11-24", "pieces": [{"key": "C9-1"}]}
    centre.say("C1.posting", told)
    [stranger] = [report for report in made.poll(["C1"]) if report.status is Status.HANDED_TO_POST]
    assert (stranger.key, stranger.provider_reference) == ("C9-1", "")


def test_files_being_written_are_left_for_the_next_time(centre: SftpPrintCentre) -> None:
    made = hand_over(centre)
    whole = json.dumps({"kind": "posting", "consignment": "C1", "posted_on": "2026-11-24"}).encode()
    centre.drop("C1.posting.json.part", whole)
    centre.drop("C1.posting.json", whole[:40])
    assert {report.status for report in made.poll(["C1"])} == {Status.ACCEPTED}
    assert codes(made.check()) == {"sftp-ok"}
    centre.drop("C1.posting.json", whole)
    assert folded(list(made.poll(["C1"])), "C1-3") is Status.HANDED_TO_POST


def test_nonsense_stays_where_it_lies_and_is_reported(centre: SftpPrintCentre) -> None:
    made = hand_over(centre)
    for name, content in (("C1.odd.json", b"\x00nonsense"), ("brief.docx", b"PK"), ("x.xml", b"<!DOCTYPE x>")):
        old = time.time() - 600
        os.utime(centre.drop(name, content), (old, old))
    assert {report.status for report in made.poll(["C1"])} == {Status.ACCEPTED}
    findings = [finding for finding in made.check() if finding.code == "print-house-file-unreadable"]
    assert sorted(finding.message.split()[2] for finding in findings) == ["C1.odd.json", "brief.docx", "x.xml"]
    assert (centre.root / "out" / "brief.docx").exists()


def test_a_missing_acknowledgement_and_a_forgotten_consignment_are_reported(centre: SftpPrintCentre) -> None:
    centre.script.withhold = {"ack"}
    made = hand_over(centre)
    made.stage(consignment("C2"))
    assert codes(made.check()) == {"sftp-ok"}
    later = provider(centre, now=lambda: datetime.now(UTC) + timedelta(days=2))
    assert codes(later.check()) == {"sftp-ok", "print-house-not-acknowledged", "print-house-left-staged"}


def test_files_of_consignments_that_nobody_asks_about_are_not_read(centre: SftpPrintCentre) -> None:
    made = hand_over(centre, "C1")
    hand_over(centre, "C2")
    assert {report.provider_reference for report in made.poll(["C2"])} == {"C2"}
