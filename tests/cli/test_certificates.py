"""`gateway certificates`: what was proven of a run, on the screen, as JSON and as a PDF."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.world import World

pytestmark = pytest.mark.slow


def test_a_run_is_listed_shown_and_written_as_a_pdf(gateway: Run, world: World, tmp_path: Path) -> None:
    world.approved("F1")
    (report,) = world.evening()
    (listed,) = gateway("certificates", "list", "--json").json
    assert (listed["run"], listed["pieces"], listed["faulty"]) == ("2026-11-16-1", 1, 0)
    shown = gateway("certificates", "show", "2026-11-16-1", "--json").json
    assert [one["sha256"] for one in shown["certificates"]] == list(report.certificates)
    target = tmp_path / "nachweis.pdf"
    assert gateway("certificates", "show", "2026-11-16", "--out", target).code == 0
    assert target.read_bytes().startswith(b"%PDF")
    assert "1 Sendungen geprüft" in gateway("certificates", "show", "2026-11-16").out


def test_what_is_no_run_is_said(gateway: Run, tmp_path: Path) -> None:
    assert gateway("certificates", "show", "2026-11-16-7").code == 6
    assert gateway("certificates", "show", "gestern").code == 4
    assert gateway("certificates", "show", "2026-13-40").code == 4
    assert gateway("certificates", "list").code == 0
