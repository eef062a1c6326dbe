"""What was rejected: chased until it comes again, one paper under two numbers, and gone only when all is settled."""

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.application.account.account_inbound import inbound_balances
from gateway.application.arrivals.answering_scans import send_answers
from gateway.application.arrivals.delivery_view import delivery_view, rejected_view
from gateway.application.arrivals.rejected_scans import awaited
from gateway.application.arrivals.rescanning import report_finding
from gateway.application.desk.alarming import alarms, settle
from gateway.application.desk.desk_view import desk
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.paper.paper_destroying import take_reports
from gateway.application.paper.paper_facts import papers
from gateway.application.paper.paper_holding import hold
from gateway.application.paper.paper_releasing import release_plan
from gateway.application.paper.paper_returning import arrived, recall
from gateway.application.paper.paper_view import originals, paper_view
from gateway.application.paper.parting import part_paper
from gateway.application.paper.same_paper import link_paper, stop_waiting
from gateway.db.files import InboundDocument, InboundState
from gateway.db.originals import DestructionItem
from gateway.domain.desk.alarms import AlarmAction, AlarmKind
from gateway.domain.inbound.feedback import ScanFinding
from gateway.domain.inbound.rejected import Expectation
from gateway.domain.paper.original_reports import PaperFinding
from gateway.domain.paper.originals import Hold, Paper
from gateway.errors import Conflict, InputError, NotFound, NotPermitted
from gateway.testing.scans import ScanSpec
from tests.application.arrivals.test_receiving import SOURCE, change_manifest, deliver, take
from tests.application.arrivals.test_receiving_faults import rows
from tests.application.arrivals.test_rescanning import number
from tests.application.retention.test_destroying import here
from tests.application.retention.test_destroying_scans import applied, kept, spoiled
from tests.world import World

pytestmark = pytest.mark.both_databases


def redelivered(
    world: World, tmp_path: Path, name: str = "L-2", *, replaces: str | None = None
) -> InboundDocument:
    """A document under a new number, which may name the one whose paper it is of."""
    folder = deliver(world, tmp_path, ScanSpec.unknown(), name=name, sequence=2)
    if replaces:
        change_manifest(folder, lambda told: told["documents"][0].update(replaces=replaces))
    take(world, folder)
    make_rounds(world.services)
    found: InboundDocument = rows(world, InboundDocument)[-1]
    return found


def chased(world: World) -> list[str]:
    return [one.key for one in alarms(world.services, "post") if one.kind is AlarmKind.SCAN_NOT_REDELIVERED]


def of_paper(world: World, *documents: InboundDocument) -> dict[Paper, int]:
    make_rounds(world.services)
    return {paper: count for paper, count in originals(world.services, "post").counts.items() if count}


def test_what_never_comes_again_goes_when_paper_and_person_are_settled_and_not_before(
    world: World, tmp_path: Path
) -> None:
    bad = number(spoiled(world, tmp_path))
    make_rounds(world.services)
    with pytest.raises(Conflict) as too_early:
        stop_waiting(world.services, "post", bad, "kommt nicht mehr")
    assert too_early.value.code == "paper-not-settled"
    recall(world.services, "post", bad, "kommt nicht mehr")
    with pytest.raises(Conflict):
        stop_waiting(world.services, "post", bad, "nur gefordert, nicht da")
    arrived(world.services, "post", bad)
    assert applied(world, days=4000).kept["rejected-scan"] == {"unfinished": 1}, "nobody decided"
    with pytest.raises(InputError):
        stop_waiting(world.services, "post", bad, " ")
    stop_waiting(world.services, "post", bad, "Papier ist im Haus")
    assert applied(world, days=59).kept["rejected-scan"] == {"term-running": 1}
    assert applied(world, days=1).gone["rejected-scan"] == 1
    assert not kept(world).exists()
    with pytest.raises(Conflict) as twice:
        stop_waiting(world.services, "post", bad, "noch einmal")
    assert twice.value.code == "nothing-awaited"
    with pytest.raises(DBAPIError), world.services.db.transaction() as session:
        session.execute(text("UPDATE rejected_closing SET decided_by = 'x'"))


def test_paper_that_the_site_does_not_find_can_be_closed_too(world: World, tmp_path: Path) -> None:
    bad = number(spoiled(world, tmp_path))
    make_rounds(world.services)
    name = recall(world.services, "post", bad, "kommt nicht mehr")
    told = {"schema": "recall-answer/1", "answers": [{"recall": name, "answer": "not-found", "shipment": ""}]}
    take_reports(world.services, SOURCE, [("a.json", json.dumps(told).encode())])
    stop_waiting(world.services, "post", bad, "Scanstelle findet es nicht")
    assert awaited(world.services, "post") == []


def test_a_scan_that_was_given_back_and_never_comes_again_goes_the_same_way(
    world: World, tmp_path: Path
) -> None:
    take(world, deliver(world, tmp_path, ScanSpec.unknown()))
    (bad,) = rows(world, InboundDocument)
    report_finding(world.services, "post", number(bad), ScanFinding.UNREADABLE, reject=True)
    with pytest.raises(Conflict) as told:
        stop_waiting(world.services, "post", number(bad), "die Scanstelle weiß es noch nicht")
    assert told.value.code == "site-not-told"
    send_answers(world.services)
    make_rounds(world.services)
    assert [line.inbound_id for line in awaited(world.services, "post")] == [bad.id]
    recall(world.services, "post", number(bad), "kommt nicht mehr")
    arrived(world.services, "post", number(bad))
    stop_waiting(world.services, "post", number(bad), "Papier ist im Haus")
    assert applied(world, days=89).gone == {}
    assert here(world, bad.sha256 or "")
    assert applied(world, days=1).gone["given-back"] == 1
    assert not here(world, bad.sha256 or "")


def test_what_is_waited_for_has_a_due_day_and_comes_to_the_desk_until_it_came(
    world: World, tmp_path: Path
) -> None:
    bad = spoiled(world, tmp_path)
    (line,) = awaited(world.services, "post")
    assert (line.inbound_id, line.code) == (bad.id, "scan-hash-mismatch")
    assert line.due is not None
    assert (line.due - world.services.today()).days == 10
    world.advance(days=10)
    assert chased(world) == []
    assert (desk(world.services, "post").inbound, desk(world.services, "post").inbound_total) == ([], 0)
    world.advance(days=1)
    (key,) = chased(world)
    told = desk(world.services, "post")
    assert [one.message[:26] for one in told.alarms if one.key == key] == ["Ein abgelehntes Dokument d"]
    assert told.inbound == [], "it is said once: nobody can assign what was rejected"
    settle(world.services, "post", key, AlarmAction.SETTLE, "Scanstelle gefragt")
    assert chased(world) == []
    world.advance(days=9)
    assert chased(world) == []
    world.advance(days=1)
    assert len(chased(world)) == 1, "it did not come: asked for again"
    redelivered(world, tmp_path, replaces=bad.document_id)
    assert chased(world) == []
    assert awaited(world.services, "post") == []


def test_what_is_here_already_is_not_waited_for(world: World, tmp_path: Path) -> None:
    folder = deliver(world, tmp_path, ScanSpec.unknown())
    take(world, folder)
    again = deliver(world, tmp_path, ScanSpec.unknown(), name="L-2", sequence=2)
    id_before = rows(world, InboundDocument)[0].document_id
    change_manifest(again, lambda told: told["documents"][0].update(document_id=id_before))
    assert take(world, again) == {"quarantine": 1}
    assert awaited(world.services, "post") == []
    make_rounds(world.services)
    world.advance(days=60)
    blocked = {row.inbound_id for row in release_plan(world.services).blocked}
    assert rows(world, InboundDocument)[0].id in blocked, "the first one still speaks for its paper"


def test_a_paper_that_the_manifest_names_is_one_paper_even_when_it_is_rejected_twice(
    world: World, tmp_path: Path
) -> None:
    bad = spoiled(world, tmp_path)
    folder = deliver(world, tmp_path, ScanSpec.unknown(), name="L-2", sequence=2)
    change_manifest(folder, lambda told: told["documents"][0].update(replaces=bad.document_id, sha256="0" * 64))
    take(world, folder)
    middle = rows(world, InboundDocument)[-1]
    assert (middle.state, middle.replaces_id) == (InboundState.QUARANTINE, bad.id)
    assert [line.inbound_id for line in awaited(world.services, "post")] == [middle.id]
    assert of_paper(world) == {Paper.KEPT: 1}
    new = redelivered(world, tmp_path, "L-3", replaces=middle.document_id)
    assert of_paper(world) == {Paper.KEPT: 1}
    assert awaited(world.services, "post") == []
    view = rejected_view(world.services, "post", number(bad))
    assert view is not None
    assert (view.newer, view.line.expected) == (new.id, Expectation.CAME_AGAIN)
    assert applied(world, days=60).gone["rejected-scan"] == 2


def waits_for(world: World, document: InboundDocument) -> tuple[Expectation, int | None, bool]:
    """What is expected of a rejected document, what speaks for its paper, and whether a day is due."""
    view = rejected_view(world.services, "post", number(document))
    assert view is not None
    return view.line.expected, view.newer, view.line.due is not None


def test_what_is_awaited_is_for_those_who_receive_scans(world: World, tmp_path: Path) -> None:
    spoiled(world, tmp_path)
    for login in ("anna", "bea"):
        with pytest.raises(NotPermitted):
            awaited(world.services, login)


def test_of_what_is_settled_no_day_is_due(world: World, tmp_path: Path) -> None:
    bad = spoiled(world, tmp_path)
    make_rounds(world.services)
    assert waits_for(world, bad) == (Expectation.OPEN, None, True)
    late = under_number(world, tmp_path, "L-2", bad.document_id)
    assert waits_for(world, bad) == (Expectation.CAME_AGAIN, late.id, False)
    again = under_number(world, tmp_path, "L-3", bad.document_id)
    assert waits_for(world, again)[::2] == (Expectation.HERE_BEFORE, False)


def test_of_what_nobody_waits_for_any_more_no_day_is_due(world: World, tmp_path: Path) -> None:
    bad = spoiled(world, tmp_path)
    make_rounds(world.services)
    recall(world.services, "post", number(bad), "kommt nicht mehr")
    arrived(world.services, "post", number(bad))
    stop_waiting(world.services, "post", number(bad), "Papier ist im Haus")
    assert waits_for(world, bad) == (Expectation.CLOSED, None, False)


def test_what_was_refused_because_its_paper_is_here_never_speaks_for_the_paper(
    world: World, tmp_path: Path
) -> None:
    bad = spoiled(world, tmp_path)
    new = redelivered(world, tmp_path, replaces=bad.document_id)
    late = under_number(world, tmp_path, "L-3", bad.document_id)
    assert late.finding_code == "scan-id-repeated"
    report_finding(world.services, "post", number(new), ScanFinding.UNREADABLE, reject=True)
    assert waits_for(world, bad)[1] == new.id
    assert [line.inbound_id for line in awaited(world.services, "post")] == [new.id]


def test_of_two_rescans_of_one_paper_the_one_that_was_taken_speaks_for_the_one_that_was_not(
    world: World, tmp_path: Path
) -> None:
    first = redelivered(world, tmp_path, "L-1")
    folder = deliver(world, tmp_path, ScanSpec.unknown(), name="L-2", sequence=2)
    change_manifest(
        folder, lambda told: told["documents"][0].update(replaces=first.document_id, sha256="0" * 64)
    )
    take(world, folder)
    bad = rows(world, InboundDocument)[-1]
    new = redelivered(world, tmp_path, "L-3", replaces=first.document_id)
    assert (bad.replaces_id, new.replaces_id) == (first.id, first.id)
    assert waits_for(world, bad) == (Expectation.CAME_AGAIN, new.id, False)


def under_number(world: World, tmp_path: Path, name: str, document_id: str) -> InboundDocument:
    """A document that comes (again) under this number."""
    folder = deliver(world, tmp_path, ScanSpec.unknown(), name=name, sequence=9)
    change_manifest(folder, lambda told: told["documents"][0].update(document_id=document_id))
    take(world, folder)
    make_rounds(world.services)
    found: InboundDocument = rows(world, InboundDocument)[-1]
    return found


def scanned(world: World) -> list[tuple[str, int, int, int, int]]:
    """Of each delivery: scanned, on the desk, quarantined, missing. Each document is on one line."""
    with world.services.db.reading() as session:
        found = reversed(list(inbound_balances(session, world.services)))
        return [(one.delivery, one.scanned, one.desk, one.quarantined, one.missing) for one in found]


def test_a_paper_that_comes_twice_is_one_paper_and_asked_for_when_its_first_scan_is_given_back(
    world: World, tmp_path: Path
) -> None:
    take(world, deliver(world, tmp_path, ScanSpec.unknown()))
    (first,) = rows(world, InboundDocument)
    again = under_number(world, tmp_path, "L-2", first.document_id)
    assert (again.state, again.finding_code) == (InboundState.QUARANTINE, "scan-id-repeated")
    assert of_paper(world) == {Paper.KEPT: 1}
    assert scanned(world) == [("L-1", 1, 1, 0, 0), ("L-2", 1, 0, 1, 0)]
    assert awaited(world.services, "post") == []
    report_finding(world.services, "post", number(first), ScanFinding.UNREADABLE, reject=True)
    assert of_paper(world) == {Paper.KEPT: 1}
    assert [line.inbound_id for line in awaited(world.services, "post")] == [first.id]


def test_a_rescanned_paper_that_comes_under_its_old_number_too_is_not_taken_twice(
    world: World, tmp_path: Path
) -> None:
    bad = spoiled(world, tmp_path)
    new = redelivered(world, tmp_path, replaces=bad.document_id)
    late = under_number(world, tmp_path, "L-3", bad.document_id)
    assert (late.state, late.finding_code) == (InboundState.QUARANTINE, "scan-id-repeated")
    assert of_paper(world) == {Paper.KEPT: 1}
    assert scanned(world) == [("L-1", 1, 0, 1, 0), ("L-2", 1, 1, 0, 0), ("L-3", 1, 0, 1, 0)]
    part_paper(world.services, "post", number(bad), "doch zwei Papiere")
    assert [line.inbound_id for line in awaited(world.services, "post")] == [bad.id]
    assert of_paper(world) == {Paper.KEPT: 2}
    come = under_number(world, tmp_path, "L-4", bad.document_id)
    assert come.state is InboundState.DESK, "nothing of it is here"
    assert of_paper(world) == {Paper.KEPT: 2}
    assert awaited(world.services, "post") == []
    assert new.state is InboundState.DESK


def test_whichever_of_its_numbers_a_rescan_names_it_takes_the_place_of_the_newest_scan(
    world: World, tmp_path: Path
) -> None:
    first = redelivered(world, tmp_path, "L-1")
    second = redelivered(world, tmp_path, "L-2", replaces=first.document_id)
    third = redelivered(world, tmp_path, "L-3", replaces=first.document_id)
    states = [each.state for each in rows(world, InboundDocument)]
    assert states == [InboundState.REPLACED, InboundState.REPLACED, InboundState.DESK]
    assert third.replaces_id == second.id
    assert of_paper(world) == {Paper.KEPT: 1}


def test_a_rescan_that_is_rejected_is_no_paper_beside_the_scan_that_it_was_to_replace(
    world: World, tmp_path: Path
) -> None:
    first = redelivered(world, tmp_path, "L-1")
    folder = deliver(world, tmp_path, ScanSpec.unknown(), name="L-2", sequence=2)
    change_manifest(
        folder, lambda told: told["documents"][0].update(replaces=first.document_id, sha256="0" * 64)
    )
    take(world, folder)
    bad = rows(world, InboundDocument)[-1]
    assert (bad.state, bad.replaces_id) == (InboundState.QUARANTINE, first.id)
    assert of_paper(world) == {Paper.KEPT: 1}
    assert [line.inbound_id for line in awaited(world.services, "post")] == [bad.id]
    redelivered(world, tmp_path, "L-3", replaces=first.document_id)
    assert of_paper(world) == {Paper.KEPT: 1}
    assert awaited(world.services, "post") == []


def test_the_post_room_links_old_and_new_and_nobody_guesses(world: World, tmp_path: Path) -> None:
    bad = spoiled(world, tmp_path)
    new = redelivered(world, tmp_path)
    assert new.replaces_id is None, "nobody said so"
    assert of_paper(world) == {Paper.KEPT: 2}
    with pytest.raises(NotPermitted):
        link_paper(world.services, "anna", number(bad), number(new))
    with pytest.raises(InputError):
        link_paper(world.services, "post", number(new), number(bad))
    with pytest.raises(NotFound):
        link_paper(world.services, "post", number(bad), 4711)
    link_paper(world.services, "post", number(bad), number(new))
    assert of_paper(world) == {Paper.KEPT: 1}
    with pytest.raises(Conflict):
        link_paper(world.services, "post", number(bad), number(new))
    part_paper(world.services, "post", number(bad), "anderes Papier")
    assert [line.inbound_id for line in awaited(world.services, "post")] == [bad.id]
    assert of_paper(world) == {Paper.KEPT: 2}


def test_destruction_speaks_of_one_paper_whichever_number_the_certificate_names(
    world: World, tmp_path: Path
) -> None:
    bad = spoiled(world, tmp_path)
    new = redelivered(world, tmp_path, replaces=bad.document_id)
    told = {
        "schema": "destruction-certificate/1",
        "certificate": "VN-1",
        "destroyed_on": world.services.today().isoformat(),
        "container": "B-1",
        "seal": "P-1",
        "process": "Schreddern",
        "level": "P-5",
        "quantity": 1,
        "signed_by": "M. V.",
        "documents": [{"delivery": "L-1", "document_id": bad.document_id}],
    }
    take_reports(world.services, SOURCE, [("VN-1.json", json.dumps(told).encode())])
    (item,) = rows(world, DestructionItem)
    assert (item.inbound_id, item.finding) == (new.id, PaperFinding.NOT_RELEASED)
    assert of_paper(world) == {Paper.DESTROYED: 1}
    view = paper_view(world.services, "post", number(bad))
    assert view is not None
    assert (view.row.inbound_id, view.row.facts.paper) == (new.id, Paper.DESTROYED)


def test_what_holds_a_paper_holds_it_under_its_new_number(world: World, tmp_path: Path) -> None:
    bad = spoiled(world, tmp_path)
    make_rounds(world.services)
    hold(world.services, "post", number(bad), Hold.OTHER, "wird gebraucht")
    new = redelivered(world, tmp_path, replaces=bad.document_id)
    with world.services.db.reading() as session:
        holds = {row.inbound_id: row.facts.holds for row in papers(session, world.services)}
    assert holds[number(new)] == {Hold.OTHER}


def test_a_delivery_shows_what_of_it_is_waited_for_to_those_who_receive_scans(
    world: World, tmp_path: Path
) -> None:
    bad = spoiled(world, tmp_path)
    view = delivery_view(world.services, "post", bad.delivery_id)
    assert (view.open, view.rejected_total, view.strays) == (1, 1, 1)
    assert [line.inbound_id for line in view.rejected] == [bad.id]
    for login in ("anna", "bea"):
        with pytest.raises(NotPermitted):
            delivery_view(world.services, login, bad.delivery_id)
    with pytest.raises(NotFound):
        delivery_view(world.services, "post", 4711)
    shutil.rmtree(tmp_path / "in", ignore_errors=True)
