"""Tallying: each night our rows are held against the provider's list, and the account names what differs."""

from datetime import date, timedelta

import pytest
from sqlmodel import select

from gateway.application.account.reconciling import account
from gateway.application.desk.alarming import Alarm, alarms, settle
from gateway.application.tracking import tallying
from gateway.db.mail import Submission
from gateway.domain.desk.alarms import AlarmAction, AlarmKind
from gateway.domain.runs.submission import SubmissionState
from gateway.domain.runs.tally import Difference
from gateway.errors import Conflict, InputError, NotFound
from tests.application.runs.test_print_house_run import house, with_house
from tests.world import MONDAY, World, at

pytestmark = pytest.mark.slow

LIST = "GET /api/Letter/Date"
TUESDAY = MONDAY + timedelta(days=1)


def morning_after(world: World, day: date = MONDAY) -> None:
    world.advance_to(at(day + timedelta(days=1), "06:30"))


def test_an_evening_on_which_both_sides_agree_is_compared_once_the_morning_after(world: World) -> None:
    world.approved("F1")
    world.approved("F2")
    world.evening()
    assert tallying.tally_due(world.services) == []
    morning_after(world)
    (made,) = tallying.tally_due(world.services)
    assert (made.provider, made.day, made.ours, made.theirs, made.found) == ("epost", MONDAY, 3, 3, ())
    assert made.our_pages == made.their_pages > 0
    assert tallying.tally_due(world.services) == []
    assert account(world.services).balanced


def test_a_day_without_letters_is_compared_too(world: World) -> None:
    world.approved("F1")
    world.evening()
    world.advance_to(at(TUESDAY + timedelta(days=1), "06:30"))
    made = {each.day: (each.ours, each.theirs) for each in tallying.tally_due(world.services)}
    assert made == {MONDAY: (1, 1), TUESDAY: (0, 0)}


def test_a_provider_that_does_not_answer_is_asked_again_and_is_an_alarm_meanwhile(world: World) -> None:
    world.approved("F1")
    world.evening()
    morning_after(world)
    world.simulator.plan_fault(LIST, "5xx-before")
    assert tallying.tally_due(world.services) == []
    assert tallying.missing(world.services) == [("epost", MONDAY)]
    assert len(tallying.tally_due(world.services)) == 1
    assert tallying.missing(world.services) == []


def not_compared(world: World) -> list[Alarm]:
    return [one for one in alarms(world.services, "post") if one.kind is AlarmKind.TALLY_MISSING]


def test_a_provider_that_is_silent_for_days_is_one_alarm_that_tells_since_when(world: World) -> None:
    world.approved("F1")
    world.evening()
    world.advance_to(at(MONDAY + timedelta(days=3), "06:30"))
    (silent,) = not_compared(world)
    assert silent.days == tuple(MONDAY + timedelta(days=each) for each in range(3))
    assert (silent.day, silent.since) == (MONDAY, at(TUESDAY, "06:00"))
    assert f"3 Tage seit dem {MONDAY:%d.%m.%Y}" in silent.message
    settle(world.services, "post", silent.key, AlarmAction.SETTLE, "Störung dort, Rechnung geprüft")
    assert not_compared(world) == []
    world.advance_to(at(MONDAY + timedelta(days=5), "06:30"))
    (later,) = not_compared(world)
    assert later.days == (MONDAY + timedelta(days=3), MONDAY + timedelta(days=4)), "what was settled stays so"
    world.simulator.plan_fault(LIST, "5xx-before")
    with pytest.raises(Conflict) as refused:
        settle(world.services, "post", later.key, AlarmAction.COMPARE, "")
    assert refused.value.code == "provider-silent"
    settle(world.services, "post", later.key, AlarmAction.COMPARE, "")
    assert not_compared(world) == []
    assert [each.day for each in tallying.tallies(world.services)] == list(reversed(later.days))
    with pytest.raises(NotFound):
        settle(world.services, "post", later.key, AlarmAction.SETTLE, "noch einmal")


def test_a_letter_that_the_provider_does_not_list_makes_the_account_name_it(world: World) -> None:
    reference = world.approved("F1")
    world.evening()
    morning_after(world)
    with world.services.db.transaction() as session:
        submission = session.exec(select(Submission)).one()
        submission.key = "AAAAAAAA-1"  # as if the provider had never heard of ours
    tallying.tally_due(world.services)
    (made,) = tallying.tallies(world.services)
    assert sorted(difference for _, difference in made.found) == [
        Difference.MISSING_THERE,
        Difference.UNKNOWN_HERE,
    ]
    balance = account(world.services)
    assert not balance.balanced
    ((name, code),) = balance.unexplained
    assert code == Difference.MISSING_THERE
    assert name.replace("-", "").startswith(reference.replace("-", ""))


def test_a_letter_that_lies_there_although_it_was_taken_back_here_is_named(world: World) -> None:
    world.approved("F1")
    world.evening()
    morning_after(world)
    with world.services.db.transaction() as session:
        submission = session.exec(select(Submission)).one()
        submission.state, submission.voided_at = SubmissionState.VOID, world.clock.now()
    made = tallying.tally_day(world.services, "epost", MONDAY)
    assert [difference for _, difference in made.found] == [Difference.NOT_RELEASED_HERE]


def test_comparing_again_replaces_what_was_found(world: World) -> None:
    world.approved("F1")
    world.evening()
    morning_after(world)
    with world.services.db.transaction() as session:
        submission = session.exec(select(Submission)).one()
        kept, submission.key = submission.key, "AAAAAAAA-1"
    assert tallying.tally_day(world.services, "epost", MONDAY).found
    with world.services.db.transaction() as session:
        session.exec(select(Submission)).one().key = kept
    assert tallying.tally_day(world.services, "epost", MONDAY).found == ()
    assert account(world.services).balanced
    assert len(tallying.tallies(world.services)) == 1


def test_the_totals_of_a_period_can_be_held_against_an_invoice(world: World) -> None:
    world.approved("F1")
    world.approved("F2")
    world.evening()
    totals = tallying.totals(world.services, "epost", MONDAY, MONDAY)
    assert totals.pieces == 3
    assert totals.pages == sum(letter.pages for letter in world.simulator.letters)
    assert sum(each.pieces for each in totals.products) == 3
    assert all(each.product for each in totals.products)
    assert (totals.listed_pieces, totals.not_compared) == (0, (MONDAY,))
    morning_after(world)
    tallying.tally_due(world.services)
    compared = tallying.totals(world.services, "epost", MONDAY, TUESDAY)
    assert (compared.listed_pieces, compared.listed_pages) == (3, totals.pages)
    assert compared.not_compared == (TUESDAY,)
    assert tallying.totals(world.services, "epost", TUESDAY, TUESDAY).pieces == 0


def test_what_was_missing_and_is_listed_a_day_later_is_missing_no_more(world: World) -> None:
    """A house may take in during the night what was handed over in the evening."""
    world.approved("F1")
    world.evening()
    world.simulator.options.lookup_lag_s = 86_400.0
    morning_after(world)
    (made,) = tallying.tally_due(world.services)
    assert [difference for _, difference in made.found] == [Difference.MISSING_THERE]
    assert not account(world.services).balanced
    world.simulator.options.lookup_lag_s = 0.0
    tallying.tally_day(world.services, "epost", TUESDAY)
    assert [each.found for each in tallying.tallies(world.services)] == [(), ()]
    assert account(world.services).balanced


@pytest.mark.parametrize("kind", ["folder", "sftp"])
def test_a_print_house_is_compared_with_its_daily_list_and_missed_until_it_is_there(
    world: World, kind: str
) -> None:
    with house(kind) as (centre, provider):
        town = with_house(world, provider)
        town.approved("F1")
        town.approved("F2")
        town.evening()
        centre.script.withhold = {"list"}
        centre.advance(hours=23)
        morning_after(town)
        assert tallying.tally_due(town.services) == []
        assert tallying.missing(town.services) == [(provider.name, MONDAY)]
        centre.script.withhold = set()
        centre.work()
        (made,) = tallying.tally_due(town.services)
        assert (made.ours, made.theirs, made.our_pages, made.found) == (3, 3, made.their_pages, ())
        assert tallying.missing(town.services) == []
        assert account(town.services).balanced


def test_a_letter_that_the_house_does_not_list_is_named(world: World) -> None:
    with house("folder") as (centre, provider):
        town = with_house(world, provider)
        town.approved("F1")
        town.evening()
        centre.script.withhold = {"list"}
        centre.advance(hours=23)
        morning_after(town)
        centre.say(
            f"{MONDAY}.list", {"kind": "list", "day": str(MONDAY), "counts": {"pieces": 0}, "pieces": []}
        )
        (made,) = tallying.tally_due(town.services)
        assert [difference for _, difference in made.found] == [Difference.MISSING_THERE]


def test_a_provider_without_a_list_says_so(world: World) -> None:
    with pytest.raises(InputError, match="provider-has-no-list"):
        tallying.tally_day(world.services, "brieftaube", MONDAY)
