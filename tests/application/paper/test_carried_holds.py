"""What holds a paper holds it under its newest number; over a link that was wrong, it leaves the other paper again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError as DatabaseRefuses
from sqlmodel import select

from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.paper.paper_facts import papers
from gateway.application.paper.paper_holding import hold, let_go
from gateway.application.paper.paper_holds import add_hold
from gateway.application.paper.paper_view import paper_view
from gateway.application.paper.parting import part_paper
from gateway.application.paper.same_paper import link_paper
from gateway.db.files import InboundDocument
from gateway.db.originals import Original, OriginalEvent, OriginalEventKind, OriginalHold
from gateway.db.people import AuditEntry
from gateway.domain.paper.originals import Hold
from gateway.errors import Conflict
from tests.application.arrivals.test_receiving_faults import rows
from tests.application.arrivals.test_rejected import redelivered, under_number
from tests.application.arrivals.test_rescanning import number
from tests.application.paper.test_parting import redelivered_badly
from tests.application.retention.test_destroying_scans import spoiled
from tests.world import World

pytestmark = pytest.mark.both_databases
CASH = "Geldscheine im Umschlag"
Held = dict[int, list[tuple[Hold, str]]]


def held(world: World) -> Held:
    """Paper → what holds it, as the page shows it; what the papers count is the same."""
    found: Held = {}
    with world.services.db.reading() as session:
        live = select(OriginalHold).where(OriginalHold.lifted_at.is_(None)).order_by(OriginalHold.id)  # type: ignore[union-attr,arg-type]
        for each in session.exec(live).all():
            found.setdefault(each.inbound_id, []).append((each.kind, each.reason))
        counted = {row.inbound_id: row.holds for row in session.exec(select(Original)).all() if row.holds}
        assert counted == {number: len(holds) for number, holds in found.items()}
        told = {row.inbound_id: set(row.facts.holds) for row in papers(session, world.services)}
    assert {number: {kind for kind, _ in holds} for number, holds in found.items()} == {
        number: kinds for number, kinds in told.items() if kinds
    }
    return found


def sealed(world: World, tmp_path: Path) -> InboundDocument:
    """Rejected, and cash lies in its envelope."""
    bad = spoiled(world, tmp_path)
    make_rounds(world.services)
    hold(world.services, "post", number(bad), Hold.SEALED, CASH)
    return bad


def let_newest_go(world: World, document: InboundDocument, reason: str) -> None:
    view = paper_view(world.services, "post", number(document))
    assert view is not None
    (only,) = view.holds
    assert let_go(world.services, "post", only.id or 0, reason) == document.id


def swept(world: World) -> Held:
    """After the sweep did it all once more, and set nothing anew."""
    before = len(rows(world, OriginalHold))
    make_rounds(world.services)
    assert len(rows(world, OriginalHold)) == before
    return held(world)


def test_a_hold_that_came_over_a_wrong_link_leaves_with_the_link_and_says_why(
    world: World, tmp_path: Path
) -> None:
    bad = sealed(world, tmp_path)
    other = redelivered(world, tmp_path)
    link_paper(world.services, "post", number(bad), number(other))
    both: Held = {number(bad): [(Hold.SEALED, CASH)], number(other): [(Hold.SEALED, CASH)]}
    assert held(world) == swept(world) == both, "no release between the link and the next sweep"
    with pytest.raises(Conflict):
        hold(world.services, "post", number(other), Hold.SEALED, "noch einmal")

    part_paper(world.services, "post", number(bad), "zwei Papiere")
    assert held(world) == swept(world) == {number(bad): [(Hold.SEALED, CASH)]}
    (lifted,) = [each for each in rows(world, OriginalHold) if each.lifted_at is not None]
    assert (lifted.inbound_id, lifted.lifted_by) == (other.id, "system")
    assert "Verknüpfung der beiden Scans war falsch" in (lifted.lift_reason or "")
    (event,) = [each for each in rows(world, OriginalEvent) if each.kind is OriginalEventKind.LET_GO]
    assert (event.inbound_id, event.note) == (other.id, f"Bargeld oder „persönlich“: {lifted.lift_reason}")
    (entry,) = [each for each in rows(world, AuditEntry) if each.action == "original-let-go"]
    assert (entry.subject, entry.reason) == (f"inbound-{other.id}", lifted.lift_reason)
    view = paper_view(world.services, "post", number(other))
    assert view is not None
    assert (view.holds, view.events[-1].note) == ([], event.note)


def test_what_was_carried_further_down_the_chain_leaves_too_and_goes_to_the_right_paper(
    world: World, tmp_path: Path
) -> None:
    bad = sealed(world, tmp_path)
    other = redelivered(world, tmp_path, "L-2")
    link_paper(world.services, "post", number(bad), number(other))
    own = redelivered(world, tmp_path, "L-3", replaces=other.document_id)
    assert list(held(world)) == [bad.id, other.id, own.id]
    part_paper(world.services, "post", number(bad), "zwei Papiere")
    assert list(held(world)) == [bad.id]

    right = redelivered(world, tmp_path, "L-4")
    link_paper(world.services, "post", number(bad), number(right))
    assert held(world) == swept(world) == {each: [(Hold.SEALED, CASH)] for each in (number(bad), number(right))}


def test_what_was_carried_from_one_that_was_carried_leaves_with_it(world: World, tmp_path: Path) -> None:
    bad = sealed(world, tmp_path)
    other = redelivered(world, tmp_path, "L-2")
    link_paper(world.services, "post", number(bad), number(other))
    (origin, _) = rows(world, OriginalHold)
    let_go(world.services, "post", origin.id or 0, "hier nicht mehr")
    own = redelivered(world, tmp_path, "L-3", replaces=other.document_id)
    assert list(held(world)) == [other.id, own.id]
    part_paper(world.services, "post", number(bad), "zwei Papiere")
    assert held(world) == swept(world) == {}


def test_the_true_rescan_that_came_meanwhile_is_held_and_the_wrong_paper_is_not(
    world: World, tmp_path: Path
) -> None:
    bad = sealed(world, tmp_path)
    other = redelivered(world, tmp_path, "L-2")
    link_paper(world.services, "post", number(bad), number(other))
    hold(world.services, "post", number(other), Hold.OTHER, "von hier")
    true = redelivered(world, tmp_path, "L-3", replaces=bad.document_id)
    assert held(world)[number(true)] == [(Hold.SEALED, CASH), (Hold.OTHER, "von hier")]
    part_paper(world.services, "post", number(bad), "zwei Papiere")
    assert (
        held(world)
        == swept(world)
        == {
            number(bad): [(Hold.SEALED, CASH)],
            number(other): [(Hold.OTHER, "von hier")],
            number(true): [(Hold.SEALED, CASH)],
        }
    )


def test_what_a_person_set_at_the_other_paper_itself_stays_and_is_carried_on(
    world: World, tmp_path: Path
) -> None:
    bad = sealed(world, tmp_path)
    other = redelivered(world, tmp_path, "L-2")
    hold(world.services, "post", number(other), Hold.SEALED, "auch Geld")
    link_paper(world.services, "post", number(bad), number(other))
    own = redelivered(world, tmp_path, "L-3", replaces=other.document_id)
    assert held(world)[number(own)] == [(Hold.SEALED, CASH)], "the older of two of a kind"
    part_paper(world.services, "post", number(bad), "zwei Papiere")
    mine = [(Hold.SEALED, "auch Geld")]
    assert (
        held(world)
        == swept(world)
        == {number(bad): [(Hold.SEALED, CASH)], number(other): mine, number(own): mine}
    )


@pytest.mark.parametrize("linked", ["it names the earlier one", "it came again under its own number"])
def test_what_came_over_a_link_that_stands_stays_when_another_is_parted(
    world: World, tmp_path: Path, linked: str
) -> None:
    bad = sealed(world, tmp_path)
    if linked == "it names the earlier one":
        mine = redelivered(world, tmp_path, "L-2", replaces=bad.document_id)
    else:
        mine = under_number(world, tmp_path, "L-2", bad.document_id)
        make_rounds(world.services)
    wrong = redelivered(world, tmp_path, "L-3", replaces=mine.document_id)
    assert list(held(world)) == [bad.id, mine.id, wrong.id]
    part_paper(world.services, "post", number(mine), "anderes Papier")
    assert list(held(world)) == list(swept(world)) == [bad.id, mine.id]
    newest = redelivered(world, tmp_path, "L-4", replaces=mine.document_id)
    assert list(held(world)) == list(swept(world)) == [bad.id, mine.id, newest.id], "two links away"


def test_what_came_to_a_scan_that_was_rejected_and_came_again_leaves_as_well(
    world: World, tmp_path: Path
) -> None:
    first = redelivered(world, tmp_path, "L-1")
    hold(world.services, "post", number(first), Hold.SEALED, CASH)
    bad = redelivered_badly(world, tmp_path, first)
    make_rounds(world.services)
    assert list(held(world)) == [first.id], "the taken scan still speaks for the paper"
    hold(world.services, "post", number(bad), Hold.OTHER, "Rückfrage")
    again = redelivered(world, tmp_path, "L-3", replaces=first.document_id)
    assert held(world)[number(again)] == [(Hold.SEALED, CASH), (Hold.OTHER, "Rückfrage")]
    part_paper(world.services, "post", number(first), "anderes Papier")
    assert list(held(world)) == list(swept(world)) == [first.id, bad.id]


def test_who_lets_a_hold_go_lets_it_go_for_this_paper_and_for_no_other(world: World, tmp_path: Path) -> None:
    bad = sealed(world, tmp_path)
    other = redelivered(world, tmp_path, "L-3")
    link_paper(world.services, "post", number(bad), number(other))
    let_newest_go(world, other, "entnommen")
    assert list(swept(world)) == [bad.id], "for good, as long as it is one paper"
    part_paper(world.services, "post", number(bad), "zwei Papiere")
    assert list(held(world)) == [bad.id]

    second = redelivered_badly(world, tmp_path, bad)
    make_rounds(world.services)
    part_paper(world.services, "post", number(bad), "noch ein anderes")
    hold(world.services, "post", number(second), Hold.SEALED, "auch Geld")
    link_paper(world.services, "post", number(second), number(other))
    assert held(world)[number(other)] == [(Hold.SEALED, "auch Geld")], "nobody let this one go"
    let_newest_go(world, other, "entnommen")
    assert list(swept(world)) == [bad.id, second.id]


def test_what_is_parted_by_mistake_and_linked_again_is_held_again(world: World, tmp_path: Path) -> None:
    bad = sealed(world, tmp_path)
    mine = redelivered(world, tmp_path, "L-2")
    for _ in range(2):
        link_paper(world.services, "post", number(bad), number(mine))
        assert list(held(world)) == [bad.id, mine.id]
        part_paper(world.services, "post", number(bad), "doch nicht")
        assert list(held(world)) == [bad.id]


def test_what_an_earlier_version_carried_stays_until_a_person_lifts_it(world: World, tmp_path: Path) -> None:
    bad = sealed(world, tmp_path)
    other = redelivered(world, tmp_path, "L-2")
    with world.services.db.transaction() as session:
        old = OriginalHold(
            inbound_id=number(other),
            kind=Hold.SEALED,
            reason=CASH,
            set_by="post",
            set_at=datetime(2026, 1, 5, tzinfo=UTC),
        )
        session.add(old)
        session.get_one(Original, number(other)).holds = 1
    link_paper(world.services, "post", number(bad), number(other))
    part_paper(world.services, "post", number(bad), "zwei Papiere")
    assert list(held(world)) == list(swept(world)) == [bad.id, other.id]
    let_newest_go(world, other, "gehört nicht dazu")
    assert list(swept(world)) == [bad.id]


def test_what_was_carried_in_the_moment_of_parting_is_lifted_by_the_next_sweep(
    world: World, tmp_path: Path
) -> None:
    bad = sealed(world, tmp_path)
    other = redelivered(world, tmp_path, "L-2")
    (origin,) = rows(world, OriginalHold)
    with world.services.db.transaction() as session:
        add_hold(session, world.services, number(other), Hold.SEALED, CASH, "post", carried_from=origin.id)
    assert list(held(world)) == [bad.id, other.id]
    assert list(swept(world)) == [bad.id]


@pytest.mark.parametrize("value", ["NULL", "id"])
def test_the_database_keeps_where_a_hold_came_from(world: World, tmp_path: Path, value: str) -> None:
    bad = sealed(world, tmp_path)
    link_paper(world.services, "post", number(bad), number(redelivered(world, tmp_path)))
    change = text(f"UPDATE original_hold SET carried_from_id = {value} WHERE carried_from_id IS NOT NULL")
    with pytest.raises(DatabaseRefuses), world.services.db.transaction() as session:
        session.connection().execute(change)
