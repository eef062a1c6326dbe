"""Holding and cancelling: freely until the release begins, after that only as the provider says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from sqlmodel import col, select

from gateway.application.account.reconciling import account
from gateway.application.clearing.withholding import cancel, hold, let_go, possible
from gateway.application.desk.desk_view import desk
from gateway.application.reads.finding import find_letter
from gateway.application.runs.running import run
from gateway.application.runs.submitting import hand_over
from gateway.application.tracking.tracking import record
from gateway.db.letters import Recipient
from gateway.db.mail import MailPiece
from gateway.db.people import AuditEntry
from gateway.domain.account.account import Line
from gateway.domain.desk.desk import DeskAction, Problem
from gateway.domain.runs.status import Status
from gateway.errors import Conflict, NotSent, OutcomeUnknown, Refused
from gateway.ports.provider import Consignment, StatusReport
from tests.application.runs.test_packing import NAME, PrintCentre
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.both_databases]


class Obliging:
    """The real provider over HTTP, but one that takes back; `answer` may object."""

    def __init__(self, provider: Any, answer: Callable[[], None] = lambda: None) -> None:
        self._provider, self._answer = provider, answer
        self.capabilities = replace(provider.capabilities, can_cancel=True)
        self.asked: list[str] = []

    def cancel(self, provider_reference: str) -> None:
        self.asked.append(provider_reference)
        self._answer()

    def poll(self, references: list[str]) -> list[StatusReport]:
        at = datetime(2026, 11, 16, 20, tzinfo=UTC)
        return [
            StatusReport("-", each, Status.CANCELLED, "zurückgenommen", at, f"cancelled-{each}", {})
            for each in references
            if each in self.asked
        ]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)


def waiting(world: World, *letters: Any) -> None:
    """The evening comes, and the provider takes nothing yet: everything is staged or planned."""
    world.simulator.plan_fault("POST /api/Letter", "429:1")
    world.evening()
    world.advance(minutes=5)
    assert world.taken() == []


def may(world: World, reference: str) -> tuple[bool, bool, bool]:
    with world.services.db.reading() as session:
        letter, _ = find_letter(session, reference)
        found = possible(session, world.services, letter)
        return found.hold, found.cancel, found.at_provider


def test_a_letter_in_the_run_is_held_and_goes_with_a_later_run_as_a_new_piece(world: World) -> None:
    held, free = world.approved(appointment_time="10:00"), world.approved(appointment_time="11:00")
    waiting(world)
    old = world.only(held).piece
    assert may(world, held) == (True, True, False)
    hold(world.services, "anna", held, "Rückfrage")
    assert (world.view(held).state, world.view(held).standing) == ("approved", "held")
    assert hand_over(world.services, retry_now=True).released == 1
    assert account(world.services).lines[Line.HELD] == 1
    assert run(world.services).letters == 0
    let_go(world.services, "anna", held)
    world.advance(minutes=1)
    assert run(world.services).hand_over.released == 1
    assert world.only(held).piece not in {None, old}
    assert len(world.taken()) == len(set(world.taken())) == 2
    assert world.view(free).standing == world.view(held).standing == "handed_over"


def test_a_letter_in_the_run_is_cancelled_with_all_its_copies(world: World) -> None:
    reference = world.approved("F2")
    waiting(world)
    cancel(world.services, "anna", reference, "überholt")
    assert hand_over(world.services, retry_now=True).released == 0
    run(world.services)
    assert world.taken() == []
    view = world.view(reference)
    assert view.standing == "cancelled"
    assert {one.standing for one in view.recipients} == {"cancelled"}
    assert account(world.services).lines[Line.CANCELLED] == 2
    assert account(world.services).balanced
    with pytest.raises(Conflict, match="letter-already-cancelled"):
        cancel(world.services, "anna", reference, "noch einmal")


def test_what_is_handed_over_to_a_provider_that_takes_nothing_back_is_neither_held_nor_cancelled(
    world: World,
) -> None:
    reference = world.approved()
    world.evening()
    assert may(world, reference) == (False, False, True)
    for refuse in (hold, cancel):
        with pytest.raises(Conflict, match="letter-already-released"):
            refuse(world.services, "anna", reference, "zu spät")
    assert world.view(reference).standing == "handed_over"


def test_what_is_in_doubt_is_neither_held_nor_cancelled(world: World) -> None:
    reference = world.approved()
    world.simulator.plan_fault("POST /api/Letter", "drop-after-accept")
    world.evening()
    for refuse in (hold, cancel):
        with pytest.raises(Conflict, match="letter-already-released"):
            refuse(world.services, "anna", reference, "zu spät")
    world.advance(minutes=16)
    assert hand_over(world.services).released == 1
    assert len(world.taken()) == 1


def test_a_provider_that_takes_back_is_asked_and_its_word_is_where_the_letter_stands(world: World) -> None:
    reference = world.approved("F2")
    world.evening()
    provider = Obliging(world.services.provider)
    world.services = replace(world.services, providers={"epost": cast(Any, provider)})
    assert may(world, reference) == (False, True, True)
    cancel(world.services, "anna", reference, "überholt")
    assert len(provider.asked) == 2
    assert world.view(reference).standing == "cancelled"
    assert account(world.services).balanced
    with world.services.db.reading() as session:
        entries = session.exec(select(AuditEntry.action).where(col(AuditEntry.action).contains("provider")))
        assert sorted(entries.all()) == [
            "letter-cancelled-at-provider",
            "provider-cancelled",
            "provider-cancelled",
        ]


def test_a_provider_that_declines_says_too_late_and_nothing_changes(world: World) -> None:
    reference = world.approved()
    world.evening()

    def decline() -> None:
        raise Refused("epost-e999", "schon gedruckt")

    world.services = replace(
        world.services, providers={"epost": cast(Any, Obliging(world.services.provider, decline))}
    )
    with pytest.raises(Conflict, match="cancel-too-late"):
        cancel(world.services, "anna", reference, "überholt")
    assert world.view(reference).standing == "handed_over"
    assert desk(world.services, "post").letters == []


def test_an_unclear_answer_puts_it_on_the_desk_where_it_can_be_asked_again(world: World) -> None:
    from gateway.application.desk.redriving import Wish, redrive  # noqa: PLC0415

    reference = world.approved()
    world.evening()
    objections: list[Exception] = [OutcomeUnknown("timeout", "keine Antwort")]

    def once() -> None:
        if objections:
            raise objections.pop()

    world.services = replace(
        world.services, providers={"epost": cast(Any, Obliging(world.services.provider, once))}
    )
    with pytest.raises(Conflict, match="cancel-outcome-unknown"):
        cancel(world.services, "anna", reference, "überholt")
    (entry,) = desk(world.services, "anna").letters
    assert entry.problem is Problem.CANCEL_UNKNOWN
    assert world.view(reference).standing == "handed_over"
    redrive(world.services, "anna", reference, Wish(DeskAction.CANCEL, "noch einmal"))
    assert world.view(reference).standing == "cancelled"
    assert desk(world.services, "anna").letters == []


def test_a_provider_that_cannot_be_reached_changes_nothing(world: World) -> None:
    reference = world.approved()
    world.evening()

    def gone() -> None:
        raise NotSent("unreachable", "nicht erreichbar")

    world.services = replace(
        world.services, providers={"epost": cast(Any, Obliging(world.services.provider, gone))}
    )
    with pytest.raises(NotSent):
        cancel(world.services, "anna", reference, "überholt")
    assert world.view(reference).standing == "handed_over"


def test_a_cancelled_piece_leaves_the_staged_file_and_that_file_never_goes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = PrintCentre(profile=world.services.provider.profile)
    world.services = replace(world.services, providers={NAME: centre})
    first, second = world.approved("F1"), world.approved("F2")

    def unreachable(_handle: str, _consignment: Consignment) -> str:
        raise NotSent("unreachable", "nicht erreichbar")

    release = centre.release
    monkeypatch.setattr(centre, "release", unreachable)
    world.evening()
    (stale,) = centre.staged
    assert {each.state for each in world.submissions()} == {"staged"}
    cancel(world.services, "anna", first, "überholt")
    assert sorted(each.state.value for each in world.submissions()) == ["planned", "planned", "void"]
    monkeypatch.setattr(centre, "release", release)
    assert hand_over(world.services, retry_now=True).released == 2
    assert stale not in centre.printed
    assert len(centre.pieces()) == 2
    assert (world.view(first).standing, world.view(second).standing) == ("cancelled", "handed_over")


def test_a_piece_cancelled_while_its_file_is_being_staged_does_not_go(world: World) -> None:
    centre = PrintCentre(profile=world.services.provider.profile)
    world.services = replace(world.services, providers={NAME: centre})
    first, second = world.approved("F1"), world.approved("F2")
    done: list[bool] = []

    def meanwhile(_consignment: Consignment) -> None:
        if not done:
            done.append(True)
            cancel(world.services, "anna", first, "im letzten Augenblick")

    centre.before_staging = meanwhile
    (report,) = world.evening()
    assert report.hand_over.released == 2
    assert sorted(centre.pieces()) == sorted(
        each.key for each in world.submissions() if each.state == "released"
    )
    assert (world.view(first).standing, world.view(second).standing) == ("cancelled", "handed_over")


def test_cancelling_one_letter_of_a_shared_envelope_gives_the_others_a_new_one(world: World) -> None:
    first, second = world.approved(appointment_time="10:00"), world.approved(appointment_time="11:00")
    waiting(world)
    with world.services.db.transaction() as session:  # as if the run had put both into the first one's envelope
        one, two = session.exec(select(Recipient).order_by(col(Recipient.id))).all()
        spare, two.mail_piece_id = two.mail_piece_id, one.mail_piece_id
        session.flush()
        from gateway.application.runs.replanning import withdraw  # noqa: PLC0415

        assert spare is not None
        withdraw(session, world.services, spare, "Test")
    shared = world.only(second).piece
    cancel(world.services, "anna", first, "überholt")
    assert world.view(second).standing == "planned"
    assert world.only(second).piece != shared
    run(world.services)
    assert (world.view(first).standing, world.view(second).standing) == ("cancelled", "handed_over")
    assert world.taken() == [world.only(second).key]
    with world.services.db.reading() as session:
        faults = session.exec(select(MailPiece.fault_code).order_by(col(MailPiece.id))).all()
    assert list(faults) == ["withdrawn", "withdrawn", None]


def test_progress_on_a_void_submission_is_an_alarm(world: World) -> None:
    reference = world.approved()
    waiting(world)
    (submission,) = world.submissions()
    cancel(world.services, "anna", reference, "überholt")
    at = world.clock.now() + timedelta(hours=1)
    world.advance(hours=2)
    report = StatusReport(submission.key, "X", Status.PRINTED, "gedruckt", at, "printed", {})
    assert record(world.services, "epost", [report]) == 1
    (entry,) = desk(world.services, "post").letters
    assert (entry.reference, entry.problem) == (reference, Problem.CONTRADICTED)
    assert set(entry.actions) == {DeskAction.ACKNOWLEDGE}
