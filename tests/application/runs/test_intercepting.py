"""Intercepting: what waits in a run for an address that was suspended meanwhile is not released, and waits itself."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.access.importing import import_cases
from gateway.application.account.reconciling import account, copies_on
from gateway.application.addresses.suspending import lift
from gateway.application.by_hand.printing import print_here
from gateway.application.by_hand.taking_by_hand import take
from gateway.application.desk.desk_view import DeskEntry, desk_of_letter
from gateway.application.desk.redriving import Wish, redrive
from gateway.application.returns.returns_view import return_detail
from gateway.application.runs import outcomes
from gateway.application.runs.running import past_runs
from gateway.application.runs.stopping import stopped_among
from gateway.application.runs.submitting import hand_over
from gateway.application.views.explaining import explain
from gateway.application.views.searching import LetterFilter, find_letters
from gateway.db.engine import Database
from gateway.db.mail import Consignment, MailPiece, Submission
from gateway.db.people import AuditEntry
from gateway.domain.account.account import Line
from gateway.domain.account.standing import Standing
from gateway.domain.desk.desk import DeskAction, Problem
from gateway.domain.receipt.returning import SUSPENDED
from gateway.domain.references import for_people
from gateway.domain.runs.by_hand import HandChannel
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict
from tests.application.returns.test_returning import come_back, only_return, posted
from tests.application.runs.test_print_house_run import house, with_house
from tests.application.runs.test_stopping import Through
from tests.world import MONDAY, REQUEST, World, cases_document

pytestmark = [pytest.mark.slow, pytest.mark.both_databases]
WEDNESDAY = MONDAY + timedelta(days=2)


def live(world: World, reference: str) -> Submission:
    key = world.only(reference).key
    (found,) = [one for one in world.submissions() if one.key == key]
    return found


def on_desk(world: World, reference: str) -> DeskEntry:
    (entry,) = desk_of_letter(world.services, "anna", reference)
    return entry


def beside(world: World, do: Callable[[World], object]) -> None:
    """What another process does, with a connection of its own."""
    database = Database(str(world.settings.database_url()))
    do(replace(world, services=replace(world.services, db=database)))
    database.close()


def lift_it(world: World) -> None:
    (suspension,) = return_detail(world.services, "anna", only_return(world).id).suspensions
    lift(world.services, "anna", suspension.id, "Briefkasten beschriftet")


def waiting(world: World, case: str = "F1") -> str:
    """A letter that is in a run, and that the provider could not take."""
    reference = world.approved(case, REQUEST)
    world.simulator.plan_fault("POST /api/Letter", "429:1")
    world.evening(WEDNESDAY)
    assert live(world, reference).state is SubmissionState.STAGED
    return reference


def is_held_everywhere(world: World, reference: str) -> None:
    """On purpose, and not by a fault: letter, list, account (by copy and by total) and run say so."""
    view = world.view(reference)
    assert (view.standing, view.recipients[0].standing) == (Standing.HELD, Standing.HELD)
    found = find_letters(world.services, "anna", LetterFilter(Standing.HELD)).lines
    assert [line.reference for line in found] == [reference]
    for each in (0, 5000):
        balance = account(world.services, copy_by_copy=each)
        assert balance.balanced
        assert (balance.lines[Line.HELD], balance.lines[Line.FAILED]) == (1, 0)
    assert copies_on(world.services, Line.HELD).copies == [(f"{for_people(reference)}/1", "borken", "held")]
    assert past_runs(world.services, None, limit=1)[0].faulty == 0
    assert "angehalten" in " ".join(explain(world.services, reference))


def test_what_waits_in_a_run_is_taken_out_at_once_and_goes_on_when_the_suspension_is_lifted(
    world: World,
) -> None:
    old = posted(world)
    reference = waiting(world)
    taken = len(world.taken())
    come_back(world, old)
    is_held_everywhere(world, reference)
    entry = on_desk(world, reference)
    assert (entry.problem, set(entry.actions)) == (
        Problem.SUSPENDED,
        {DeskAction.CANCEL, DeskAction.HAND_BACK},
    )
    assert hand_over(world.services, retry_now=True).released == 0
    assert (len(world.taken()), live(world, reference).state) == (taken, SubmissionState.PLANNED)
    world.evening(WEDNESDAY + timedelta(days=1))
    assert len(world.taken()) == taken
    lift_it(world)
    assert hand_over(world.services, retry_now=True).released == 1
    assert world.taken()[taken:] == [live(world, reference).key]
    with world.services.db.reading() as session:
        told = select(AuditEntry.action).where(AuditEntry.subject == live(world, reference).key)
        assert list(session.exec(told).all()) == ["piece-held"]


def test_it_is_handed_back_as_a_draft_that_goes_to_the_present_address(world: World) -> None:
    old = posted(world)
    reference = waiting(world)
    come_back(world, old)
    done = redrive(world.services, "anna", reference, Wish(DeskAction.HAND_BACK, "verzogen"))
    assert done.follow_up is not None
    assert (world.view(reference).state, world.view(done.follow_up).state) == ("cancelled", "draft")
    taken = len(world.taken())
    lift_it(world)
    hand_over(world.services, retry_now=True)
    assert len(world.taken()) == taken


def test_a_return_between_staging_and_release_keeps_the_piece_and_lets_the_others_go(world: World) -> None:
    old = posted(world)
    reference, other = world.approved("F1", REQUEST), world.approved("F3", REQUEST, "ahmad", "beate")
    taken = len(world.taken())
    provider = world.services.providers["epost"]

    def stage(consignment: Any) -> str:
        handle = str(provider.stage(consignment))
        if not any(one.status == "returned" for one in world.submissions()):
            beside(world, lambda there: come_back(there, old))
        return handle

    providers = {**world.services.providers, "epost": Through(provider, stage=stage)}
    town = replace(world, services=replace(world.services, providers=providers))
    town.evening(WEDNESDAY)
    assert world.taken()[taken:] == [live(world, other).key]
    assert on_desk(world, reference).problem is Problem.SUSPENDED


def test_whoever_suspends_waits_for_an_intent_that_is_being_committed_and_leaves_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = posted(world)
    reference = world.approved("F1", REQUEST)
    helper = threading.Thread(target=lambda: beside(world, lambda there: come_back(there, old)))
    waited: list[bool] = []

    def slow(session: Any, submissions: Any) -> Any:
        if submissions[0].state is SubmissionState.STAGED and not waited:
            helper.start()
            helper.join(1)
            waited.append(helper.is_alive())
        return stopped_among(session, submissions)

    monkeypatch.setattr(outcomes, "stopped_among", slow)
    world.evening(WEDNESDAY)
    helper.join(20)
    assert waited == [True]
    assert live(world, reference).state is SubmissionState.RELEASED
    assert desk_of_letter(world.services, "anna", reference) == []


def test_what_another_process_planned_at_the_same_moment_is_kept_with_the_intent_to_release(
    world: World,
) -> None:
    old = posted(world)
    reference = world.approved("F1", REQUEST)
    taken = len(world.taken())
    provider = world.services.providers["epost"]

    def stage(consignment: Any) -> str:
        handle = str(provider.stage(consignment))
        if not any(one.status == "returned" for one in world.submissions()):
            beside(world, lambda there: come_back(there, old))
            with (
                world.services.db.transaction() as session
            ):  # as it stands where the suspension did not see the piece
                submission = session.exec(select(Submission).where(Submission.key == consignment.key)).one()
                (found,) = session.exec(select(Consignment.id).where(Consignment.key == consignment.key)).all()
                submission.consignment_id = found
                piece = session.get_one(MailPiece, submission.piece_id)
                piece.fault_code = piece.fault_message = None
        return handle

    providers = {**world.services.providers, "epost": Through(provider, stage=stage)}
    replace(world, services=replace(world.services, providers=providers)).evening(WEDNESDAY)
    assert len(world.taken()) == taken
    assert on_desk(world, reference).problem is Problem.SUSPENDED


def test_what_was_released_before_is_not_touched(world: World) -> None:
    old = posted(world)
    reference = world.approved("F1", REQUEST)
    taken = len(world.taken())
    provider = world.services.providers["epost"]

    def release(handle: str, consignment: Any) -> str:
        beside(world, lambda there: come_back(there, old))
        return str(provider.release(handle, consignment))

    providers = {**world.services.providers, "epost": Through(provider, release=release)}
    replace(world, services=replace(world.services, providers=providers)).evening(WEDNESDAY)
    assert (len(world.taken()), live(world, reference).state) == (taken + 1, SubmissionState.RELEASED)
    assert world.view(reference).standing is Standing.HANDED_OVER
    assert desk_of_letter(world.services, "anna", reference) == []
    lift_it(world)
    assert hand_over(world.services, retry_now=True).released == 0


def test_a_kill_after_staging_releases_nothing_to_an_address_that_was_suspended_since(world: World) -> None:
    old = posted(world)
    reference = world.approved("F1", REQUEST)
    taken = len(world.taken())
    provider = world.services.providers["epost"]

    def stage(consignment: Any) -> str:
        provider.stage(consignment)
        raise KeyboardInterrupt

    providers = {**world.services.providers, "epost": Through(provider, stage=stage)}
    with suppress(KeyboardInterrupt):
        replace(world, services=replace(world.services, providers=providers)).evening(WEDNESDAY)
    come_back(world, old)
    assert hand_over(world.services, retry_now=True).released == 0
    assert len(world.taken()) == taken
    assert on_desk(world, reference).problem is Problem.SUSPENDED


def test_a_file_that_was_staged_with_such_a_piece_never_goes_and_the_others_go_in_another(world: World) -> None:
    with house("folder") as (centre, provider):
        old = posted(world)
        document = cases_document()
        mate = {**document["cases"][0], "reference": "F5", "file_number": "JC-BOR-2026-00055"}
        document["cases"].append(mate | {"members": ["P4"], "addressee": "P4"})
        import_cases(world.services, document)
        reference, other = world.approved("F1", REQUEST), world.approved("F5", REQUEST)

        def stage(consignment: Any) -> str:
            handle = str(provider.stage(consignment))
            if len(consignment) == 2:
                beside(world, lambda there: come_back(there, old))
            return handle

        through = Through(provider, stage=stage, name=provider.name, capabilities=provider.capabilities)
        town = with_house(world, through)
        town = replace(
            town,
            services=replace(
                town.services,
                providers={
                    **town.services.providers,
                    "epost": world.services.providers["epost"],
                },
            ),
        )
        town.evening(WEDNESDAY)
        centre.advance(hours=10)
        assert [letter.key for letter in centre.ledger] == [live(world, other).key]
        assert live(world, reference).state is SubmissionState.PLANNED
        assert on_desk(town, reference).problem is Problem.SUSPENDED


def test_by_hand_it_is_not_printed_for_the_post_but_may_be_handed_over_in_person(world: World) -> None:
    old = posted(world)
    by_post, in_person = world.approved("F1", REQUEST), world.approved("F1")
    (first,) = take(world.services, "anna", by_post, HandChannel.POST, "Frist läuft ab")
    (second,) = take(world.services, "anna", in_person, HandChannel.IN_PERSON, "spricht heute vor")
    come_back(world, old)
    with pytest.raises(Conflict) as refused:
        print_here(world.services, "anna", first)
    assert (refused.value.code, SUSPENDED in refused.value.message) == ("by-hand-not-ready", True)
    assert print_here(world.services, "anna", second).content
    assert on_desk(world, by_post).problem is Problem.SUSPENDED
