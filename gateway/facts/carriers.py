"""carriers.toml as `Carriers`: every carrier with its contract days, without gaps or two answers for one day."""

from gateway.domain.receipt.carriers import Carrier, Carriers, read_days
from gateway.facts.reading import Table, take, without_fault

_CARRIER = ("name", "delivery_days", "source", "valid_from")


def build_carriers(table: Table) -> Carriers:
    """All carriers; a KeyError or ValueError says what is missing or contradicts itself."""
    take(table, ("carrier",))
    carriers = Carriers(tuple(_carrier(entry) for entry in table["carrier"]))
    for name in sorted({name for carrier in carriers.known for name in carrier.aliases}):
        without_fault([each for each in carriers.known if name in each.aliases], name)
    return carriers


def _carrier(entry: Table) -> Carrier:
    take(entry, _CARRIER, ("aliases", "valid_to"))
    days = read_days(" ".join(entry["delivery_days"]))
    if not days:
        raise ValueError(f"{entry['name']}: ohne Zustelltag")
    return Carrier(
        name=entry["name"],
        aliases=frozenset(name.strip().casefold() for name in (entry["name"], *entry.get("aliases", ()))),
        delivery_days=days,
        source=entry["source"],
        valid_from=entry["valid_from"],
        valid_to=entry.get("valid_to"),
    )
