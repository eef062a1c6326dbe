"""What is wrong with a scan reaches the scan provider, and the rescan takes its place without anything being lost."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.account.account_sheet import account_sheet
from gateway.application.account.reconciling import Selection
from gateway.application.arrivals.quarantining import discard, quarantined
from gateway.application.arrivals.rescanning import feedback_of, report_finding
from gateway.application.arrivals.retrying_scans import retry
from gateway.application.filing import filing_inbound
from gateway.application.filing.filing import file_due
from gateway.application.inbound.placing import assign
from gateway.application.reads.case_keys import inbound_document_key
from gateway.application.retention.destroying import apply
from gateway.db.arrivals import QuarantinedDelivery, ScanAnswer, ScanNote
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.db.placings import InboundMove
from gateway.domain.inbound.feedback import ScanFinding
from gateway.errors import Conflict, DocumentInvalid, InputError, NotFound, NotPermitted
from gateway.ports.casefile import CaseRef
from gateway.testing.scan_centre.notes import NoteSpec, transfer_note
from gateway.testing.scans import ScanSpec
from tests.application.arrivals.test_receiving import SOURCE, change_manifest, deliver, take
from tests.application.arrivals.test_receiving_faults import rows
from tests.world import World


@pytest.fixture
def filed(world: World, tmp_path: Path) -> InboundDocument:
    """A scan that a person of the post room put into the case F1 (Borken), and that is filed there."""
    take(world, deliver(world, tmp_path, ScanSpec.unknown()))
    (document,) = rows(world, InboundDocument)
    assign(world.services, "post", document.id, "F1")
    file_due(world.services)
    found: InboundDocument = rows(world, InboundDocument)[0]
    return found


def number(document: InboundDocument | QuarantinedDelivery) -> int:
    assert document.id is not None
    return document.id


def answers(world: World) -> list[dict[str, Any]]:
    return [json.loads(row.content) for row in rows(world, ScanAnswer) if row.kind == "feedback"]


def test_the_scan_provider_learns_which_paper_is_wrong_and_how_and_nothing_about_people(
    world: World, filed: InboundDocument
) -> None:
    report_finding(world.services, "anna", number(filed), ScanFinding.UNREADABLE, page=1)
    (told,) = answers(world)
    assert (told["document_id"], told["delivery"], told["box"]) == (filed.document_id, "L-1", filed.box)
    assert (told["finding"], told["page"], told["result"]) == ("unreadable", 1, "rescan-wanted")
    assert "anna" not in json.dumps(told)
    (line,) = feedback_of(world.services, number(filed))
    assert (line.reported_by, line.settled_at) == ("anna", None)
    with pytest.raises(Conflict) as twice:
        report_finding(world.services, "post", number(filed), ScanFinding.UNREADABLE)
    assert twice.value.code == "feedback-open"
    with pytest.raises(InputError):
        report_finding(world.services, "anna", number(filed), ScanFinding.PAGE_MISSING, page=2)


@pytest.mark.parametrize("login", ["ahmad", "bea", "audit", "admin"])
def test_only_those_who_assign_in_its_office_may_report(
    world: World, filed: InboundDocument, login: str
) -> None:
    with pytest.raises(NotPermitted):
        report_finding(world.services, login, number(filed), ScanFinding.RESCAN)
    assert answers(world) == []


def test_a_wrong_index_asks_for_no_rescan(world: World, filed: InboundDocument) -> None:
    report_finding(world.services, "anna", number(filed), ScanFinding.WRONG_CASE)
    assert answers(world)[0]["result"] == "index-wrong"
    assert feedback_of(world.services, number(filed))[0].settled_at is not None


def test_what_belongs_to_no_case_is_given_back_from_the_tray_only(world: World, tmp_path: Path) -> None:
    take(world, deliver(world, tmp_path, ScanSpec.unknown()))
    (document,) = rows(world, InboundDocument)
    with pytest.raises(NotPermitted):
        report_finding(world.services, "anna", document.id, ScanFinding.RESCAN, reject=True)
    report_finding(world.services, "post", document.id, ScanFinding.RESCAN, reject=True)
    assert rows(world, InboundDocument)[0].state is InboundState.REJECTED
    assert answers(world)[0]["result"] == "rejected"
    with pytest.raises(Conflict):
        report_finding(world.services, "post", document.id, ScanFinding.UNREADABLE)


def test_what_lies_in_a_case_is_not_given_back(world: World, filed: InboundDocument) -> None:
    with pytest.raises(Conflict) as refused:
        report_finding(world.services, "anna", number(filed), ScanFinding.RESCAN, reject=True)
    assert refused.value.code == "inbound-not-in-tray"
    assert answers(world) == []


def test_the_rescan_takes_the_place_of_the_old_scan_which_stays_and_shows_it(
    world: World, filed: InboundDocument, tmp_path: Path
) -> None:
    report_finding(world.services, "anna", number(filed), ScanFinding.PAGE_MISSING)
    rescan = deliver(world, tmp_path, ScanSpec.unknown(), name="L-2", sequence=2)
    change_manifest(rescan, lambda raw: raw["documents"][0].update(replaces=filed.document_id))
    assert take(world, rescan) == {"desk": 1}
    old, new = rows(world, InboundDocument)
    assert (old.state, old.case_id, old.filed_at is not None) == (InboundState.REPLACED, filed.case_id, True)
    assert (new.replaces_id, new.proposed_case_id, new.state) == (old.id, filed.case_id, InboundState.DESK)
    assert world.services.blobs.has(old.sha256)
    assert feedback_of(world.services, number(filed))[0].settled_at is not None
    receipt = json.loads((world.services.receipts_dir / "L-2.receipt.json").read_text())
    assert receipt["documents"][0]["replaces"] == filed.document_id


def rescanned(world: World, tmp_path: Path, earlier: InboundDocument, name: str = "L-2") -> InboundDocument:
    """A new scan of the same paper came; it lies on the desk."""
    folder = deliver(world, tmp_path, ScanSpec.unknown(), name=name, sequence=int(name[2:]))
    change_manifest(folder, lambda raw: raw["documents"][0].update(replaces=earlier.document_id))
    take(world, folder)
    new: InboundDocument = rows(world, InboundDocument)[-1]
    return new


def entries(world: World, case: str = "JC-BOR-2026-00017") -> list[dict[str, Any]]:
    (index,) = (world.settings.data_dir / "case-files").glob(f"{case}*/index.json")
    found: list[dict[str, Any]] = json.loads(index.read_text())["entries"]
    return found


def scans_in_file(world: World, case: str = "JC-BOR-2026-00017") -> list[str]:
    return [one["metadata"]["item_id"] for one in entries(world, case) if one["kind"] == "inbound"]


def test_the_old_scan_leaves_the_file_when_the_new_one_is_in_it_and_the_log_says_so(
    world: World, filed: InboundDocument, tmp_path: Path
) -> None:
    new = rescanned(world, tmp_path, filed)
    file_due(world.services)
    assert scans_in_file(world) == [filed.document_id], (
        "until the new one is there, the old one is what there is"
    )
    assign(world.services, "post", number(new), "F1")
    file_due(world.services)
    assert scans_in_file(world) == [new.document_id]
    with pytest.raises(NotFound):
        world.services.casefile.fetch(
            CaseRef("JC-BOR-2026-00017", "35702//0012345", "borken"), inbound_document_key(filed.document_id, 1)
        )
    (note,) = [one for one in entries(world) if one["kind"] == "withdrawal"]
    told = note["metadata"]
    assert (told["item_id"], told["replaced_by"]) == (filed.document_id, new.document_id)
    assert told["sha256"] == filed.sha256
    old = rows(world, InboundDocument)[0]
    assert (old.state, old.filed_at) == (InboundState.REPLACED, None)
    assert world.services.blobs.has(old.sha256)
    (move,) = rows(world, InboundMove)
    assert (move.replaced_by_id, move.withdrawn_at is not None, move.noted_at is not None) == (
        new.id,
        True,
        True,
    )
    file_due(world.services)
    assert len(rows(world, InboundMove)) == 1
    assert account_sheet(world.services, None, Selection()).inbound[0].missing == 0


def test_an_old_scan_that_lay_in_another_case_leaves_no_word_about_itself_there(
    world: World, filed: InboundDocument, tmp_path: Path
) -> None:
    new = rescanned(world, tmp_path, filed)
    assign(world.services, "post", number(new), "F2")
    file_due(world.services)
    assert scans_in_file(world) == []
    assert scans_in_file(world, "JC-BOR-2026-00018") == [new.document_id]
    (note,) = [one for one in entries(world) if one["kind"] == "withdrawal"]
    assert filed.document_id not in json.dumps(note["metadata"])


def test_of_three_scans_of_a_paper_only_the_last_one_is_in_the_file(
    world: World, filed: InboundDocument, tmp_path: Path
) -> None:
    second = rescanned(world, tmp_path, filed)
    assign(world.services, "post", number(second), "F1")
    third = rescanned(world, tmp_path, second, "L-3")
    file_due(world.services)
    assert scans_in_file(world) == [filed.document_id], "the second was replaced before it was filed"
    assign(world.services, "post", number(third), "F1")
    file_due(world.services)
    assert scans_in_file(world) == [third.document_id]


def test_a_scan_that_was_being_filed_when_it_was_replaced_is_taken_out_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The case file has it, and the gateway was killed before it wrote that down."""
    take(world, deliver(world, tmp_path, ScanSpec.unknown()))
    (first,) = rows(world, InboundDocument)
    assign(world.services, "post", number(first), "F1")
    with monkeypatch.context() as patch:
        patch.setattr(
            filing_inbound, "placing_of", lambda *_: patch.setattr(filing_inbound, "placing_of", boom) or 1
        )
        with pytest.raises(KeyboardInterrupt):
            file_due(world.services)
    assert rows(world, InboundDocument)[0].filed_at is None
    assert scans_in_file(world) == [first.document_id]
    new = rescanned(world, tmp_path, first)
    assign(world.services, "post", number(new), "F1")
    file_due(world.services)
    assert scans_in_file(world) == [new.document_id]


def boom(*_: object) -> int:
    raise KeyboardInterrupt


def test_a_rescan_of_what_was_refused_is_known_as_one(world: World, tmp_path: Path) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    (scan,) = folder.glob("*.pdf")
    scan.write_bytes(scan.read_bytes() + b" ")
    take(world, folder)
    (bad,) = rows(world, InboundDocument)
    new = rescanned(world, tmp_path, bad)
    assert (new.replaces_id, rows(world, InboundDocument)[0].state) == (bad.id, InboundState.QUARANTINE)
    assert rows(world, ScanDelivery)[1].findings == []


def test_a_rescan_of_nothing_that_we_know_is_taken_and_said(world: World, tmp_path: Path) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    unknown = "99999999-0000-4000-8000-000000000000"
    change_manifest(folder, lambda raw: raw["documents"][0].update(replaces=unknown))
    assert take(world, folder) == {"desk": 1}
    assert rows(world, ScanDelivery)[0].findings == ["rescan-of-unknown"]


def test_a_transfer_note_is_kept_and_filed_with_its_document(world: World, tmp_path: Path) -> None:
    folder = deliver(world, tmp_path, ScanSpec.letter("JC-BOR-2026-00018"))
    note: list[bytes] = []

    def with_note(raw: dict[str, Any]) -> None:
        (one,) = raw["documents"]
        note.append(transfer_note(NoteSpec(one["document_id"], one["sha256"], 1, quality=None)))
        (folder / "n.xml").write_bytes(note[0])
        one.update(note="n.xml", batch="S-7")

    change_manifest(folder, with_note)
    take(world, folder)
    (document,) = rows(world, InboundDocument)
    (kept,) = rows(world, ScanNote)
    assert (kept.content, kept.findings, kept.attached) == (note[0], ["note-quality-missing"], False)
    if document.state is InboundState.DESK:
        assign(world.services, "post", document.id, "F2")
    file_due(world.services)
    (index,) = (world.settings.data_dir / "case-files").glob("JC-BOR-2026-00018*/index.json")
    (fields,) = [entry["metadata"] for entry in json.loads(index.read_text())["entries"]]
    assert fields["transfer_note"].encode() == note[0]
    assert (fields["scan_batch"], fields["scanned_by"]) == ("S-7", "Scanoperateurin 0417")


def refused(world: World, tmp_path: Path) -> QuarantinedDelivery:
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    content = (folder / "manifest.json").read_bytes()
    (folder / "manifest.json").write_bytes(content + b" ")
    with pytest.raises(DocumentInvalid):
        take(world, folder)
    shutil.rmtree(folder)
    (row,) = quarantined(world.services, "post")
    return row


def test_a_delivery_in_quarantine_is_read_again_when_it_was_put_right(world: World, tmp_path: Path) -> None:
    row = refused(world, tmp_path)
    with pytest.raises(DocumentInvalid):
        retry(world.services, "post", number(row), "neuer Versuch")
    manifest = Path(row.folder) / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-1])
    with pytest.raises(InputError) as silent:
        retry(world.services, "post", number(row), " ")
    assert (silent.value.code, rows(world, InboundDocument)) == ("reason-missing", [])
    report = retry(world.services, "post", number(row), "Prüfsumme berichtigt")
    assert report.counts == {"desk": 1}
    assert quarantined(world.services, "post") == []
    assert not Path(row.folder).exists()


def test_only_the_post_room_discards_with_a_reason_and_then_the_bytes_are_gone(
    world: World, tmp_path: Path
) -> None:
    row = refused(world, tmp_path)
    for login in ("anna", "audit"):
        with pytest.raises(NotPermitted):
            discard(world.services, login, row.id or 0, "weg")
    with pytest.raises(InputError):
        discard(world.services, "post", row.id or 0, " ")
    assert Path(row.folder).is_dir()
    discard(world.services, "post", row.id or 0, "neu angefordert")
    assert Path(row.folder).is_dir(), "a mistake may be put right until the rule of retention takes it"
    world.advance(days=29)
    apply(world.services)
    assert Path(row.folder).is_dir()
    world.advance(days=1)
    done = apply(world.services)
    assert done is not None
    assert done.gone["scan-quarantine"] == 1
    assert not Path(row.folder).exists()
    with pytest.raises(Conflict):
        discard(world.services, "post", row.id or 0, "noch einmal")


def test_an_agreement_that_is_not_kept_is_said_in_the_receipt(world: World, tmp_path: Path) -> None:
    agreed = dataclasses.replace(world.services.scan_source(SOURCE), agreed=True, signed=True, trust=())
    services = dataclasses.replace(world.services, scan_sources={SOURCE: agreed})
    world.services = services
    assert take(world, deliver(world, tmp_path, ScanSpec.unknown())) == {"quarantine": 1}
    with world.services.db.reading() as session:
        (row,) = session.exec(select(InboundDocument)).all()
    assert row.finding_code == "signature-missing"
