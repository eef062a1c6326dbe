"""A carrier that plans no delivery on two of the days weakens the presumption; one working day does no harm."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.receipt.carriers import DeliveryPlan, days_text, doubt_about, read_days
from gateway.domain.receipt.deadlines import Channel, Dispatch, Regime, Remedy, assess
from gateway.facts import is_holiday_nrw, load_carriers, load_notification_rules

RULES = load_notification_rules()
SIX = DeliveryPlan("Deutsche Post", frozenset(range(6)))
FIVE = DeliveryPlan("Regionalpost", frozenset(range(5)))
FOUR = DeliveryPlan("Regionalpost", frozenset({1, 2, 3, 4}))
THURSDAY = date(2026, 11, 12)


def warnings(plan: DeliveryPlan, day: date, channel: Channel = Channel.POST_INLAND) -> list[str]:
    found = assess(Dispatch(channel, day, delivery=plan), RULES, is_holiday_nrw)
    return [reason for reason in found.reasons if "VI R 6/23" in reason]


def test_no_delivery_on_saturday_and_sunday_is_a_warning_that_names_the_days_and_the_judgments() -> None:
    (warning,) = warnings(FIVE, THURSDAY)
    assert "Regionalpost plant an 2 der 4 Tage keine Zustellung (Sa 14.11., So 15.11.)" in warning
    assert "BFH 29.07.2025 VI R 6/23" in warning
    assert "BFH 20.02.2025 VI R 18/22" in warning


def test_a_carrier_of_six_days_is_never_doubted_not_even_at_easter() -> None:
    days = (date(2026, 1, 1) + timedelta(days=count) for count in range(365))
    assert [day for day in days if warnings(SIX, day)] == []


def test_one_working_day_without_delivery_does_no_harm() -> None:
    sunday = date(2026, 11, 15)
    assert warnings(FOUR, sunday) == []  # Monday only
    assert warnings(FOUR, sunday - timedelta(days=3))  # Saturday, Sunday, Monday


def test_what_is_sent_electronically_or_deemed_by_months_has_no_carrier() -> None:
    assert warnings(FIVE, THURSDAY, Channel.ELECTRONIC) == []
    found = assess(
        Dispatch(Channel.POST_ABROAD, THURSDAY, regime=Regime.AO, delivery=FIVE), RULES, is_holiday_nrw
    )
    assert found.deemed == date(2026, 12, 14)  # the 12th is a Saturday
    assert not any("VI R 6/23" in reason for reason in found.reasons)


@given(
    st.dates(date(2007, 1, 1), date(2090, 1, 1)),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.sampled_from(Regime),
)
def test_the_warning_never_moves_a_date(day: date, days: frozenset[int], regime: Regime) -> None:
    plain = Dispatch(Channel.POST_INLAND, day, remedy=Remedy.WIDERSPRUCH, regime=regime)
    plan = DeliveryPlan("Post", days)
    known = Dispatch(Channel.POST_INLAND, day, remedy=Remedy.WIDERSPRUCH, regime=regime, delivery=plan)
    with_plan, without = assess(known, RULES, is_holiday_nrw), assess(plain, RULES, is_holiday_nrw)
    assert (with_plan.deemed, with_plan.effective, with_plan.raw_end, with_plan.deadline) == (
        without.deemed,
        without.effective,
        without.raw_end,
        without.deadline,
    )
    assert set(without.reasons) <= set(with_plan.reasons)


@given(st.frozensets(st.integers(0, 6)))
def test_days_are_read_back_as_they_were_written(days: frozenset[int]) -> None:
    assert read_days(days_text(days)) == days


def test_carriers_are_found_by_the_names_that_lists_use() -> None:
    carriers = load_carriers()
    for name in ("Deutsche Post", "DEUTSCHE POST AG", " dpag "):
        found = carriers.find(name, THURSDAY)
        assert found is not None
        assert days_text(found.delivery_days) == "Mo Di Mi Do Fr Sa"
    assert carriers.find("Brieftaube", THURSDAY) is None
    assert carriers.find("Deutsche Post", date(2006, 1, 1)) is None


@pytest.mark.parametrize("days", [0, 1])
def test_two_days_are_what_it_takes(days: int) -> None:
    doubt = RULES.regimes[Regime.SGB_X].doubt
    plan = DeliveryPlan("Post", frozenset(range(7)) - frozenset(range(days)))
    assert doubt_about(plan, THURSDAY, THURSDAY + timedelta(days=4), doubt, is_holiday_nrw) is None
