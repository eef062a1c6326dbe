"""Who asks what is held about them is told all of it (Art. 15 DSGVO), and nothing about others."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from gateway.application.arrivals.receiving import import_delivery
from gateway.application.inbound.placing import assign
from gateway.application.inbound.requesting import settle
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.paper.paper_holding import hold
from gateway.application.retention.exporting import export_person
from gateway.application.retention.exporting_rows import ANCHORS, LEFT_OUT, tables_about_a_person
from gateway.application.retention.locking import lock_deletion
from gateway.domain.paper.originals import Hold
from gateway.testing.scans import ScanSpec, make_delivery
from tests.application.retention.test_destroying import posted
from tests.application.retention.test_emptying_pieces import NAME, written_about
from tests.world import REQUEST, World


def told_of(world: World, person: str = "P3") -> dict[str, Any]:
    told: dict[str, Any] = export_person(world.services, None, person)
    json.dumps(told)
    return told


def test_every_table_is_handed_out_or_named_with_the_reason_why_not() -> None:
    """A new table that refers to a person, a case, a letter, a piece or a scan is handed out by itself."""
    exported = {table.name for table in tables_about_a_person()}
    every = set(SQLModel.metadata.tables)
    assert every - exported - LEFT_OUT.keys() == set(), (
        "says what is about a person, or why it is not handed out"
    )
    assert LEFT_OUT.keys() - every == set()
    assert LEFT_OUT.keys() & exported == set()
    assert set(ANCHORS) <= every
    assert all(len(why) > 20 for why in LEFT_OUT.values())


@pytest.mark.both_databases
def test_all_that_was_written_about_a_piece_and_its_receipt_is_told_and_nobody_of_the_staff(
    world: World,
) -> None:
    reference = written_about(world)
    told = told_of(world)
    records = told["records"]
    piece = world.only(reference).piece
    first, second = records["delivery_proof"]
    assert (first["piece"], first["received_by"], second["reason"]) == (
        piece,
        NAME,
        f"{NAME} hat unterschrieben",
    )
    assert records["posting_supplement"][0]["source"] == f"Beleg von {NAME}"
    assert [record["number"] for record in records["posting_record"]] == [1, 2]
    assert records["status_event"]
    assert {"posting", "submission", "filing", "approval", "letter", "recipient"} <= records.keys()
    assert f"{NAME} hat unterschrieben" in {one["reason"] for one in told["processing"]}
    text = json.dumps(told, ensure_ascii=False)
    for staff in ("Paul Zwei", "Petra Stelle", "Carla Beides", '"post"', '"post2"', '"bea"', '"both"'):
        assert staff not in text
    assert set(told["not_included"]) == set(LEFT_OUT)


@pytest.mark.both_databases
def test_papers_requests_and_locks_of_the_own_case_are_told_and_not_of_another(
    world: World, tmp_path: Path
) -> None:
    reference = posted(world, template=REQUEST)
    settle(world.services, "both", reference, 1, f"{NAME} brachte es")
    lock_deletion(world.services, "both", "F1", f"{NAME} klagt")
    scans = [ScanSpec.letter("JC-BOR-2026-00017"), ScanSpec.letter("JC-BOR-2026-00018")]
    import_delivery(
        world.services,
        make_delivery(tmp_path / "in", "west", "L-1", 1, scans, at=world.clock.now()),
        source="west",
    )
    make_rounds(world.services)
    for number, case in ((1, "F1"), (2, "F2")):
        assign(world.services, "post", number, case)
    for number, text in ((1, "mein Pass"), (2, "fremder Pass")):
        hold(world.services, "post", number, Hold.OTHER, text)
    told = told_of(world)
    records = told["records"]
    assert records["requested_item"][0]["reason"] == f"{NAME} brachte es"
    assert records["deletion_lock"][0]["reason"] == f"{NAME} klagt"
    assert records["original_hold"] == [
        one for one in records["original_hold"] if (one["inbound"], one["reason"]) == ("inbound-1", "mein Pass")
    ]
    assert "fremder Pass" not in json.dumps(told)
    assert "records" in told_of(world, "P1")
    assert "mein Pass" not in json.dumps(told_of(world, "P1"))
