"""Bringing forward: a letter in the provider's hold basket goes to print before its due date, by page and command."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from gateway.application.clearing.forwarding import bring_forward
from gateway.application.clearing.withholding import cancel, what_is_possible
from gateway.db.people import AuditEntry
from gateway.errors import Conflict, NotPermitted, NotSent, OutcomeUnknown
from gateway.testing.epost import EpostSimulator
from tests.web.site import serve
from tests.world import Prototype, World

pytestmark = pytest.mark.slow

RELEASE = "POST /api/Letter/ReleaseQueued"


@pytest.fixture
def world(prototype: Prototype, tmp_path: Path, simulator: EpostSimulator) -> Iterator[World]:
    """Letters wait ten days at the provider."""
    with prototype.world(tmp_path / "data", simulator, hold_days=10) as world:
        yield world


def audited(world: World) -> list[str]:
    with world.services.db.reading() as session:
        actions = select(col(AuditEntry.action)).order_by(col(AuditEntry.id))
        return [action for action in session.exec(actions).all() if action.startswith("provider-")]


def test_what_waits_goes_to_print_when_it_is_brought_forward_and_the_rest_goes_on_waiting(world: World) -> None:
    urgent, other = world.approved("F1"), world.approved("F1", appointment_time="15:00")
    assert not what_is_possible(world.services, "anna", urgent).forward
    world.evening()
    found = what_is_possible(world.services, "anna", urgent)
    assert (found.forward, found.cancel, found.hold) == (True, True, False)
    bring_forward(world.services, "anna", urgent)
    world.advance(days=3)
    assert [piece.custom1 for piece in world.simulator.ledger] == [world.only(urgent).key]
    assert audited(world) == ["provider-brought-forward"]
    with pytest.raises(Conflict, match="bring-forward-too-late"):
        bring_forward(world.services, "anna", urgent)
    assert world.only(other).standing == "handed_over"


def test_what_was_taken_back_or_never_waited_is_not_brought_forward(world: World) -> None:
    here, back = world.approved("F1"), world.approved("F1", appointment_time="15:00")
    world.evening()
    cancel(world.services, "anna", back, "überholt")
    with pytest.raises(Conflict, match="letter-not-waiting-there"):
        bring_forward(world.services, "anna", back)
    draft = world.write("F1")
    with pytest.raises(Conflict, match="letter-not-waiting-there"):
        bring_forward(world.services, "anna", draft)
    with pytest.raises(NotPermitted):
        bring_forward(world.services, "ahmad", here)
    assert world.simulator.ledger == []


def test_a_lost_answer_is_told_and_asking_again_says_that_it_waits_no_more(world: World) -> None:
    reference = world.approved("F1")
    world.evening()
    world.simulator.plan_fault(RELEASE, "429:3")
    with pytest.raises(NotSent):
        bring_forward(world.services, "anna", reference)
    world.simulator.plan_fault(RELEASE, "drop-after-accept")
    with pytest.raises(OutcomeUnknown):
        bring_forward(world.services, "anna", reference)
    world.advance(days=1)
    assert len(world.simulator.ledger) == 1
    assert audited(world) == ["provider-forward-unknown"]


def test_the_page_offers_it_beside_taking_back(world: World) -> None:
    reference = world.approved("F1")
    world.evening()
    with serve(world) as site:
        visitor = site.visitor("anna")
        visitor.get(f"/schreiben/{reference}")
        assert "Ohne Warten drucken lassen" in visitor.text
        assert "Beim Dienstleister zurücknehmen" in visitor.text
        visitor.post(f"/schreiben/{reference}/vorziehen")
        assert "ohne weiteres Warten" in visitor.text
    world.advance(days=1)
    assert len(world.simulator.ledger) == 1


def test_without_a_basket_nothing_of_it_is_offered(
    prototype: Prototype, tmp_path: Path, simulator: EpostSimulator
) -> None:
    with prototype.world(tmp_path / "other", simulator) as plain:
        reference = plain.approved("F1")
        plain.evening()
        assert not what_is_possible(plain.services, "anna", reference).forward
        with pytest.raises(Conflict, match="letter-not-waiting-there"):
            bring_forward(plain.services, "anna", reference)
