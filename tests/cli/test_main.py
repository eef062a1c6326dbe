"""The installed command: help everywhere, wrong usage is 2, errors of the tree have their codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.world import ROOT

COMMANDS = (
    (),
    ("letters",),
    ("letters", "new"),
    ("cases", "import"),
    ("run",),
    ("account",),
    ("explain",),
    ("inbound", "import"),
    ("templates", "publish"),
    ("doctor",),
    ("serve",),
    ("demo",),
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words) or "gateway")
def test_every_command_explains_itself(gateway: Run, words: tuple[str, ...]) -> None:
    ended = gateway(*words, "--help")
    assert ended.code == 0
    assert len(ended.out) > 50


@pytest.mark.slow
def test_the_installed_command_turns_errors_into_exit_codes(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "gateway"), "--data-dir", str(tmp_path / "data")]
    ended = subprocess.run(
        [*command, "letters", "show", "0000-0000", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (6, "")
    assert "letter-unknown" in ended.stderr
    ended = subprocess.run(
        [*command, "--config", "missing.toml", "account"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "config-missing" in ended.stderr
