"""Approving: the right person signs the hash of the bytes that will be printed, once and for ever."""

from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError as DatabaseRefuses
from sqlmodel import col, select, update

from gateway.application.clearing import withholding
from gateway.application.letters import approving, drafting, rendering
from gateway.db.letters import Approval, Letter
from gateway.db.people import AuditEntry
from gateway.errors import Conflict, IntegrityError, NotFound, NotPermitted
from tests.world import AWARD, World

pytestmark = pytest.mark.both_databases


def approvals(world: World) -> list[Approval]:
    with world.services.db.reading() as session:
        return list(session.exec(select(Approval).order_by(col(Approval.id))).all())


def test_the_author_cannot_sign_where_four_eyes_are_asked_even_as_an_approver(world: World) -> None:
    reference = world.ready(template=AWARD, login="both")
    with pytest.raises(NotPermitted) as caught:
        approving.approve(world.services, "both", reference)
    assert caught.value.code == "approval-needs-four-eyes"
    assert approvals(world) == []
    assert world.view(reference).state == "ready"
    approving.approve(world.services, "bea", reference)
    assert world.view(reference).approved_by == "bea"


def test_where_four_eyes_are_asked_a_colleague_without_the_role_cannot_sign_either(world: World) -> None:
    reference = world.ready(template=AWARD, login="both")
    with pytest.raises(NotPermitted):
        approving.approve(world.services, "anna", reference)


def test_elsewhere_the_author_may_sign_their_own_letter(world: World) -> None:
    reference = world.ready()
    approving.approve(world.services, "anna", reference)
    assert world.view(reference).approved_by == "anna"


@pytest.mark.parametrize("login", ["beate", "ahmad", "post", "admin", "audit"])
def test_nobody_of_another_office_or_without_the_role_signs(world: World, login: str) -> None:
    reference = world.ready()
    with pytest.raises(NotPermitted):
        approving.approve(world.services, login, reference)
    with pytest.raises(NotPermitted):
        approving.reject(world.services, login, reference, "nein")
    assert world.view(reference).state == "ready"


def test_the_signature_is_over_the_hash_of_every_recipients_document(world: World) -> None:
    reference = world.approved("F2")
    view = world.view(reference)
    assert len(approvals(world)) == 2
    for one in view.recipients:
        assert one.approved_sha256 == one.document_sha256
    assert len({one.approved_sha256 for one in view.recipients}) == 2
    assert {signed.approved_at for signed in approvals(world)} == {world.clock.now()}


def test_a_letter_is_signed_once(world: World) -> None:
    reference = world.approved()
    with pytest.raises(Conflict) as caught:
        approving.approve(world.services, "bea", reference)
    assert caught.value.code == "letter-not-ready"
    assert len(approvals(world)) == 1


@pytest.mark.parametrize(
    "statement", ["document_sha256 = 'x'", "approved_by_id = 1", "approved_at = '2020-01-01'"]
)
def test_the_database_refuses_to_change_a_signature(world: World, statement: str) -> None:
    world.approved()
    with (
        pytest.raises(DatabaseRefuses, match="append_only"),
        world.services.db.engine.begin() as connection,
    ):
        connection.exec_driver_sql(f"UPDATE approval SET {statement}")


def test_bytes_that_are_not_what_was_checked_cannot_be_signed(world: World, tmp_path: Path) -> None:
    reference = world.ready()
    sha256 = world.only(reference).document_sha256 or ""
    (file,) = (tmp_path / "data" / "documents").rglob(f"*{sha256[-8:]}*")
    file.chmod(0o600)
    file.write_bytes(file.read_bytes() + b"%")
    with pytest.raises(IntegrityError):
        approving.approve(world.services, "bea", reference)
    file.unlink()
    with pytest.raises(NotFound):
        approving.approve(world.services, "bea", reference)
    assert approvals(world) == []
    assert world.view(reference).state == "ready"


@pytest.mark.parametrize("state", ["draft", "submitted", "cancelled"])
def test_only_a_checked_letter_can_be_signed_and_the_refusal_says_what_it_is(world: World, state: str) -> None:
    reference = world.write()
    if state != "draft":
        drafting.submit(world.services, "anna", reference)
    if state == "cancelled":
        withholding.cancel(world.services, "anna", reference, "Irrtum")
    with pytest.raises(Conflict) as caught:
        approving.approve(world.services, "bea", reference)
    assert caught.value.code == "letter-not-ready"
    assert {"draft": "Entwurf", "submitted": "erstellt", "cancelled": "storniert"}[
        state
    ] in caught.value.message


def test_a_rejected_letter_goes_back_to_its_author_with_the_reason(world: World) -> None:
    reference = world.ready()
    approving.reject(world.services, "bea", reference, "Bitte den Termin prüfen")
    view = world.view(reference)
    assert (view.state, view.note) == ("draft", "Bitte den Termin prüfen")
    drafting.submit(world.services, "anna", reference, accept_duplicate=True)
    rendering.render_letter(world.services, reference)
    approving.approve(world.services, "bea", reference)


def test_a_letter_that_changed_under_the_signature_keeps_no_half_of_it(world: World) -> None:
    reference = world.ready("F2")
    with world.services.db.transaction() as session:
        session.connection().execute(
            update(Letter).where(col(Letter.reference) == reference).values(state="submitted")
        )
    with pytest.raises(Conflict):
        approving.approve(world.services, "bea", reference)
    assert approvals(world) == []


def test_who_signed_when_is_in_the_audit_trail(world: World) -> None:
    reference = world.approved()
    with world.services.db.reading() as session:
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "letter-approved")).one()
    assert (entry.actor, entry.subject, entry.at) == ("bea", reference, world.clock.now())
