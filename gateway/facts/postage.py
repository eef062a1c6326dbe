"""postage.toml as `PostageTable`: exact prices, products from small to large, periods without gaps."""

from decimal import Decimal
from itertools import pairwise

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.pieces.postage import PostagePeriod, PostageTable, Product, ServicePrice
from gateway.facts.reading import Table, take, without_fault

_PERIOD = ("valid_from", "valid_to", "source", "sheet_g", "margin_g", "envelopes_g", "product", "service")
_PRODUCT = ("name", "name_abroad", "envelope", "max_sheets", "max_grams", "price", "price_abroad")


def build_postage_table(table: Table) -> PostageTable:
    """All periods; a KeyError or ValueError says what is missing or contradicts itself."""
    take(table, ("period",))
    periods = tuple(_period(entry) for entry in table["period"])
    without_fault(periods, "period")
    return PostageTable(periods)


def _period(entry: Table) -> PostagePeriod:
    take(entry, _PERIOD)
    period = PostagePeriod(
        valid_from=entry["valid_from"],
        valid_to=entry["valid_to"],
        sheet_g=Decimal(entry["sheet_g"]),
        margin_g=Decimal(entry["margin_g"]),
        envelopes_g={name: Decimal(grams) for name, grams in entry["envelopes_g"].items()},
        products=tuple(_product(product) for product in entry["product"]),
        services={Service(name): _service(service) for name, service in entry["service"].items()},
    )
    _check(period)
    return period


def _product(entry: Table) -> Product:
    take(entry, _PRODUCT)
    return Product(
        name=entry["name"],
        name_abroad=entry["name_abroad"],
        envelope=entry["envelope"],
        max_sheets=int(entry["max_sheets"]),
        max_grams=Decimal(entry["max_grams"]),
        price=_euros(entry["price"]),
        price_abroad=_euros(entry["price_abroad"]),
    )


def _service(entry: Table) -> ServicePrice:
    take(entry, ("price",), ("price_abroad", "product"))
    abroad = entry.get("price_abroad")
    return ServicePrice(
        price=_euros(entry["price"]),
        price_abroad=None if abroad is None else _euros(abroad),
        product=entry.get("product"),
    )


def _euros(text: str) -> Decimal:
    price = Decimal(text)
    if price < 0 or price != price.quantize(Decimal("0.01")):
        raise ValueError(f"{text} ist kein Preis in Euro und Cent")
    return price


def _check(period: PostagePeriod) -> None:
    """Known envelopes, a price for each service, and rising products: the first that fits is the smallest."""
    if not period.products:
        raise KeyError("product")
    for product in period.products:
        if product.envelope not in period.envelopes_g:
            raise KeyError(product.envelope)
    for service in Service:
        if service is not Service.STANDARD and service not in period.services:
            raise KeyError(service.value)
    for smaller, larger in pairwise(period.products):
        if smaller.max_sheets >= larger.max_sheets or smaller.max_grams >= larger.max_grams:
            raise ValueError(f"{larger.name}: die Produkte müssen vom kleinsten zum größten stehen")
