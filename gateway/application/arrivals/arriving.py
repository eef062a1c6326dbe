"""Arriving: what is ready at the scan providers' sites is brought here and taken in; the site keeps it until then.

    brought into a folder of ours → taken in, or into quarantine, with the answer's row → removed at the site → answered

A kill anywhere in between makes the same happen once more, and twice is once: a delivery is known by its name. A look
that does not go through, or not for every delivery, leaves an outage of the site, until one does.
"""

from dataclasses import dataclass, field
from pathlib import Path

import structlog

from gateway.application.arrivals.answering_scans import send_answers
from gateway.application.arrivals.quarantining import answer_to, quarantine
from gateway.application.arrivals.receiving import InboundReport, import_delivery
from gateway.application.arrivals.site_outages import goes_on, is_over
from gateway.application.arrivals.spooling import settle_upload, spool_of
from gateway.application.services import Services
from gateway.errors import Conflict, DocumentInvalid, NotSent, ProviderError
from gateway.ports.scans import RefusedArrival, ScanSite

log = structlog.get_logger()
OPERATOR = "operator"


@dataclass
class ArrivalsReport:
    """What one look at the sites did; `away` are sources at which it did not go through.

    `stuck`: ready deliveries that wait at their sites, because taking them in broke.
    `busy`: somebody else is looking at this moment, and nothing was done.
    """

    taken: list[InboundReport] = field(default_factory=list)
    refused: int = 0
    stuck: int = 0
    away: list[str] = field(default_factory=list)
    busy: bool = False


def take_arrivals(services: Services, only: str | None = None) -> ArrivalsReport:
    """Take in what is ready at every agreed source, or at one, then send what waits to be sent."""
    report = ArrivalsReport()
    with services.locks.try_lock("sweep-arrivals") as held:
        report.busy = not held
        if held:
            for source, site in services.scan_sites.items():
                if source and only in (None, source):
                    _look(services, site, report)
            send_answers(services)
    return report


def _look(services: Services, site: ScanSite, report: ArrivalsReport) -> None:
    stuck_before = report.stuck
    try:
        for arrival in site.arrivals(spool_of(services, site.source)):
            if isinstance(arrival, RefusedArrival):
                _refuse(services, site, arrival, report)
            else:
                take_arrival(services, site, arrival, report)
        if stuck := report.stuck - stuck_before:
            raise _stuck(stuck)
    except ProviderError as fact:
        log.warning("scan-site-away", source=site.source, code=fact.code)
        report.away.append(site.source)
        goes_on(services, site.source, fact)
    else:
        is_over(services, site.source)


def _refuse(services: Services, site: ScanSite, refused: RefusedArrival, report: ArrivalsReport) -> None:
    """What cannot be brought here is answered and decided about like every delivery that is wrong as a whole."""
    log.warning("scan-delivery-refused", source=site.source, code=refused.error.code)
    quarantine(services, refused.folder, site.source, refused.error, OPERATOR, at_site=True)
    site.set_aside(refused)
    report.refused += 1


def _stuck(count: int) -> NotSent:
    one = count == 1
    return NotSent(
        "scan-delivery-stuck",
        f"{'Eine fertige Scanlieferung ließ' if one else f'{count} fertige Scanlieferungen ließen'} sich nicht"
        f" einlesen und {'wartet' if one else 'warten'} unverändert. Es wird wiederholt; bleibt es dabei, bitte der"
        " Betreuung melden (Protokoll: scan-delivery-stuck).",
    )


def take_arrival(services: Services, site: ScanSite, arrival: Path, report: ArrivalsReport) -> None:
    """One delivery. What is not taken for a reason that passes stays at the site, and comes again."""
    try:
        taken = import_delivery(services, arrival, source=site.source)
    except (DocumentInvalid, Conflict) as error:
        if error.code == "delivery-busy":
            return
        log.warning("scan-delivery-refused", source=site.source, code=error.code)
        report.refused += 1
        answer = answer_to(services, arrival, site.source)
    except Exception as error:  # noqa: BLE001 - whatever is in one, the others are taken; nothing has left here
        # As if we were killed there: it stays at the site, whole. The error's text may hold what stands in it.
        log.warning("scan-delivery-stuck", source=site.source, kind=type(error).__name__, at=_place(error))
        report.stuck += 1
        return
    else:
        report.taken.append(taken)
        answer = taken.receipt.name
    settle_upload(services, site.source, arrival.name, answer)
    site.taken(arrival)


def _place(error: BaseException) -> str:
    """Where it broke."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
