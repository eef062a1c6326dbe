"""The form about a scan's completeness on the page of an inbound document."""

from gateway.application.arrivals.rescanning import report_finding
from gateway.domain.inbound.feedback import ScanFinding
from gateway.errors import InputError
from gateway.web.visiting import Visit


def report(visit: Visit, number: int) -> None:
    """Report what the form says. Raises `InputError` finding-unknown, page-unknown."""
    finding, page = visit.text("finding"), visit.text("page")
    if finding not in set(ScanFinding):
        raise InputError("finding-unknown", "Bitte auswählen, was an dem Scan nicht stimmt.")
    if page and not (page.isascii() and page.isdigit() and len(page) < 6):
        raise InputError("page-unknown", "Bitte die Seite als Zahl angeben.")
    report_finding(
        visit.services,
        visit.login,
        number,
        ScanFinding(finding),
        page=int(page) if page else None,
        reject=visit.text("to") == "reject",
    )
