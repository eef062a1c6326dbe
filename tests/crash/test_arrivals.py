"""A kill anywhere in an import, or in a round about paper, loses nothing and doubles nothing."""

import json
import subprocess
import sys

from tests.world import ROOT


def test_an_import_that_is_killed_anywhere_is_done_again_without_loss_or_double() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.arrivals", "5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["trials"] > 10, told
    assert told["faults"] == {}


def test_a_fetch_by_sftp_that_is_killed_anywhere_is_done_again_without_loss_or_double() -> None:
    """A sample; `make crash` tries every point."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.sftp_arrivals", "300"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["points"] > 400, told
    assert told["trials"] >= 2, told
    assert told["faults"] == {}


def test_a_round_about_paper_that_is_killed_anywhere_is_done_again_without_loss_or_double() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.papers", "4"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["trials"] >= 4, told
    assert told["faults"] == {}
