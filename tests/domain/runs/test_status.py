"""The current status from events in any order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.status import NOT_MADE, Noted, Status, fold, is_settled, stands

EVENTS = st.lists(st.sampled_from(Status), max_size=12)
SERVICES = st.sampled_from(Service)


@given(EVENTS, SERVICES, st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter(events: list[Status], service: Service, random: object) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(shuffled, service) is fold(events, service)


@given(EVENTS, SERVICES)
def test_repeated_events_and_folding_again_change_nothing(events: list[Status], service: Service) -> None:
    current = fold(events, service)
    assert fold([*events, *events], service) is current
    assert fold([*events, current], service) is current


@given(EVENTS, EVENTS, SERVICES)
def test_folding_in_parts_gives_the_same(earlier: list[Status], later: list[Status], service: Service) -> None:
    assert fold([fold(earlier, service), *later], service) is fold([*earlier, *later], service)


@given(EVENTS)
def test_ordinary_mail_is_never_delivered(events: list[Status]) -> None:
    assert fold([*events, Status.DELIVERED], Service.STANDARD) is not Status.DELIVERED


def test_a_delivery_claim_for_ordinary_mail_counts_as_handed_to_the_post() -> None:
    assert fold([Status.PRINTED, Status.DELIVERED]) is Status.HANDED_TO_POST


@pytest.mark.parametrize("service", [service for service in Service if service is not Service.STANDARD])
def test_registered_mail_is_delivered_when_it_is_proven(service: Service) -> None:
    assert fold([Status.DELIVERED, Status.HANDED_TO_POST], service) is Status.DELIVERED


@given(EVENTS, SERVICES)
def test_an_unknown_event_never_moves_a_status(events: list[Status], service: Service) -> None:
    assert fold([*events, Status.UNKNOWN], service) is fold(events, service)


@given(EVENTS, SERVICES)
def test_a_return_beats_everything(events: list[Status], service: Service) -> None:
    assert fold([*events, Status.RETURNED], service) is Status.RETURNED


def test_a_failure_beats_progress_that_was_reported_before_or_after() -> None:
    assert fold([Status.FAILED, Status.HANDED_TO_POST]) is Status.FAILED


def test_without_events_nothing_is_known() -> None:
    assert fold([]) is Status.UNKNOWN


@given(SERVICES)
def test_the_provider_owes_nothing_more_once_a_piece_is_settled(service: Service) -> None:
    settled = {status for status in Status if is_settled(status, service)}
    final = {Status.DELIVERED, Status.RETURNED, Status.FAILED, Status.CANCELLED}
    assert settled == (final | {Status.HANDED_TO_POST} if service is Service.STANDARD else final)


MOMENT = datetime(2026, 11, 20, 8, tzinfo=UTC)
TOLD = st.lists(
    st.tuples(st.sampled_from(Status), st.integers(-5, 5).map(lambda h: MOMENT + timedelta(hours=h)))
)


@given(TOLD, SERVICES)
def test_without_a_record_or_a_proof_a_piece_stands_as_it_was_reported(
    told: list[tuple[Status, datetime]], service: Service
) -> None:
    assert stands(told, service) is fold((status for status, _ in told), service)


@given(TOLD, SERVICES, st.booleans(), st.sampled_from([None, Noted(None), Noted(MOMENT)]))
def test_a_proof_of_receipt_beats_everything(
    told: list[tuple[Status, datetime]], service: Service, served: bool, noted: Noted | None
) -> None:
    assert stands(told, service, served=served, noted=noted) is (
        Status.DELIVERED if served else Status.RETURNED
    )


@given(TOLD, SERVICES)
def test_what_is_noted_as_not_posted_is_never_posted_whatever_is_reported(
    told: list[tuple[Status, datetime]], service: Service
) -> None:
    assert stands(told, service, noted=Noted(None)) not in {Status.HANDED_TO_POST, Status.DELIVERED}


@given(TOLD, SERVICES)
def test_a_record_of_posting_answers_for_failures_that_came_before_it_and_for_no_later_one(
    told: list[tuple[Status, datetime]], service: Service
) -> None:
    found = stands(told, service, noted=Noted(MOMENT))
    returned = any(status is Status.RETURNED for status, _ in told)
    failed_later = any(status in NOT_MADE and came > MOMENT for status, came in told)
    assert (found in NOT_MADE) is (failed_later and not returned)
    assert found not in {Status.UNKNOWN, Status.ACCEPTED, Status.IN_PRODUCTION, Status.PRINTED}
