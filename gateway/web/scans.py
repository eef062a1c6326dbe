"""Scan deliveries as an operator sees them: sources with their gaps, quarantine with its decisions, what came."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.arrivals.arrivals_view import arrivals_view
from gateway.application.arrivals.delivery_view import delivery_view
from gateway.application.arrivals.quarantining import discard
from gateway.application.arrivals.retrying_scans import retry
from gateway.application.paper.parting import part_paper
from gateway.application.paper.same_paper import link_paper, stop_waiting
from gateway.errors import InputError
from gateway.web.visiting import SignedIn, path_to

router = APIRouter()


@router.get("/scanlieferungen")
def deliveries(visit: SignedIn) -> Response:
    """Everything on one page."""
    return visit.page("scan_deliveries.html.j2", view=arrivals_view(visit.services, visit.login))


@router.get("/scanlieferungen/{number}")
def one(visit: SignedIn, number: int) -> Response:
    """One that was taken, with what of it was rejected."""
    view = delivery_view(visit.services, visit.login, number)
    return visit.page("scan_delivery.html.j2", view=view, today=visit.services.today())


@router.post("/posteingang/{number}/papier")
def paper(visit: SignedIn, number: int) -> Response:
    """Another document is its new scan, or is not after all, or nobody waits for one any more."""
    page = path_to("posteingang", number)
    if visit.text("to") == "link":
        if not (new := visit.text("new")).isdecimal():
            raise InputError("paper-not-linkable", "Bitte die Nummer eines Posteingangs angeben.")
        link_paper(visit.services, visit.login, number, int(new))
        return visit.to(page, f"Der Posteingang {new} gilt als neuer Scan desselben Papiers.")
    if visit.text("to") == "part":
        part_paper(visit.services, visit.login, number, visit.reason())
        return visit.to(page, "Die Verknüpfung ist gelöst, und was aus ihr folgte, ist zurückgenommen.")
    stop_waiting(visit.services, visit.login, number, visit.reason())
    return visit.to(page, "Auf dieses Dokument wird nicht mehr gewartet.")


@router.post("/scanlieferungen/quarantaene/{number}")
def decide(visit: SignedIn, number: int) -> Response:
    """Read it again, or discard it."""
    if visit.text("to") == "retry":
        report = retry(visit.services, visit.login, number, visit.reason())
        return visit.to(path_to("scanlieferungen"), f"Die Lieferung {report.delivery} ist übernommen.")
    discard(visit.services, visit.login, number, visit.reason())
    notice = "Die Lieferung ist verworfen. Die Scanstelle muss sie neu liefern."
    return visit.to(path_to("scanlieferungen"), notice)
