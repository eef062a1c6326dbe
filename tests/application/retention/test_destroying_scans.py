"""What scan sites delivered and no case file has goes by its rule, and never while something about it is open."""

import shutil
from pathlib import Path

import pytest
from sqlmodel import select

from gateway.application.arrivals.rescanning import report_finding
from gateway.application.filing.filing import file_due
from gateway.application.inbound.placing import assign
from gateway.application.retention.destroying import Pass, apply, plan
from gateway.application.retention.locking import lock_deletion
from gateway.db.arrivals import ScanNote
from gateway.db.files import InboundDocument
from gateway.db.people import AuditEntry
from gateway.domain.inbound.feedback import ScanFinding
from gateway.errors import DocumentInvalid
from gateway.testing.scan_centre.notes import NoteSpec, transfer_note
from gateway.testing.scans import ScanSpec
from tests.application.arrivals.test_receiving import SOURCE, change_manifest, deliver, take
from tests.application.arrivals.test_receiving_faults import rows
from tests.application.arrivals.test_rescanning import number, rescanned
from tests.application.retention.test_destroying import here
from tests.world import World


def applied(world: World, days: int = 0) -> Pass:
    if days:
        world.advance(days=days)
    would = plan(world.services)
    done = apply(world.services)
    assert done is not None
    assert done.gone == would.gone
    return done


def spoiled(world: World, tmp_path: Path) -> InboundDocument:
    """A delivery with a document that was rejected, and a file that its manifest does not name."""
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    (scan,) = folder.glob("*.pdf")
    scan.write_bytes(scan.read_bytes() + b" ")
    (folder / "notiz.txt").write_text("nicht genannt")
    take(world, folder)
    shutil.rmtree(folder)
    found: InboundDocument = rows(world, InboundDocument)[-1]
    return found


def kept(world: World) -> Path:
    return world.services.quarantine_dir / SOURCE / "L-1"


def test_what_was_rejected_stays_until_it_came_again_and_then_its_term(world: World, tmp_path: Path) -> None:
    bad = spoiled(world, tmp_path)
    assert len(list(kept(world).iterdir())) == 2
    done = applied(world, days=4000)
    assert "rejected-scan" not in done.gone
    assert done.kept["rejected-scan"] == {"unfinished": 1}
    rescanned(world, tmp_path, bad)
    assert applied(world, days=59).kept["rejected-scan"] == {"term-running": 1}
    assert kept(world).is_dir()
    assert applied(world, days=1).gone["rejected-scan"] == 1
    assert not kept(world).exists()
    with world.services.db.reading() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "kept-scans-deleted")).one()
    assert (entry.subject, entry.details) == (f"{SOURCE}/L-1", {"rule": "rejected-scan", "files": 2})
    assert "rejected-scan" not in applied(world, days=1).gone


def test_a_lock_of_the_case_keeps_what_was_rejected_before(world: World, tmp_path: Path) -> None:
    new = rescanned(world, tmp_path, spoiled(world, tmp_path))
    assign(world.services, "post", number(new), "F1")
    lock_deletion(world.services, "both", "F1", "Klage")
    assert applied(world, days=4000).kept["rejected-scan"] == {"locked": 1}
    assert kept(world).is_dir()


def test_a_delivery_that_nobody_decided_about_stays_whatever_its_age(world: World, tmp_path: Path) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(DocumentInvalid):
        take(world, folder)
    assert applied(world, days=4000).kept["scan-quarantine"] == {"unfinished": 1}


def test_a_scan_that_was_given_back_goes_when_the_site_knows_and_the_new_one_is_filed(
    world: World, tmp_path: Path
) -> None:
    take(world, deliver(world, tmp_path, ScanSpec.unknown()))
    (bad,) = rows(world, InboundDocument)
    report_finding(world.services, "post", number(bad), ScanFinding.RESCAN, reject=True)
    assert applied(world, days=4000).kept["given-back"] == {"unfinished": 1}
    new = rescanned(world, tmp_path, bad)
    assert applied(world, days=100).kept["given-back"] == {"unfinished": 1}, "the new one is in no file"
    assign(world.services, "post", number(new), "F1")
    file_due(world.services)
    assert applied(world, days=89).kept["given-back"] == {"term-running": 1}
    assert here(world, bad.sha256 or "")
    assert applied(world, days=1).gone["given-back"] == 1
    assert not here(world, bad.sha256 or "")


def test_a_replaced_scan_stays_for_its_term_and_longer_in_a_locked_case(world: World, tmp_path: Path) -> None:
    take(world, deliver(world, tmp_path, ScanSpec.unknown()))
    (old,) = rows(world, InboundDocument)
    assign(world.services, "post", number(old), "F1")
    file_due(world.services)
    new = rescanned(world, tmp_path, old)
    assign(world.services, "post", number(new), "F1")
    lock_deletion(world.services, "both", "F1", "Widerspruch")
    file_due(world.services)
    done = applied(world, days=4000)
    assert (done.gone, done.kept["given-back"]) == ({"master-data": 3}, {"locked": 1})
    assert here(world, old.sha256 or "")


def test_a_transfer_note_goes_a_year_after_its_scan_was_filed_and_its_hash_stays(
    world: World, tmp_path: Path
) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown())

    def with_note(raw: dict[str, list[dict[str, str]]]) -> None:
        (one,) = raw["documents"]
        (folder / "n.xml").write_bytes(transfer_note(NoteSpec(one["document_id"], one["sha256"], 1)))
        one["note"] = "n.xml"

    change_manifest(folder, with_note)
    take(world, folder)
    assert applied(world, days=4000).gone == {"master-data": 4}, "its scan is in no file"
    assign(world.services, "post", number(rows(world, InboundDocument)[0]), "F1")
    file_due(world.services)
    (before,) = rows(world, ScanNote)
    assert applied(world, days=60).gone == {"inbound": 1}
    assert applied(world, days=304).gone == {}
    assert applied(world, days=1).gone == {"transfer-note": 1}
    (after,) = rows(world, ScanNote)
    assert (after.content, after.said, after.sha256) == (None, {}, before.sha256)
    assert after.emptied_at == world.clock.now()
    assert applied(world, days=1).gone == {}
