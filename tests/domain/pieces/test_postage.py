"""Weight, envelope, product and price of a piece."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.pieces.postage import Postage, postage
from gateway.errors import InputError
from gateway.facts import load_postage_table

TABLE = load_postage_table()
DAY = date(2026, 11, 20)


def price(
    sheets: int,
    inserts_g: str = "0",
    service: Service = Service.STANDARD,
    country: str = "DE",
    on: date = DAY,
) -> Postage:
    return postage(sheets, Decimal(inserts_g), service, country, on, TABLE)


@pytest.mark.parametrize(
    ("sheets", "grams", "envelope", "product", "euros"),
    [
        (1, "9.99", "C6/5", "Standardbrief", "0.95"),
        (3, "19.97", "C6/5", "Standardbrief", "0.95"),
        (4, "24.96", "C6/5", "Kompaktbrief", "1.10"),
        (8, "44.92", "C6/5", "Kompaktbrief", "1.10"),
        (9, "64.91", "C4", "Großbrief", "1.80"),
        (90, "469.10", "C4", "Großbrief", "1.80"),
        (91, "474.09", "C4", "Maxibrief", "2.90"),
        (190, "968.10", "C4", "Maxibrief", "2.90"),
    ],
)
def test_sheets_decide_product_and_envelope(
    sheets: int, grams: str, envelope: str, product: str, euros: str
) -> None:
    assert price(sheets) == Postage(Decimal(grams), envelope, product, Decimal(euros))


def test_an_insert_that_breaks_the_weight_limit_moves_to_the_next_product() -> None:
    assert price(3, "0.03").product == "Standardbrief"
    assert price(3, "0.04").product == "Kompaktbrief"
    assert price(8, "5.08").product == "Kompaktbrief"
    heavier = price(8, "5.09")
    assert (heavier.product, heavier.envelope, heavier.grams) == ("Großbrief", "C4", Decimal("65.01"))


@pytest.mark.parametrize(
    ("service", "euros"),
    [(Service.EINWURF, "3.30"), (Service.UEBERGABE, "3.60"), (Service.RUECKSCHEIN, "5.80")],
)
def test_registered_mail_costs_more_for_the_same_product(service: Service, euros: str) -> None:
    found = price(1, service=service)
    assert (found.product, found.price_eur) == ("Standardbrief", Decimal(euros))


def test_formal_service_is_a_product_of_its_own() -> None:
    found = price(12, service=Service.PZU)
    assert (found.product, found.envelope, found.price_eur) == ("Postzustellungsauftrag", "C4", Decimal("3.45"))


def test_abroad_has_its_own_prices_in_any_spelling_of_the_code() -> None:
    assert price(1, country="NL").price_eur == Decimal("1.25")
    assert price(1, country="NL").product == "Standardbrief International"
    assert price(9, country="US").price_eur == Decimal("3.30")
    assert price(1, country="NL", service=Service.UEBERGABE).price_eur == Decimal("4.95")
    assert price(1, country="de").price_eur == Decimal("0.95")


@pytest.mark.parametrize("service", [Service.EINWURF, Service.RUECKSCHEIN, Service.PZU])
def test_services_that_do_not_exist_abroad_are_refused(service: Service) -> None:
    assert _code(lambda: price(1, country="NL", service=service)) == "postage-service-not-abroad"


@pytest.mark.parametrize("on", [date(2024, 12, 31), date(2027, 1, 1)])
def test_a_day_without_known_prices_is_refused(on: date) -> None:
    assert _code(lambda: price(1, on=on)) == "postage-date-not-covered"


def test_what_fits_no_letter_is_refused() -> None:
    assert _code(lambda: price(191)) == "postage-too-heavy"
    assert _code(lambda: price(1, "1000")) == "postage-too-heavy"


@pytest.mark.parametrize("inserts", ["-1", "NaN", "Infinity"])
def test_a_weight_that_is_none_is_refused(inserts: str) -> None:
    assert _code(lambda: price(1, inserts)) == "postage-inserts-invalid"


def test_a_piece_without_sheets_is_refused() -> None:
    assert _code(lambda: price(0)) == "postage-sheets-invalid"


@given(st.integers(1, 189), st.decimals(0, 10, places=2), st.sampled_from(Service))
def test_one_more_sheet_never_makes_a_piece_lighter_or_cheaper(
    sheets: int, inserts: Decimal, service: Service
) -> None:
    less = postage(sheets, inserts, service, "DE", DAY, TABLE)
    more = postage(sheets + 1, inserts, service, "DE", DAY, TABLE)
    assert less.grams < more.grams
    assert less.price_eur <= more.price_eur


def _code(call: object) -> str:
    assert callable(call)
    with pytest.raises(InputError) as caught:
        call()
    return caught.value.code
