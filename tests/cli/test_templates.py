"""`gateway templates`: list, check, preview and publish, on an installation of its own."""

import json
import shutil
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


@pytest.fixture
def authors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An authors' folder of its own, and an installation where four eyes publish."""
    folder = tmp_path / "templates"
    for name in ("_shared", "eingangsbestaetigung"):
        shutil.copytree(ROOT / "letter_templates" / name, folder / name)
    monkeypatch.setenv("GATEWAY_RENDERING__TEMPLATES_DIR", str(folder))
    monkeypatch.setenv("GATEWAY_RENDERING__WORKERS", "0")
    monkeypatch.setenv("GATEWAY_TEMPLATES__FOUR_EYES", "true")
    (tmp_path / "password").write_text("ein sehr langes Kennwort")
    for login, role in (("tina", "template_author"), ("vera", "administrator")):
        secret = ("--password-file", str(tmp_path / "password"))
        added = call(tmp_path, "users", "add", login, "--name", login.title(), "--role", role, *secret)
        assert added.exit_code == 0, added.output
    return folder


def test_from_the_proposal_over_the_difference_to_the_withdrawal(tmp_path: Path, authors: Path) -> None:
    name = "eingangsbestaetigung"
    first = json.loads(call(tmp_path, "templates", "list", "--json").stdout)[0]["version"]
    alone = call(tmp_path, "templates", "publish", name, "--as", "vera")
    assert getattr(alone.exception, "code", "") == "template-not-proposed"
    assert call(tmp_path, "templates", "propose", name, "--note", "neu", "--as", "tina").exit_code == 0
    assert call(tmp_path, "templates", "publish", name, "--version", first, "--as", "vera").exit_code == 0
    body = authors / name / "letter.html.j2"
    body.write_text(
        body.read_text("utf-8").replace("{% block content %}", "{% block content %}<p>Guten Tag!</p>")
    )
    out = tmp_path / "difference"
    answer = json.loads(call(tmp_path, "templates", "diff", name, "--out", str(out), "--json").stdout)
    assert (answer["old"], "+Guten Tag!" in answer["text"]) == (first, True)
    assert answer["changed_regions"][0] > 0
    assert (out / "seite-1.png").read_bytes().startswith(b"\x89PNG")
    assert "Guten Tag!" in (out / "schreiben.diff").read_text("utf-8")
    gone = call(tmp_path, "templates", "withdraw", name, "--reason", "Probe", "--as", "vera")
    assert "0 Schreiben angehalten" in gone.stdout
    (row,) = json.loads(call(tmp_path, "templates", "list", "--json").stdout)
    assert (row["state"], row["in_force"]) == ("draft", None)
    healed = call(tmp_path, "templates", "heal", name, "--as", "vera")
    assert getattr(healed.exception, "code", "") == "template-not-published"
