"""One attempt at the case file, and what a sweep counts. What fails is remembered in its row and tried again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from gateway.application.filing import filing_rows as rows
from gateway.application.filing.outages import goes_on, is_over
from gateway.application.services import Services
from gateway.errors import CaseFileError, CaseFileUnavailable
from gateway.ports.casefile import FilingEntry

Made = TypeVar("Made")


@dataclass
class FilingReport:
    """What one sweep did."""

    filed: int = 0
    withdrawn: int = 0
    failed: int = 0
    away: bool = False
    """The case file took nothing more; the rest waits for the next attempt."""


def file_entry(services: Services, entry: FilingEntry, about: rows.About, report: FilingReport) -> bool:
    """Try one entry if it is its time; filing the same key again is harmless, so a kill in between is too.

    Raises `CaseFileUnavailable`: no other entry would fare better now.
    """
    if (known := rows.begin_attempt(services, entry.key, about)) is not None:
        return known

    def refused(error: CaseFileError, again_at: datetime | None) -> None:
        rows.refused(services, entry.key, about, error, again_at=again_at)

    external_id = attempt(services, report, lambda: services.casefile.file(entry), refused)
    if external_id is None:
        return False
    report.filed += 1
    rows.confirmed(services, entry, about, external_id)
    return True


def attempt(
    services: Services,
    report: FilingReport,
    ask: Callable[[], Made],
    refused: Callable[[CaseFileError, datetime | None], None],
) -> Made | None:
    """Ask the case file once; None where it refused, and `refused` wrote down why and when to ask again.

    Raises `CaseFileUnavailable`: nothing else would fare better now.
    """
    try:
        made = ask()
    except CaseFileUnavailable as fault:
        report.failed += 1
        refused(fault, goes_on(services, fault))
        raise
    except CaseFileError as error:
        report.failed += 1
        refused(error, None)
        return None
    if report.filed + report.withdrawn == 0:
        is_over(services)
    return made
