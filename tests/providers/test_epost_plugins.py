"""The hold basket and PremiumAdress of E-POSTBUSINESS, against the simulator."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.status import Status, fold
from gateway.errors import ConfigError, OutcomeUnknown, Refused
from gateway.ports.provider import Consignment
from gateway.providers.epost import EpostProvider, EpostSettings
from gateway.providers.profiles import load_profile
from gateway.testing.epost import CREDENTIALS, EpostSimulator
from gateway.testing.epost.samples import letter_pdf
from tests.contracts.test_epost_contract import EpostBench

pytestmark = pytest.mark.slow

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SETTINGS = EpostSettings(
    base_url="http://127.0.0.1:9",
    vendor_id=CREDENTIALS["vendorID"],
    ekp=CREDENTIALS["ekp"],
    secret=CREDENTIALS["secret"],
    password=CREDENTIALS["password"],
    min_poll_interval=timedelta(0),
)


@pytest.fixture
def simulator() -> Iterator[EpostSimulator]:
    with EpostSimulator(speed=0, start=MONDAY, poll_interval_s=0) as running:
        yield running


@contextmanager
def provider_at(simulator: EpostSimulator, **changes: Any) -> Iterator[EpostProvider]:
    settings = replace(SETTINGS, base_url=simulator.base_url, **changes)
    provider = EpostProvider(settings, load_profile("epost"), now=simulator.now)
    try:
        yield provider
    finally:
        provider.close()


def hand_over(simulator: EpostSimulator, provider: EpostProvider, key: str = "K1", **changes: Any) -> str:
    consignment = Consignment.of(EpostBench(simulator).piece(key, **changes))
    return provider.release(provider.stage(consignment), consignment)


def test_a_letter_waits_in_the_hold_basket_until_its_due_date(simulator: EpostSimulator) -> None:
    with provider_at(simulator, hold_days=3) as provider:
        hand_over(simulator, provider)
    simulator.advance(days=3)
    assert simulator.ledger == []
    simulator.advance(hours=8)
    assert [piece.custom1 for piece in simulator.ledger] == ["K1"]


def test_a_letter_is_let_go_from_the_hold_basket_before_its_due_date(simulator: EpostSimulator) -> None:
    with provider_at(simulator, hold_days=31) as provider:
        reference = hand_over(simulator, provider)
        provider.release_from_hold(reference)
        simulator.advance(hours=4)
        assert [piece.custom1 for piece in simulator.ledger] == ["K1"]
        with pytest.raises(Refused, match="epost-not-in-hold-basket"):
            provider.release_from_hold(reference)
        with pytest.raises(Refused, match="epost-not-in-hold-basket"):
            provider.cancel(reference)


def test_what_was_taken_out_of_the_hold_basket_is_cancelled_not_failed(simulator: EpostSimulator) -> None:
    with provider_at(simulator, hold_days=3) as provider:
        reference = hand_over(simulator, provider)
        provider.cancel(reference)
        [report] = provider.poll([reference])
        assert (report.status, report.provider_status) == (Status.CANCELLED, "99 E700")
        with pytest.raises(Refused, match="epost-not-in-hold-basket"):
            provider.cancel(reference)


def test_a_lost_answer_to_taking_back_leaves_it_open_and_the_status_tells(simulator: EpostSimulator) -> None:
    with provider_at(simulator, hold_days=3) as provider:
        reference = hand_over(simulator, provider)
        simulator.plan_fault("POST /api/Letter/CancelQueued", "drop-after-accept")
        with pytest.raises(OutcomeUnknown):
            provider.cancel(reference)
        assert [report.status for report in provider.poll([reference])] == [Status.CANCELLED]


def test_feedback_on_an_address_is_heard_long_after_the_letter_was_settled(simulator: EpostSimulator) -> None:
    with provider_at(simulator, premium_address="report") as provider:
        reference = hand_over(simulator, provider)
        simulator.come_back(int(reference), "10", "2")
        simulator.advance(days=2)
        said = list(provider.poll([reference]))
        simulator.advance(days=8)
        heard = list(provider.poll([]))
    [report] = heard
    assert (report.key, report.status, report.provider_status) == ("K1", Status.UNKNOWN, "PremiumAdress 10/2")
    assert "Sendungsschicksal 10, Adressmerkmal 2" in str(report.reason)
    assert "Erika" in str(report.raw)
    assert "Erika" not in str(report.reason)
    assert fold([each.status for each in [*said, report]]) is Status.HANDED_TO_POST


def test_the_same_feedback_in_the_list_and_in_the_status_is_one_statement(simulator: EpostSimulator) -> None:
    with provider_at(simulator, premium_address="basis") as provider:
        reference = hand_over(simulator, provider)
        simulator.come_back(int(reference), "10", "2")
        simulator.advance(days=12)
        names = [report.dedup_key for report in provider.poll([reference])]
    assert names.count(f"{reference}:premium:10:2") == 2
    assert len(set(names)) == 3  # that, the status and the frankierID


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, ["PremiumAdress"]),
        ({"service": Service.EINWURF}, []),
        ({"address_lines": ("Zoe Exemple", "1 rue de la Paix", "75002 PARIS", "FRANKREICH")}, []),
    ],
)
def test_feedback_is_asked_for_ordinary_letters_inside_the_country_only(
    simulator: EpostSimulator, changes: dict[str, Any], asked: list[str]
) -> None:
    if lines := changes.get("address_lines"):
        changes = changes | {"pdf": letter_pdf(lines)}
    with provider_at(simulator, premium_address="basis") as provider:
        hand_over(simulator, provider, **changes)
    plugged = simulator.letters[0].fields.get("plugInList") or []
    assert [plug_in["plugInName"] for plug_in in plugged] == asked  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"hold_days": 32}, "epost-hold-days"),
        ({"hold_days": -1}, "epost-hold-days"),
        ({"premium_address": "Basic"}, "epost-premium-address"),
    ],
)
def test_a_plug_in_that_does_not_exist_is_no_account(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigError) as refused:
        replace(SETTINGS, **changes)
    assert refused.value.code == code
