"""Stops: whatever they cover stays in the house from the next release on, and goes when they are lifted."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.desk.desk_view import desk_of_letter
from gateway.application.runs import outcomes
from gateway.application.runs.running import run
from gateway.application.runs.stopping import live_stops, resume, stop, stopped_among
from gateway.application.runs.submitting import hand_over
from gateway.db.engine import Database
from gateway.db.people import AuditEntry
from gateway.domain.desk.desk import DeskAction, Problem
from gateway.domain.runs.stopping import StopScope
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict, InputError, NotFound, NotPermitted
from tests.world import INVITATION, MONDAY, REQUEST, World, at

pytestmark = [pytest.mark.slow, pytest.mark.both_databases]


class Through:
    """A provider that lets every call through but those that are replaced."""

    def __init__(self, provider: Any, **calls: Any) -> None:
        self._provider, self._calls = provider, calls

    def __getattr__(self, name: str) -> Any:
        return self._calls.get(name) or getattr(self._provider, name)


def states(world: World) -> list[str]:
    return [submission.state.value for submission in world.submissions()]


def version(world: World, template: str) -> str:
    return world.services.renderer.template(template).version


@pytest.mark.parametrize(
    ("scope", "value", "taken"),
    [
        (StopScope.LETTER, "{first}", 1),
        (StopScope.TEMPLATE, INVITATION, 1),
        (StopScope.TEMPLATE, "{version}", 1),
        (StopScope.TEMPLATE, REQUEST, 1),
        (StopScope.OFFICE, "borken", 0),
        (StopScope.OFFICE, "ahaus", 2),
        (StopScope.PROVIDER, "epost", 0),
    ],
)
def test_what_a_stop_covers_stays_in_the_house_and_goes_when_it_is_lifted(
    world: World, scope: StopScope, value: str, taken: int
) -> None:
    first = world.approved("F1", INVITATION)
    world.approved("F1", REQUEST)
    named = value.format(first=first, version=f"{INVITATION}@{version(world, INVITATION)}")
    made = stop(world.services, "post", scope, named, "Fehler im Text")
    (report,) = world.evening()
    assert len(world.taken()) == report.hand_over.released == taken
    assert hand_over(world.services, retry_now=True).released == 0
    resume(world.services, "admin", made.id, "behoben")
    hand_over(world.services, retry_now=True)
    assert len(world.taken()) == len(set(world.taken())) == 2
    assert states(world) == ["released", "released"]


def test_a_stop_of_a_run_covers_its_pieces_and_no_other_run(world: World) -> None:
    world.approved("F1", INVITATION)
    world.simulator.plan_fault("POST /api/Letter", "429:1")
    world.evening()
    day = world.services.today()
    stop(world.services, "post", StopScope.RUN, f"{day}-1", "falsche Vorlage")
    world.approved("F1", REQUEST)
    world.advance(minutes=1)
    report = run(world.services)
    assert (report.run, report.hand_over.released) == (2, 1)
    assert sorted(states(world)) == ["released", "staged"]


def test_a_stop_set_while_a_piece_is_being_released_keeps_the_next_one(world: World) -> None:
    for hour in range(3):
        world.approved(appointment_time=f"1{hour}:00")
    provider = world.services.provider
    effects = []

    def release(handle: str, consignment: Any) -> str:
        database = Database(str(world.settings.database_url()))
        other = replace(world.services, db=database)
        effects.append(stop(other, "post", StopScope.PROVIDER, "epost", "Notbremse"))
        database.close()
        return str(provider.release(handle, consignment))

    world.services = replace(world.services, providers={"epost": Through(provider, release=release)})
    (report,) = world.evening()
    assert (report.hand_over.released, report.hand_over.waiting) == (1, 2)
    assert len(world.taken()) == 1
    assert len(effects) == 1
    assert (effects[0].kept_back, effects[0].releasing) == (2, 1)


def test_a_stop_holds_for_another_process_that_is_in_the_middle_of_its_pass(world: World) -> None:
    for hour in range(4):
        world.approved(appointment_time=f"1{hour}:00")
    provider = world.services.provider
    first_is_out, stopped = threading.Event(), threading.Event()

    def release(handle: str, consignment: Any) -> str:
        reference = str(provider.release(handle, consignment))
        first_is_out.set()
        assert stopped.wait(20)
        return reference

    world.services = replace(world.services, providers={"epost": Through(provider, release=release)})
    passing = threading.Thread(target=world.evening)
    passing.start()
    assert first_is_out.wait(20)
    database = Database(str(world.settings.database_url()))
    stop(replace(world.services, db=database), "post", StopScope.OFFICE, "borken", "Notbremse")
    stopped.set()
    passing.join()
    database.close()
    assert len(world.taken()) == 1
    assert sorted(states(world)) == ["planned", "planned", "planned", "released"]


def test_what_is_in_doubt_is_not_released_again_while_it_is_stopped(world: World) -> None:
    world.approved()
    world.simulator.plan_fault("POST /api/Letter", "drop-before")
    world.evening()
    made = stop(world.services, "post", StopScope.PROVIDER, "epost", "Notbremse")
    world.advance(minutes=16)
    assert hand_over(world.services).released == 0
    assert world.taken() == []
    resume(world.services, "post", made.id, "weiter")
    assert hand_over(world.services, retry_now=True).released == 1
    assert len(world.taken()) == 1


def test_only_those_who_may_stop_and_nothing_that_does_not_exist(world: World) -> None:
    for login in ("anna", "bea", "audit"):
        with pytest.raises(NotPermitted):
            stop(world.services, login, StopScope.PROVIDER, "epost", "Notbremse")
    for scope, value in (
        (StopScope.PROVIDER, "nobody"),
        (StopScope.OFFICE, "nowhere"),
        (StopScope.LETTER, "AAAA-AAAA"),
        (StopScope.TEMPLATE, f"{INVITATION}@none"),
        (StopScope.RUN, "2026-11-16-9"),
    ):
        with pytest.raises(NotFound, match="stop-target-unknown"):
            stop(world.services, "post", scope, value, "Notbremse")
    for value in ("gestern", "2026-13-01-1"):
        with pytest.raises(InputError, match="run-unreadable"):
            stop(world.services, "post", StopScope.RUN, value, "Notbremse")
    with pytest.raises(InputError, match="reason-missing"):
        stop(world.services, "post", StopScope.PROVIDER, "epost", "  ")
    assert live_stops(world.services, None) == []


def test_a_stop_is_set_once_lifted_once_and_may_be_set_again_and_all_of_it_is_audited(world: World) -> None:
    made = stop(world.services, "post", StopScope.PROVIDER, "epost", "Störung")
    with pytest.raises(Conflict, match="already-stopped"):
        stop(world.services, "admin", StopScope.PROVIDER, "epost", "noch einmal")
    resume(world.services, "admin", made.id, "behoben")
    with pytest.raises(Conflict):
        resume(world.services, "admin", made.id, "behoben")
    assert live_stops(world.services, "post") == []
    again = stop(world.services, "post", StopScope.PROVIDER, "epost", "wieder")
    assert [view.id for view in live_stops(world.services, "audit")] == [again.id]
    with world.services.db.reading() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.subject == "provider:epost")).all()
    assert [(entry.actor, entry.action, entry.reason) for entry in entries] == [
        ("post", "stop-set", "Störung"),
        ("admin", "stop-lifted", "behoben"),
        ("post", "stop-set", "wieder"),
    ]
    assert world.clock.now() - again.set_at < timedelta(minutes=1)


def test_a_stop_in_the_very_moment_of_an_intent_tells_the_truth_about_what_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.approved()
    looked, pulled = threading.Event(), threading.Event()
    look = stopped_among

    def look_and_dawdle(session: Any, submissions: Any) -> set[int]:
        """Between the look at the stops and the commit of the intent somebody pulls the brake."""
        found = look(session, submissions)
        if submissions[0].state is SubmissionState.STAGED:
            looked.set()
            pulled.wait(1)
        return found

    monkeypatch.setattr(outcomes, "stopped_among", look_and_dawdle)
    passing = threading.Thread(target=world.evening)
    passing.start()
    assert looked.wait(120)
    database = Database(str(world.settings.database_url()))
    made = stop(replace(world.services, db=database), "post", StopScope.PROVIDER, "epost", "Notbremse")
    pulled.set()
    passing.join()
    database.close()
    assert made.kept_back == states(world).count("staged") + states(world).count("planned")
    assert made.kept_back + len(world.taken()) == 1


def test_what_a_long_stop_kept_until_it_would_come_too_late_is_not_released_when_the_stop_is_lifted(
    world: World,
) -> None:
    late = world.approved(appointment_date="2026-11-25", appointment_time="10:00")
    world.approved(appointment_date="2027-01-11", appointment_time="11:00")
    made = stop(world.services, "post", StopScope.PROVIDER, "epost", "falscher Briefkopf")
    world.evening()
    world.advance_to(at(MONDAY + timedelta(days=2), "08:00"))
    resume(world.services, "post", made.id, "behoben")
    report = hand_over(world.services, retry_now=True)
    assert (report.released, report.waiting) == (1, 1)
    (entry,) = desk_of_letter(world.services, "post", late)
    assert entry.problem is Problem.TOO_LATE
    assert set(entry.actions) == {DeskAction.CANCEL, DeskAction.HAND_BACK}
    hand_over(world.services, retry_now=True)
    run(world.services)
    assert len(world.taken()) == 1


def test_what_was_staged_before_an_outage_is_looked_at_again_after_it(world: World) -> None:
    late = world.approved(appointment_date="2026-11-25")
    world.simulator.plan_fault("POST /api/Letter", "429:1")
    world.evening()
    assert states(world) == ["staged"]
    world.advance_to(at(MONDAY + timedelta(days=2), "08:00"))
    assert hand_over(world.services, retry_now=True).released == 0
    assert (world.taken(), states(world)) == ([], ["planned"])
    (entry,) = desk_of_letter(world.services, "post", late)
    assert entry.problem is Problem.TOO_LATE
