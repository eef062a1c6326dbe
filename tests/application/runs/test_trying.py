"""The canary letter: handed over once before the run, never printed or counted; what is new about its answer shows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from gateway import bootstrap
from gateway.application.account.reconciling import account
from gateway.application.desk.alarming import alarms, settle
from gateway.application.runs.connecting import require_trial
from gateway.application.runs.running import run
from gateway.application.runs.stopping import live_stops
from gateway.application.runs.submitting import hand_over
from gateway.application.runs.trying import CanaryLine, canaries, try_out_due
from gateway.application.tracking import tallying
from gateway.db.mail import Submission
from gateway.domain.desk.alarms import AlarmAction, AlarmKind
from gateway.domain.runs.canary import CanaryRules, Change
from gateway.errors import ConfigError, InputError, NotPermitted
from gateway.providers.epost import EpostProvider
from tests.world import MONDAY, World, at

pytestmark = pytest.mark.slow

LETTER = "POST /api/Letter"
TUESDAY = MONDAY + timedelta(days=1)


def tried(world: World, *, stops: bool = False, **account_of_tests: Any) -> World:
    """The same world, its provider tried before each run."""
    values = {"test_email": "probe@example.org", **account_of_tests}
    provider: EpostProvider = bootstrap._epost(world.settings.provider.epost.model_copy(update=values))
    rules = CanaryRules(("epost",), stops=stops)
    world.services = replace(world.services, providers={"epost": provider}, canary=rules)
    return world


@pytest.fixture
def watched(world: World) -> Iterator[World]:
    before = world.services.provider
    yield tried(world)
    world.services.provider.close()
    before.close()


def evening(world: World, day: date = MONDAY) -> CanaryLine:
    """The hour before the run of a day: handed over, then answered."""
    world.advance_to(at(day, "18:05"))
    assert try_out_due(world.services) == []
    world.advance_to(at(day, "18:40"))
    (judged,) = try_out_due(world.services)
    return judged


def probes_at_provider(world: World) -> list[Any]:
    return [piece for piece in world.simulator.letters if piece.custom1.startswith("TEST-")]


def real_at_provider(world: World) -> list[Any]:
    return [piece for piece in world.simulator.letters if not piece.custom1.startswith("TEST-")]


def test_a_test_letter_goes_out_once_before_the_run_and_is_never_printed(watched: World) -> None:
    watched.advance_to(at(MONDAY, "17:55"))
    assert (try_out_due(watched.services), probes_at_provider(watched)) == ([], [])
    judged = evening(watched)
    assert (judged.differences, judged.answer and judged.answer.same_text) == ((), True)
    assert try_out_due(watched.services) == []
    watched.evening()
    watched.advance(days=3)
    (test,) = probes_at_provider(watched)
    assert (test.is_test, test.printed_at) == (True, None)
    assert test.fields["testEMail"] == "probe@example.org"


def test_it_is_nobodys_letter_in_account_tally_and_submissions(watched: World) -> None:
    watched.approved("F1")
    evening(watched)
    watched.evening()
    watched.advance_to(at(TUESDAY, "06:30"))
    (compared,) = tallying.tally_due(watched.services)
    assert (compared.ours, compared.theirs, compared.found) == (1, 1, ())
    assert account(watched.services).approved == 1
    with watched.services.db.reading() as session:
        assert len(session.exec(select(Submission)).all()) == 1


def test_a_new_remark_is_an_alarm_until_a_person_says_that_it_is_known_now(watched: World) -> None:
    evening(watched)
    watched.evening()
    watched.simulator.options.remarks = ("W202",)
    judged = evening(watched, TUESDAY)
    assert judged.differences == (Change.NEW_REMARK,)
    (alarm,) = [one for one in alarms(watched.services, "post") if one.kind is AlarmKind.CANARY]
    assert "W202" in alarm.message
    assert set(alarm.actions) == {AlarmAction.ACCEPT, AlarmAction.SETTLE}
    assert alarms(watched.services, "anna") == []
    assert [one.actions for one in alarms(watched.services, "audit") if one.kind is AlarmKind.CANARY] == [{}]
    with pytest.raises(NotPermitted):
        settle(watched.services, "audit", alarm.key, AlarmAction.ACCEPT, "weil")
    with pytest.raises(InputError, match="reason-missing"):
        settle(watched.services, "post", alarm.key, AlarmAction.ACCEPT, " ")
    settle(watched.services, "post", alarm.key, AlarmAction.ACCEPT, "Neue Regel seit heute, Frau Muster, 9 Uhr")
    watched.evening(TUESDAY)
    assert evening(watched, TUESDAY + timedelta(days=1)).differences == ()
    assert [one for one in alarms(watched.services, "post") if one.kind is AlarmKind.CANARY] == []


def test_a_refusal_stops_the_provider_before_the_first_citizens_letter_and_a_good_answer_lifts_that(
    world: World,
) -> None:
    tried(world, stops=True)
    world.approved("F1")
    world.simulator.plan_fault(LETTER, "reject:E302")
    world.advance_to(at(MONDAY, "18:05"))
    try_out_due(world.services)
    (line,) = canaries(world.services)
    assert line.differences == (Change.REFUSED,)
    assert line.answer
    assert line.answer.remarks == ("epost-e302",)
    world.evening()
    assert real_at_provider(world) == []
    (alarm,) = [one for one in alarms(world.services, "post") if one.kind is AlarmKind.CANARY]
    assert set(alarm.actions) == {AlarmAction.SETTLE}
    assert evening(world, TUESDAY).differences == ()
    assert live_stops(world.services, "post") == []
    hand_over(world.services, retry_now=True)
    assert len(real_at_provider(world)) == 1


def test_without_an_address_for_the_processed_document_nothing_is_transmitted(world: World) -> None:
    tried(world, stops=True, test_email="")
    world.advance_to(at(MONDAY, "18:05"))
    try_out_due(world.services)
    assert world.simulator.letters == []
    (line,) = canaries(world.services)
    assert line.differences == (Change.REFUSED,)
    assert line.answer
    assert line.answer.remarks == ("epost-test-email-missing",)


@pytest.mark.parametrize(("fault", "there"), [("drop-after-accept", 1), ("drop-before", 0)])
def test_after_a_lost_answer_it_is_asked_for_and_never_handed_over_again(
    watched: World, fault: str, there: int
) -> None:
    watched.simulator.plan_fault(LETTER, fault)
    watched.advance_to(at(MONDAY, "18:05"))
    try_out_due(watched.services)
    watched.advance_to(at(MONDAY, "18:40"))
    judged = try_out_due(watched.services)
    assert len(probes_at_provider(watched)) == there
    assert [line.differences for line in judged] == [()] * there
    watched.evening()
    (line,) = canaries(watched.services)
    assert line.differences == (() if there else (Change.NO_ANSWER,))
    assert len(probes_at_provider(watched)) == there


def test_what_would_be_printed_in_other_words_is_a_difference(watched: World) -> None:
    other = watched.services.blobs.get(watched.only(watched.ready("F1")).document_sha256 or "")
    watched.simulator.options.printable = lambda _pdf: other
    assert evening(watched).differences == (Change.TEXT,)


def test_who_cannot_be_reached_is_tried_until_the_run_and_stopped_then(world: World) -> None:
    tried(world, stops=True)
    world.approved("F1")
    world.simulator.plan_fault(LETTER, "429", times=2)
    world.advance_to(at(MONDAY, "18:05"))
    try_out_due(world.services)
    assert canaries(world.services) == []
    world.evening()
    (line,) = canaries(world.services)
    assert line.differences == (Change.NOT_HANDED_OVER,)
    assert world.simulator.letters == []


def test_an_answer_that_comes_after_the_run_began_lifts_the_stop_of_the_gateway_and_no_other(
    world: World,
) -> None:
    tried(world, stops=True)
    world.approved("F1")
    world.evening()
    (line,) = canaries(world.services)
    assert line.differences == (Change.NO_ANSWER,)
    assert real_at_provider(world) == []
    world.advance(minutes=40)
    assert [each.differences for each in try_out_due(world.services)] == [()]
    run(world.services)
    assert len(real_at_provider(world)) == 1


def test_who_takes_no_test_letters_cannot_be_named_in_the_configuration(world: World) -> None:
    with pytest.raises(ConfigError, match="folder"):
        require_trial(world.services.providers, ["epost", "folder"])
    require_trial(world.services.providers, ["epost"])
