"""Retention: what may go goes, with proof; what is not finished stays, whatever its age; nothing is missed after."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import col, select

from gateway.application.account.reconciling import account
from gateway.application.account.restoring import restore
from gateway.application.clearing.withholding import cancel, hold
from gateway.application.filing.filing import file_due
from gateway.application.posting import posting
from gateway.application.retention import departing, destroying
from gateway.application.retention.destroying import Pass, apply, apply_due, last_pass, plan, rules_in_force
from gateway.application.retention.exporting import export_person
from gateway.application.retention.locking import lock_deletion, unlock_deletion
from gateway.application.tracking.tracking import poll
from gateway.application.trail.sealing import anchor, seal
from gateway.application.trail.verifying import verify
from gateway.application.views.explaining import explain
from gateway.application.views.opening import open_document
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, StatusEvent
from gateway.db.people import AuditEntry
from gateway.db.retention import ContentDeparture
from gateway.db.unmatched import UnmatchedReport
from gateway.domain.retention import Kind
from gateway.errors import InputError, NotFound, NotPermitted
from tests.world import AWARD, World

pytestmark = pytest.mark.both_databases


def posted(world: World, *, confirmed: bool = True, template: str = AWARD) -> str:
    """A letter that was posted and filed, and confirmed if asked for."""
    reference = world.approved("F1", template, login="both")
    world.evening()
    world.advance(days=4)
    poll(world.services)
    if confirmed:
        for day in posting.posting_days(world.services, "post"):
            posting.confirm(world.services, "post", day.day)
    file_due(world.services)
    return reference


def as_it_came(event: StatusEvent) -> dict[str, Any]:
    """What was kept of an event that was told before its piece was known."""
    return event.model_dump(exclude={"id", "submission_id"})


def hashes(world: World, reference: str) -> tuple[str, str]:
    only = world.only(reference)
    return only.approved_sha256 or "", only.print_sha256 or ""


def here(world: World, sha256: str) -> bool:
    return (world.settings.data_dir / "documents" / sha256[:2] / sha256[2:4] / sha256).is_file()


def entries(world: World, action: str) -> list[AuditEntry]:
    with world.services.db.reading() as session:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(col(AuditEntry.id))
        return list(session.exec(query).all())


def applied(world: World) -> Pass:
    done = apply(world.services)
    assert done is not None
    return done


def test_a_finished_letter_leaves_with_proof_and_is_read_from_the_case_file(world: World) -> None:
    reference = posted(world)
    document, print_copy = hashes(world, reference)
    bytes_before = world.services.blobs.get(document)
    world.advance(days=200)
    would = plan(world.services)
    assert here(world, document)
    done = applied(world)
    assert done.gone == would.gone == {"print-copy": 1, "document": 1}
    assert not here(world, document)
    assert not here(world, print_copy)
    (of_piece, of_letter) = entries(world, "content-deleted")
    (proof,) = of_letter.details["documents"]
    assert (of_letter.subject, proof["sha256"], proof["rule"]) == (reference, document, "document")
    assert f"document:{reference}:1" in proof["confirmed_as"]
    assert of_piece.details["documents"][0]["sha256"] == print_copy
    assert open_document(world.services, "anna", reference, 1).content == bytes_before
    assert not here(world, document)
    assert account(world.services).balanced
    assert applied(world).gone == {}


def test_a_print_copy_is_made_again_where_it_is_needed(world: World) -> None:
    reference = posted(world)
    _, print_copy = hashes(world, reference)
    printed = world.services.blobs.get(print_copy)
    world.advance(days=200)
    applied(world)
    with world.services.db.reading() as session:
        piece = session.exec(select(MailPiece.id)).one()
    assert restore(world.services, piece or 0) == print_copy
    assert world.services.blobs.get(print_copy) == printed
    assert [entry.details["sha256"] for entry in entries(world, "content-returned")] == [print_copy]
    assert applied(world).gone == {"print-copy": 1}


@pytest.mark.parametrize(
    ("make", "days"),
    [
        (lambda world: posted(world, confirmed=False), 4000),
        (posted, 20),
        (posted, 60),
        (lambda world: world.approved("F1"), 4000),
    ],
)
def test_what_is_not_finished_stays_whatever_its_age(
    world: World, make: Callable[[World], str], days: int
) -> None:
    reference = make(world)
    document = world.only(reference).approved_sha256 or ""
    world.advance(days=days)
    assert "document" not in applied(world).gone
    assert here(world, document)


def test_a_letter_that_the_case_file_has_not_confirmed_stays(world: World) -> None:
    reference = posted(world)
    document, _ = hashes(world, reference)
    with world.services.db.transaction() as session:
        session.exec(select(Letter)).one().filing_due = True
    world.advance(days=200)
    done = applied(world)
    assert done.gone == {}
    assert done.kept["document"] == {"not-filed": 1}
    assert here(world, document)


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_what_the_case_file_does_not_give_back_unchanged_stays_here(world: World, damage: str) -> None:
    reference = posted(world)
    document, _ = hashes(world, reference)
    for filed in (world.settings.data_dir / "case-files").glob("*/documents/*.pdf"):
        filed.chmod(0o600)
        filed.write_bytes(b"other") if damage == "changed" else filed.unlink()
    world.advance(days=200)
    done = applied(world)
    assert "document" not in done.gone
    assert done.kept["document"] == {"not-filed": 1}
    assert sum(done.faults.values()) == 1
    assert here(world, document)
    assert entries(world, "content-deleted")[0].subject != reference


def test_a_lock_keeps_everything_of_a_case_until_it_is_lifted(world: World) -> None:
    reference = posted(world)
    document, print_copy = hashes(world, reference)
    lock_deletion(world.services, "both", "F1", "Widerspruch vom 3.12.")
    world.advance(days=4000)
    done = applied(world)
    assert done.gone == {"master-data": 3}, "people of other cases"
    assert done.kept["document"] == done.kept["print-copy"] == {"locked": 1}
    assert here(world, document)
    assert here(world, print_copy)
    unlock_deletion(world.services, "bea", "F1")
    assert applied(world).gone == {"print-copy": 1, "document": 1}


def test_a_lock_that_is_set_between_look_and_deletion_still_holds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = posted(world)
    document, _ = hashes(world, reference)
    world.advance(days=200)
    proven = departing.prove

    def late(services: object, documents: object) -> dict[str, str]:
        confirmed = proven(services, documents)  # type: ignore[arg-type]
        if not entries(world, "deletion-locked"):
            lock_deletion(world.services, "both", "F1", "Klage")
        return confirmed

    monkeypatch.setattr(departing, "prove", late)
    applied(world)
    assert here(world, document)


def test_locks_have_roles_offices_and_reasons(world: World) -> None:
    with pytest.raises(NotPermitted):
        lock_deletion(world.services, "ahmad", "F1", "x")
    with pytest.raises(NotPermitted):
        lock_deletion(world.services, "audit", "F1", "x")
    with pytest.raises(InputError):
        lock_deletion(world.services, "both", "F1", " ")
    with pytest.raises(NotFound):
        unlock_deletion(world.services, "both", "F1")
    with pytest.raises(NotPermitted):
        plan(world.services, "anna")
    with pytest.raises(NotPermitted):
        rules_in_force(world.services, "post")
    assert {rule.kind for rule in rules_in_force(world.services, "admin")} == set(Kind)


def test_a_kill_between_intent_and_proof_is_made_up_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = posted(world)
    document, _ = hashes(world, reference)
    world.advance(days=200)

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(departing, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            departing.leave(
                world.services,
                world.services.retention.all(world.services.today())[1],
                _letter(world, reference),
            )
    assert here(world, document)
    assert entries(world, "content-deleted") == []
    assert open_document(world.services, "anna", reference, 1).content
    applied(world)
    assert not here(world, document)
    assert reference in {entry.subject for entry in entries(world, "content-deleted")}


def _letter(world: World, reference: str) -> int:
    with world.services.db.reading() as session:
        return session.exec(select(Letter.id).where(Letter.reference == reference)).one() or 0


def test_a_cancelled_draft_and_replaced_renderings_go_without_the_case_file(world: World) -> None:
    reference = world.ready()
    draft = world.only(reference).document_sha256 or ""
    cancel(world.services, "anna", reference, "doppelt")
    other = world.view(world.ready("F2")).recipients[0]
    world.advance(days=40)
    assert applied(world).gone == {"draft": 1}
    assert not here(world, draft)
    assert here(world, other.document_sha256 or "")
    with pytest.raises(NotFound) as caught:
        open_document(world.services, "anna", reference, 1)
    assert caught.value.code == "document-deleted"


def test_a_held_letter_stays(world: World) -> None:
    reference = world.approved("F1")
    hold(world.services, "anna", reference, "Rückfrage")
    world.advance(days=4000)
    assert applied(world).gone == {"master-data": 3}, "people of other cases"


def test_words_of_providers_then_addresses_and_reasons_go_and_chain_and_account_stay_whole(
    world: World,
) -> None:
    reference = posted(world)
    hold_reason = "Frau O’Brien rief an"
    with world.services.db.transaction() as session:
        session.add(
            AuditEntry(
                at=world.clock.now(),
                actor="anna",
                action="letter-held",
                subject=reference,
                reason=hold_reason,
                details={},
            )
        )
        early = session.exec(select(StatusEvent)).first()
        assert early is not None
        session.add(
            UnmatchedReport(**as_it_came(early), key="", provider_reference="", matched_at=early.received_at)
        )
    anchor(world.services)
    world.advance(days=200)
    applied(world)
    world.advance(days=200)
    assert applied(world).gone == {"raw-payload": 1}
    with world.services.db.reading() as session:
        for column in (StatusEvent.raw, UnmatchedReport.raw):
            assert [raw for raw in session.exec(select(column)).all() if raw] == []
    assert entries(world, "payloads-deleted")[0].details["events"]
    world.advance(days=600)
    assert applied(world).gone == {"personal": 1}
    with world.services.db.reading() as session:
        copy = session.exec(select(Recipient)).one()
        letter = session.exec(select(Letter)).one()
        reasons = session.exec(select(AuditEntry.reason).where(AuditEntry.subject == reference)).all()
    assert (copy.address_lines, copy.salutation, letter.data) == ([], "", {})
    assert copy.document_sha256
    assert set(reasons) == {""}
    anchor(world.services)
    found = verify(world.services)
    assert (found.faults, found.unsealed) == ([], 0)
    assert found.reasons_deleted >= 1
    assert account(world.services).balanced
    assert explain(world.services, reference)
    assert applied(world).gone == {}


def test_a_reason_that_is_not_sealed_yet_stays_until_it_is(world: World) -> None:
    reference = posted(world)
    world.advance(days=200)
    applied(world)
    world.advance(days=800)
    seal(world.services, thorough=True)
    with world.services.db.transaction() as session:
        session.add(
            AuditEntry(
                at=world.clock.now(),
                actor="anna",
                action="letter-held",
                subject=reference,
                reason="eben getippt",
                details={},
            )
        )
    applied(world)
    seal(world.services)
    assert verify(world.services).faults == []


def test_a_pass_is_made_once_a_day_and_remembered(world: World) -> None:
    assert apply_due(world.services) is not None
    assert apply_due(world.services) is None
    world.advance(days=1)
    assert apply_due(world.services) is not None
    last = last_pass(world.services)
    assert last is not None
    assert last.at == world.clock.now()


def test_a_pass_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        cancel(world.services, "anna", world.ready(), "x")
    world.advance(days=40)
    monkeypatch.setattr(destroying, "MOST", 2)
    assert applied(world).gone == {"draft": 2}
    assert applied(world).gone == {"draft": 1}


def test_bytes_that_another_letter_needs_stay(world: World) -> None:
    first, second = world.ready("F1"), world.ready("F2")
    shared = world.only(first).document_sha256
    with world.services.db.transaction() as session:
        for copy in session.exec(select(Recipient)).all():
            copy.document_sha256 = shared
    cancel(world.services, "anna", first, "x")
    world.advance(days=40)
    applied(world)
    assert here(world, shared or "")
    cancel(world.services, "anna", second, "x")
    world.advance(days=40)
    applied(world)
    assert not here(world, shared or "")
    with world.services.db.reading() as session:
        departure = session.get_one(ContentDeparture, shared)
    assert departure.left_at == world.clock.now()


def test_all_that_is_held_about_a_person_is_handed_out_and_that_is_audited(world: World) -> None:
    reference = posted(world)
    told = export_person(world.services, "both", "P3")
    assert told["person"]["family_name"] == "O’Brien"
    assert [case["roles"] for case in told["cases"]] == [["addressee", "member"]]
    (letter,) = told["letters"]
    assert letter["reference"] == reference
    assert letter["recipient"]["posted_on"] is not None
    assert "freigegeben" in {one["what"] for one in letter["processing"]}
    assert told["disclosed_to"] == ["epost", "E-Akte: folder"]
    text = str(told)
    for stranger in ("Nguyễn", "Dvořák", "Bea Freigabe", "'bea'", "'both'"):
        assert stranger not in text
    assert [entry.subject for entry in entries(world, "person-exported")] == ["P3"]


def test_a_person_of_two_offices_is_handed_out_by_who_serves_both(world: World) -> None:
    with pytest.raises(NotPermitted):
        export_person(world.services, "ahmad", "P3")
    with pytest.raises(NotPermitted):
        export_person(world.services, "post", "P3")
    assert export_person(world.services, "audit", "P2")["cases"][0]["roles"] == ["representative:guardian"]
    with pytest.raises(NotFound):
        export_person(world.services, None, "P99")
