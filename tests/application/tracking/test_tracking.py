"""Tracking and posting: what providers say is kept as it was said; only a confirmed posting makes a date final."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError as DatabaseRefuses
from sqlmodel import select

from gateway.application.desk.desk_view import desk
from gateway.application.posting import posting
from gateway.application.returns.deciding_returns import Decision, decide
from gateway.application.tracking import tracking
from gateway.application.tracking.tracking import poll, record
from gateway.application.views.explaining import explain
from gateway.application.views.shaping import as_json
from gateway.db.letters import Letter
from gateway.db.mail import MailPiece, Posting, StatusEvent
from gateway.db.people import AuditEntry
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.returning import ReturnFiction
from gateway.domain.runs.status import Status
from gateway.errors import NotFound, NotPermitted, NotSent, OutcomeUnknown, Refused
from gateway.ports.provider import StatusReport
from tests.world import AWARD, MONDAY, REQUEST, World, at

pytestmark = pytest.mark.both_databases

TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)
THURSDAY = MONDAY + timedelta(days=3)


def said(
    world: World, status: Status, *, day: date = TUESDAY, posted: bool = False, **more: Any
) -> StatusReport:
    (submission,) = [one for one in world.submissions() if one.provider_reference]
    values: dict[str, Any] = {
        "key": submission.key,
        "provider_reference": submission.provider_reference,
        "status": status,
        "provider_status": status.value,
        "occurred_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        "dedup_key": f"{status.value}-{day}",
        "raw": {"as": "it was said"},
        "posted_on": day if posted else None,
    }
    return StatusReport(**(values | more))


def handed_over(world: World, template: str = AWARD) -> str:
    reference = world.approved("F1", template, login="both")
    world.evening()
    return reference


def confirm(world: World, day: date = TUESDAY) -> list[str]:
    """On Thursday morning."""
    world.advance_to(max(at(THURSDAY, "08:00"), world.clock.now()))
    return posting.confirm(world.services, "post", day)


def hear(world: World, *reports: StatusReport) -> int:
    return record(world.services, "epost", reports)


def events(world: World) -> list[StatusEvent]:
    with world.services.db.reading() as session:
        return list(session.exec(select(StatusEvent)).all())


def test_statuses_come_over_http_and_a_second_poll_brings_nothing_new(world: World) -> None:
    reference = handed_over(world)
    assert poll(world.services) == 1
    assert poll(world.services) == 0
    world.advance_to(at(TUESDAY, "09:00"))
    poll(world.services)
    assert world.view(reference).standing == "in_production"
    world.advance_to(at(TUESDAY + timedelta(days=2), "17:00"))
    poll(world.services)
    assert world.view(reference).standing == "posted"
    assert all(event.raw["letterID"] for event in events(world))
    assert poll(world.services) == 0


def test_the_same_statement_twice_is_one_event(world: World) -> None:
    handed_over(world)
    report = said(world, Status.IN_PRODUCTION)
    assert hear(world, report, report) == 1
    assert hear(world, report) == 0
    assert len(events(world)) == 1


def test_statements_in_any_order_end_at_the_same_status(world: World) -> None:
    reference = handed_over(world)
    hear(world, said(world, Status.HANDED_TO_POST, day=WEDNESDAY, posted=True))
    hear(world, said(world, Status.IN_PRODUCTION), said(world, Status.ACCEPTED))
    assert world.view(reference).standing == "posted"


def test_a_status_that_nobody_knows_is_kept_and_shown_and_breaks_nothing(world: World) -> None:
    reference = handed_over(world)
    hear(world, said(world, Status.IN_PRODUCTION))
    hear(world, said(world, Status.UNKNOWN, provider_status="TELEPORTED", dedup_key="x"))
    view = world.view(reference)
    assert view.standing == "in_production"
    assert "TELEPORTED" in [event.provider_status for event in view.recipients[0].events]
    assert "TELEPORTED" in str(as_json(view))


def test_a_statement_about_a_piece_that_is_not_ours_is_left_alone(world: World) -> None:
    handed_over(world)
    report = said(world, Status.ACCEPTED, key="other", provider_reference="999999")
    assert hear(world, report) == 0
    assert events(world) == []


def test_a_provider_that_does_not_echo_our_key_is_matched_by_its_own_number(world: World) -> None:
    handed_over(world)
    assert hear(world, said(world, Status.ACCEPTED, key="")) == 1


@pytest.mark.parametrize(
    "fact",
    [NotSent("x", "x"), OutcomeUnknown("x", "x"), Refused("x", "x")],
    ids=lambda fact: type(fact).__name__,
)
def test_a_provider_that_gives_no_status_is_asked_again_next_time(world: World, fact: Exception) -> None:
    handed_over(world)
    provider = world.services.provider

    class Silent:
        def __getattr__(self, name: str) -> Any:
            return getattr(provider, name)

        def poll(self, _references: Any) -> Any:
            raise fact

    services = replace(world.services, providers={"epost": Silent()})
    assert poll(services) == 0
    assert poll(world.services) == 1


def test_the_first_reported_day_stays_and_is_provisional_until_a_clerk_confirms_it(world: World) -> None:
    reference = handed_over(world)
    hear(world, said(world, Status.HANDED_TO_POST, posted=True))
    hear(world, said(world, Status.UNKNOWN, day=WEDNESDAY))
    recipient = world.only(reference)
    assert (recipient.posting_reported_on, recipient.posting_confirmed_on) == (TUESDAY, None)
    assert recipient.assessment is not None
    assert recipient.assessment.deadline == date(2026, 12, 21)
    assert as_json(world.view(reference))["recipients"][0]["provisional"] is True
    assert "vorläufig" in " ".join(explain(world.services, reference))
    assert posting.posting_days(world.services, "post") == [posting.PostingDay(TUESDAY, 1, 0)]
    assert confirm(world) == [recipient.piece]
    recipient = world.only(reference)
    assert (recipient.posting_confirmed_on, recipient.posting_confirmed_by) == (TUESDAY, "Petra Stelle")
    assert as_json(world.view(reference))["recipients"][0]["provisional"] is False
    assert posting.posting_days(world.services, "post") == [posting.PostingDay(TUESDAY, 1, 1)]


def test_confirming_again_changes_nothing(world: World) -> None:
    handed_over(world)
    hear(world, said(world, Status.HANDED_TO_POST, posted=True))
    assert len(confirm(world)) == 1
    assert confirm(world) == []
    with world.services.db.reading() as session:
        assert len(session.exec(select(AuditEntry).where(AuditEntry.action == "posting-confirmed")).all()) == 1


@pytest.mark.parametrize("login", ["anna", "bea", "admin", "audit"])
def test_only_the_post_room_confirms(world: World, login: str) -> None:
    reference = handed_over(world)
    hear(world, said(world, Status.HANDED_TO_POST, posted=True))
    with pytest.raises(NotPermitted):
        posting.confirm(world.services, login, TUESDAY)
    assert world.only(reference).posting_confirmed_on is None


def test_a_day_without_a_report_cannot_be_confirmed(world: World) -> None:
    with pytest.raises(NotFound) as caught:
        confirm(world)
    assert caught.value.code == "posting-none-reported"


def test_the_database_refuses_to_change_a_confirmed_day_and_an_event(world: World) -> None:
    handed_over(world)
    hear(world, said(world, Status.HANDED_TO_POST, posted=True))
    confirm(world)
    engine = world.services.db.engine
    with pytest.raises(DatabaseRefuses, match="only_with"), engine.begin() as connection:
        connection.exec_driver_sql("UPDATE posting SET confirmed_on = '2026-01-01'")
    with pytest.raises(DatabaseRefuses, match="only_emptied"), engine.begin() as connection:
        connection.exec_driver_sql("UPDATE status_event SET status = 'delivered'")


def test_the_deadline_of_a_letter_that_came_back_is_disputed_until_a_person_decides(world: World) -> None:
    reference = handed_over(world)
    hear(world, said(world, Status.HANDED_TO_POST, posted=True))
    confirm(world)
    hear(world, said(world, Status.RETURNED, day=date(2026, 11, 25)))
    view = world.view(reference)
    assert view.standing == "returned"
    assessment = view.recipients[0].assessment
    assert assessment is not None
    assert assessment.disputed
    assert assessment.deadline == date(2026, 12, 21)
    decide(world.services, "anna", reference, Decision("verzogen", ReturnFiction.VOID))
    assessment = world.only(reference).assessment
    assert assessment is not None
    assert (assessment.deemed, assessment.deadline, assessment.disputed) == (None, None, False)
    assert [line.reference for line in desk(world.services, "bea").letters] == [reference]


def test_a_letter_that_failed_after_it_was_reported_as_posted_has_no_deadline_and_cannot_be_confirmed(
    world: World,
) -> None:
    reference = handed_over(world)
    hear(world, said(world, Status.HANDED_TO_POST, posted=True))
    hear(world, said(world, Status.FAILED, day=WEDNESDAY, reason="Nicht hergestellt."))
    view = world.view(reference)
    assert view.standing == "failed"
    assert view.recipients[0].assessment is None
    assert confirm(world) == []
    assert world.only(reference).posting_confirmed_on is None
    assert "Nicht hergestellt." in str(desk(world.services, "bea").letters)


def test_a_provider_that_fails_a_piece_in_production_brings_it_to_the_desk(world: World) -> None:
    reference = world.approved("F1", AWARD, login="both")
    world.simulator.plan_fault("POST /api/Letter", "fail-later:E318")
    world.evening()
    world.advance(days=3)
    poll(world.services)
    assert world.view(reference).standing == "failed"
    assert desk(world.services, "bea").letters[0].problems


def test_ordinary_mail_is_never_delivered(world: World) -> None:
    reference = handed_over(world)
    hear(world, said(world, Status.HANDED_TO_POST, posted=True), said(world, Status.DELIVERED, day=WEDNESDAY))
    assert world.view(reference).standing == "posted"
    assert "nicht erfasst" in " ".join(explain(world.services, reference))


def test_registered_mail_is_delivered(world: World) -> None:
    reference = handed_over(world)
    with world.services.db.transaction() as session:
        session.exec(select(Letter)).one().service = Service.UEBERGABE
        session.exec(select(MailPiece)).one().service = Service.UEBERGABE
    hear(world, said(world, Status.HANDED_TO_POST, posted=True), said(world, Status.DELIVERED, day=WEDNESDAY))
    assert world.view(reference).standing == "delivered"


def test_a_letter_that_is_no_decision_has_no_objection_deadline(world: World) -> None:
    reference = handed_over(world, REQUEST)
    hear(world, said(world, Status.HANDED_TO_POST, posted=True))
    assessment = world.only(reference).assessment
    assert assessment is not None
    assert assessment.deemed == date(2026, 11, 21)
    assert assessment.deadline is None


def test_both_spouses_have_their_own_posting_and_deadline(world: World) -> None:
    reference = world.approved("F2", AWARD, login="both")
    world.evening()
    world.advance(days=4)
    poll(world.services)
    days = {recipient.posting_reported_on for recipient in world.view(reference).recipients}
    deadlines = {one.assessment.deadline for one in world.view(reference).recipients if one.assessment}
    assert len(days) == len(deadlines) == 2
    with world.services.db.reading() as session:
        assert len(session.exec(select(Posting)).all()) == 2


def test_a_settled_piece_is_not_asked_about_any_more(world: World) -> None:
    handed_over(world)
    hear(world, said(world, Status.HANDED_TO_POST, posted=True))
    assert tracking._open_references(world.services, "epost") == []


def test_against_an_objection_decision_it_is_the_court_that_is_asked(world: World) -> None:
    reference = handed_over(world, "widerspruchsbescheid")
    hear(world, said(world, Status.HANDED_TO_POST, posted=True))
    assessment = world.only(reference).assessment
    assert assessment is not None
    assert any("Klage" in reason and "§ 87" in reason for reason in assessment.reasons)
    assert not any("§ 84" in reason for reason in assessment.reasons)
