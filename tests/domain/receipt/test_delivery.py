"""Proofs of receipt: which outcomes a kind has, what they mean, and how they count in law."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.receipt.deadlines import Channel, Dispatch, Regime, Remedy, assess
from gateway.domain.receipt.delivery import (
    OUTCOMES,
    DeliveryKind,
    Outcome,
    Verdict,
    channel_of_proof,
    describe,
    judge,
)
from gateway.errors import InputError
from gateway.facts import is_holiday_nrw, load_notification_rules

RULES = load_notification_rules()
TODAY = date(2026, 11, 18)
KNOWN = [(kind, outcome, served) for kind, found in OUTCOMES.items() for outcome, served in found.items()]
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@settings(deadline=None)
@given(st.sampled_from(KNOWN), st.none() | DAYS, st.none() | DAYS, DAYS)
def test_a_day_counts_only_if_it_was_served_after_it_left_and_not_after_today(
    known: tuple[DeliveryKind, Outcome, bool], day: date | None, left: date | None, today: date
) -> None:
    kind, outcome, served = known
    possible = day is None or ((left is None or left <= day) and day <= today)
    if served == (day is not None) and possible:
        assert judge(kind, outcome, day, today=today, left_on=left) == Verdict(served, day)
    else:
        with pytest.raises(InputError):
            judge(kind, outcome, day, today=today, left_on=left)


@pytest.mark.parametrize(
    ("kind", "outcome", "day", "left", "code"),
    [
        (DeliveryKind.IN_PERSON, "mailbox", TODAY, None, "delivery-outcome-unknown"),
        (DeliveryKind.COURIER, "nonsense", TODAY, None, "delivery-outcome-unknown"),
        (DeliveryKind.COURIER, "recorded-in-error", None, None, "delivery-outcome-unknown"),
        (DeliveryKind.COURIER, "handed-addressee", None, None, "delivery-day-missing"),
        (DeliveryKind.COURIER, "undeliverable-moved", TODAY, None, "delivery-day-not-wanted"),
        (DeliveryKind.IN_PERSON, "handed-addressee", date(2026, 11, 19), None, "delivery-day-in-future"),
        (DeliveryKind.COURIER, "mailbox", TODAY, date(2026, 11, 19), "delivery-before-dispatch"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    kind: DeliveryKind, outcome: str, day: date | None, left: date | None, code: str
) -> None:
    with pytest.raises(InputError) as refused:
        judge(kind, outcome, day, today=TODAY, left_on=left)
    assert refused.value.code == code


def test_only_a_correction_can_say_that_a_record_was_an_error() -> None:
    said = judge(DeliveryKind.COURIER, "recorded-in-error", TODAY, today=TODAY, left_on=None, corrects=True)
    assert said == Verdict(None, None)


@settings(deadline=None)
@given(DAYS, st.sampled_from(list(DeliveryKind)), st.sampled_from(list(Regime)), st.sampled_from(["DE", "NL"]))
def test_a_proven_day_is_the_day_of_notification_without_any_fiction(
    day: date, kind: DeliveryKind, regime: Regime, country: str
) -> None:
    channel = channel_of_proof(kind, country)
    dispatch = Dispatch(channel, None, day, remedy=Remedy.WIDERSPRUCH, regime=regime, unrecorded=True)
    found = assess(dispatch, RULES, is_holiday_nrw)
    assert (found.deemed, found.effective) == (None, day)
    assert found.deadline is not None
    assert found.deadline - day >= timedelta(days=28)


@settings(deadline=None)
@given(DAYS, st.sampled_from([Channel.EINSCHREIBEN_UEBERGABE, Channel.POST_INLAND]), st.integers(0, 60))
def test_the_carriers_record_puts_the_fiction_off_and_never_forward(
    posted: date, channel: Channel, later: int
) -> None:
    received = posted + timedelta(days=later)
    found = assess(Dispatch(channel, posted, received, unrecorded=True), RULES, is_holiday_nrw)
    assert found.deemed == posted + timedelta(days=4)
    assert found.effective == max(received, found.deemed)


def test_a_day_of_posting_that_was_forgotten_is_an_error_and_no_earlier_deadline() -> None:
    with pytest.raises(InputError) as refused:
        assess(Dispatch(Channel.EINSCHREIBEN_UEBERGABE, None, TODAY), RULES, is_holiday_nrw)
    assert refused.value.code == "deadline-dispatch-missing"


def test_handing_over_here_is_inland_and_a_courier_abroad_gives_three_months() -> None:
    assert channel_of_proof(DeliveryKind.IN_PERSON, "NL") is Channel.IN_PERSON
    assert channel_of_proof(DeliveryKind.COURIER, "NL") is Channel.POST_ABROAD
    here = Dispatch(Channel.IN_PERSON, None, date(2026, 11, 30), remedy=Remedy.WIDERSPRUCH)
    there = Dispatch(Channel.POST_ABROAD, None, date(2026, 11, 30), remedy=Remedy.WIDERSPRUCH)
    assert assess(here, RULES, is_holiday_nrw).deadline == date(2026, 12, 30)
    assert assess(there, RULES, is_holiday_nrw).deadline == date(2027, 3, 1)
    assert "§ 37 Abs. 1 SGB X" in assess(here, RULES, is_holiday_nrw).reasons[0]


def test_a_courier_without_a_receipt_notifies_nobody() -> None:
    sent = Dispatch(Channel.COURIER, TODAY, remedy=Remedy.WIDERSPRUCH)
    found = assess(sent, RULES, is_holiday_nrw)
    assert (found.effective, found.deadline) == (None, None)


@pytest.mark.parametrize(("kind", "outcome", "served"), KNOWN)
def test_every_outcome_has_german_words(kind: DeliveryKind, outcome: Outcome, served: bool) -> None:
    said = describe(kind, outcome, Verdict(served, TODAY if served else None))
    assert ("Zugang am 18.11.2026" in said) is served
    assert ("kein Zugang" in said) is not served
    assert outcome.value not in said
