"""`gateway run`, `forecast` and `account`."""

from tests.cli.conftest import Run
from tests.world import World


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
    ended = gateway("account", "--json")
    assert (ended.code, ended.json["balanced"]) == (1, False)
    assert ended.json["unexplained"][0]["code"] == "approved-document-missing"


def test_only_who_may_runs(gateway: Run, world: World) -> None:
    world.approved("F1")
    assert gateway("run", "--as", "anna").code == 5
    assert world.taken() == []
