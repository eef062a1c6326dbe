"""`gateway certificates-of-service …`, and how what waits stands on the desk."""

from datetime import timedelta
from pathlib import Path

from gateway.application.arrivals.receiving import import_delivery
from gateway.testing.scan_centre import ScanCentre
from gateway.testing.scan_centre.mail import certificate_of_service
from tests.application.arrivals.test_receiving import SOURCE
from tests.application.returns.test_returning import TUESDAY, posted
from tests.cli.conftest import Run
from tests.world import World

GROUP = "certificates-of-service"


def test_what_came_on_paper_is_listed_stands_on_the_desk_and_is_recorded_or_put_aside(
    gateway: Run, world: World, tmp_path: Path
) -> None:
    reference = posted(world)
    with ScanCentre(tmp_path / "scans", source=SOURCE, start=world.clock.now(), speed=0) as scans:
        for box in (3, 4):
            paper = certificate_of_service("nicht lesbar", box, "17.11.2026")
            scans.lay(paper.keying(service_outcome="mailbox", served_on=TUESDAY.isoformat()))
        folder = scans.deliver()
        assert folder is not None
        import_delivery(world.services, folder, source=SOURCE)
    assert gateway(GROUP, "collect", "--json").json == {"recorded": 0, "waiting": 2}
    assert gateway(GROUP, "collect", "--json").json == {"recorded": 0, "waiting": 0}
    first, second = gateway(GROUP, "list", "--as", "post", "--json").json
    assert (first["why"], first["proposal"]["outcome"], first["proposal"]["date"]) == (
        "piece-unknown",
        "mailbox",
        TUESDAY.isoformat(),
    )
    assert "mailbox" in gateway(GROUP, "list", "--as", "post").out
    assert gateway(GROUP, "list", "--as", "anna", "--json").json == []
    assert gateway(GROUP, "list", "--as", "audit").code == 5

    found = gateway("desk", "--as", "post", "--json").json["notices"]
    assert [(one["kind"], one["id"], one["owner"], one["late"]) for one in found] == [
        ("certificate", first["id"], "Poststelle", False),
        ("certificate", second["id"], "Poststelle", False),
    ]
    assert gateway("desk", "--as", "anna", "--json").json["notices"] == []
    world.clock.advance_to(world.clock.now() + timedelta(days=7))
    assert gateway("desk", "--as", "post", "--json").json["notices"][0]["late"] is True

    told = (GROUP, "record", first["id"], "--outcome", "mailbox", "--date", TUESDAY.isoformat())
    assert gateway(*told, "--as", "post").code != 0
    assert gateway(*told, "--letter", reference, "--as", "ahmad").code == 5
    assert gateway(*told, "--letter", reference, "--by", "Z. Müller", "--as", "post").code == 0
    proof = world.only(reference).proof
    assert proof is not None
    assert (proof.outcome, proof.handed_by) == ("mailbox", "Z. Müller")
    aside = (GROUP, "put-aside", second["id"], "--reason", "doppelt")
    assert gateway(*aside, "--as", "anna").code == 5
    assert gateway(*aside, "--as", "post").code == 0
    assert gateway(GROUP, "list", "--as", "post", "--json").json == []
    assert gateway("desk", "--as", "post", "--json").json["notices"] == []
