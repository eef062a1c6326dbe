"""What is kept of returned mail about a person: handed out on request, and emptied by its rule of retention."""

import json
from pathlib import Path

import pytest
from sqlmodel import select

from gateway.application.addresses.suspending import lift
from gateway.application.arrivals.receiving import import_delivery
from gateway.application.filing.filing import file_due
from gateway.application.inbound.moving import move
from gateway.application.retention.destroying import apply
from gateway.application.retention.emptying import empty_persons
from gateway.application.retention.exporting import export_person
from gateway.application.returns.deciding_returns import Decision, decide
from gateway.application.returns.returning import returns_due
from gateway.application.returns.returns_view import return_detail
from gateway.application.trail.sealing import seal
from gateway.application.trail.verifying import verify
from gateway.db.files import InboundDocument
from gateway.db.letters import Letter
from gateway.db.people import AuditEntry
from gateway.db.placings import InboundMove
from gateway.db.retention import ContentDeparture, LetterRetention
from gateway.db.returns import AddressSuspension, InboundKeyed, ReturnedMail, ReturnNotice
from gateway.domain.receipt.returning import ReturnAction, ReturnFiction
from gateway.testing.scan_centre import ScanCentre
from gateway.testing.scan_centre.mail import letter_naming
from tests.application.arrivals.test_receiving import SOURCE, printed
from tests.application.returns.test_returning import keyed, only_return, posted
from tests.world import World

pytestmark = pytest.mark.both_databases
REASON = "Frau Musterfrau rief an"


def came_back(world: World, tmp_path: Path) -> str:
    """A letter that came back and was decided about, and whose address is free again; every reason names somebody."""
    reference = posted(world)
    fields = {"return_reason": "verzogen", "new_address": "Neuer Weg 3, 48683 Ahaus"}
    keyed(world, tmp_path, printed(world, reference), **fields)
    returns_due(world.services)
    (suspension,) = return_detail(world.services, "anna", only_return(world).id).suspensions
    lift(world.services, "anna", suspension.id, REASON)
    decision = Decision(REASON, ReturnFiction.VOID, ReturnAction.CLOSE)
    decide(world.services, "anna", reference, decision)
    return reference


def test_who_asks_is_told_of_returns_suspensions_and_what_the_scan_site_typed(
    world: World, tmp_path: Path
) -> None:
    reference = came_back(world, tmp_path)
    told = export_person(world.services, None, "P3")
    (suspension,) = told["address_suspensions"]
    assert (suspension["reason"], suspension["lift_reason"]) == ("verzogen", REASON)
    assert suspension["since"] <= suspension["lifted_at"]
    assert suspension["mail_came_back_on"] == world.services.today().isoformat()
    (letter,) = [one for one in told["letters"] if one["reference"] == reference]
    assert letter["returned"]["new_addresses_noted"] == ["Neuer Weg 3, 48683 Ahaus"]
    assert (letter["returned"]["notification"], letter["returned"]["notification_reason"]) == (
        "nicht bekannt gegeben",
        REASON,
    )
    (scan,) = told["inbound"]
    assert scan["typed_by_the_scan_site"]["return_reason"] == "verzogen"
    assert "anna" not in json.dumps([told["address_suspensions"], letter["returned"]])
    assert export_person(world.services, None, "P1")["address_suspensions"] == []


def test_the_reasons_go_with_the_personal_data_of_the_letter_and_the_chain_stays_whole(
    world: World, tmp_path: Path
) -> None:
    reference = came_back(world, tmp_path)
    seal(world.services)
    with world.services.db.transaction() as session:
        letter = session.exec(select(Letter).where(Letter.reference == reference)).one()
        letter_id = letter.id or 0
        session.add(LetterRetention(letter_id=letter_id, content_left_at=world.clock.now()))
    empty_persons(world.services, letter_id)
    with world.services.db.reading() as session:
        row = session.exec(select(ReturnedMail)).one()
        assert (row.fiction, row.fiction_reason, row.action_reason) == (ReturnFiction.VOID, "", "")
        assert session.exec(select(AddressSuspension.lift_reason)).one() == ""
        assert session.exec(select(ReturnNotice.new_address)).one() is None
        reasons = session.exec(select(AuditEntry.reason).where(AuditEntry.subject.in_(("P3", reference))))  # type: ignore[attr-defined]
        assert not any(reasons.all())
    seal(world.services)
    assert verify(world.services).faults == []


def test_sender_typed_words_and_the_reason_of_a_move_go_some_time_after_the_scan(
    world: World, tmp_path: Path
) -> None:
    with ScanCentre(tmp_path / "centre", source=SOURCE, start=world.clock.now(), speed=0) as centre:
        centre.lay(letter_naming("JC-BOR-2026-00017").typed("JC-BOR-2026-00017").keying(sender="E. Musterfrau"))
        folder = centre.deliver()
        assert folder is not None
        import_delivery(world.services, folder, source=SOURCE)
    file_due(world.services)
    move(world.services, "both", 1, "F2", REASON)
    file_due(world.services)
    seal(world.services)
    world.advance(days=100)
    first = apply(world.services)
    assert first is not None
    assert first.gone.get("inbound") == 1
    world.advance(days=740)
    with world.services.db.reading() as session:
        assert session.exec(select(InboundMove.reason)).one() == REASON
        assert session.exec(select(ContentDeparture.left_at)).first() is not None
    second = apply(world.services)
    assert second is not None
    assert second.gone.get("personal") == 1
    with world.services.db.reading() as session:
        assert session.exec(select(InboundMove.reason)).one() == ""
        assert session.exec(select(InboundDocument.sender)).one() is None
        assert session.exec(select(InboundKeyed)).all() == []
        told = session.exec(select(AuditEntry.reason).where(AuditEntry.subject == "inbound-1")).all()
        assert REASON not in told
    third = apply(world.services)
    assert third is not None
    assert "personal" not in third.gone
