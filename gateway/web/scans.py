"""Scan deliveries as an operator sees them: sources with their gaps, quarantine with its decisions, what came."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.arrivals_view import arrivals_view
from gateway.application.quarantining import discard
from gateway.application.retrying_scans import retry
from gateway.web.visiting import SignedIn, path_to

router = APIRouter()


@router.get("/scanlieferungen")
def deliveries(visit: SignedIn) -> Response:
    """Everything on one page."""
    return visit.page("scan_deliveries.html.j2", view=arrivals_view(visit.services, visit.login))


@router.post("/scanlieferungen/quarantaene/{number}")
def decide(visit: SignedIn, number: int) -> Response:
    """Read it again, or discard it."""
    if visit.text("to") == "retry":
        report = retry(visit.services, visit.login, number, visit.reason())
        return visit.to(path_to("scanlieferungen"), f"Die Lieferung {report.delivery} ist übernommen.")
    discard(visit.services, visit.login, number, visit.reason())
    notice = "Die Lieferung ist verworfen. Die Scanstelle muss sie neu liefern."
    return visit.to(path_to("scanlieferungen"), notice)
