"""A document in the wrong case is moved: filed into the right file, taken out of the wrong one, no copy left behind."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from gateway.application.arrivals.receiving import import_delivery
from gateway.application.filing.filing import file_due
from gateway.application.filing.filing_view import backlog
from gateway.application.inbound.moving import move
from gateway.application.inbound.placing import assign
from gateway.application.retention.destroying import apply
from gateway.application.retention.sweeping_scans import empty_note
from gateway.application.views.opening import open_inbound
from gateway.db.arrivals import ScanNote
from gateway.db.files import Filing, InboundDocument, InboundState
from gateway.db.people import AuditEntry
from gateway.db.placings import InboundMove
from gateway.db.retention import ContentDeparture
from gateway.domain.retention import Kind
from gateway.errors import CaseFileError, CaseFileUnavailable, InputError, NotPermitted
from gateway.ports.casefile import CaseRef, FilingEntry
from gateway.testing.scan_centre.notes import NoteSpec, transfer_note
from gateway.testing.scans import ScanSpec, make_delivery
from tests.application.arrivals.test_receiving import change_manifest
from tests.world import World

F1, F2 = "JC-BOR-2026-00017", "JC-BOR-2026-00018"


@pytest.fixture
def scan(world: World, tmp_path: Path) -> bytes:
    """A document that the scan provider indexed wrongly: it was filed into F1 and belongs to F2."""
    wrong = replace(ScanSpec.unknown(), index_file_number=F1)
    folder = make_delivery(tmp_path / "in", "west", "L-1", 1, [wrong], at=world.clock.now())
    import_delivery(world.services, folder, source="west")
    (pdf,) = folder.glob("*.pdf")
    return pdf.read_bytes()


def files_of(world: World, file_number: str) -> list[Path]:
    return [
        file
        for file in (world.settings.data_dir / "case-files").glob(f"{file_number}*/**/*")
        if file.is_file() and file.name != ".lock"
    ]


def holds(world: World, file_number: str, content: bytes) -> bool:
    return any(content in file.read_bytes() for file in files_of(world, file_number))


def kinds(world: World, file_number: str) -> list[str]:
    entries: list[dict[str, Any]] = []
    for file in files_of(world, file_number):
        if file.name == "index.json":
            entries = json.loads(file.read_bytes())["entries"]
    return [entry["kind"] for entry in entries]


def the_move(world: World) -> InboundMove:
    with world.services.db.reading() as session:
        return session.exec(select(InboundMove)).one()


class Failing:
    """A case file that is true but for one thing, as long as `broken` says so."""

    def __init__(self, true: Any, fault: Exception | None, *, lies: bool = False) -> None:
        self._true, self.fault, self.lies = true, fault, lies

    def __getattr__(self, name: str) -> Any:
        return getattr(self._true, name)

    def withdraw(self, case: CaseRef, key: str, document_key: str) -> None:
        if self.fault is not None:
            raise self.fault
        if not self.lies:
            self._true.withdraw(case, key, document_key)


def with_case_file(world: World, fault: Exception | None, *, lies: bool = False) -> Failing:
    failing = Failing(world.services.casefile, fault, lies=lies)
    world.services = replace(world.services, casefile=failing)
    return failing


@pytest.mark.both_databases
def test_it_is_filed_into_the_right_file_and_no_copy_stays_in_the_wrong_one(world: World, scan: bytes) -> None:
    file_due(world.services)
    assert holds(world, F1, scan)
    move(world.services, "anna", 1, F2, "Nachbarin gleichen Namens")
    report = file_due(world.services)
    assert (report.withdrawn, report.failed) == (1, 0)
    assert not holds(world, F1, scan)
    assert holds(world, F2, scan)
    assert kinds(world, F1) == ["withdrawal"]
    assert kinds(world, F2) == ["inbound"]
    assert not any(b"gleichen Namens" in file.read_bytes() for file in files_of(world, F1))
    assert open_inbound(world.services, "anna", 1).content == scan
    again = file_due(world.services)
    assert (again.filed, again.withdrawn) == (0, 0)
    with world.services.db.reading() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.subject == "inbound-1")).all()
    told = {entry.action: entry for entry in entries}
    assert (told["inbound-moved"].actor, told["inbound-moved"].reason) == ("anna", "Nachbarin gleichen Namens")
    assert told["inbound-moved"].details == {"from_case": "F1", "to_case": "F2"}
    assert "inbound-withdrawn" in told


def test_back_in_the_tray_it_is_in_no_file_and_can_come_back_into_the_first_one(
    world: World, scan: bytes
) -> None:
    file_due(world.services)
    move(world.services, "anna", 1, None, "gehört nicht hierher")
    file_due(world.services)
    assert not holds(world, F1, scan)
    with world.services.db.reading() as session:
        assert session.get_one(InboundDocument, 1).state is InboundState.DESK
    assign(world.services, "post", 1, "F1")
    file_due(world.services)
    assert holds(world, F1, scan)
    assert kinds(world, F1) == ["withdrawal", "inbound"]
    assert open_inbound(world.services, "anna", 1).content == scan


def test_moved_before_it_was_filed_it_never_reaches_the_wrong_file(world: World, scan: bytes) -> None:
    move(world.services, "anna", 1, F2, "falsch erfasst")
    file_due(world.services)
    assert not holds(world, F1, scan)
    assert holds(world, F2, scan)


def test_moved_while_it_is_being_filed_it_is_taken_out_and_not_taken_for_filed(
    world: World, scan: bytes
) -> None:
    true = world.services.casefile

    class Slow(Failing):
        def file(self, entry: FilingEntry) -> str:
            if entry.case.file_number == F1 and entry.kind == "inbound":
                move(world.services, "anna", 1, F2, "falsch erfasst")
            return str(self._true.file(entry))

    file_due(replace(world.services, casefile=Slow(true, None)))
    with world.services.db.reading() as session:
        assert session.get_one(InboundDocument, 1).filed_at is None
    file_due(world.services)
    assert not holds(world, F1, scan)
    assert holds(world, F2, scan)


@pytest.mark.parametrize(
    ("fault", "lies"),
    [
        (CaseFileUnavailable("cmis-no-answer", "Keine Antwort."), False),
        (CaseFileError("cmis-constraint", "Gesperrt."), False),
        (None, True),
    ],
)
def test_as_long_as_the_old_file_does_not_let_go_it_is_tried_again_and_shown(
    world: World, scan: bytes, fault: Exception | None, lies: bool
) -> None:
    file_due(world.services)
    failing = with_case_file(world, fault, lies=lies)
    move(world.services, "anna", 1, F2, "falsch erfasst")
    file_due(world.services)
    assert the_move(world).withdrawn_at is None
    assert the_move(world).attempts == 1
    assert holds(world, F1, scan)
    assert kinds(world, F1) == ["inbound"]
    shown = [entry for entry in backlog(world.services, "anna").failing if "withdrawal" in entry.key]
    assert [entry.file_number for entry in shown] == [F1]
    failing.fault, failing.lies = None, False
    assert file_due(world.services).withdrawn == 0
    world.advance(hours=7)
    assert file_due(world.services).withdrawn == 1
    assert not holds(world, F1, scan)
    assert backlog(world.services).failing == []


def test_a_kill_after_the_withdrawal_and_before_its_confirmation_is_completed(
    world: World, scan: bytes
) -> None:
    file_due(world.services)
    move(world.services, "anna", 1, F2, "falsch erfasst")

    class Killed(Failing):
        def withdraw(self, case: CaseRef, key: str, document_key: str) -> None:
            self._true.withdraw(case, key, document_key)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        file_due(replace(world.services, casefile=Killed(world.services.casefile, None)))
    assert the_move(world).withdrawn_at is None
    world.advance(hours=2)
    file_due(world.services)
    assert the_move(world).noted_at is not None
    assert kinds(world, F1) == ["withdrawal"]


def test_bytes_that_only_the_wrong_file_still_has_come_home_before_they_are_withdrawn(
    world: World, scan: bytes
) -> None:
    file_due(world.services)
    with world.services.db.reading() as session:
        sha256 = session.get_one(InboundDocument, 1).sha256 or ""
        filing = session.exec(select(Filing).where(col(Filing.document_key).is_not(None))).one()
    with world.services.db.transaction() as session:
        session.add(
            ContentDeparture(
                document_sha256=sha256,
                kind=Kind.INBOUND,
                subject="inbound-1",
                case_id=filing.case_id,
                document_key=filing.document_key,
                decided_at=world.clock.now(),
            )
        )
    world.services.blobs.delete(sha256)
    move(world.services, "anna", 1, F2, "falsch erfasst")
    file_due(world.services)
    assert not holds(world, F1, scan)
    assert holds(world, F2, scan)
    assert open_inbound(world.services, "anna", 1).content == scan


def test_nothing_is_fetched_back_from_where_it_was_taken_out(world: World, scan: bytes) -> None:
    """The rolling sweep would report a loss."""
    file_due(world.services)
    move(world.services, "anna", 1, F2, "falsch erfasst")
    file_due(world.services)
    with world.services.db.reading() as session:
        query = select(Filing).where(col(Filing.key).startswith("inbound:"))
        old, new = session.exec(query.order_by(col(Filing.id))).all()
    assert (old.document_key, old.sha256, old.withdrawn_at is not None) == (None, None, True)
    assert new.document_key is not None


@pytest.fixture
def noted(world: World, tmp_path: Path) -> bytes:
    """The same with a transfer note beside the PDF, which is given back."""
    wrong = replace(ScanSpec.unknown(), index_file_number=F1)
    folder = make_delivery(tmp_path / "in", "west", "L-1", 1, [wrong], at=world.clock.now())
    notes: list[bytes] = []

    def with_note(raw: dict[str, Any]) -> None:
        (one,) = raw["documents"]
        notes.append(transfer_note(NoteSpec(one["document_id"], one["sha256"], 1)))
        (folder / "n.xml").write_bytes(notes[0])
        one["note"] = "n.xml"

    change_manifest(folder, with_note)
    import_delivery(world.services, folder, source="west")
    return notes[0]


def notes_in(world: World, file_number: str) -> list[bytes]:
    """The transfer notes of a file, as it gives them back, and every place where one is mentioned at all."""
    entries: list[dict[str, Any]] = []
    for file in files_of(world, file_number):
        if file.name == "index.json":
            entries = json.loads(file.read_bytes())["entries"]
        elif "Scanoperateurin" in file.read_bytes().decode(errors="replace"):
            entries.append({"metadata": {"transfer_note": file.name}})
    found = [entry["metadata"].get("transfer_note", "") for entry in entries]
    return [text.encode() for text in found if text not in ("", "Verlauf.md")]


def test_the_transfer_note_moves_with_its_document_and_none_stays_behind(world: World, noted: bytes) -> None:
    file_due(world.services)
    assert notes_in(world, F1) == [noted]
    move(world.services, "anna", 1, F2, "falsch erfasst")
    file_due(world.services)
    assert (notes_in(world, F1), notes_in(world, F2)) == ([], [noted])
    assert not any(b"Scanoperateurin" in file.read_bytes() for file in files_of(world, F1))


def let_scan_and_note_leave(world: World) -> None:
    """By their rules: only the file has them then."""
    file_due(world.services)
    for days in (60, 365):
        world.advance(days=days)
        apply(world.services)
    with world.services.db.reading() as session:
        note = session.exec(select(ScanNote)).one()
        assert (note.content, note.said) == (None, {})
        assert session.exec(select(ContentDeparture)).first() is not None


@pytest.mark.parametrize("target", [F2, None])
def test_a_note_that_only_the_wrong_file_still_has_comes_home_and_moves_with_its_document(
    world: World, noted: bytes, target: str | None
) -> None:
    let_scan_and_note_leave(world)
    move(world.services, "post", 1, target, "falsch erfasst")
    file_due(world.services)
    assert notes_in(world, F1) == []
    if target is None:
        assign(world.services, "post", 1, F2)
        file_due(world.services)
    assert notes_in(world, F2) == [noted]
    for file in files_of(world, F2):
        if file.name == "index.json":
            (entry,) = json.loads(file.read_bytes())["entries"]
            assert entry["metadata"]["scanned_by"] == "Scanoperateurin 0417"
    with world.services.db.reading() as session:
        note = session.exec(select(ScanNote)).one()
        assert (note.content, note.emptied_at, note.findings) == (noted, None, [])


def test_a_note_that_the_file_changed_is_not_taken_for_it_and_the_document_moves_all_the_same(
    world: World, noted: bytes
) -> None:
    let_scan_and_note_leave(world)

    class Changed(Failing):
        def transfer_note(self, case: CaseRef, key: str) -> bytes | None:
            return bytes(self._true.transfer_note(case, key)) + b" "

    world.services = replace(world.services, casefile=Changed(world.services.casefile, None))
    move(world.services, "post", 1, F2, "falsch erfasst")
    file_due(world.services)
    assert (notes_in(world, F1), notes_in(world, F2)) == ([], [])
    with world.services.db.reading() as session:
        note = session.exec(select(ScanNote)).one()
        assert (note.content, note.findings) == (None, ["note-not-kept"])
        actions = [entry.action for entry in session.exec(select(AuditEntry)).all()]
    assert actions.count("transfer-note-not-kept") == 1


def test_a_note_whose_document_moved_while_its_rule_was_applied_stays(world: World, noted: bytes) -> None:
    file_due(world.services)
    rule = world.services.retention.rule(Kind.TRANSFER_NOTE, world.services.today())
    assert empty_note(world.services, rule, "1") == 0
    with world.services.db.reading() as session:
        assert session.exec(select(ScanNote)).one().content == noted


def test_only_whoever_may_assign_in_both_offices_moves_and_never_without_a_reason(
    world: World, scan: bytes
) -> None:
    for login, case, error in (
        ("ahmad", F2, NotPermitted),
        ("bea", F2, NotPermitted),
        ("audit", None, NotPermitted),
        ("anna", "F3", NotPermitted),
        ("anna", "F1", InputError),
    ):
        with pytest.raises(error):
            move(world.services, login, 1, case, "falsch erfasst")
    with pytest.raises(InputError):
        move(world.services, "anna", 1, F2, "  ")
    move(world.services, "post", 1, "F3", "gehört nach Ahaus")
    with pytest.raises(NotPermitted):
        open_inbound(world.services, "anna", 1)
    assert open_inbound(world.services, "ahmad", 1).content == scan
    with world.services.db.reading() as session:
        assert len(session.exec(select(InboundMove)).all()) == 1
