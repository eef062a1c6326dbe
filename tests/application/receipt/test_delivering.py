"""Proven receipts: status, dates, case file and desk follow from them, and a correction leaves nothing unseen."""

import json
from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.account.reconciling import account
from gateway.application.desk.desk_view import desk
from gateway.application.filing.filing import file_due
from gateway.application.receipt.delivering import Receipt, Scan, correct, open_scan, prove, store_scan
from gateway.application.tracking.tracking import poll
from gateway.db.delivery import DeliveryProof
from gateway.db.letters import Recipient
from gateway.db.people import AuditEntry
from gateway.domain.receipt.delivery import DeliveryKind, Outcome
from gateway.errors import Conflict, InputError, NotFound, NotPermitted
from tests.rendering.pdfs import numbered
from tests.world import AWARD, World, at

pytestmark = pytest.mark.both_databases
WEDNESDAY = date(2026, 11, 18)


def posted(world: World) -> str:
    """A decision that the provider reported as posted on Tuesday."""
    reference = world.approved(template=AWARD)
    world.evening()
    world.advance_to(at(date(2026, 11, 20), "09:00"))
    poll(world.services)
    assert world.only(reference).posting_reported_on
    return reference


def record(world: World, reference: str, outcome: str, day: date | None, scan: Scan | None = None) -> None:
    with world.services.db.transaction() as session:
        number = session.exec(
            select(Recipient.mail_piece_id).where(Recipient.mail_piece_id != None)  # noqa: E711
        ).first()
        receipt = Receipt(
            DeliveryKind.COURIER, outcome, day, received_by="Đorđe O’Brien", scan=scan, data={"receipt": "K-77"}
        )
        prove(session, world.services, "post", number or 0, receipt)


def filed(world: World) -> list[dict[str, Any]]:
    file_due(world.services)
    folder = world.settings.data_dir / "case-files"
    (index,) = folder.rglob("index.json")
    entries: list[dict[str, Any]] = json.loads(index.read_text("utf-8"))["entries"]
    return [entry for entry in entries if entry["kind"] == "delivery"]


def test_a_proven_receipt_beats_the_fiction_on_page_and_in_the_account(world: World) -> None:
    reference = posted(world)
    assert world.only(reference).provisional
    record(world, reference, "handed-addressee", WEDNESDAY)
    view = world.only(reference)
    assert (view.standing, view.provisional) == ("delivered", False)
    assert view.assessment is not None
    assert (view.assessment.deemed, view.assessment.effective) == (None, WEDNESDAY)
    assert view.assessment.deadline == WEDNESDAY.replace(month=12)
    assert account(world.services).balanced


def test_a_proof_that_nobody_got_it_ends_the_deadline_and_stands_on_the_desk(world: World) -> None:
    reference = posted(world)
    record(world, reference, "undeliverable-moved", None)
    view = world.only(reference)
    assert view.standing == "returned"
    assert view.assessment is not None
    assert view.assessment.deadline is None
    (entry,) = desk(world.services, "post").letters
    assert (entry.problem, entry.problems) == ("returned", ("Kurier: verzogen, kein Zugang",))


def test_the_case_file_has_the_proof_with_its_scan_day_and_deadline_and_each_correction(world: World) -> None:
    reference = posted(world)
    scan = store_scan(world.services, numbered(1, "Beleg"))
    record(world, reference, "handed-addressee", WEDNESDAY, scan)
    (entry,) = filed(world)
    assert entry["sha256"] == scan.sha256
    assert entry["metadata"]["objection_deadline"] == "2026-12-18"
    assert entry["metadata"]["received_by"] == "Đorđe O’Brien"
    receipt = Receipt(DeliveryKind.COURIER, "mailbox", date(2026, 11, 19))
    correct(world.services, "anna", reference, 1, receipt, "Beleg falsch gelesen")
    first, second = filed(world)
    assert first == entry
    assert "Berichtigung" in second["title"]
    assert second["metadata"]["correction_reason"] == "Beleg falsch gelesen"
    assert second["metadata"]["objection_deadline"] == "2026-12-21"


def test_a_record_in_error_is_taken_back_and_the_fiction_counts_again(world: World) -> None:
    reference = posted(world)
    before = world.only(reference)
    record(world, reference, "handed-addressee", WEDNESDAY)
    nothing = Receipt(DeliveryKind.COURIER, Outcome.IN_ERROR, None)
    correct(world.services, "post", reference, 1, nothing, "Andere Sendung")
    view = world.only(reference)
    assert (view.standing, view.assessment, view.proof) == (before.standing, before.assessment, None)
    assert [proof.served for proof in view.proofs] == [True, None]
    record(world, reference, "mailbox", date(2026, 11, 19))
    assert world.only(reference).standing == "delivered"
    with world.services.db.reading() as session:
        rows = session.exec(select(DeliveryProof).order_by(DeliveryProof.id)).all()  # type: ignore[arg-type]
    assert [row.supersedes_id for row in rows] == [None, rows[0].id, rows[1].id]


def test_a_second_proof_needs_a_correction_and_a_correction_a_reason_and_a_proof(world: World) -> None:
    reference = posted(world)
    receipt = Receipt(DeliveryKind.COURIER, "mailbox", WEDNESDAY)
    with pytest.raises(NotFound):
        correct(world.services, "post", reference, 1, receipt, "Grund")
    record(world, reference, "handed-addressee", WEDNESDAY)
    with pytest.raises(Conflict) as again:
        record(world, reference, "mailbox", WEDNESDAY)
    assert again.value.code == "delivery-already-proven"
    with pytest.raises(InputError):
        correct(world.services, "post", reference, 1, receipt, " ")
    assert len(world.only(reference).proofs) == 1


@pytest.mark.parametrize("login", ["bea", "audit", "admin", "ahmad"])
def test_who_may_not_record_corrects_nothing(world: World, login: str) -> None:
    reference = posted(world)
    record(world, reference, "handed-addressee", WEDNESDAY)
    receipt = Receipt(DeliveryKind.COURIER, "mailbox", WEDNESDAY)
    with pytest.raises(NotPermitted):
        correct(world.services, login, reference, 1, receipt, "Grund")


def test_the_audit_trail_names_the_proof_and_nobody(world: World) -> None:
    reference = posted(world)
    record(world, reference, "handed-addressee", WEDNESDAY, store_scan(world.services, numbered(1, "Beleg")))
    assert open_scan(world.services, "audit", reference, 1, 1).content.startswith(b"%PDF")
    with pytest.raises(NotFound):
        open_scan(world.services, "audit", reference, 1, 2)
    with world.services.db.reading() as session:
        entries = session.exec(select(AuditEntry)).all()
    assert {"delivery-proven", "delivery-scan-read"} <= {entry.action for entry in entries}
    assert "O’Brien" not in "".join(str(entry.details) for entry in entries)
