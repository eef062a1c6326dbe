"""A round about paper, as the schedule and commands do it: tell the scan sites, and read what they report."""

import structlog

from gateway.application.arrivals.answering_scans import send_answers
from gateway.application.paper.paper_destroying import Reported, take_reports
from gateway.application.services import Services
from gateway.errors import ProviderError

log = structlog.get_logger()


def paper_round(services: Services) -> Reported:
    """Do what is due; a site that is away is left alone this round."""
    send_answers(services)
    done = Reported()
    for source, site in services.scan_sites.items():
        try:
            files = list(site.reports()) if source else []
        except ProviderError as fact:
            log.warning("scan-reports-wait", source=source, code=fact.code)
            continue
        done.add(take_reports(services, source, files))
    return done
