"""A wrong link between two papers is undone with all that followed: states, files, counts, what is asked for."""

from pathlib import Path

import pytest

from gateway.application.arrivals.answering_scans import send_answers
from gateway.application.arrivals.rejected_scans import awaited
from gateway.application.arrivals.rescanning import feedback_of, report_finding
from gateway.application.filing.filing import file_due
from gateway.application.inbound.placing import assign
from gateway.application.paper.parting import part_paper
from gateway.application.paper.same_paper import link_paper
from gateway.db.files import InboundDocument, InboundState
from gateway.db.people import AuditEntry
from gateway.domain.inbound.feedback import ScanFinding
from gateway.domain.paper.originals import Paper
from gateway.errors import Conflict, InputError, NotPermitted
from gateway.testing.scans import ScanSpec
from tests.application.arrivals.test_receiving import change_manifest, deliver, take
from tests.application.arrivals.test_receiving_faults import rows
from tests.application.arrivals.test_rejected import of_paper, redelivered
from tests.application.arrivals.test_rescanning import number, scans_in_file
from tests.application.retention.test_destroying_scans import spoiled
from tests.world import World

pytestmark = pytest.mark.both_databases


def now(world: World, document: InboundDocument) -> InboundDocument:
    found: InboundDocument = next(each for each in rows(world, InboundDocument) if each.id == document.id)
    return found


def in_case(world: World, document: InboundDocument, case: str) -> None:
    assign(world.services, "post", number(document), case)
    file_due(world.services)
    file_due(world.services)


def test_a_wrong_link_and_the_true_rescan_after_it_are_put_right_in_one_step(
    world: World, tmp_path: Path
) -> None:
    bad = spoiled(world, tmp_path)
    other = redelivered(world, tmp_path, "L-2")
    in_case(world, other, "F1")
    link_paper(world.services, "post", number(bad), number(other))
    true = redelivered(world, tmp_path, "L-3", replaces=bad.document_id)
    assert (now(world, other).state, true.replaces_id) == (InboundState.REPLACED, other.id)
    assert true.proposed_case_id == now(world, other).case_id
    in_case(world, true, "F3")
    assert scans_in_file(world) == [], "the wrong scan has left its file"
    for login in ("anna", "audit"):
        with pytest.raises(NotPermitted):
            part_paper(world.services, login, number(bad), "zwei Papiere")
    with pytest.raises(InputError):
        part_paper(world.services, "post", number(bad), " ")

    part_paper(world.services, "post", number(bad), "zwei Papiere")
    assert (now(world, other).state, now(world, other).replaces_id) == (InboundState.ASSIGNED, None)
    assert now(world, true).replaces_id == bad.id, "as its manifest said"
    assert awaited(world.services, "post") == [], "its paper came again"
    assert of_paper(world) == {Paper.KEPT: 2}
    file_due(world.services)
    assert scans_in_file(world) == [other.document_id]
    actions = [(row.action, row.subject) for row in rows(world, AuditEntry) if row.actor == "post"]
    assert ("paper-parted", f"inbound-{bad.id}") in actions
    assert ("inbound-restored", f"inbound-{other.id}") in actions
    with pytest.raises(Conflict) as refused:
        part_paper(world.services, "post", number(other), "noch einmal")
    assert refused.value.code == "paper-not-linked"

    newest = redelivered(world, tmp_path, "L-4", replaces=other.document_id)
    assert now(world, other).state is InboundState.REPLACED
    in_case(world, newest, "F1")
    assert scans_in_file(world) == [newest.document_id], "it leaves for its own rescan as every other"
    assert of_paper(world) == {Paper.KEPT: 2}


def test_what_was_on_the_desk_stands_there_again_and_the_wrong_case_is_proposed_no_more(
    world: World, tmp_path: Path
) -> None:
    bad = spoiled(world, tmp_path)
    other = redelivered(world, tmp_path, "L-2")
    link_paper(world.services, "post", number(bad), number(other))
    report_finding(world.services, "post", number(other), ScanFinding.PAGE_MISSING)
    first = redelivered(world, tmp_path, "L-3", replaces=bad.document_id)
    second = redelivered(world, tmp_path, "L-4", replaces=other.document_id)
    assert [each.state for each in rows(world, InboundDocument)] == [
        InboundState.QUARANTINE,
        InboundState.REPLACED,
        InboundState.REPLACED,
        InboundState.DESK,
    ]
    part_paper(world.services, "post", number(bad), "zwei Papiere")
    assert [(each.state, each.replaces_id) for each in rows(world, InboundDocument)] == [
        (InboundState.QUARANTINE, None),
        (InboundState.REPLACED, None),
        (InboundState.DESK, bad.id),
        (InboundState.DESK, other.id),
    ]
    assert [number(first), number(second)] == [3, 4]
    (told,) = feedback_of(world.services, number(other))
    assert told.settled_at is not None, "its own rescan is here"
    assert of_paper(world) == {Paper.KEPT: 2}


def test_what_a_wrong_link_seemed_to_answer_is_asked_for_again_with_its_old_due_day(
    world: World, tmp_path: Path
) -> None:
    take(world, deliver(world, tmp_path, ScanSpec.unknown()))
    (bad,) = rows(world, InboundDocument)
    report_finding(world.services, "post", number(bad), ScanFinding.UNREADABLE, reject=True)
    send_answers(world.services)
    (before,) = awaited(world.services, "post")
    assert before.due is not None
    other = redelivered(world, tmp_path)
    link_paper(world.services, "post", number(bad), number(other))
    assert awaited(world.services, "post") == []
    part_paper(world.services, "post", number(bad), "zwei Papiere")
    (line,) = awaited(world.services, "post")
    assert (line.inbound_id, line.due) == (bad.id, before.due)


def test_a_wrong_number_of_the_scan_site_is_undone_on_the_scan_that_it_replaced(
    world: World, tmp_path: Path
) -> None:
    first = redelivered(world, tmp_path, "L-1")
    in_case(world, first, "F1")
    report_finding(world.services, "post", number(first), ScanFinding.PAGE_MISSING)
    wrong = redelivered(world, tmp_path, "L-2", replaces=first.document_id)
    assert wrong.proposed_case_id is not None
    part_paper(world.services, "post", number(first), "anderes Papier")
    assert now(world, first).state is InboundState.ASSIGNED
    assert now(world, first).filed_at is not None
    assert (now(world, wrong).replaces_id, now(world, wrong).proposed_case_id) == (None, None)
    (told,) = feedback_of(world.services, number(first))
    assert told.settled_at is None, "the page is missing still"
    assert of_paper(world) == {Paper.KEPT: 2}
    file_due(world.services)
    assert scans_in_file(world) == [first.document_id]


def test_a_scan_whose_bytes_are_gone_does_not_stand_again(world: World, tmp_path: Path) -> None:
    first = redelivered(world, tmp_path, "L-1")
    redelivered(world, tmp_path, "L-2", replaces=first.document_id)
    world.services.blobs.delete(first.sha256 or "")
    with pytest.raises(Conflict) as refused:
        part_paper(world.services, "post", number(first), "anderes Papier")
    assert refused.value.code == "scan-gone"
    assert now(world, first).state is InboundState.REPLACED


def test_two_documents_never_replace_each_other(world: World, tmp_path: Path) -> None:
    first = redelivered(world, tmp_path, "L-1")
    bad = redelivered_badly(world, tmp_path, first)
    assert (bad.state, bad.replaces_id) == (InboundState.QUARANTINE, first.id)
    with pytest.raises(InputError):
        link_paper(world.services, "post", number(bad), number(first))


def redelivered_badly(world: World, tmp_path: Path, earlier: InboundDocument) -> InboundDocument:
    folder = deliver(world, tmp_path, ScanSpec.unknown(), name="L-2", sequence=2)
    change_manifest(
        folder, lambda told: told["documents"][0].update(replaces=earlier.document_id, sha256="0" * 64)
    )
    take(world, folder)
    found: InboundDocument = rows(world, InboundDocument)[-1]
    return found
