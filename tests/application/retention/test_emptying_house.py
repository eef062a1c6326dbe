"""What is about no letter alone leaves, too: locks, stops, alarms, withdrawn pieces, reports that met no piece."""

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError as DatabaseRefuses
from sqlmodel import col, select

from gateway.application.access.authorising import audit
from gateway.application.clearing.withholding import cancel
from gateway.application.desk.redriving import Wish, redrive
from gateway.application.filing.filing import file_due
from gateway.application.retention.destroying import Pass, apply, plan
from gateway.application.retention.locking import list_locks, lock_deletion, unlock_deletion
from gateway.application.runs.stopping import resume, stop
from gateway.application.tracking.listening import unmatched
from gateway.application.tracking.tracking import poll, record
from gateway.application.trail.sealing import anchor
from gateway.application.trail.verifying import verify
from gateway.db.desk import AlarmDecision
from gateway.db.mail import MailPiece, Submission
from gateway.db.people import AuditEntry
from gateway.db.retention import DeletionLock
from gateway.db.unmatched import UnmatchedReport
from gateway.domain.desk.alarms import AlarmAction
from gateway.domain.desk.desk import DeskAction
from gateway.domain.runs.status import Status
from gateway.domain.runs.stopping import StopScope
from gateway.domain.runs.submission import SubmissionState
from gateway.ports.provider import StatusReport
from tests.application.retention.rows import everything
from tests.application.retention.test_destroying import posted
from tests.application.runs.test_packing import PrintCentre
from tests.world import World

pytestmark = pytest.mark.both_databases
NAME = "Zwirbelkötter"


def later(world: World, *days: int) -> Pass:
    """A pass after each of these spans; the last one."""
    done = None
    for each in days:
        world.advance(days=each)
        anchor(world.services)
        done = apply(world.services)
    assert done is not None
    assert done.faults == {}
    return done


def assert_proven(world: World) -> None:
    anchor(world.services)
    found = verify(world.services)
    assert (found.faults, found.unsealed) == ([], 0)


def test_the_reason_of_a_lock_stays_while_it_holds_and_leaves_once_all_that_it_kept_has_left(
    world: World,
) -> None:
    posted(world)
    lock_deletion(world.services, "both", "F1", f"{NAME} klagt")
    later(world, 2000, 2000)
    assert everything(world).count(NAME) == 2, "in the lock, and in the trail"
    unlock_deletion(world.services, "bea", "F1")
    later(world, 1)
    lock_deletion(world.services, "both", "F1", f"{NAME} klagt wieder")
    later(world, 740)
    assert everything(world).count(NAME) == 4, "what holds keeps the words of the case"
    unlock_deletion(world.services, "bea", "F1")
    later(world, 700)
    assert everything(world).count(NAME) == 4
    assert "personal" not in plan(world.services).gone
    later(world, 40, 740)
    assert NAME not in everything(world)
    assert list_locks(world.services) == []
    with world.services.db.reading() as session:
        locks = session.exec(select(DeletionLock)).all()
    assert [(lock.reason, lock.set_by, lock.lifted_by) for lock in locks] == [("", "both", "bea")] * 2
    assert_proven(world)
    assert later(world, 1).gone == {}


def test_a_lock_that_was_lifted_keeps_its_reason_as_long_as_a_letter_of_the_case_is_here(world: World) -> None:
    lock_deletion(world.services, "both", "F1", f"{NAME} klagt")
    unlock_deletion(world.services, "bea", "F1")
    posted(world, confirmed=False)
    later(world, 4000)
    assert everything(world).count(NAME) == 2


@pytest.mark.parametrize(
    "statement",
    ["UPDATE deletion_lock SET reason = ''", "UPDATE deletion_lock SET reason = 'anders', lifted_at = set_at"],
)
def test_the_database_keeps_the_reason_of_a_lock_that_holds(world: World, statement: str) -> None:
    lock_deletion(world.services, "both", "F1", "Klage")
    with pytest.raises(DatabaseRefuses), world.services.db.transaction() as session:
        session.connection().execute(text(statement))


def test_words_about_stops_and_alarms_leave_with_the_letter_that_they_are_about(world: World) -> None:
    reference = world.ready("F1")
    stop(world.services, "post", StopScope.LETTER, reference, f"{NAME} rief an")
    waiting = stop(world.services, "post", StopScope.PROVIDER, "epost", f"Auskunft von {NAME}")
    with world.services.db.transaction() as session:
        for each in (f"tally-differs:epost:2026-11-16:{reference}:missing-there", "scan-gap:west:4-5"):
            session.add(
                AlarmDecision(
                    alarm=each,
                    action=AlarmAction.SETTLE,
                    reason=f"{NAME} weiß es",
                    decided_by="post",
                    decided_at=world.clock.now(),
                )
            )
            audit(session, world.services, "post", "alarm-settled", each, reason=f"{NAME} weiß es")
    later(world, 740)
    assert everything(world).count(NAME) == 6, "the gap alone is history"
    resume(world.services, "post", waiting.id, f"{NAME} sagt, es geht")
    resume(world.services, "post", waiting.id - 1, f"{NAME} sagt, es geht")
    cancel(world.services, "anna", reference, "doppelt")
    later(world, 40, 700, 40)
    assert everything(world).count(NAME) == 6, "the letter keeps its own"
    later(world, 740)
    assert NAME not in everything(world)
    assert_proven(world)


def test_what_was_typed_and_said_of_a_piece_that_was_planned_again_leaves_with_its_letter(world: World) -> None:
    press = PrintCentre(profile=world.services.provider.profile, name="press")
    world.services = replace(world.services, providers={**world.services.providers, "press": press})
    reference = world.approved("F1")
    world.simulator.plan_fault("POST /api/Letter", "reject:E306")
    world.evening()
    old = world.only(reference).piece
    redrive(world.services, "post", reference, Wish(DeskAction.PLAN_AGAIN, f"{NAME} wartet", provider="press"))
    with world.services.db.transaction() as session:
        withdrawn = session.exec(select(MailPiece).where(MailPiece.reference == old)).one()
        key = session.exec(select(Submission.key).where(Submission.piece_id == withdrawn.id)).one()
    raw: dict[str, object] = {"an": NAME}
    late = StatusReport(
        *(key, "E-1", Status.FAILED, "E306", world.clock.now(), "late", raw),
        reason=f"{NAME} unbekannt",
    )
    record(world.services, "epost", [late])
    cancel(world.services, "anna", reference, f"{NAME} ist verstorben")
    file_due(world.services)
    assert everything(world).count(NAME) > 5
    later(world, 200, 200)
    assert f"'an': '{NAME}'" not in everything(world)
    later(world, 740)
    assert NAME not in everything(world)
    assert_proven(world)


def say_of_nobody(world: World) -> None:
    """A return of a piece that nobody knows."""
    raw: dict[str, object] = {"Empfänger": NAME}
    report = StatusReport(
        *("X-1", "L-1", Status.RETURNED, "returned", world.clock.now(), "x", raw), reason=f"{NAME} verzogen"
    )
    record(world.services, "epost", [report])


def test_what_was_said_of_a_piece_that_nobody_knows_leaves_by_the_rule_of_payloads(world: World) -> None:
    say_of_nobody(world)
    later(world, 170)
    assert NAME in everything(world)
    assert later(world, 20).gone == {"raw-payload": 1}
    assert NAME not in everything(world)
    with world.services.db.reading() as session:
        row = session.exec(select(UnmatchedReport)).one()
        proof = session.exec(select(AuditEntry).where(AuditEntry.action == "payloads-deleted")).one()
    assert (row.provider_status, row.key, row.emptied_at) == ("returned", "X-1", world.clock.now())
    assert proof.details["sha256"] == row.raw_sha256
    (line,) = unmatched(world.services, "post")
    assert (line.raw, line.emptied_at) == ({}, world.clock.now())
    assert later(world, 1).gone == {}


def test_it_stays_while_a_hand_over_is_unclear_that_it_may_be_about(world: World) -> None:
    world.approved("F1")
    world.evening()
    with world.services.db.transaction() as session:
        handed = session.exec(select(Submission)).one()
        handed.state = SubmissionState.IN_DOUBT
        handed.next_attempt_at = world.clock.now().replace(year=2040)
    say_of_nobody(world)
    assert later(world, 400).kept["raw-payload"] == {"unfinished": 1}
    with world.services.db.transaction() as session:
        session.exec(select(Submission)).one().state = SubmissionState.RELEASED
    assert later(world, 1).gone == {"raw-payload": 1}


def test_one_that_met_its_piece_leaves_with_that_and_says_when(world: World) -> None:
    reference = posted(world)
    key = world.only(reference).key or ""
    with world.services.db.transaction() as session:
        submission = session.exec(select(Submission)).one()
        submission.key = "noch-nicht-bekannt"
    early = StatusReport(key, "?", Status.PRINTED, "printed", world.clock.now(), "early", {"an": NAME})
    record(world.services, "epost", [early])
    with world.services.db.transaction() as session:
        session.exec(select(Submission)).one().key = key
    poll(world.services)
    file_due(world.services)
    later(world, 200, 200)
    with world.services.db.reading() as session:
        row = session.exec(select(UnmatchedReport).order_by(col(UnmatchedReport.id))).one()
    assert (row.raw, row.emptied_at) == ({}, world.clock.now())
    assert NAME not in everything(world)
