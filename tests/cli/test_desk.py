"""`gateway desk`, `redrive`, `settle`, `stop`, `resume` and `divert`."""

from datetime import timedelta

import pytest

from gateway.application.runs.running import run
from gateway.application.runs.submitting import hand_over
from tests.cli.conftest import Run
from tests.world import MONDAY, World, at

LETTER = "POST /api/Letter"


def refused(world: World) -> str:
    reference = world.approved("F1")
    world.simulator.plan_fault(LETTER, "reject:E306")
    world.evening()
    return reference


def test_the_desk_shows_what_waits_and_redrive_shows_what_is_safe(gateway: Run, world: World) -> None:
    reference = refused(world)
    ended = gateway("desk", "--as", "post", "--json")
    (entry,) = ended.json["entries"]
    assert (ended.json["total"], ended.json["late"]) == (1, 0)
    assert (entry["letter"], entry["problem"], entry["owner"]) == (reference, "refused", "anna")
    assert "refused" in gateway("desk", "--as", "post").out
    assert gateway("desk", "--as", "post", "--office", "ahaus", "--json").json["entries"] == []
    (shown,) = gateway("redrive", reference, "--as", "post", "--json").json
    assert set(shown["actions"]) == {"plan-again", "cancel", "hand-back"}
    assert "--action plan-again" in gateway("redrive", reference, "--as", "post").out


def test_a_letter_is_redriven_with_a_reason_by_who_may(gateway: Run, world: World) -> None:
    reference = refused(world)
    plan = ("redrive", reference, "--action", "plan-again")
    silent = gateway(*plan, "--as", "post")
    assert (silent.code, "reason-missing" in silent.err) == (4, True)
    forbidden = gateway(*plan, "--as", "audit", "--reason", "weil")
    assert (forbidden.code, "not-permitted" in forbidden.err) == (5, True)
    done = gateway(*plan, "--as", "post", "--reason", "Anschrift geklärt", "--json")
    assert (done.code, done.json["action"]) == (0, "plan-again")
    hand_over(world.services)
    assert world.taken() == [done.json["follow_up"]]
    assert gateway("redrive", reference, "--as", "post").out.startswith("Das Schreiben steht nicht")


def test_an_unknown_outcome_needs_two_people(gateway: Run, world: World) -> None:
    reference = world.approved("F1")
    world.simulator.plan_fault(LETTER, "drop-before")
    world.evening()
    world.simulator.plan_fault("GET /api/Letter/Custom1", "5xx-before", times=99)
    world.advance(hours=26)
    hand_over(world.services, retry_now=True)
    says = ("--reason", "angerufen", "--source", "Frau Muster, 9 Uhr")
    done = gateway("redrive", reference, "--as", "post", "--action", "provider-has-it-not", *says, "--json")
    assert done.code == 0, done.err
    waits = done.json["waits"]
    same = gateway("redrive", reference, "--as", "post", "--confirm", waits)
    assert (same.code, "second-person-needed" in same.err) == (5, True)
    assert [each.state.value for each in world.submissions()] == ["in_doubt"]


def test_the_brake_is_pulled_listed_and_lifted(gateway: Run, world: World) -> None:
    world.approved("F1")
    pull = ("stop", "--as", "post", "--scope", "provider", "--value", "epost")
    assert gateway(*pull).code == 4
    (made,) = gateway(*pull, "--reason", "Falscher Briefkopf", "--json").json
    assert (made["scope"], made["value"], made["set_by"]) == ("provider", "epost", "post")
    again = gateway(*pull, "--reason", "noch einmal")
    assert (again.code, "already-stopped" in again.err) == (7, True)
    world.evening()
    assert world.taken() == []
    assert "1 Sendungen bleiben im Haus (Falscher Briefkopf)" in gateway("stop", "--as", "post").out
    assert gateway("resume", made["id"], "--as", "anna", "--reason", "weil").code == 5
    assert gateway("resume", made["id"], "--as", "post", "--reason", "berichtigt").code == 0
    assert gateway("stop", "--as", "post").out == "Nichts ist angehalten.\n"
    hand_over(world.services, retry_now=True)
    assert len(world.taken()) == 1


def test_the_rest_goes_to_another_provider(gateway: Run, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PROVIDER__OTHERS", '["folder"]')
    world.approved("F1")
    world.simulator.plan_fault(LETTER, "429", times=9)
    world.evening()
    move = ("divert", "--from", "epost", "--to", "folder", "--as", "post")
    assert gateway(*move, "--reason", " ").code == 4
    unknown = gateway("divert", "--from", "epost", "--to", "nobody", "--as", "post", "--reason", "weil")
    assert (unknown.code, "provider-unknown" in unknown.err) == (4, True)
    done = gateway(*move, "--reason", "Störung", "--json")
    assert (done.code, done.json) == (0, {"moved": 1, "unknown": 0, "not_offered": 0, "staying": []})
    assert [(each.provider, each.state.value) for each in world.submissions()] == [
        ("epost", "void"),
        ("folder", "planned"),
    ]
    assert world.taken() == []


def test_alarms_are_listed_and_settled(gateway: Run, world: World) -> None:
    world.approved("F1")
    world.advance(minutes=1)
    run(world.services)
    world.advance_to(at(MONDAY + timedelta(days=1), "06:30"))
    (alarm,) = gateway("desk", "--as", "post", "--json").json["alarms"]
    assert (alarm["kind"], alarm["provider"]) == ("tally-missing", "epost")
    assert "tally-missing" in gateway("desk", "--as", "post").out
    silent = gateway("settle", alarm["key"], "--as", "post", "--action", "settle")
    assert (silent.code, "reason-missing" in silent.err) == (4, True)
    assert gateway("settle", alarm["key"], "--as", "post", "--action", "compare").code == 0
    assert gateway("desk", "--as", "post", "--json").json["alarms"] == []
