"""The nightly run: which letters go when, and that what is printed is exactly what was approved."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError as DatabaseRefuses
from sqlmodel import col, select

from gateway.application.account.patrolling import sweep
from gateway.application.account.reconciling import account
from gateway.application.clearing import withholding
from gateway.application.letters import approving
from gateway.application.runs import batching
from gateway.application.runs.forecasting import forecast
from gateway.application.runs.running import cut_off_for, run, run_due
from gateway.application.views.explaining import explain
from gateway.db.mail import Batch, MailPiece, Run
from gateway.domain.account.account import Line
from gateway.domain.references import decode_sheet_code
from gateway.domain.runs.calendar import WorkCalendar
from gateway.errors import NotPermitted, RenderError
from gateway.rendering.codes import page_codes
from tests.world import AWARD, BERLIN, MONDAY, World, at

pytestmark = pytest.mark.both_databases

TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)


def states(world: World, *references: str) -> list[str]:
    return [world.view(reference).state for reference in references]


def runs(world: World) -> list[Run]:
    with world.services.db.reading() as session:
        return list(session.exec(select(Run).order_by(col(Run.id))).all())


def approve_at(world: World, clock: str, day: date = MONDAY, **letter: Any) -> str:
    reference = world.ready(**letter)
    world.advance_to(at(day, clock))
    approving.approve(world.services, "bea", reference)
    return reference


def test_the_cut_off_is_half_open(world: World) -> None:
    before = approve_at(world, "17:29:59", appointment_time="10:00")
    at_cut_off = approve_at(world, "17:30", appointment_time="11:00")
    after = approve_at(world, "17:30:01", appointment_time="12:00")
    (report,) = world.evening()
    assert (report.letters, report.left_for_next_run) == (1, 2)
    assert states(world, before, at_cut_off, after) == ["batched", "approved", "approved"]
    (report,) = world.evening(TUESDAY)
    assert report.letters == 2
    assert len(world.taken()) == 3


def test_nothing_runs_before_the_run_time_and_only_once_after_it(world: World) -> None:
    world.approved()
    world.advance_to(at(MONDAY, "18:59:59"))
    last_friday = run_due(world.services)
    assert [report.day for report in last_friday] == [MONDAY - timedelta(days=3)]
    assert world.taken() == []
    world.advance_to(at(MONDAY, "19:00"))
    assert [report.letters for report in run_due(world.services)] == [1]
    assert run_due(world.services) == []


def test_a_held_letter_stays_and_goes_when_it_is_let_go(world: World) -> None:
    held, free = world.approved(appointment_time="10:00"), world.approved(appointment_time="11:00")
    withholding.hold(world.services, "anna", held, "Rückfrage")
    world.evening()
    assert states(world, held, free) == ["approved", "batched"]
    assert account(world.services).lines[Line.HELD] == 1
    withholding.let_go(world.services, "anna", held)
    world.evening(TUESDAY)
    assert states(world, held) == ["batched"]


def test_a_cancelled_letter_never_leaves(world: World) -> None:
    reference = world.approved()
    withholding.cancel(world.services, "anna", reference, "Irrtum")
    world.evening()
    assert world.taken() == []


def test_a_letter_that_is_held_or_cancelled_between_reading_and_planning_does_not_leave(world: World) -> None:
    reference = world.approved()
    run_id = batching.open_run(world.services, MONDAY)
    withholding.hold(world.services, "anna", reference, "im letzten Augenblick")
    assert batching.plan(world.services, run_id, approved_before=at(MONDAY, "17:30")) == 0


def test_the_letters_of_an_office_wait_for_the_day_on_which_it_joins(world: World) -> None:
    reference = world.approved("F3", login="ahmad", by="beate")
    world.evening(MONDAY)
    world.evening(TUESDAY)
    assert world.taken() == []
    world.evening(WEDNESDAY)
    assert states(world, reference) == ["batched"]
    assert len(world.taken()) == 1


def test_no_run_on_a_weekend_nor_on_christmas_and_what_waited_goes_after_it(world: World) -> None:
    world.advance_to(at(date(2026, 11, 20), "19:05"))
    run_due(world.services)
    friday_night = approve_at(world, "20:00", date(2026, 11, 20))
    for day in (date(2026, 11, 21), date(2026, 11, 22)):
        assert world.evening(day) == []
    assert [report.day for report in world.evening(date(2026, 11, 23))] == [date(2026, 11, 23)]
    assert states(world, friday_night) == ["batched"]
    world.advance_to(at(date(2026, 12, 23), "19:05"))
    run_due(world.services)
    reference = approve_at(world, "20:00", date(2026, 12, 23), appointment_time="12:00")
    for christmas in range(24, 28):
        assert world.evening(date(2026, 12, christmas)) == []
    assert "28.12.2026" in " ".join(explain(world.services, reference))
    assert [report.day for report in world.evening(date(2026, 12, 28))] == [date(2026, 12, 28)]
    assert states(world, reference) == ["batched"]


class Everyday(WorkCalendar):
    """An authority that never closes, so that a run falls into the night of the time change."""

    def is_working_day(self, day: date) -> bool:
        return True


@pytest.mark.parametrize("friday", [date(2027, 3, 26), date(2027, 10, 29)])
def test_over_both_nights_of_the_time_change_every_run_comes_once(world: World, friday: date) -> None:
    """At half past two, in the hour that is missing in March and comes twice in October."""
    at_night = replace(
        world.services.schedule, cut_off=time(2, 10), run_time=time(2, 30), calendar=Everyday(frozenset())
    )
    world.services = replace(world.services, schedule=at_night)
    world.advance_to(at(friday, "12:00"))
    run_due(world.services)
    seen: list[date] = []
    references: list[str] = []
    moment = world.clock.now()
    while moment < at(friday + timedelta(days=3), "12:00"):
        if moment.astimezone(BERLIN).hour == 1 and moment.minute == 0:
            references.append(world.approved(appointment_time=f"1{len(references)}:00"))
        moment = moment.astimezone(UTC) + timedelta(minutes=20)
        world.advance_to(moment)
        seen += [report.day for report in run_due(world.services)]
    assert seen == [friday + timedelta(days=n) for n in (1, 2, 3)]
    assert len(references) == 3
    assert states(world, *references) == ["batched"] * 3
    assert len(world.taken()) == len(set(world.taken())) == 3


def test_two_runs_a_day_and_the_one_by_hand_does_not_take_the_place_of_the_evening_one(world: World) -> None:
    world.evening(MONDAY)
    morning = approve_at(world, "10:00", TUESDAY, appointment_time="10:00")
    world.advance(minutes=1)
    by_hand = run(world.services, login="post")
    assert (by_hand.day, by_hand.letters) == (TUESDAY, 1)
    noon = approve_at(world, "12:00", TUESDAY, appointment_time="12:00")
    reports = world.evening(TUESDAY)
    assert [(report.day, report.run, report.letters) for report in reports] == [(TUESDAY, 2, 1)]
    assert states(world, morning, noon) == ["batched", "batched"]
    assert run_due(world.services) == []


def test_what_missed_runs_left_the_next_one_takes(world: World) -> None:
    world.evening(MONDAY)
    approve_at(world, "10:00", TUESDAY, appointment_time="10:00")
    approve_at(world, "10:00", WEDNESDAY, appointment_time="11:00")
    thursday = WEDNESDAY + timedelta(days=1)
    reports = world.evening(thursday)
    assert [report.day for report in reports] == [TUESDAY, WEDNESDAY, thursday]
    assert [report.letters for report in reports] == [1, 1, 0]
    assert len(world.taken()) == 2


def test_a_run_that_broke_off_is_resumed_before_another_begins(world: World) -> None:
    world.approved(appointment_time="10:00")
    world.advance_to(at(MONDAY, "19:05"))
    run_id = batching.open_run(world.services, MONDAY)
    batching.plan(world.services, run_id, approved_before=cut_off_for(world.services, MONDAY))
    world.approved(appointment_time="11:00")
    reports = world.evening(TUESDAY)
    assert [report.day for report in reports] == [MONDAY, TUESDAY]
    assert [row.number for row in runs(world)] == [1, 1]
    assert all(row.finished_at for row in runs(world))
    assert len(world.taken()) == len(set(world.taken())) == 2


def test_a_run_for_a_day_takes_what_its_cut_off_lets_in_and_a_run_for_now_takes_everything(
    world: World,
) -> None:
    approve_at(world, "18:00", appointment_time="10:00")
    assert run(world.services, day=MONDAY).letters == 0
    assert run(world.services).letters == 0  # approved at this very moment
    world.advance(seconds=1)
    assert run(world.services).letters == 1


@pytest.mark.parametrize("login", ["anna", "bea", "audit"])
def test_only_the_post_room_and_administrators_start_a_run(world: World, login: str) -> None:
    world.approved()
    world.advance(minutes=1)
    with pytest.raises(NotPermitted):
        run(world.services, login=login)
    assert runs(world) == []
    assert run(world.services, login="admin").letters == 1


def test_the_forecast_is_what_the_run_takes_and_changes_nothing(world: World) -> None:
    world.approved(appointment_time="10:00")
    world.approved("F2")
    withholding.hold(world.services, "anna", world.approved(appointment_time="11:00"), "warten")
    told = forecast(world.services, day=MONDAY, approved_before=at(MONDAY, "17:30"))
    assert [(office, volume.letters) for (office, _), volume in told.by_office.items()] == [("borken", 2)]
    assert runs(world) == []
    (report,) = world.evening()
    assert report.letters == 2


def test_a_price_table_that_has_run_out_keeps_no_letter_from_its_reader(world: World) -> None:
    world.advance_to(at(date(2031, 1, 7), "08:00"))
    reference = world.approved()
    (report,) = [one for one in world.evening() if one.letters]
    assert (report.faulty, report.hand_over.released) == (0, 1)
    assert world.only(reference).sheets == 1
    assert world.only(reference).product is None


def test_every_recipient_is_one_piece_and_the_provider_gets_exactly_the_bytes_of_the_print_copy(
    world: World,
) -> None:
    references = [world.approved("F2", AWARD, login="both"), world.approved("F1")]
    world.evening()
    recipients = [one for reference in references for one in world.view(reference).recipients]
    assert len(recipients) == 3
    taken = {piece.custom1: piece for piece in world.simulator.letters}
    assert len(taken) == len(world.simulator.letters) == 3
    for recipient in recipients:
        piece = taken[recipient.key or ""]
        handed_over = world.simulator.pdf(piece.letter_id)
        assert piece.sha256 == hashlib.sha256(handed_over).hexdigest() == recipient.print_sha256
        assert world.services.blobs.get(recipient.print_sha256 or "") == handed_over
        assert piece.address_lines == list(recipient.address_lines)
        assert recipient.provider_reference == str(piece.letter_id)


def test_each_printed_sheet_names_its_piece_and_its_place_in_it(world: World) -> None:
    reference = world.approved("F2", AWARD, login="both")
    world.evening()
    for recipient in world.view(reference).recipients:
        (piece,) = [one for one in world.simulator.letters if one.custom1 == recipient.key]
        printed = page_codes(world.simulator.pdf(piece.letter_id))
        codes = [sheet for _, text in printed if (sheet := decode_sheet_code(text))]
        assert recipient.sheets
        assert recipient.sheets >= 2
        assert {code.piece for code in codes} == {recipient.piece}
        assert [code.sheet for code in codes] == list(range(1, recipient.sheets + 1))
        assert {code.of for code in codes} == {recipient.sheets}


def test_the_archived_document_stays_untouched_and_without_codes(world: World) -> None:
    reference = world.approved("F1", AWARD, login="both")
    before = world.services.blobs.get(world.only(reference).approved_sha256 or "")
    world.evening()
    recipient = world.only(reference)
    assert world.services.blobs.get(recipient.approved_sha256 or "") == before
    assert recipient.print_sha256 != recipient.approved_sha256
    assert not [text for _, text in page_codes(before) if decode_sheet_code(text)]


def test_the_database_refuses_to_change_the_hash_of_a_print_copy(world: World) -> None:
    reference = world.approved()
    world.evening()
    approved = world.only(reference).approved_sha256
    with (
        pytest.raises(DatabaseRefuses, match="set_once"),
        world.services.db.engine.begin() as connection,
    ):
        connection.execute(text("UPDATE mail_piece SET print_sha256 = :approved"), {"approved": approved})


def test_pieces_are_weighed_priced_and_batched_by_office(world: World) -> None:
    world.approved("F1")
    world.approved("F2")
    world.advance_to(at(WEDNESDAY, "09:00"))
    world.approved("F3", login="ahmad", by="beate")
    (*_, report) = world.evening(WEDNESDAY)
    with world.services.db.reading() as session:
        pieces = session.exec(select(MailPiece)).all()
        batches = session.exec(select(Batch)).all()
    assert len(pieces) == 4
    assert report.pieces + sum(row.day != WEDNESDAY for row in runs(world)) >= 1
    assert {batch.office_id for batch in batches} == {1, 2}
    assert all(piece.sheets and piece.grams and piece.postage_eur and piece.product for piece in pieces)


class Failing:
    """Fails to assemble one piece."""

    def __init__(self, renderer: Any, nth: int) -> None:
        self._renderer, self._nth, self._count = renderer, nth, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._renderer, name)

    def assemble(self, *arguments: Any, **options: Any) -> Any:
        self._count += 1
        if self._count == self._nth:
            raise RenderError("code-unreadable", "Der Code auf Blatt 1 war nicht lesbar.")
        return self._renderer.assemble(*arguments, **options)


def test_a_piece_that_cannot_be_assembled_goes_to_the_desk_and_the_others_go_on(world: World) -> None:
    bad, good = world.approved(appointment_time="10:00"), world.approved(appointment_time="11:00")
    world.services = replace(world.services, renderer=Failing(world.services.renderer, 1))
    (report,) = world.evening()
    assert (report.pieces, report.faulty, report.hand_over.released) == (2, 1, 1)
    assert world.view(bad).standing == "faulty"
    assert world.only(bad).problem == "code-unreadable: Der Code auf Blatt 1 war nicht lesbar."
    assert world.view(good).standing == "handed_over"
    assert account(world.services).lines[Line.FAILED] == 1


def test_an_approved_document_that_is_gone_stops_only_its_own_piece(world: World) -> None:
    gone, good = world.approved(appointment_time="10:00"), world.approved(appointment_time="11:00")
    sha256 = world.only(gone).approved_sha256 or ""
    for file in (world.settings.data_dir / "documents").rglob(f"*{sha256[-8:]}*"):
        file.unlink()
    (report,) = world.evening()
    assert (report.faulty, report.hand_over.released) == (1, 1)
    assert world.view(good).standing == "handed_over"
    sweep(world.services)
    assert account(world.services).unexplained[0][1] == "approved-document-missing"
