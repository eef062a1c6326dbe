"""`gateway … check` and `doctor`: what is set up and what is not, without side effects and without secrets."""

import pytest

from tests.cli.conftest import Run
from tests.world import World


def test_the_configuration_is_shown_with_where_it_comes_from_and_without_secrets(gateway: Run) -> None:
    shown = gateway("config", "check", "--json")
    assert shown.code == 0
    assert shown.json["rendering.workers"] == {"value": 0, "origin": "environment"}
    assert shown.json["run.cut_off"]["origin"] == "file"
    assert "training-secret" not in shown.out
    assert "training-password" not in gateway("config", "check").out


def test_everything_is_checked_and_nothing_is_changed(gateway: Run, world: World) -> None:
    ended = gateway("doctor", "--json")
    assert ended.code == 0, ended.out
    assert {"epost", "folder", "einladung"} <= ended.json.keys()
    assert world.taken() == []


@pytest.mark.parametrize("command", ["providers", "doctor"])
def test_credentials_that_are_not_taken_end_with_one(gateway: Run, world: World, command: str) -> None:
    world.simulator.plan_fault("POST /api/Login", "reject:E001", times=9)
    words = ("doctor", "--json") if command == "doctor" else (command, "check", "--json")
    ended = gateway(*words)
    assert ended.code == 1
    assert ended.json["epost"]["ok"] is False


def test_an_unknown_setting_exits_with_three(gateway: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_RUN__CUTOFF", "17:00")
    ended = gateway("config", "check")
    assert (ended.code, ended.out) == (3, "")
    assert "run.cut_off" in ended.err
