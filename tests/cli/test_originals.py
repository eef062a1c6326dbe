"""`gateway inbound release-destruction` and what belongs to it."""

from datetime import timedelta
from pathlib import Path

from gateway.testing.scan_centre import ScanCentre
from gateway.testing.scan_centre.mail import letter_naming
from gateway.testing.scan_centre.scanner import Condition
from tests.cli.conftest import Run
from tests.world import World


def test_paper_is_released_at_the_command_line_by_a_named_person(
    gateway: Run, world: World, tmp_path: Path
) -> None:
    with ScanCentre(tmp_path / "c", start=world.clock.now(), speed=0, condition=Condition(dpi=60)) as centre:
        paper, held = centre.lay(*(letter_naming("x", read=False).typed("JC-BOR-2026-00017") for _ in range(2)))
        folder = centre.deliver()
        assert folder is not None
        assert gateway("inbound", "import", folder, "--json").json["counts"] == {"assigned": 2}
        ids = {line["document_id"]: line["id"] for line in gateway("inbound", "list", "--json").json}
        for number in ids.values():
            assert gateway("inbound", "check-scan", number, "--found", "ok", "--as", "post").code == 0
        kept = ("inbound", "hold", ids[held.document_id], "--kind", "litigation", "--reason", "Klage")
        assert gateway(*kept, "--as", "post").code == 5
        assert gateway(*kept, "--as", "anna").code == 0

        later = (world.services.today() + timedelta(days=56)).isoformat()
        shown = gateway("inbound", "release-destruction", "--dry-run", "--date", later, "--json").json
        assert [row["document_id"] for row in shown["due"]] == [paper.document_id]
        assert shown["blocked"][0]["because"] == ["litigation"]
        early = gateway("inbound", "release-destruction", "--date", later, "--as", "post")
        assert early.code != 0
        assert gateway("inbound", "release-destruction").code == 2

        world.advance(days=56)
        assert gateway("inbound", "release-destruction", "--as", "anna").code == 5
        done = gateway("inbound", "release-destruction", "--as", "post", "--json")
        assert (done.code, done.json["released"][0]["documents"]) == (0, 1)
        (answer,) = (world.settings.data_dir / "receipts").glob("release-*.json")
        (centre.root / "answers" / answer.name).write_bytes(answer.read_bytes())
        centre.advance_to(world.clock.now())
        centre.advance_by(days=3)
        world.advance(days=3)
        (certificate,) = (centre.root / "reports").iterdir()
        read = gateway("inbound", "report", certificate, "--json")
        assert (read.code, read.json["destroyed"], read.json["findings"]) == (0, 1, 0)
        assert gateway("inbound", "report", certificate, "--json").json["certificates"] == 0
        said = gateway("inbound", "originals", "--json").json
        assert said["papers"] == {"kept": 1, "released": 0, "recalled": 0, "returned": 0, "destroyed": 1}
