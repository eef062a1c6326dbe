"""A scan that lay in a wrong case: nothing that it brought there acts on, and everything stays on record."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from gateway.application.clearing.withholding import hold
from gateway.application.desk.desk_view import DeskEntry, desk
from gateway.application.desk.redriving import Wish, redrive
from gateway.application.filing.filing import file_due
from gateway.application.inbound.moving import move
from gateway.application.inbound.requesting import tick
from gateway.application.letters import approving, drafting, rendering
from gateway.application.reads.requests import request_of
from gateway.application.receipt.certificates_in import certificates_due
from gateway.application.receipt.delivering import Receipt, correct, open_scan, prove
from gateway.application.receipt.reading_certificates import certificates_waiting, read_certificate
from gateway.application.returns.deciding_returns import Decision, decide
from gateway.application.returns.returning import record_return, returns_due
from gateway.application.returns.returns_view import returns
from gateway.db.files import InboundDocument, InboundState
from gateway.db.letters import Letter
from gateway.db.mail import MailPiece, StatusEvent
from gateway.db.people import AuditEntry
from gateway.db.returns import AddressSuspension, EventRetraction, ReturnedMail, ReturnNotice
from gateway.domain.desk.desk import DeskAction, Problem
from gateway.domain.receipt.delivery import DeliveryKind, Outcome
from gateway.domain.receipt.returning import REASON_WORDS, ReturnAction, ReturnReason
from gateway.errors import Conflict, NotFound, NotPermitted
from gateway.testing.scans import ScanSpec
from tests.application.arrivals.test_receiving import printed
from tests.application.inbound.test_moving import files_of
from tests.application.receipt.test_serving import SERVED, ordered, town
from tests.application.returns.test_returning import come_back, only_return, posted, scanned, tray
from tests.world import MONDAY, REQUEST, World

F1 = "JC-BOR-2026-00017"


def audited(world: World, action: str) -> list[tuple[str, str | None]]:
    with world.services.db.reading() as session:
        rows = session.exec(select(AuditEntry).where(AuditEntry.action == action)).all()
        return [(row.actor, row.reason) for row in rows]


def retractions(world: World) -> int:
    with world.services.db.reading() as session:
        return len(session.exec(select(EventRetraction)).all())


@pytest.mark.both_databases
def test_a_return_that_was_another_persons_leaves_status_deadline_and_addresses_as_they_were(
    world: World, tmp_path: Path
) -> None:
    reference = posted(world)
    before = world.only(reference).assessment
    scanned(world, tmp_path, ScanSpec.unknown())
    record_return(world.services, "post", reference, 1, ReturnReason.MOVED, inbound_id=1)
    assert world.view(reference).standing == "returned"
    assert [row.lifted_at for row in suspensions(world)] == [None]

    move(world.services, "post", 1, "F2", "Der Umschlag war an die Nachbarin gerichtet")

    assert (world.view(reference).standing, world.only(reference).assessment) == ("posted", before)
    assert returns(world.services, "anna").lines == []
    assert tray(world) == ["moved-away"]
    assert not [one for one in desk(world.services, "anna").letters if one.reference == reference]
    assert [row.lifted_by for row in suspensions(world)] == ["post"]
    assert audited(world, "return-taken-back") == [("post", "Der Umschlag war an die Nachbarin gerichtet")]
    with world.services.db.reading() as session:
        assert len(session.exec(select(StatusEvent).where(col(StatusEvent.provider) == "person")).all()) == 1
    assert retractions(world) == 1
    assert returns_due(world.services).told == 0
    assert file_due(world.services).failed == 0


def suspensions(world: World) -> list[AddressSuspension]:
    with world.services.db.reading() as session:
        return list(session.exec(select(AddressSuspension)).all())


def test_what_was_taken_back_can_come_back_after_all_and_is_a_new_task(world: World, tmp_path: Path) -> None:
    reference = posted(world)
    scanned(world, tmp_path, ScanSpec.unknown())
    record_return(world.services, "post", reference, 1, ReturnReason.OTHER, inbound_id=1)
    move(world.services, "post", 1, None, "falsch gelesen")
    record_return(world.services, "post", reference, 1, ReturnReason.REFUSED, inbound_id=1)

    line = only_return(world)
    assert (line.reason, line.scans, world.view(reference).standing) == (ReturnReason.REFUSED, [1], "returned")
    with world.services.db.reading() as session:
        assert [row.times for row in session.exec(select(ReturnedMail)).all()] == [2]


def reissued(world: World, tmp_path: Path) -> tuple[str, str]:
    """A letter that came back by a scan, and the new one in its place."""
    old = posted(world)
    scanned(world, tmp_path, ScanSpec.unknown())
    record_return(world.services, "post", old, 1, ReturnReason.REFUSED, inbound_id=1)
    (new,) = decide(world.services, "anna", old, Decision("verweigert", action=ReturnAction.REISSUE))
    return old, new


def asked(world: World, reference: str) -> DeskEntry:
    (entry,) = [one for one in desk(world.services, "anna").letters if one.reference == reference]
    assert entry.problem is Problem.NEEDLESS
    assert "kam doch nicht zurück" in entry.problems[0]
    return entry


def test_a_new_letter_whose_return_was_none_waits_until_a_person_keeps_or_discards_it(
    world: World, tmp_path: Path
) -> None:
    _, new = reissued(world, tmp_path)
    drafting.submit(world.services, "anna", new, accept_duplicate=True)
    rendering.render_letter(world.services, new)
    approving.approve(world.services, "bea", new)
    move(world.services, "post", 1, "F2", "gehört der Nachbarin")
    assert set(asked(world, new).actions) == {DeskAction.CANCEL, DeskAction.ACKNOWLEDGE}
    taken = len(world.taken())
    world.evening(MONDAY + timedelta(days=2))
    assert (len(world.taken()), world.view(new).standing) == (taken, "held")
    redrive(world.services, "anna", new, Wish(DeskAction.ACKNOWLEDGE, "war ohnehin zu berichtigen"))
    assert (world.view(new).held_at, world.view(new).standing) == (None, "approved")
    assert [one for one in desk(world.services, "anna").letters if one.reference == new] == []


def test_a_new_letter_that_has_left_is_only_acknowledged_when_its_return_was_none(
    world: World, tmp_path: Path
) -> None:
    """The print house has it: nothing here may look as if it were taken back."""
    _, new = reissued(world, tmp_path)
    drafting.submit(world.services, "anna", new, accept_duplicate=True)
    rendering.render_letter(world.services, new)
    approving.approve(world.services, "bea", new)
    world.advance(days=1)
    world.evening()
    taken, standing = world.taken(), world.view(new).standing
    assert standing == "handed_over"
    move(world.services, "post", 1, "F2", "gehört der Nachbarin")
    assert set(asked(world, new).actions) == {DeskAction.ACKNOWLEDGE}
    with pytest.raises(Conflict) as refused:
        redrive(world.services, "anna", new, Wish(DeskAction.CANCEL, "nicht nötig"))
    assert refused.value.code == "action-not-safe"
    assert world.view(new).state == "batched"
    redrive(world.services, "anna", new, Wish(DeskAction.ACKNOWLEDGE, "es hat eine eigene Frist"))
    assert [one for one in desk(world.services, "anna").letters if one.reference == new] == []
    world.advance(days=1)
    world.evening()
    assert (world.taken(), world.view(new).held_at) == (taken, None)
    assert world.view(new).standing == standing


def test_a_draft_whose_return_was_none_is_discarded_and_a_later_return_is_answered_anew(
    world: World, tmp_path: Path
) -> None:
    old, new = reissued(world, tmp_path)
    hold(world.services, "anna", new, "Rückfrage")
    move(world.services, "post", 1, None, "falsch gelesen")
    assert asked(world, new).problems[0].startswith("Rückfrage")
    record_return(world.services, "post", old, 1, ReturnReason.REFUSED, inbound_id=1)
    again = Decision("verweigert", action=ReturnAction.REISSUE)
    with pytest.raises(Conflict) as twice:
        decide(world.services, "anna", old, again)
    assert twice.value.code == "return-already-reissued"
    redrive(world.services, "anna", new, Wish(DeskAction.CANCEL, "nicht nötig"))
    assert world.view(new).state == "cancelled"
    (newer,) = decide(world.services, "anna", old, again)
    assert world.view(newer).replaces == old


def test_a_return_that_the_provider_reports_too_stays_one(world: World, tmp_path: Path) -> None:
    reference = posted(world)
    scanned(world, tmp_path, ScanSpec.unknown())
    record_return(world.services, "post", reference, 1, ReturnReason.MOVED, inbound_id=1)
    come_back(world, reference)
    move(world.services, "post", 1, None, "gehört nicht hierher")

    assert world.view(reference).standing == "returned"
    assert [notice.source for notice in only_return(world).notices] == ["provider"]
    assert [row.lifted_at for row in suspensions(world)] == [None]


def test_a_scan_that_lay_wrong_but_is_about_the_right_piece_only_moves(world: World, tmp_path: Path) -> None:
    reference = posted(world)
    scanned(world, tmp_path, ScanSpec.returned(printed(world, reference)))
    returns_due(world.services)
    with world.services.db.transaction() as session:
        document = session.get_one(InboundDocument, 1)
        assert document.state is InboundState.ASSIGNED
        document.case_id = 2
    move(world.services, "post", 1, "F1", "lag im falschen Fall")

    assert world.view(reference).standing == "returned"
    assert (only_return(world).scans, retractions(world)) == ([1], 0)


def test_what_a_letter_asked_for_is_open_again(world: World, tmp_path: Path) -> None:
    reference = world.approved("F1", REQUEST, login="anna", by="bea")
    scanned(world, tmp_path, ScanSpec.reply_slip(printed(world, reference)))
    tick(world.services, "anna", 1, [1])
    move(world.services, "anna", 1, "F2", "Antwort der Nachbarin")
    with world.services.db.reading() as session:
        letter = session.exec(select(Letter).where(Letter.reference == reference)).one()
        view = request_of(session, world.services, letter)
        assert session.get_one(InboundDocument, 1).letter_id is None
    assert view is not None
    assert (view.answered_on, view.items[0].open, view.items[0].came_on) == (None, True, None)


@pytest.mark.parametrize("outcome", ["mailbox", "undeliverable-moved"])
def test_a_certificate_of_another_persons_letter_proves_nothing_any_more(
    world: World, tmp_path: Path, outcome: str
) -> None:
    with town(world) as (here, centre):
        reference = ordered(here)
        centre.advance(days=3)
        before = here.only(reference).assessment, here.view(reference).standing
        scanned(here, tmp_path, ScanSpec.unknown())
        with here.services.db.transaction() as session:
            session.get_one(InboundDocument, 1).document_class = "certificate-of-service"
        certificates_due(here.services)
        (waits,) = certificates_waiting(here.services, "post")
        day = SERVED if outcome == "mailbox" else None
        read_certificate(
            here.services, "post", waits.id, outcome=outcome, effective_on=day, reference=reference
        )
        assert here.only(reference).proof is not None
        file_due(here.services)
        scan = here.services.blobs.get(waits.document_sha256 or "")
        assert any(scan in file.read_bytes() for file in files_of(here, F1))
        with pytest.raises(NotPermitted):
            move(here.services, "ahmad", 1, "F3", "falsch gelesen")

        move(here.services, "post", 1, "F2", "falsch gelesen")

        assert (here.only(reference).assessment, here.view(reference).standing) == before
        assert returns(here.services, "anna").lines == []
        assert [each.found for each in certificates_waiting(here.services, "post")] == ["moved-away"]
        assert not [row for row in suspensions(here) if row.lifted_at is None]
        assert audited(here, "certificate-taken-back") == [("post", "falsch gelesen")]
        file_due(here.services)
        assert not any(scan in file.read_bytes() for file in files_of(here, F1))
        with pytest.raises(NotFound) as gone:
            open_proof(here, reference)
        assert gone.value.code == "delivery-scan-misplaced"
        read_certificate(
            here.services,
            "post",
            waits.id,
            outcome="handed-addressee",
            effective_on=date(2026, 11, 21),
            reason="am Bild geprüft",
            reference=reference,
        )
        assert here.view(reference).standing == "delivered"


def test_a_certificate_that_is_corrected_elsewhere_closes_the_task_of_the_return(world: World) -> None:
    with town(world) as (here, centre):
        reference = ordered(here)
        centre.advance(days=3)
        moved = Receipt(DeliveryKind.CERTIFICATE, Outcome.MOVED, None)
        with here.services.db.transaction() as session:
            prove(session, here.services, "post", session.exec(select(MailPiece.id)).one() or 0, moved)
        assert [line.reason for line in returns(here.services, "anna").lines] == [ReturnReason.MOVED]
        assert [row.lifted_at for row in suspensions(here)] == [None]
        served = Receipt(DeliveryKind.CERTIFICATE, Outcome.MAILBOX, SERVED)
        correct(here.services, "post", reference, 1, served, "falsches Feld gelesen")
        assert returns(here.services, "anna", closed=True).lines == []
        assert not [row for row in suspensions(here) if row.lifted_at is None]
        assert [one for one in desk(here.services, "anna").letters if one.reference == reference] == []
        assert here.view(reference).standing == "delivered"


@pytest.mark.parametrize(
    ("first", "then", "reason", "said"),
    [
        (Outcome.MOVED, Outcome.DECEASED, ReturnReason.DECEASED, "verstorben"),
        (Outcome.MOVED, Outcome.UNDELIVERABLE, ReturnReason.OTHER, "nicht zustellbar"),
        (Outcome.UNDELIVERABLE, Outcome.UNKNOWN, ReturnReason.UNKNOWN, "nicht zu ermitteln"),
    ],
)
def test_a_certificate_that_is_corrected_to_another_reason_tells_that_one_everywhere(
    world: World, first: Outcome, then: Outcome, reason: ReturnReason, said: str
) -> None:
    with town(world) as (here, centre):
        reference = ordered(here)
        waiting = here.ready("F1")
        centre.advance(days=3)
        with here.services.db.transaction() as session:
            piece = session.exec(select(MailPiece.id)).one() or 0
            prove(session, here.services, "post", piece, Receipt(DeliveryKind.CERTIFICATE, first, None))
        file_due(here.services)
        correct(
            here.services,
            "post",
            reference,
            1,
            Receipt(DeliveryKind.CERTIFICATE, then, None),
            "falsches Feld gelesen",
        )
        assert [line.reason for line in returns(here.services, "anna").lines] == [reason]
        (entry,) = [one for one in desk(here.services, "anna").letters if one.reference == reference]
        assert said in entry.problems[0]
        assert [row.lifted_at for row in suspensions(here)] == [None]
        assert f"({REASON_WORDS[reason]}, " in (here.view(waiting).hold_reason or "")
        file_due(here.services)
        (log,) = [file for file in files_of(here, F1) if file.name == "Verlauf.md"]
        told = [line for line in log.read_text().splitlines() if ", Zugangsnachweis" in line]
        assert len(told) == 2, "the first one stays on record"
        assert "(Berichtigung)" in told[1]
        assert said in told[1]
        with here.services.db.reading() as session:
            notices = session.exec(select(ReturnNotice).order_by(col(ReturnNotice.id))).all()
        assert [(one.settled_by, one.settled_reason) for one in notices] == [
            ("post", "falsches Feld gelesen"),
            (None, None),
        ]


def open_proof(world: World, reference: str) -> None:
    open_scan(world.services, "post", reference, 1, 1)
