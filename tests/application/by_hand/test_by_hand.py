"""Letters that leave by hand: the same ledger, one live submission, every way with its own proof and deadline."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from gateway.application.account.reconciling import account
from gateway.application.by_hand.leaving_by_hand import (
    Handing,
    courier_reports,
    give_to_courier,
    hand_over_in_person,
    post,
)
from gateway.application.by_hand.printing import print_here
from gateway.application.by_hand.taking_by_hand import put_back, take
from gateway.application.clearing import withholding
from gateway.application.desk.desk_view import desk
from gateway.application.filing.filing import file_due
from gateway.application.posting.posting import posting_days
from gateway.application.receipt.delivering import Receipt, correct
from gateway.application.runs.diverting import divert
from gateway.application.runs.running import run, run_due
from gateway.application.runs.stopping import stop
from gateway.application.runs.submitting import hand_over
from gateway.application.tracking.tracking import poll
from gateway.db.by_hand import HandPrint
from gateway.db.people import AuditEntry
from gateway.domain.account.account import Line
from gateway.domain.receipt.delivery import DeliveryKind, Outcome
from gateway.domain.runs.by_hand import HandChannel, Leaving
from gateway.domain.runs.stopping import StopScope
from gateway.errors import Conflict, InputError, NotFound, NotPermitted
from tests.world import AWARD, BERLIN, MONDAY, World, at

pytestmark = pytest.mark.both_databases
TUESDAY = MONDAY + timedelta(days=1)
ADDRESSEE = Handing("handed-addressee", "Đorđe O’Brien", signed=True)


def posting(day: date = MONDAY, **changes: str) -> Leaving:
    said = {"given_by": "Petra Stelle", "carrier": "Deutsche Post", "product": "Standardbrief"} | changes
    return Leaving(HandChannel.POST, day, **said)


def taken(world: World, wanted: HandChannel = HandChannel.POST, **letter: str) -> tuple[str, str]:
    """A decision that goes by hand: its reference, and that of its piece."""
    reference = world.approved(**{"template": AWARD, **letter})
    (piece,) = take(world.services, "anna", reference, wanted, "Frist läuft heute ab")
    return reference, piece


def printed(world: World, wanted: HandChannel = HandChannel.POST, **letter: str) -> tuple[str, str]:
    reference, piece = taken(world, wanted, **letter)
    print_here(world.services, "post", piece)
    return reference, piece


def filed(world: World) -> list[dict[str, Any]]:
    file_due(world.services)
    (index,) = (world.settings.data_dir / "case-files").glob("JC-BOR-2026-00017*/index.json")
    entries: list[dict[str, Any]] = json.loads(index.read_text("utf-8"))["entries"]
    return entries


def refused(kind: type[Exception], code: str, do: Any, *arguments: Any, **more: Any) -> None:
    with pytest.raises(kind) as caught:
        do(*arguments, **more)
    assert caught.value.code == code  # type: ignore[attr-defined]


def test_a_letter_printed_here_and_posted_has_the_proofs_of_a_run_and_a_posting_day_of_its_own(
    world: World,
) -> None:
    reference, piece = taken(world)
    opened = print_here(world.services, "post", piece)
    view = world.only(reference)
    assert (view.piece, view.provider, view.standing) == (piece, "by-hand", "in_production")
    assert opened.content == world.services.blobs.get(view.print_sha256 or "")
    assert opened.name == f"sendung-{piece}.pdf"
    assert account(world.services).lines[Line.UNDER_WAY] == 1
    post(world.services, "post", piece, posting(receipt="RR 123"))
    view = world.only(reference)
    assert (view.standing, view.provisional) == ("posted", False)
    assert (view.posting_confirmed_on, view.posting_confirmed_by) == (MONDAY, "Petra Stelle")
    assert view.assessment is not None
    assert view.assessment.deemed == MONDAY + timedelta(days=4)
    balance = account(world.services)
    assert balance.balanced
    assert balance.lines[Line.POSTED] == 1
    assert posting_days(world.services, "post")[0].confirmed == 1


def test_the_case_file_knows_who_posted_it_with_which_receipt_and_until_when_it_can_be_contested(
    world: World,
) -> None:
    _, piece = printed(world)
    post(world.services, "post", piece, posting(receipt="RR 123"))
    entries = filed(world)
    assert [entry["kind"] for entry in entries] == ["document", "posting"]
    note = entries[-1]
    assert "(Ab-Vermerk)" in note["title"]
    assert "von Hand" in note["title"]
    assert note["metadata"]["carrier"] == "Deutsche Post"
    assert note["metadata"]["receipt"] == "RR 123"
    assert note["metadata"]["confirmed_by"] == "Petra Stelle"
    assert note["metadata"]["objection_deadline"] == "2026-12-21"


def test_handed_over_in_person_it_is_notified_on_that_day_without_fiction(world: World) -> None:
    reference, piece = printed(world, HandChannel.IN_PERSON)
    world.advance_to(at(TUESDAY, "10:00"))
    moment = at(TUESDAY, "09:30").replace(tzinfo=BERLIN)
    hand_over_in_person(world.services, "anna", piece, "Anna Werk", moment, ADDRESSEE)
    view = world.only(reference)
    assert view.standing == "delivered"
    assert view.posting_reported_on is None
    assert view.assessment is not None
    assert (view.assessment.deemed, view.assessment.effective) == (None, TUESDAY)
    assert view.assessment.deadline == date(2026, 12, 17)
    assert "§ 37 Abs. 1 SGB X" in view.assessment.reasons[0]
    assert account(world.services).lines[Line.POSTED] == 1
    entries = filed(world)
    assert [entry["kind"] for entry in entries] == ["document", "delivery"]
    assert entries[-1]["metadata"]["handed_by"] == "Anna Werk"
    assert entries[-1]["metadata"]["objection_deadline"] == "2026-12-17"


def test_a_courier_notifies_nobody_until_his_receipt_is_recorded(world: World) -> None:
    reference, piece = printed(world, HandChannel.COURIER)
    leaving = Leaving(HandChannel.COURIER, MONDAY, "Petra Stelle", "Radkurier Borken", receipt="A-9")
    give_to_courier(world.services, "post", piece, leaving, world.clock.now())
    view = world.only(reference)
    assert view.standing == "posted"
    assert view.assessment is not None
    assert (view.assessment.effective, view.assessment.deadline) == (None, None)
    world.advance_to(at(TUESDAY, "11:00"))
    day = courier_reports(
        world.services, "post", piece, at(TUESDAY, "08:15"), Handing("mailbox", "", signed=False)
    )
    assert day == TUESDAY
    view = world.only(reference)
    assert view.standing == "delivered"
    assert view.assessment is not None
    assert (view.assessment.effective, view.assessment.deadline) == (TUESDAY, date(2026, 12, 17))
    assert [entry["kind"] for entry in filed(world)] == ["document", "hand-over", "delivery"]


def test_what_goes_by_hand_is_never_taken_by_a_run_too(world: World) -> None:
    taken(world)
    world.evening()
    hand_over(world.services)
    assert world.taken() == []
    assert [one.provider for one in world.submissions()] == ["by-hand"]


def test_a_run_by_hand_does_not_count_as_the_evenings_run(world: World) -> None:
    other = world.approved("F2", template="eingangsbestaetigung")
    world.advance_to(at(MONDAY, "20:00"))
    taken(world)
    assert len(run_due(world.services)) == 1
    assert {view.provider for view in world.view(other).recipients} == {"epost"}


def test_out_of_a_run_only_that_is_taken_which_certainly_nobody_has(world: World) -> None:
    reference = world.approved(template=AWARD)
    stop(world.services, "post", StopScope.PROVIDER, "epost", "Wartung")
    world.advance(minutes=1)
    run(world.services, login="post")
    take(world.services, "anna", reference, HandChannel.POST, "eilt")
    assert [(one.provider, one.state) for one in world.submissions()] == [
        ("epost", "void"),
        ("by-hand", "planned"),
    ]
    gone = world.approved("F1", login="anna")
    with world.services.db.transaction() as session:
        from gateway.db.desk import Stop  # noqa: PLC0415

        for row in session.exec(select(Stop)).all():
            row.lifted_at, row.lifted_by = world.clock.now(), "post"
    world.advance(minutes=1)
    run(world.services, login="post")
    assert len(world.taken()) == 1
    refused(Conflict, "by-hand-too-late", take, world.services, "anna", gone, HandChannel.POST, "eilt")
    refused(Conflict, "by-hand-too-late", take, world.services, "anna", reference, HandChannel.POST, "eilt")


def test_one_copy_goes_by_hand_and_the_other_with_the_next_run(world: World) -> None:
    reference = world.approved("F2", template="eingangsbestaetigung")
    assert len(world.view(reference).recipients) == 2
    take(world.services, "anna", reference, HandChannel.IN_PERSON, "ist im Haus", numbers=[1])
    assert [view.provider for view in world.view(reference).recipients] == ["by-hand", "epost"]
    world.evening()
    assert world.taken() == [world.view(reference).recipients[1].key]
    assert account(world.services).balanced


def test_a_print_that_did_not_happen_is_put_back_and_the_next_run_takes_the_letter_once(world: World) -> None:
    reference, piece = printed(world)
    refused(InputError, "reason-missing", put_back, world.services, "post", piece, " ")
    put_back(world.services, "post", piece, "Drucker defekt, nichts gedruckt")
    assert world.view(reference).standing == "approved"
    refused(NotFound, "by-hand-unknown", print_here, world.services, "post", piece)
    assert account(world.services).balanced
    world.evening()
    assert len(world.taken()) == 1


def test_what_left_the_house_is_never_put_back_nor_printed_again(world: World) -> None:
    _, piece = printed(world)
    post(world.services, "post", piece, posting())
    refused(Conflict, "by-hand-already-left", put_back, world.services, "post", piece, "doch nicht")
    refused(Conflict, "by-hand-already-left", print_here, world.services, "post", piece, again="Stau")
    refused(Conflict, "by-hand-already-left", post, world.services, "post", piece, posting())


def test_a_second_print_needs_a_reason_and_is_counted_and_audited(world: World) -> None:
    reference, piece = printed(world)
    refused(InputError, "reprint-needs-reason", print_here, world.services, "post", piece)
    print_here(world.services, "post", piece, again="Papierstau")
    with world.services.db.reading() as session:
        prints = session.exec(select(HandPrint).order_by(HandPrint.number)).all()  # type: ignore[arg-type]
        audited = session.exec(select(AuditEntry).where(AuditEntry.action == "printed-by-hand")).all()
    assert [(one.number, one.reason) for one in prints] == [(1, None), (2, "Papierstau")]
    assert [entry.details["number"] for entry in audited] == [1, 2]
    assert [event.reason for event in world.only(reference).events] == [None, None]
    assert len(world.submissions()) == 1


def test_nothing_is_printed_while_it_is_stopped(world: World) -> None:
    _, piece = taken(world)
    stop(world.services, "post", StopScope.OFFICE, "borken", "Falscher Briefkopf")
    refused(Conflict, "hand-over-stopped", print_here, world.services, "post", piece)
    assert [one.state for one in world.submissions()] == ["planned"]


def test_nothing_is_posted_that_was_not_printed_and_no_day_that_cannot_be(world: World) -> None:
    _, piece = taken(world)
    refused(Conflict, "by-hand-not-printed", post, world.services, "post", piece, posting())
    print_here(world.services, "post", piece)
    early, late = posting(MONDAY - timedelta(days=1)), posting(TUESDAY)
    refused(InputError, "by-hand-before-print", post, world.services, "post", piece, early)
    refused(InputError, "by-hand-day-in-future", post, world.services, "post", piece, late)
    unsigned = Handing("handed-addressee", "X", signed=False)
    moment = world.clock.now()
    refused(
        InputError,
        "by-hand-not-acknowledged",
        *(hand_over_in_person, world.services, "post", piece, "Petra", moment, unsigned),
    )


def test_a_printed_letter_is_neither_held_nor_cancelled_before_it_is_put_back(world: World) -> None:
    reference, piece = printed(world)
    refused(Conflict, "letter-already-released", withholding.hold, world.services, "anna", reference, "weil")
    refused(Conflict, "letter-already-released", withholding.cancel, world.services, "anna", reference, "weil")
    put_back(world.services, "anna", piece, "wird nicht versandt")
    withholding.cancel(world.services, "anna", reference, "erledigt")
    assert world.view(reference).standing == "cancelled"


def test_a_letter_that_is_not_printed_yet_may_be_held_and_leaves_the_list(world: World) -> None:
    reference, piece = taken(world)
    withholding.hold(world.services, "anna", reference, "noch klären")
    refused(NotFound, "by-hand-unknown", print_here, world.services, "post", piece)
    refused(Conflict, "letter-held", take, world.services, "anna", reference, HandChannel.POST, "eilt")


def test_a_print_of_which_nobody_says_what_became_of_it_is_on_the_desk_after_the_next_working_day(
    world: World,
) -> None:
    printed(world)
    world.advance_to(at(TUESDAY, "23:00"))
    assert desk(world.services, "post").letters == []
    world.advance_to(at(TUESDAY + timedelta(days=1), "07:00"))
    (entry,) = desk(world.services, "post").letters
    assert (entry.problem, entry.due) == ("overdue-posting", TUESDAY)
    assert "weder Aufgabe noch Übergabe" in entry.problems[0]


def test_a_courier_of_whom_nothing_is_heard_is_on_the_desk(world: World) -> None:
    _, piece = printed(world, HandChannel.COURIER)
    leaving = Leaving(HandChannel.COURIER, MONDAY, "Petra Stelle", "Radkurier Borken")
    give_to_courier(world.services, "post", piece, leaving, world.clock.now())
    poll(world.services)
    world.advance_to(at(TUESDAY + timedelta(days=1), "07:00"))
    (entry,) = desk(world.services, "post").letters
    assert entry.problem == "overdue-receipt"


def test_a_handing_over_recorded_in_error_puts_the_piece_back_into_the_hand(world: World) -> None:
    reference, piece = printed(world, HandChannel.IN_PERSON)
    hand_over_in_person(world.services, "anna", piece, "Anna Werk", world.clock.now(), ADDRESSEE)
    nothing = Receipt(DeliveryKind.IN_PERSON, Outcome.IN_ERROR, None)
    correct(world.services, "anna", reference, 1, nothing, "andere Person")
    view = world.only(reference)
    assert (view.standing, view.assessment) == ("in_production", None)
    post(world.services, "post", piece, posting())
    assert world.only(reference).standing == "posted"


def test_in_an_emergency_the_rest_of_a_run_is_printed_here(world: World) -> None:
    reference = world.approved(template=AWARD)
    stop(world.services, "post", StopScope.PROVIDER, "epost", "Ausfall")
    world.advance(minutes=1)
    run(world.services, login="post")
    divert(world.services, "post", origin="epost", target="by-hand", reason="Ausfall")
    piece = world.only(reference).piece or ""
    print_here(world.services, "post", piece)
    post(world.services, "post", piece, posting())
    assert world.only(reference).standing == "posted"


@pytest.mark.parametrize("login", ["bea", "audit", "admin", "ahmad"])
def test_who_may_not_sends_nothing_by_hand(world: World, login: str) -> None:
    reference = world.approved(template=AWARD)
    with pytest.raises(NotPermitted):
        take(world.services, login, reference, HandChannel.POST, "eilt")
    (piece,) = take(world.services, "anna", reference, HandChannel.POST, "eilt")
    with pytest.raises(NotPermitted):
        print_here(world.services, login, piece)
    with pytest.raises(NotPermitted):
        put_back(world.services, login, piece, "weil")


def test_only_what_is_approved_goes_by_hand(world: World) -> None:
    reference = world.ready(template=AWARD)
    refused(Conflict, "letter-not-approved", take, world.services, "anna", reference, HandChannel.POST, "eilt")
