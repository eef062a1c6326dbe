"""German postcodes and their places, from the file that the package countrystatecity-postal-codes brings along.

Data: countries-states-cities-database, Open Database License 1.0 (attribution: see README). Read offline, without
importing the package.
"""

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import distribution
from pathlib import Path

from gateway.domain.addresses.address_places import Places
from gateway.errors import ConfigError

PACKAGE = "countrystatecity-postal-codes"
FILE = "countrystatecity_postal_codes/data/by-country/DE/postcodes.json"


def read_places(path: Path | None = None) -> Places:
    """All postcodes of the package, or of a file of the same shape. Raises ConfigError (`facts-unreadable`)."""
    file = path or Path(str(distribution(PACKAGE).locate_file(FILE)))
    try:
        return _places(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            "facts-unreadable",
            f"Die Liste der Postleitzahlen lässt sich nicht lesen ({type(error).__name__}). Bitte neu installieren.",
        ) from error


def _places(entries: Iterable[Mapping[str, str]]) -> Places:
    names: dict[str, dict[str, None]] = {}
    for entry in entries:
        names.setdefault(entry["code"], {})[entry["localityName"]] = None
    return Places({postcode: tuple(places) for postcode, places in names.items()})
