"""Deemed notification and deadlines: published cases, the data's vectors, and an independent calculation."""

import csv
from datetime import date, timedelta

import pytest
from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]
from holidays import country_holidays
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.receipt.deadlines import (
    Assessment,
    Channel,
    Dispatch,
    Regime,
    Remedy,
    add_months,
    assess,
    roll,
)
from gateway.errors import InputError
from gateway.facts import is_holiday_nrw, load_notification_rules
from tests.world import ROOT

RULES = load_notification_rules()
VECTORS = ROOT / "tests" / "data" / "deadline_vectors.csv"
CHANNEL_OF_VECTOR = {
    "post_inland": Channel.POST_INLAND,
    "returned": Channel.POST_INLAND,
    "post_ausland": Channel.POST_ABROAD,
    "pzu": Channel.PZU,
}
DAYS = st.dates(date(2007, 1, 1), date(2098, 12, 31))
NRW = country_holidays("DE", subdiv="NW")


def judge(channel: Channel, sent: str | None, received: str | None = None, **more: object) -> Assessment:
    dispatch = Dispatch(channel, _day(sent or ""), _day(received or ""), **more)  # type: ignore[arg-type]
    return assess(dispatch, RULES, is_holiday_nrw)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def vectors() -> list[dict[str, str]]:
    with VECTORS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["id"])
def test_every_vector_of_the_data_comes_out(vector: dict[str, str]) -> None:
    returned = vector["channel"] == "returned"
    found = judge(
        CHANNEL_OF_VECTOR[vector["channel"]],
        vector["dispatch"],
        vector["proven_receipt"],
        returned=returned,
        remedy=Remedy(vector["remedy"].lower()),
        remedy_notice_ok={"ja": True, "nein": False}[vector["rbb_ok"]],
    )
    deemed = None if returned else _day(vector["deemed"])
    dates = (found.deemed, found.effective, found.raw_end, found.deadline)
    assert dates == (deemed, *(_day(vector[name]) for name in ("effective", "raw_end", "deadline")))
    assert found.reasons


def test_all_vectors_are_there() -> None:
    assert len(vectors()) == 21


def test_posted_on_the_last_day_of_2024_three_days_count_and_from_2025_four() -> None:
    assert judge(Channel.POST_INLAND, "2024-12-31").deemed == date(2025, 1, 3)
    assert judge(Channel.POST_INLAND, "2025-01-01").deemed == date(2025, 1, 5)


def test_the_ao_moves_the_deemed_day_off_a_weekend_and_the_sgb_x_does_not() -> None:
    ao = judge(Channel.POST_INLAND, "2026-03-10", remedy=Remedy.WIDERSPRUCH, regime=Regime.AO)
    assert (ao.deemed, ao.deadline) == (date(2026, 3, 16), date(2026, 4, 16))
    assert any("§ 108 Abs. 3 AO" in reason for reason in ao.reasons)
    for regime in (Regime.SGB_X, Regime.VWVFG_NRW):
        assert judge(Channel.POST_INLAND, "2026-03-10", regime=regime).deemed == date(2026, 3, 14)


def test_a_proven_later_receipt_counts_and_an_earlier_one_does_not() -> None:
    later = judge(Channel.POST_INLAND, "2026-06-08", "2026-06-15")
    assert (later.deemed, later.effective) == (date(2026, 6, 12), date(2026, 6, 15))
    earlier = judge(Channel.POST_INLAND, "2026-06-08", "2026-06-09")
    assert (earlier.deemed, earlier.effective) == (date(2026, 6, 12), date(2026, 6, 12))
    assert any("unbeachtlich" in reason for reason in earlier.reasons)


@pytest.mark.parametrize("channel", Channel)
def test_what_came_back_was_never_notified(channel: Channel) -> None:
    found = judge(channel, "2026-06-08", returned=True, remedy=Remedy.WIDERSPRUCH)
    assert (found.deemed, found.effective, found.raw_end, found.deadline) == (None, None, None, None)
    assert "§ 37 Abs. 2 Satz 3 SGB X" in found.reasons[0]


def test_the_signed_slip_proves_an_earlier_day_and_without_it_the_fourth_day_counts() -> None:
    signed = judge(Channel.RUECKSCHEIN, "2026-06-08", "2026-06-09")
    assert (signed.deemed, signed.effective) == (None, date(2026, 6, 9))
    lost = judge(Channel.RUECKSCHEIN, "2026-06-08")
    assert (lost.deemed, lost.effective) == (date(2026, 6, 12), date(2026, 6, 12))
    handed = judge(Channel.EINSCHREIBEN_UEBERGABE, "2026-06-08", "2026-06-09")
    assert handed.effective == date(2026, 6, 12)


def test_abroad_and_by_certificate_nothing_counts_without_proof() -> None:
    for channel in (Channel.POST_ABROAD, Channel.PZU):
        found = judge(channel, "2026-06-08", remedy=Remedy.WIDERSPRUCH)
        assert (found.deemed, found.effective, found.deadline) == (None, None, None)


def test_the_ao_deems_a_letter_abroad_notified_after_a_month() -> None:
    assert judge(Channel.POST_ABROAD, "2026-06-08", regime=Regime.AO).deemed == date(2026, 7, 8)
    assert judge(Channel.POST_ABROAD, "2026-01-31", regime=Regime.AO).deemed == date(2026, 3, 2)


def test_three_months_abroad_are_for_social_law_only() -> None:
    remedy = {"remedy": Remedy.KLAGE}
    assert judge(Channel.POST_ABROAD, None, "2026-06-08", **remedy).deadline == date(2026, 9, 8)
    general = judge(Channel.POST_ABROAD, None, "2026-06-08", regime=Regime.VWVFG_NRW, **remedy)
    assert general.deadline == date(2026, 7, 8)


def test_a_missing_notice_gives_a_year_abroad_too() -> None:
    found = judge(Channel.POST_ABROAD, None, "2026-06-08", remedy=Remedy.KLAGE, remedy_notice_ok=False)
    assert found.deadline == date(2027, 6, 8)
    assert any("§ 66 Abs. 2 SGG" in reason for reason in found.reasons)


def test_a_letter_that_is_no_decision_has_a_notification_and_no_deadline() -> None:
    found = judge(Channel.POST_INLAND, "2026-06-08")
    assert (found.effective, found.raw_end, found.deadline) == (date(2026, 6, 12), None, None)


@pytest.mark.parametrize(
    ("channel", "sent", "received", "code"),
    [
        (Channel.POST_INLAND, None, "2026-06-08", "deadline-dispatch-missing"),
        (Channel.PZU, None, None, "deadline-dispatch-missing"),
        (Channel.POST_INLAND, "2026-06-08", "2026-06-07", "deadline-received-too-early"),
        (Channel.POST_INLAND, "2006-12-31", None, "deadline-date-not-covered"),
        (Channel.POST_INLAND, "9999-12-31", None, "deadline-date-not-covered"),
        (Channel.PZU, None, "2006-12-31", "deadline-date-not-covered"),
    ],
)
def test_dates_that_give_no_answer_are_an_input_error(
    channel: Channel, sent: str | None, received: str | None, code: str
) -> None:
    with pytest.raises(InputError) as caught:
        judge(channel, sent, received, remedy=Remedy.WIDERSPRUCH)
    assert caught.value.code == code


@given(DAYS, st.sampled_from([1, 3, 12]))
def test_months_are_counted_as_an_independent_library_counts_them(day: date, months: int) -> None:
    assert add_months(day, months) == day + relativedelta(months=months)


@given(DAYS, st.sampled_from(Channel), st.sampled_from(Remedy), st.booleans(), st.integers(0, 40))
def test_social_law_agrees_with_an_independent_calculation(
    sent: date, channel: Channel, remedy: Remedy, notice_ok: bool, delay: int
) -> None:
    received = sent + timedelta(days=delay)
    found = assess(
        Dispatch(channel, sent, received, remedy=remedy, remedy_notice_ok=notice_ok), RULES, is_holiday_nrw
    )
    proves = channel in {*_SIGNED, Channel.POST_ABROAD, Channel.IN_PERSON, Channel.COURIER}
    fourth = sent + relativedelta(days=4 if sent.year >= 2025 else 3)
    effective = received if proves else max(received, fourth)
    length = relativedelta(years=1)
    if notice_ok:
        length = relativedelta(months=3 if channel is Channel.POST_ABROAD else 1)
    assert found.deemed == (None if proves else fourth)
    assert found.effective == effective
    assert found.raw_end == effective + length
    assert found.deadline == _first_open_day(effective + length)


_BY_POST = {Channel.POST_INLAND, Channel.EINSCHREIBEN_UEBERGABE, Channel.RUECKSCHEIN}
_SIGNED = {Channel.PZU, Channel.RUECKSCHEIN}


def _independently(
    sent: date, channel: Channel, regime: Regime, received: date | None, months: int
) -> tuple[date | None, date | None, date | None, date | None]:
    """The same law told once more, with python-dateutil and holidays: deemed, effective, calculated end, deadline."""
    deemed = None
    if channel in _BY_POST | {Channel.ELECTRONIC}:
        deemed = sent + relativedelta(days=4 if sent >= date(2025, 1, 1) else 3)
    elif channel is Channel.POST_ABROAD and regime is Regime.AO:
        deemed = sent + relativedelta(months=1)
    if deemed and regime is Regime.AO:
        deemed = _first_open_day(deemed)
    effective: date | None = max(deemed, received) if deemed and received else deemed
    if received and (channel in _SIGNED or deemed is None):
        deemed, effective = None, received
    if effective is None:
        return None, None, None, None
    end = effective + relativedelta(months=months)
    return deemed, effective, end, _first_open_day(end)


@given(
    DAYS,
    st.sampled_from([Channel.POST_INLAND, Channel.POST_ABROAD, Channel.ELECTRONIC, *_BY_POST, Channel.PZU]),
    st.sampled_from(Regime),
    st.sampled_from(Remedy),
    st.booleans(),
    st.none() | st.integers(0, 60),
)
def test_every_regime_agrees_with_an_independent_calculation(
    sent: date, channel: Channel, regime: Regime, remedy: Remedy, notice_ok: bool, delay: int | None
) -> None:
    received = None if delay is None else sent + timedelta(days=delay)
    dispatch = Dispatch(channel, sent, received, False, remedy, notice_ok, regime)
    found = assess(dispatch, RULES, is_holiday_nrw)
    months = 3 if channel is Channel.POST_ABROAD and regime is Regime.SGB_X else 1
    expected = _independently(sent, channel, regime, received, months if notice_ok else 12)
    assert (found.deemed, found.effective, found.raw_end, found.deadline) == expected
    assert found.reasons
    assert all("§" in reason or "verschiebt sich nicht" in reason for reason in found.reasons)


@given(DAYS, st.sampled_from(Channel), st.sampled_from(Regime), st.none() | st.integers(0, 60))
def test_what_came_back_has_no_dates_under_any_law(
    sent: date, channel: Channel, regime: Regime, delay: int | None
) -> None:
    received = None if delay is None else sent + timedelta(days=delay)
    found = assess(
        Dispatch(channel, sent, received, True, Remedy.WIDERSPRUCH, True, regime), RULES, is_holiday_nrw
    )
    assert (found.deemed, found.effective, found.raw_end, found.deadline) == (None, None, None, None)


@pytest.mark.parametrize(
    ("sent", "deemed", "deadline"),
    [
        ("2028-02-25", "2028-02-29", "2028-03-29"),  # onto the leap day
        ("2028-02-27", "2028-03-02", "2028-04-03"),  # across it; Sunday rolls
        ("2026-10-22", "2026-10-26", "2026-11-26"),  # across the end of summer time
        ("2027-03-26", "2027-03-30", "2027-04-30"),  # across its beginning, on Good Friday
        ("2026-12-29", "2027-01-02", "2027-02-02"),  # across the year, onto a Saturday
        ("2024-12-31", "2025-01-03", "2025-02-03"),  # the last day of three days
        ("2025-01-01", "2025-01-05", "2025-02-05"),  # the first day of four, onto a Sunday
        ("2027-11-27", "2027-12-01", "2028-01-03"),  # New Year is a Saturday
    ],
)
def test_leap_days_time_changes_and_ends_of_years_count_as_days(sent: str, deemed: str, deadline: str) -> None:
    found = judge(Channel.POST_INLAND, sent, remedy=Remedy.WIDERSPRUCH)
    assert (found.deemed, found.deadline) == (date.fromisoformat(deemed), date.fromisoformat(deadline))


def _first_open_day(day: date) -> date:
    while day.isoweekday() > 5 or day in NRW:
        day += relativedelta(days=1)
    return day


@given(DAYS, st.sampled_from(Regime), st.sampled_from(Channel))
def test_a_deadline_never_ends_on_a_closed_day_nor_before_its_calculated_end(
    sent: date, regime: Regime, channel: Channel
) -> None:
    found = assess(Dispatch(channel, sent, sent, remedy=Remedy.KLAGE, regime=regime), RULES, is_holiday_nrw)
    assert found.deadline is not None
    assert found.raw_end is not None
    assert found.deadline == roll(found.deadline, is_holiday_nrw)
    assert found.raw_end <= found.deadline <= found.raw_end + timedelta(days=4)
