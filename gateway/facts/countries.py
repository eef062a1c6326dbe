"""countries.toml and the CLDR names of babel as `Countries`: German names, the spellings people use, zones."""

from babel import Locale

from gateway.domain.addresses.address import Countries, PlaceOrder
from gateway.facts.reading import Table, take

_LOCALES = ("fr", "en", "de")
"""Languages in which Deutsche Post accepts a country's name; German last, so that its reading wins."""


def build_countries(table: Table) -> Countries:
    """All countries; a KeyError or ValueError says what is missing or unknown."""
    take(table, ("europe", "no_countries", "names", "spellings", "place_order"))
    names = _names("de", table["no_countries"]) | table["names"]
    orders = {code: PlaceOrder(order) for order, codes in table["place_order"].items() for code in codes}
    for code in (*table["europe"], *table["spellings"], *orders):
        if code not in names:
            raise KeyError(code)
    return Countries(
        names=names,
        spellings=_spellings(names, table),
        europe=frozenset(table["europe"]),
        place_orders=orders,
    )


def _names(language: str, excluded: list[str]) -> dict[str, str]:
    territories = Locale(language).territories
    return {
        code: name
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in excluded
    }


def _spellings(names: dict[str, str], table: Table) -> dict[str, str]:
    """Case-folded name to code; an authority's own spellings win over the CLDR's."""
    spellings: dict[str, str] = {}
    for language in _LOCALES:
        for code, name in _names(language, table["no_countries"]).items():
            spellings[name.casefold()] = code
    spellings |= {name.casefold(): code for code, name in names.items()}
    for code, variants in table["spellings"].items():
        spellings |= {variant.casefold(): code for variant in variants}
    return spellings
