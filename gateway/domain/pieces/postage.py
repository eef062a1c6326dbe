"""Sheets to weight, envelope, product and postage (*Porto*).

Weights, limits and prices are data (`PostageTable`) with a validity; this module only picks the smallest
product that holds the piece. Prices are the carrier's or the contract's, whatever the table says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.validity import in_force
from gateway.errors import InputError

HOME_COUNTRY = "DE"


@dataclass(frozen=True)
class Product:
    """A letter product: what fits (both limits hold), in which envelope, at which price in EUR."""

    name: str
    name_abroad: str
    envelope: str
    max_sheets: int
    max_grams: Decimal
    price: Decimal
    price_abroad: Decimal


@dataclass(frozen=True)
class ServicePrice:
    """What a registered service costs in EUR: on top of the product, or instead of it if it names a `product`.

    `price_abroad` None: not offered abroad.
    """

    price: Decimal
    price_abroad: Decimal | None
    product: str | None


@dataclass(frozen=True)
class PostagePeriod:
    """Weights in g and prices that hold for a time; products from the smallest to the largest.

    `margin_g` is added to the calculated weight before it is compared with a product's limit.
    """

    valid_from: date
    valid_to: date | None
    sheet_g: Decimal
    margin_g: Decimal
    envelopes_g: Mapping[str, Decimal]
    products: tuple[Product, ...]
    services: Mapping[Service, ServicePrice]


@dataclass(frozen=True)
class PostageTable:
    """All periods that are known."""

    periods: tuple[PostagePeriod, ...]


@dataclass(frozen=True)
class Postage:
    """Weight in g with envelope, the envelope, the product and its price in EUR."""

    grams: Decimal
    envelope: str
    product: str
    price_eur: Decimal

    def as_json(self) -> dict[str, object]:
        """The shape that commands and API print."""
        return {
            "grams": float(self.grams),
            "envelope": self.envelope,
            "product": self.product,
            "price_eur": str(self.price_eur),
        }


def postage(
    sheets: int, inserts_g: Decimal, service: Service, country: str, on: date, table: PostageTable
) -> Postage:
    """Postage of one piece of A4 sheets, posted `on` a day to `country` (ISO 3166 alpha-2).

    Raises InputError: `postage-sheets-invalid`, `postage-inserts-invalid`, `postage-date-not-covered`,
    `postage-too-heavy`, `postage-service-not-abroad`.
    """
    _check(sheets, inserts_g)
    period = in_force(table.periods, on)
    if period is None:
        raise InputError(
            "postage-date-not-covered",
            f"Für den {on:%d.%m.%Y} sind keine Portopreise hinterlegt. Bitte die Preistabelle ergänzen.",
        )
    product, grams = _smallest(sheets, inserts_g, period)
    name, price = _priced(product, service, period, abroad=country.upper() != HOME_COUNTRY)
    return Postage(grams, product.envelope, name, price.quantize(Decimal("0.01")))


def _check(sheets: int, inserts_g: Decimal) -> None:
    if sheets < 1:
        raise InputError(
            "postage-sheets-invalid", "Eine Sendung hat mindestens ein Blatt. Bitte die Blattzahl prüfen."
        )
    if not inserts_g.is_finite() or inserts_g < 0:
        raise InputError("postage-inserts-invalid", "Das Gewicht der Beilagen muss null oder mehr Gramm sein.")


def _smallest(sheets: int, inserts_g: Decimal, period: PostagePeriod) -> tuple[Product, Decimal]:
    for product in period.products:
        grams = sheets * period.sheet_g + inserts_g + period.envelopes_g[product.envelope]
        if sheets <= product.max_sheets and grams + period.margin_g <= product.max_grams:
            return product, grams
    largest = period.products[-1]
    raise InputError(
        "postage-too-heavy",
        f"Die Sendung passt in keinen Brief (höchstens {largest.max_sheets} Blatt und {largest.max_grams:f} g)."
        " Bitte aufteilen oder als Paket versenden.",
    )


def _priced(product: Product, service: Service, period: PostagePeriod, *, abroad: bool) -> tuple[str, Decimal]:
    name, price = (product.name_abroad, product.price_abroad) if abroad else (product.name, product.price)
    if service is Service.STANDARD:
        return name, price
    extra = period.services[service]
    extra_price = extra.price_abroad if abroad else extra.price
    if extra_price is None:
        raise InputError(
            "postage-service-not-abroad",
            "Diese Versandart gibt es nicht ins Ausland. Bitte eine andere Versandart wählen.",
        )
    return (name, price + extra_price) if extra.product is None else (extra.product, extra_price)
