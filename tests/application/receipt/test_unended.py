"""Registered mail whose end nobody told: who decided meanwhile wins, and the desk offers what helps."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.clearing.withholding import cancel
from gateway.application.desk.desk_view import desk
from gateway.application.desk.redriving import Redriven, Wish, redrive
from gateway.application.operation.inbound_rounds import make_rounds
from gateway.application.receipt.delivering import store_scan
from gateway.application.receipt.serving import record as record_proof
from gateway.application.returns.deciding_returns import Decision, NewAddress, decide
from gateway.application.tracking import giving_up
from gateway.application.tracking.tracking import poll
from gateway.application.views.explaining import explain
from gateway.application.views.shaping import as_json
from gateway.db.people import AuditEntry
from gateway.domain.desk.desk import DeskAction, Problem
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.returning import ReturnAction, ReturnFiction
from gateway.domain.references import for_people
from gateway.errors import Conflict, NotFound, NotPermitted
from tests.application.receipt.test_registered_mail import asked, ends, sent, told
from tests.rendering.pdfs import numbered
from tests.web.site import serve
from tests.world import World, at

pytestmark = pytest.mark.both_databases
AFTER = at(date(2027, 1, 5), "09:00")
"""The day after the 30th working day."""


@pytest.fixture
def unended(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """A letter on the desk, because nobody told in time how it ended."""
    reference = sent(world)
    asked(world, monkeypatch)
    world.advance_to(AFTER)
    poll(world.services)
    assert len(ends(world)) == 1
    return reference


def wish(world: World, reference: str, action: DeskAction, login: str = "anna") -> Redriven:
    (key,) = ends(world)
    return redrive(world.services, login, reference, Wish(action, "Zusteller weiß nichts", problem=key))


def held(world: World) -> list[str]:
    make_rounds(world.services)
    return [each.reference for each in desk(world.services, "anna").letters if each.problem is Problem.NEEDLESS]


def test_an_end_that_is_told_while_asking_is_being_ended_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the note somebody else writes: the note gives way, and nobody is told that it is unended."""
    sent(world)
    asked(world, monkeypatch)
    world.advance_to(AFTER)
    looked = giving_up._posted_on

    def meanwhile(*args: Any) -> date:
        told(world, "RETURNED_TO_SENDER", date(2027, 1, 4))
        return looked(*args)

    monkeypatch.setattr(giving_up, "_posted_on", meanwhile)
    poll(world.services)
    (submission,) = world.submissions()
    assert (submission.given_up_at, submission.settled_at is None) == (None, False)
    assert ends(world) == []
    with world.services.db.reading() as session:
        assert session.exec(select(AuditEntry).where(AuditEntry.action == "asking-ended")).all() == []


def test_two_who_end_asking_at_once_note_it_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(world)
    asked(world, monkeypatch)
    world.advance_to(AFTER)
    looked, others = giving_up._posted_on, [1]

    def meanwhile(*args: Any) -> date:
        if others:
            others.clear()
            giving_up.give_up(world.services, "epost")
        return looked(*args)

    monkeypatch.setattr(giving_up, "_posted_on", meanwhile)
    giving_up.give_up(world.services, "epost")
    with world.services.db.reading() as session:
        assert len(session.exec(select(AuditEntry).where(AuditEntry.action == "asking-ended")).all()) == 1


@pytest.mark.parametrize(
    ("action", "service"), [(DeskAction.REISSUE, Service.UEBERGABE), (DeskAction.SERVE, Service.PZU)]
)
def test_it_is_written_anew_once_and_each_letter_names_the_other(
    world: World, unended: str, action: DeskAction, service: Service
) -> None:
    adapter = world.services.provider
    adapter.capabilities = replace(adapter.capabilities, services=adapter.capabilities.services | {Service.PZU})
    with pytest.raises(NotPermitted):
        wish(world, unended, action, "post")
    new = wish(world, unended, action).follow_up or ""
    draft = world.view(new)
    assert (draft.state, draft.service, draft.author, draft.replaces) == ("draft", service, "anna", unended)
    assert draft.data == world.view(unended).data
    assert world.only(unended).written_anew == (new,)
    assert as_json(world.view(unended))["recipients"][0]["written_anew"] == [for_people(new)]
    assert world.view(unended).standing == "posted"
    assert f"Es ersetzt das Schreiben {for_people(unended)}." in explain(world.services, new)
    assert ends(world) == []
    with pytest.raises(NotFound):
        redrive(world.services, "anna", unended, Wish(action, "noch einmal"))


@pytest.mark.parametrize("action", [DeskAction.REISSUE, DeskAction.SERVE])
def test_it_is_on_the_desk_again_once_what_was_written_anew_is_discarded(
    world: World, unended: str, action: DeskAction
) -> None:
    adapter = world.services.provider
    adapter.capabilities = replace(adapter.capabilities, services=adapter.capabilities.services | {Service.PZU})
    new = wish(world, unended, action).follow_up or ""
    assert ends(world) == []
    cancel(world.services, "anna", new, "zu früh")
    assert len(ends(world)) == 1
    third = wish(world, unended, action).follow_up or ""
    assert (world.view(third).replaces, world.only(unended).written_anew) == (unended, (third,))
    assert ends(world) == []


def test_serving_is_offered_only_where_a_provider_serves_and_else_the_desk_says_why(
    world: World, unended: str
) -> None:
    (entry,) = [each for each in desk(world.services, "anna").letters if each.problem is Problem.NO_END]
    why = "Der Druckdienstleister bietet keinen Postzustellungsauftrag an."
    assert DeskAction.SERVE not in entry.actions
    assert DeskAction.REISSUE in entry.actions
    assert entry.problems[-1] == f"Förmlich zustellen geht hier nicht: {why}"
    with pytest.raises(Conflict) as refused:
        wish(world, unended, DeskAction.SERVE)
    assert refused.value.code == "service-not-offered"
    assert why in refused.value.message
    adapter = world.services.provider
    adapter.capabilities = replace(adapter.capabilities, services=adapter.capabilities.services | {Service.PZU})
    (entry,) = [each for each in desk(world.services, "anna").letters if each.problem is Problem.NO_END]
    assert DeskAction.SERVE in entry.actions
    assert not any("Förmlich" in said for said in entry.problems)


def test_what_comes_back_after_it_was_written_anew_is_not_written_a_third_time(
    world: World, unended: str
) -> None:
    new = wish(world, unended, DeskAction.REISSUE).follow_up or ""
    told(world, "RETURNED_TO_SENDER", date(2027, 1, 7))
    address = NewAddress("Neuer Weg 3", "48683", "Ahaus")
    again = Decision("kam zurück", ReturnFiction.VOID, ReturnAction.REISSUE, address=address)
    with pytest.raises(Conflict) as refused:
        decide(world.services, "anna", unended, again)
    assert refused.value.code == "return-already-reissued"
    assert for_people(new) in refused.value.message
    assert held(world) == [], "it never arrived: the new one is needed"
    cancel(world.services, "anna", new, "doch anders")
    (third,) = decide(world.services, "anna", unended, again)
    assert world.view(third).replaces == unended


def test_a_draft_that_a_late_delivery_makes_needless_is_kept_back_once(world: World, unended: str) -> None:
    new = wish(world, unended, DeskAction.REISSUE).follow_up or ""
    assert held(world) == []
    told(world, "DELIVERED", date(2027, 1, 7))
    assert held(world) == [new]
    assert "wurde doch zugestellt" in (world.view(new).hold_reason or "")
    redrive(world.services, "anna", new, Wish(DeskAction.ACKNOWLEDGE, "zweites Schreiben gewollt"))
    assert held(world) == []
    assert world.view(new).held_at is None


def test_the_desk_leads_to_the_receipt_and_what_is_recorded_there_ends_it(world: World, unended: str) -> None:
    with serve(world) as site:
        visitor = site.visitor("anna")
        visitor.get("/klaerung")
        assert f'href="/schreiben/{unended}#zustellung-1"' in visitor.page
        assert {"Neu erlassen", "Förmlich zustellen", "Zur Kenntnis genommen"} <= {
            word
            for word in ("Neu erlassen", "Förmlich zustellen", "Zur Kenntnis genommen")
            if word in visitor.text
        }
        visitor.get(f"/schreiben/{unended}")
        assert 'id="zustellung-1"' in visitor.page
    scan = store_scan(world.services, numbered(1, "Beleg"))
    record_proof(
        *(world.services, "anna", unended, 1, "handed-addressee", date(2026, 11, 26)),
        received_by="x",
        scan=scan,
    )
    assert ends(world) == []
