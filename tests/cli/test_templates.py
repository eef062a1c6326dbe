"""`gateway templates`: list, check, preview and publish, on an installation of its own."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.main import make_app
from tests.world import ROOT

pytestmark = pytest.mark.slow


def call(folder: Path, *arguments: str) -> Result:
    options = ["--config", str(ROOT / "config.toml"), "--data-dir", str(folder)]
    return CliRunner().invoke(make_app(arguments), [*options, *arguments])


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_a_fresh_installation_lists_every_template_as_a_draft(tmp_path: Path) -> None:
    rows = json.loads(call(tmp_path, "templates", "list", "--json").stdout)
    assert len(rows) >= 12
    assert {row["state"] for row in rows} == {"draft"}
    assert all(len(row["version"]) == 16 for row in rows)


def test_check_says_that_a_good_template_is_not_published_yet(tmp_path: Path) -> None:
    result = call(tmp_path, "templates", "check", "einladung", "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)["einladung"]
    assert answer["ok"]
    assert {finding["code"] for finding in answer["findings"]} == {
        "template-not-published",
        "template-provisional",
    }


def test_preview_writes_the_sample_letter(tmp_path: Path) -> None:
    out = tmp_path / "sample.pdf"
    assert call(tmp_path / "data", "templates", "preview", "einladung", "--out", str(out)).exit_code == 0
    assert out.read_bytes().startswith(b"%PDF-1.7")
