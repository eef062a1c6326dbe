"""Facts that change without us: law, prices, countries, holidays. Loaded here, handed to the domain as values.

The shipped files can be replaced by an authority's own (contract prices, for one): every loader takes a path.
"""

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path

from gateway.domain.addresses.address import Countries
from gateway.domain.addresses.address_places import Places
from gateway.domain.paper.originals import OriginalTerms
from gateway.domain.pieces.postage import PostageTable
from gateway.domain.receipt.carriers import Carriers
from gateway.domain.receipt.deadlines import NotificationRules
from gateway.domain.receipt.returning import ReturnRules
from gateway.domain.retention import RetentionRules
from gateway.domain.runs.calendar import CHRISTMAS_EVE_AND_NEW_YEARS_EVE, WorkCalendar
from gateway.facts.carriers import build_carriers
from gateway.facts.countries import build_countries
from gateway.facts.holidays import holidays_nrw, is_holiday_nrw
from gateway.facts.notification import build_notification_rules
from gateway.facts.originals import build_original_terms
from gateway.facts.places import read_places
from gateway.facts.postage import build_postage_table
from gateway.facts.reading import read_facts
from gateway.facts.retention import build_retention_rules
from gateway.facts.returns import build_return_rules

__all__ = [
    "holidays_nrw",
    "is_holiday_nrw",
    "load_carriers",
    "load_countries",
    "load_notification_rules",
    "load_original_terms",
    "load_places",
    "load_postage_table",
    "load_retention_rules",
    "load_return_rules",
    "work_calendar",
]


@cache
def load_notification_rules(path: Path | None = None) -> NotificationRules:
    """Rules of notification and remedies. Raises ConfigError (`facts-unreadable`, `facts-invalid`)."""
    return read_facts("notification.toml", path, build_notification_rules)


@cache
def load_postage_table(path: Path | None = None) -> PostageTable:
    """Weights and prices. Raises ConfigError (`facts-unreadable`, `facts-invalid`)."""
    return read_facts("postage.toml", path, build_postage_table)


@cache
def load_retention_rules(path: Path | None = None) -> RetentionRules:
    """How long what is kept. Raises ConfigError (`facts-unreadable`, `facts-invalid`)."""
    return read_facts("retention.toml", path, build_retention_rules)


def load_original_terms(longer: Mapping[str, int], path: Path | None = None) -> OriginalTerms:
    """How long paper is kept, and what an authority lengthened. Raises ConfigError as the others do."""
    return read_facts("originals.toml", path, partial(build_original_terms, longer=longer))


@cache
def load_return_rules(path: Path | None = None) -> ReturnRules:
    """What each reason of a return means. Raises ConfigError (`facts-unreadable`, `facts-invalid`)."""
    return read_facts("returns.toml", path, build_return_rules)


@cache
def load_countries(path: Path | None = None) -> Countries:
    """Country names and zones. Raises ConfigError (`facts-unreadable`, `facts-invalid`)."""
    return read_facts("countries.toml", path, build_countries)


@cache
def load_carriers(path: Path | None = None) -> Carriers:
    """Carriers and their delivery days. Raises ConfigError (`facts-unreadable`, `facts-invalid`)."""
    return read_facts("carriers.toml", path, build_carriers)


@cache
def load_places(path: Path | None = None) -> Places:
    """German postcodes and their places. Raises ConfigError (`facts-unreadable`)."""
    return read_places(path)


def work_calendar(
    closed_days: frozenset[tuple[int, int]] = CHRISTMAS_EVE_AND_NEW_YEARS_EVE,
    years: range = range(2020, 2101),
) -> WorkCalendar:
    """Working days of an authority in NRW for `years`, closed besides on `closed_days` (month, day)."""
    return WorkCalendar(holidays_nrw(years), closed_days, years)
