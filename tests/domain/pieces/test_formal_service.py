"""How a letter may travel, and what a certificate of service means."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.pieces.formal_service import OrderOption, check_address, check_choice, order_for
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.delivery import (
    CERTIFICATE_RULES,
    OUTCOMES,
    DeliveryKind,
    awaited_proof,
    describe,
    judge,
)
from gateway.errors import InputError

TODAY = date(2026, 11, 27)
CERTIFICATE = OUTCOMES[DeliveryKind.CERTIFICATE]


def test_the_thirteen_outcomes_of_the_form_are_known_and_what_served_has_its_paragraph() -> None:
    assert len(CERTIFICATE) == 13
    assert {outcome for outcome, served in CERTIFICATE.items() if served} == set(CERTIFICATE_RULES)


@pytest.mark.parametrize("outcome", ["refused-left", "refused-returned", "deposited", "substitute-facility"])
def test_a_refusal_without_right_a_deposit_and_a_shelter_count_as_served(outcome: str) -> None:
    verdict = judge(DeliveryKind.CERTIFICATE, outcome, TODAY, today=TODAY, left_on=None)
    assert verdict.served is True
    assert "ZPO)" in describe(DeliveryKind.CERTIFICATE, outcome, verdict)


def test_a_moved_addressee_was_not_served() -> None:
    verdict = judge(DeliveryKind.CERTIFICATE, "undeliverable-moved", None, today=TODAY, left_on=None)
    assert verdict.served is False
    assert describe(DeliveryKind.CERTIFICATE, "undeliverable-moved", verdict).endswith("kein Zugang")


def test_a_registered_letter_without_slip_is_proven_by_the_carriers_record() -> None:
    assert awaited_proof(Service.STANDARD) is None
    assert awaited_proof(Service.UEBERGABE) is DeliveryKind.DELIVERY_RECORD
    assert awaited_proof(Service.EINWURF) is DeliveryKind.MAILBOX_RECORD
    assert awaited_proof(Service.RUECKSCHEIN) is DeliveryKind.RUECKSCHEIN


@given(
    st.sampled_from(list(Service)),
    st.sampled_from(list(Service)),
    st.sampled_from(["", "  ", "Zustellung angeordnet"]),
    st.sets(st.sampled_from(list(OrderOption))),
    st.sets(st.sampled_from(list(Service))),
)
def test_a_choice_stands_only_with_reason_offer_and_fitting_options(
    service: Service, default: Service, reason: str, options: set[OrderOption], offered: set[Service]
) -> None:
    fits = (
        (service is default or reason.strip() != "")
        and (not options or service is Service.PZU)
        and service in offered
    )
    if fits:
        check_choice(service, default, reason, options, offered)
    else:
        with pytest.raises(InputError):
            check_choice(service, default, reason, options, offered)


@pytest.mark.parametrize(
    ("country", "lines", "code"),
    [
        ("NL", ["Jan Jansen", "Dorpsstraat 1", "7101 WINTERSWIJK"], "service-not-abroad"),
        ("DE", ["Erika Beispiel", "Postfach 11 06 43", "46325 Borken"], "service-needs-street"),
        ("DE", ["Erika Beispiel", "1234567", "Packstation 101", "46325 Borken"], "service-needs-street"),
    ],
)
def test_formal_service_goes_to_a_street_in_germany(country: str, lines: list[str], code: str) -> None:
    check_address(Service.STANDARD, country, lines)
    with pytest.raises(InputError) as refused:
        check_address(Service.PZU, country, lines)
    assert refused.value.code == code


def test_the_outer_envelope_shows_postcode_and_place_only() -> None:
    lines = ["Erika Beispiel", "Lindenweg 5", "46325 Borken-Weseke"]
    order = order_for(Service.PZU, "7K4M9QXZ", ["no-deposit"], lines)
    assert order is not None
    assert (order.postcode, order.place) == ("46325", "Borken-Weseke")
    assert order.options == (OrderOption.NO_DEPOSIT,)
    assert order_for(Service.STANDARD, "7K4M9QXZ", [], lines) is None
