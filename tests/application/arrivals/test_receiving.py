"""Receiving: a delivery is taken whole or not at all, and a document goes to a case only when it is certain."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from gateway.application.arrivals.receiving import import_delivery
from gateway.application.filing.filing import file_due
from gateway.application.inbound.inbound_view import InboundLine, inbound_list
from gateway.application.inbound.placing import assign
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.db.letters import Letter
from gateway.db.people import Case
from gateway.db.placings import InboundMatch, InboundProposal
from gateway.domain.inbound.match_strength import Confidence, Evidence
from gateway.domain.references import for_people
from gateway.errors import Conflict, DocumentInvalid, InputError, NotFound, NotPermitted
from gateway.testing.scans import ScanSpec, make_delivery, write_manifest
from tests.world import REQUEST, World

pytestmark = pytest.mark.both_databases

SOURCE = "scan-centre"


def deliver(world: World, tmp_path: Path, *specs: ScanSpec, name: str = "L-1", sequence: int = 1) -> Path:
    return make_delivery(tmp_path / "in" / name, SOURCE, name, sequence, specs, at=world.clock.now())


def take(world: World, folder: Path) -> dict[str, int]:
    return import_delivery(world.services, folder, source=SOURCE).counts


def lines(world: World, login: str | None = None) -> list[InboundLine]:
    return inbound_list(world.services, login)


def change_manifest(folder: Path, change: Any) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    change(manifest)
    write_manifest(folder, manifest)


def deliveries(world: World) -> list[ScanDelivery]:
    with world.services.db.reading() as session:
        return list(session.exec(select(ScanDelivery)).all())


def printed(world: World, reference: str) -> bytes:
    recipient = world.view(reference).recipients[0]
    return world.services.blobs.get(recipient.print_sha256 or recipient.approved_sha256 or "")


def test_a_reply_slip_that_is_only_a_picture_finds_its_case_by_its_code_and_is_filed(
    world: World, tmp_path: Path
) -> None:
    reference = world.approved("F1", REQUEST)
    world.evening()
    folder = deliver(world, tmp_path, ScanSpec.reply_slip(printed(world, reference), page=3))
    (scan,) = folder.glob("*.pdf")
    assert world.pdf_text(scan.read_bytes()).strip() == ""
    assert take(world, folder) == {"assigned": 1}, lines(world)
    (line,) = lines(world)
    assert line.file_number == "JC-BOR-2026-00017"
    assert "Antwortbogen" in line.reason
    assert file_due(world.services).failed == 0
    (file,) = (world.settings.data_dir / "case-files").glob("JC-BOR-2026-00017*/index.json")
    assert "inbound" in [entry["kind"] for entry in json.loads(file.read_text())["entries"]]
    assert scan.read_bytes() in [one.read_bytes() for one in file.parent.rglob("*.pdf")]


def test_a_letter_that_came_back_is_known_by_the_code_of_its_first_sheet(world: World, tmp_path: Path) -> None:
    reference = world.approved("F1")
    world.evening()
    assert take(world, deliver(world, tmp_path, ScanSpec.returned(printed(world, reference)))) == {
        "assigned": 1
    }
    assert "zurückkam" in lines(world)[0].reason


def test_a_letter_with_its_file_number_in_the_text_finds_its_case(world: World, tmp_path: Path) -> None:
    take(world, deliver(world, tmp_path, ScanSpec.letter("JC-BOR-2026-00018")))
    (line,) = lines(world)
    assert "JC-BOR-2026-00018" in {line.file_number, line.proposal}


def test_what_leads_nowhere_waits_on_the_desk_until_a_person_assigns_it(world: World, tmp_path: Path) -> None:
    assert take(world, deliver(world, tmp_path, ScanSpec.unknown())) == {"desk": 1}
    (line,) = lines(world, "post")
    assert (line.state, line.file_number) == (InboundState.DESK, None)
    assert file_due(world.services).filed == 0
    assert lines(world, "anna") == []
    for login in ("audit", "bea", "ahmad", "admin"):
        with pytest.raises(NotPermitted):
            assign(world.services, login, line.id, "F1")
    assign(world.services, "post", line.id, "F1")
    with pytest.raises(Conflict):
        assign(world.services, "post", line.id, "F2")
    assert file_due(world.services).filed == 1
    assert [one.file_number for one in lines(world, "anna")] == ["JC-BOR-2026-00017"]
    assert lines(world, "ahmad") == []


def test_what_is_not_there_cannot_be_assigned(world: World) -> None:
    with pytest.raises(NotFound):
        assign(world.services, "post", 4711, "F1")


def test_the_same_delivery_twice_changes_nothing_and_gets_the_same_receipt(
    world: World, tmp_path: Path
) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown(), ScanSpec.letter("JC-BOR-2026-00018"))
    first = import_delivery(world.services, folder, source=SOURCE)
    content = first.receipt.read_bytes()
    world.advance(hours=1)
    second = import_delivery(world.services, folder, source=SOURCE)
    assert (first.already_known, second.already_known) == (False, True)
    assert second.counts == first.counts
    assert second.receipt.read_bytes() == content
    assert len(lines(world)) == 2
    assert len(deliveries(world)) == 1


def test_the_receipt_names_every_document_and_no_person(world: World, tmp_path: Path) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown(), ScanSpec.unknown())
    report = import_delivery(world.services, folder, source=SOURCE)
    receipt = report.receipt.read_text(encoding="utf-8")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for document in manifest["documents"]:
        assert document["document_id"] in receipt
    assert hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest() in receipt
    assert "Nguyễn" not in receipt


def test_a_delivery_of_the_same_name_with_another_manifest_is_refused(world: World, tmp_path: Path) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    take(world, folder)
    change_manifest(folder, lambda manifest: manifest.update(sequence=2))
    with pytest.raises(Conflict) as caught:
        take(world, folder)
    assert caught.value.code == "delivery-differs"
    assert len(lines(world)) == 1


def test_a_document_whose_bytes_are_not_what_the_manifest_says_is_quarantined_and_the_others_are_taken(
    world: World, tmp_path: Path
) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown(), ScanSpec.unknown())
    first = sorted(folder.glob("*.pdf"))[0]
    first.write_bytes(first.read_bytes() + b" ")
    assert take(world, folder) == {"desk": 1, "quarantine": 1}
    with world.services.db.reading() as session:
        bad = session.exec(
            select(InboundDocument).where(InboundDocument.state == InboundState.QUARANTINE)
        ).one()
    assert bad.sha256 is None
    assert bad.finding_code
    receipt = import_delivery(world.services, folder, source=SOURCE).receipt.read_text(encoding="utf-8")
    assert bad.finding_code in receipt


def test_a_manifest_whose_count_is_wrong_refuses_the_delivery_and_the_receipt_says_so(
    world: World, tmp_path: Path
) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    change_manifest(folder, lambda manifest: manifest["counts"].update(documents=2))
    with pytest.raises(DocumentInvalid) as caught:
        take(world, folder)
    assert deliveries(world) == []
    assert lines(world) == []
    (receipt,) = world.services.receipts_dir.rglob("*.json")
    assert caught.value.code in receipt.read_text(encoding="utf-8")


def test_a_delivery_that_is_still_being_written_waits(world: World, tmp_path: Path) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    (folder / "READY").unlink()
    with pytest.raises(InputError) as caught:
        take(world, folder)
    assert caught.value.code == "delivery-not-ready"
    assert not world.services.receipts_dir.exists() or not list(world.services.receipts_dir.rglob("*.json"))


@pytest.mark.parametrize("login", ["anna", "bea", "audit"])
def test_only_the_post_room_and_administrators_take_deliveries_in(
    world: World, tmp_path: Path, login: str
) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    with pytest.raises(NotPermitted):
        import_delivery(world.services, folder, source=SOURCE, login=login)
    assert import_delivery(world.services, folder, source=SOURCE, login="post").counts == {"desk": 1}


def test_every_document_remembers_how_sure_its_match_is_and_every_case_it_may_belong_to(
    world: World, tmp_path: Path
) -> None:
    reference = world.approved("F1", REQUEST)
    world.evening()
    slip = replace(
        ScanSpec.reply_slip(printed(world, reference), page=3), index_file_number="JC-BOR-2026-00018"
    )
    take(world, deliver(world, tmp_path, slip, ScanSpec.unknown()))
    with world.services.db.reading() as session:
        matches = session.exec(select(InboundMatch).order_by(col(InboundMatch.inbound_id))).all()
        found = session.exec(
            select(InboundProposal, Case.reference, Letter.reference)
            .join(Case, col(Case.id) == InboundProposal.case_id)
            .join(Letter, col(Letter.id) == InboundProposal.letter_id, isouter=True)
            .order_by(col(InboundProposal.place))
        ).all()
    assert [(each.confidence, each.evidence) for each in matches] == [
        (Confidence.DOUBTFUL, Evidence.CODE),
        (Confidence.NONE, Evidence.NOTHING),
    ]
    assert [(row.evidence, case, letter) for row, case, letter in found] == [
        (Evidence.CODE, "F1", reference),
        (Evidence.INDEX, "F2", None),
    ]
    assert f"Antwortbogen zu {for_people(reference)} auf Seite 1" in found[0][0].reason


def test_a_letter_that_names_its_case_twice_over_is_filed_and_one_that_names_a_number_only_is_not(
    world: World, tmp_path: Path
) -> None:
    both = ScanSpec.letter("JC-BOR-2026-00018, BG-Nummer 35702//0012346")
    assert take(world, deliver(world, tmp_path, both, ScanSpec.letter("JC-BOR-2026-00018"))) == {
        "assigned": 1,
        "desk": 1,
    }
    assert {line.proposal for line in lines(world)} == {"JC-BOR-2026-00018"}
