"""What a person must say so that a way out of the house is proven."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.by_hand import (
    REGISTERED,
    HandChannel,
    HandStep,
    Leaving,
    check_leaving,
    may_be_put_back,
    step_of,
)
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import InputError

MONDAY = date(2026, 11, 16)
WHOLE = Leaving(HandChannel.POST, MONDAY, "Petra Stelle", "Deutsche Post", "Standardbrief", "RR 1")


def complaint(leaving: Leaving, service: Service = Service.STANDARD) -> str | None:
    try:
        check_leaving(leaving, service, printed_on=MONDAY, today=MONDAY)
    except InputError as error:
        return error.code
    return None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"left_on": MONDAY + timedelta(days=1)}, "by-hand-day-in-future"),
        ({"left_on": MONDAY - timedelta(days=1)}, "by-hand-before-print"),
        ({"given_by": " "}, "by-hand-name-missing"),
        ({"carrier": ""}, "by-hand-carrier-missing"),
        ({"product": ""}, "by-hand-product-missing"),
        ({"receipt": ""}, None),
        ({"channel": HandChannel.IN_PERSON, "carrier": "", "product": "", "receipt": ""}, None),
        ({"channel": HandChannel.COURIER, "product": "", "receipt": ""}, None),
        ({"channel": HandChannel.COURIER, "carrier": ""}, "by-hand-carrier-missing"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, object], code: str | None) -> None:
    assert complaint(replace(WHOLE, **changes)) == code  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.sampled_from(list(Service)), st.sampled_from(list(HandChannel)))
def test_registered_mail_is_posted_with_the_number_of_its_receipt_only(
    service: Service, channel: HandChannel
) -> None:
    without = complaint(replace(WHOLE, channel=channel, receipt=""), service)
    needed = service in REGISTERED and channel is HandChannel.POST
    assert without == ("by-hand-receipt-missing" if needed else None)


@settings(deadline=None)
@given(st.sampled_from(list(SubmissionState)), st.booleans())
def test_only_what_is_still_in_the_house_is_put_back(state: SubmissionState, left: bool) -> None:
    in_the_house = state in {SubmissionState.PLANNED, SubmissionState.RELEASED} and not left
    assert may_be_put_back(state, left=left) is in_the_house


def test_a_piece_is_printed_then_given_away_and_a_courier_is_waited_for() -> None:
    assert step_of(SubmissionState.PLANNED, None) is HandStep.TO_PRINT
    assert step_of(SubmissionState.RELEASED, None) is HandStep.PRINTED
    assert step_of(SubmissionState.RELEASED, HandChannel.COURIER) is HandStep.WITH_COURIER
