"""`gateway audit`, `retention` and `export person`."""

from pathlib import Path

import pytest
from sqlmodel import col, select

from gateway.db.people import AuditEntry
from tests.cli.conftest import Run
from tests.world import World

pytestmark = pytest.mark.slow


def test_seal_verify_and_show(gateway: Run, world: World) -> None:
    reference = world.approved()
    sealed = gateway("audit", "seal", "--json").json
    found = gateway("audit", "verify", "--json")
    assert found.code == 0
    assert found.json["ok"]
    assert found.json["head"]["sha256"] == sealed["anchor"]["sha256"]
    lines = gateway("audit", "show", reference, "--json").json
    assert [line["action"] for line in lines][:2] == ["letter-written", "letter-submitted"]
    assert all(line["seal"] for line in lines)
    assert "freigegeben" in gateway("audit", "show", reference, "--as", "audit").out
    assert gateway("audit", "show", reference, "--as", "anna").code == 5


def test_a_finding_ends_with_one(gateway: Run, world: World) -> None:
    gateway("audit", "seal")
    file = world.settings.data_dir / "audit-anchors.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace('"number": ', '"number": 9'), encoding="utf-8")
    found = gateway("audit", "verify", "--json")
    assert found.code == 1
    assert [one["code"] for one in found.json["findings"]] == ["tail-missing"]
    assert "tail-missing" in gateway("audit", "verify").out


def test_looking_by_command_is_noted(gateway: Run, world: World) -> None:
    reference = world.ready()
    gateway("letters", "show", reference, "--as", "anna")
    gateway("explain", reference)
    with world.services.db.reading() as session:
        query = select(AuditEntry).where(AuditEntry.action == "letter-read").order_by(col(AuditEntry.id))
        looks = [(one.actor, one.details["door"]) for one in session.exec(query).all()]
    assert looks == [("anna", "command"), ("operator", "command")]


def test_plan_apply_lock_and_export(gateway: Run, world: World, tmp_path: Path) -> None:
    reference = world.ready()
    assert gateway("retention", "lock", "--case", "F1", "--reason", "Widerspruch", "--as", "anna").code == 0
    gateway("letters", "cancel", reference, "--as", "anna", "--reason", "doppelt")
    world.advance(days=40)
    assert gateway("retention", "plan", "--json").json["kept"] == {"draft": {"locked": 1}}
    assert gateway("retention", "locks", "--json").json[0]["file_number"] == "JC-BOR-2026-00017"
    gateway("retention", "unlock", "--case", "F1", "--as", "anna")
    assert gateway("retention", "plan", "--json").json["deletable"] == {"draft": 1}
    assert gateway("retention", "apply", "--json").json["deletable"] == {"draft": 1}
    assert "draft" in gateway("retention", "plan").out
    out = tmp_path / "auskunft.json"
    assert gateway("export", "person", "P3", "--as", "anna", "--out", out).code == 0
    assert out.stat().st_mode & 0o077 == 0
    assert "O’Brien" in out.read_text(encoding="utf-8")
    assert gateway("export", "person", "P3", "--as", "ahmad").code == 5


def test_two_people_let_old_entries_of_the_trail_go(gateway: Run, world: World) -> None:
    gateway("audit", "seal")
    assert "Keiner darf gehen" in gateway("retention", "trail", "plan").out
    assert gateway("retention", "trail", "propose", "--as", "admin").code != 0
    world.advance(days=3660)
    would = gateway("retention", "trail", "plan", "--as", "audit", "--json").json["departs"]
    assert would["count"] > 5
    assert gateway("retention", "plan", "--json").json["deletable"]["audit-entry"] == would["count"]
    made = gateway("retention", "trail", "propose", "--as", "admin", "--json").json
    assert (made["count"], made["sha256"]) == (would["count"], would["sha256"])
    assert gateway("retention", "trail", "confirm", made["id"], "--as", "admin").code == 5
    assert gateway("retention", "trail", "drop", made["id"], "--as", "audit").code == 0
    again = gateway("retention", "trail", "propose", "--as", "admin").out
    assert f"{would['count']} Einträge" in again
    confirm = ("retention", "trail", "confirm", made["id"] + 1, "--sha256", made["sha256"], "--as", "audit")
    assert gateway(*confirm).code == 0
    assert gateway("retention", "apply", "--json").json["deletable"]["audit-entry"] == would["count"]
    found = gateway("audit", "verify", "--json")
    assert (found.code, found.json["departed"]) == (0, would["count"])
    states = [one["state"] for one in gateway("retention", "trail", "list", "--json").json]
    assert states == ["gelöscht", "verworfen"]
    assert "gelöscht" in gateway("retention", "trail", "list", "--as", "audit").out
