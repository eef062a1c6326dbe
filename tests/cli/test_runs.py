"""`gateway run`, `forecast` and `account`."""

from pathlib import Path

from tests.cli.conftest import Run
from tests.world import World, pdf_text


def test_a_run_prints_its_figures_and_the_account_balances(gateway: Run, world: World) -> None:
    world.approved("F1")
    world.approved("F2")
    world.advance(minutes=1)
    assert gateway("forecast", "--json").json["letters"] == 2
    assert gateway("run", "--dry-run", "--json").json["letters"] == 2
    assert world.taken() == []
    ended = gateway("run", "--json")
    assert ended.code == 0
    assert ended.json["pieces"] == ended.json["submissions"]["released"] == 3
    assert len(world.taken()) == 3
    balance = gateway("account", "--json")
    assert (balance.code, balance.json["balanced"], balance.json["approved"]) == (0, True, 3)
    assert balance.json["lines"]["under_way"] == 3


def test_a_provider_that_is_down_ends_with_one_and_the_letters_wait(gateway: Run, world: World) -> None:
    world.approved("F1")
    world.advance(minutes=1)
    world.simulator.plan_fault("POST /api/Letter", "429", times=9)
    ended = gateway("run", "--json")
    assert ended.code == 1
    assert ended.json["submissions"]["waiting"] == 1
    assert ended.json["submissions"]["stopped_by"]
    assert ended.err.strip()


def test_people_get_sentences(gateway: Run, world: World) -> None:
    world.approved("F1")
    world.advance(minutes=1)
    assert "1 Schreiben" in gateway("run").out
    assert "freigegeben 1" in gateway("account").out


def test_an_account_that_does_not_balance_ends_with_one(gateway: Run, world: World) -> None:
    reference = world.approved("F1")
    sha256 = world.only(reference).approved_sha256 or ""
    for file in (world.settings.data_dir / "documents").rglob(f"*{sha256[-8:]}*"):
        file.unlink()
    assert gateway("account", "--json").json["balanced"], "bytes are the sweep's"
    assert gateway("sweep", "--json").json["findings"] == 1
    ended = gateway("account", "--json")
    assert (ended.code, ended.json["balanced"]) == (1, False)
    assert ended.json["unexplained"][0]["code"] == "approved-document-missing"


def test_only_who_may_runs(gateway: Run, world: World) -> None:
    world.approved("F1")
    assert gateway("run", "--as", "anna").code == 5
    assert world.taken() == []


def test_the_account_of_a_run_goes_down_to_the_letter_and_onto_paper(
    gateway: Run, world: World, tmp_path: Path
) -> None:
    reference = world.approved("F1")
    world.advance(minutes=1)
    gateway("run", "--json")
    letters = gateway("account", "--run", "2026-11-16-1", "--line", "under_way", "--json").json["letters"]
    assert [each["letter"].replace("-", "") for each in letters] == [f"{reference}/1"]
    sheet = gateway(
        "account", "--date", "2026-11-16", "--office", "borken", "--out", str(tmp_path / "a.pdf"), "--json"
    )
    text = pdf_text((tmp_path / "a.pdf").read_bytes())
    assert "Ausgeglichen" in text
    assert sheet.json["sheet_sha256"] in text
    assert sheet.json["copies_sha256"] in text
    assert gateway("account", "--run", "2026-11-17-1").code != 0
