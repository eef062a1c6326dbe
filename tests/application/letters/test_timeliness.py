"""A letter that would come too late is not approved; one that went stale while it waited goes to the desk."""

from datetime import date, timedelta

import pytest
from sqlmodel import select

from gateway.application.clearing import withholding
from gateway.application.desk.desk_view import desk
from gateway.application.letters import approving
from gateway.application.runs.running import run
from gateway.db.people import AuditEntry
from gateway.domain.account.standing import Standing
from gateway.errors import Conflict
from tests.world import MONDAY, REQUEST, World, at

# Approved on Monday 16 November: posted on the 17th, notified on Saturday the 21st; three working days: the 25th.
FIRST_DAY = date(2026, 11, 25)


def held_entries(world: World) -> list[AuditEntry]:
    with world.services.db.reading() as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.action == "letter-held")).all())


def test_a_summons_that_comes_too_late_is_not_approved(world: World) -> None:
    late = world.ready(appointment_date=(FIRST_DAY - timedelta(days=1)).isoformat())
    with pytest.raises(Conflict) as caught:
        approving.approve(world.services, "bea", late)
    assert caught.value.code == "letter-stale"
    assert "25.11.2026" in caught.value.message
    assert world.view(late).state == "ready"


def test_a_summons_that_just_comes_in_time_is_approved_and_leaves(world: World) -> None:
    reference = world.approved(appointment_date=FIRST_DAY.isoformat())
    (report,) = world.evening()
    assert report.letters == 1
    assert world.view(reference).state == "batched"


def test_after_the_cut_off_the_next_run_counts(world: World) -> None:
    reference = world.ready(template=REQUEST, deadline="2026-11-28")
    world.advance_to(at(MONDAY, "17:31"))
    with pytest.raises(Conflict, match="letter-stale"):
        approving.approve(world.services, "bea", reference)


def test_the_deadline_of_a_request_is_asked_too(world: World) -> None:
    late = world.ready(template=REQUEST, deadline="2026-11-27")
    with pytest.raises(Conflict, match="letter-stale"):
        approving.approve(world.services, "bea", late)
    approving.approve(world.services, "bea", world.ready(template=REQUEST, deadline="2026-11-28"))


def test_a_letter_that_went_stale_waits_on_the_desk_and_is_never_posted(world: World) -> None:
    stale = world.approved(appointment_date=FIRST_DAY.isoformat(), appointment_time="10:00")
    fresh = world.approved(appointment_time="11:00")
    withholding.hold(world.services, "anna", stale, "Rückfrage")
    world.advance_to(at(MONDAY + timedelta(days=2), "08:00"))
    withholding.let_go(world.services, "anna", stale)
    report = run(world.services, day=None)
    assert report.letters == 1
    assert world.view(fresh).state == "batched"
    view = world.view(stale)
    assert (view.state, view.standing) == ("approved", Standing.HELD)
    (line,) = desk(world.services, "post").letters
    assert line.reference == stale
    assert any("26.11.2026" in problem and "letter-stale" in problem for problem in line.problems)
    assert [entry.actor for entry in held_entries(world)] == ["anna", "system"]


def test_a_stale_letter_that_is_let_go_is_held_again_and_can_be_cancelled(world: World) -> None:
    stale = world.approved(appointment_date=FIRST_DAY.isoformat())
    world.advance_to(at(MONDAY + timedelta(days=2), "08:00"))
    assert run(world.services, day=None).letters == 0
    withholding.let_go(world.services, "anna", stale)
    assert desk(world.services, "post").letters == []
    assert run(world.services, day=None).letters == 0
    assert world.view(stale).standing is Standing.HELD
    withholding.cancel(world.services, "anna", stale, "Termin überholt")
    assert desk(world.services, "post").letters == []
    assert world.taken() == []
