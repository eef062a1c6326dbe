"""The account balances in every situation, and names to the letter what is missing."""

from collections.abc import Callable

import pytest
from sqlmodel import select

from gateway.application.account.patrolling import sweep
from gateway.application.account.reconciling import account
from gateway.application.clearing import withholding
from gateway.application.tracking.tracking import poll
from gateway.application.views.explaining import explain
from gateway.db.letters import Approval, Recipient
from gateway.db.mail import StatusEvent, Submission
from gateway.domain.account.account import Line
from gateway.domain.references import for_people
from gateway.errors import NotPermitted
from tests.world import MONDAY, World, at

pytestmark = pytest.mark.both_databases

LETTER = "POST /api/Letter"


def lines(world: World) -> dict[str, int]:
    balance = account(world.services)
    assert balance.balanced, balance.unexplained
    assert sum(balance.lines.values()) == balance.approved
    return {line.value: count for line, count in balance.lines.items() if count}


def test_a_letter_is_on_exactly_one_line_at_every_moment_of_its_life(world: World) -> None:
    assert lines(world) == {}
    reference = world.ready()
    assert lines(world) == {}
    from gateway.application.letters import approving  # noqa: PLC0415

    approving.approve(world.services, "bea", reference)
    assert lines(world) == {"under_way": 1}
    withholding.hold(world.services, "anna", reference, "warten")
    assert lines(world) == {"held": 1}
    withholding.let_go(world.services, "anna", reference)
    world.evening()
    assert lines(world) == {"under_way": 1}
    world.advance(days=4)
    poll(world.services)
    assert lines(world) == {"posted": 1}


def test_every_recipient_counts(world: World) -> None:
    world.approved("F2")
    assert lines(world) == {"under_way": 2}
    withholding.cancel(world.services, "anna", world.approved("F1"), "Irrtum")
    assert lines(world) == {"under_way": 2, "cancelled": 1}


def test_refused_failed_and_doubtful_pieces_have_their_lines(world: World) -> None:
    for n, kind in enumerate(["reject:E306", "drop-after-accept", "fail-later:E318"]):
        world.approved(appointment_time=f"1{n}:00")
        world.simulator.plan_fault(LETTER, kind)
        world.advance(minutes=1)
        from gateway.application.runs.running import run  # noqa: PLC0415

        run(world.services)
    assert lines(world) == {"failed": 1, "under_way": 2}
    world.advance(days=4)
    from gateway.application.runs.submitting import hand_over  # noqa: PLC0415

    hand_over(world.services)
    poll(world.services)
    assert lines(world) == {"failed": 2, "posted": 1}


def test_a_day_has_its_own_account(world: World) -> None:
    world.approved()
    world.advance_to(at(MONDAY, "23:59"))
    world.advance(minutes=1)
    world.approved(appointment_time="16:00")
    assert account(world.services, day=MONDAY).approved == 1
    assert account(world.services).approved == 2


def lose_document(world: World, reference: str) -> None:
    sha256 = world.only(reference).approved_sha256 or ""
    for file in (world.settings.data_dir / "documents").rglob(f"*{sha256[-8:]}*"):
        file.unlink()


def lose_print_copy(world: World, reference: str) -> None:
    sha256 = world.only(reference).print_sha256 or ""
    for file in (world.settings.data_dir / "documents").rglob(f"*{sha256[-8:]}*"):
        file.unlink()


def lose_submission(world: World, reference: str) -> None:
    key = world.only(reference).key
    with world.services.db.transaction() as session:
        row = session.exec(select(Submission).where(Submission.key == key)).one()
        for event in session.exec(select(StatusEvent).where(StatusEvent.submission_id == row.id)).all():
            session.delete(event)
        session.flush()
        session.delete(row)


def lose_piece(world: World, reference: str) -> None:
    with world.services.db.transaction() as session:
        for recipient in session.exec(select(Recipient)).all():
            if for_people(reference) and recipient.document_sha256 == world.only(reference).document_sha256:
                recipient.mail_piece_id = None


def lose_approval(world: World, reference: str) -> None:
    sha256 = world.only(reference).approved_sha256
    with world.services.db.transaction() as session:
        session.delete(session.exec(select(Approval).where(Approval.document_sha256 == sha256)).one())


@pytest.mark.parametrize(
    ("lose", "code"),
    [
        (lose_document, "approved-document-missing"),
        (lose_print_copy, "print-copy-missing"),
        (lose_submission, "submission-missing"),
        (lose_piece, "piece-missing"),
        (lose_approval, "approval-missing"),
    ],
)
def test_what_is_missing_is_named_by_letter_and_nothing_is_rounded_away(
    world: World, lose: Callable[[World, str], None], code: str
) -> None:
    victim, other = world.approved(appointment_time="10:00"), world.approved(appointment_time="11:00")
    world.evening()
    lose(world, victim)
    sweep(world.services, everything=True)
    balance = account(world.services)
    assert not balance.balanced
    assert balance.unexplained == ((f"{for_people(victim)}/1", code),)
    assert balance.approved == 2
    assert balance.lines[Line.UNDER_WAY] == 1
    assert other != victim


def test_every_step_is_explained_in_sentences(world: World) -> None:
    said = {}
    reference = world.write()
    said["draft"] = explain(world.services, reference)
    reference = world.ready(appointment_time="13:00")
    said["ready"] = explain(world.services, reference)
    reference = world.approved(appointment_time="14:00")
    said["approved"] = explain(world.services, reference)
    withholding.hold(world.services, "anna", reference, "Rückfrage der Leitung")
    said["held"] = explain(world.services, reference)
    withholding.let_go(world.services, "anna", reference)
    world.simulator.plan_fault(LETTER, "drop-after-accept")
    world.evening()
    said["doubt"] = explain(world.services, reference)
    for name, expected in {
        "draft": "Entwurf",
        "ready": "wartet auf die Freigabe",
        "approved": "Tageslauf am 16.11.2026",
        "held": "Rückfrage der Leitung",
        "doubt": "ungeklärt",
    }.items():
        text = " ".join(said[name])
        assert expected in text, name
        assert "JC-BOR-2026-00017" in text
        assert "O’Brien" not in text


def test_explaining_needs_the_right_to_read(world: World) -> None:
    reference = world.write()
    for login in ("ahmad", "admin"):
        with pytest.raises(NotPermitted):
            explain(world.services, reference, login)
    assert explain(world.services, reference, "audit")
