"""`gateway inbound …`."""

from pathlib import Path

from gateway.testing.scans import ScanSpec, make_delivery
from tests.cli.conftest import Run
from tests.world import World


def test_a_delivery_is_taken_listed_and_assigned(gateway: Run, world: World, tmp_path: Path) -> None:
    folder = make_delivery(
        tmp_path / "L-1", "scan-centre", "L-1", 1, [ScanSpec.unknown()], at=world.clock.now()
    )
    taken = gateway("inbound", "import", folder, "--json")
    assert (taken.code, taken.json["counts"]) == (0, {"desk": 1})
    assert Path(taken.json["receipt"]).exists()
    (line,) = gateway("inbound", "list", "--json").json
    assert line["state"] == "desk"
    assert gateway("inbound", "assign", line["id"], "--case", "F1", "--as", "audit").code == 5
    assert gateway("inbound", "assign", line["id"], "--case", "F1", "--as", "post").code == 0
    assert gateway("inbound", "list", "--json").json[0]["file_number"] == "JC-BOR-2026-00017"
    moved = ("inbound", "move", line["id"], "--reason", "falsch erfasst", "--as")
    assert gateway(*moved, "audit", "--case", "F2").code == 5
    assert gateway(*moved, "post", "--case", "F2").code == 0
    assert gateway("inbound", "list", "--json").json[0]["file_number"] == "JC-BOR-2026-00018"
    assert gateway(*moved, "post").code == 0
    assert gateway("inbound", "list", "--json").json[0]["state"] == "desk"
    assert gateway("inbound", "import", folder, "--json").json["already_known"] is True


def test_a_folder_that_is_no_delivery_exits_with_four(gateway: Run, tmp_path: Path) -> None:
    ended = gateway("inbound", "import", tmp_path)
    assert (ended.code, ended.out) == (4, "")
