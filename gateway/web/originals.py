"""Paper (*Originale*): what may be destroyed, what is held and why, the check of scans, recalls, certificates."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.paper.paper_holding import compare, hold, let_go
from gateway.application.paper.paper_releasing import release
from gateway.application.paper.paper_returning import arrived, recall
from gateway.application.paper.paper_view import originals, scans_to_compare
from gateway.domain.paper.originals import Hold, Quality
from gateway.errors import InputError
from gateway.web.visiting import SignedIn, Visit, path_to

router = APIRouter()


@router.get("/originale")
def overview(visit: SignedIn) -> Response:
    """All paper, for the post room."""
    return visit.page(
        "originals.html.j2",
        all=originals(visit.services, visit.login),
        rules=visit.services.originals,
        today=visit.services.today(),
    )


@router.post("/originale/freigeben")
def let_destroy(visit: SignedIn) -> Response:
    """A named person confirms the list that they saw."""
    done = release(visit.services, visit.login, expected=visit.text("sha256"))
    papers = sum(each.documents for each in done)
    names = ", ".join(each.name for each in done)
    return visit.to(path_to("originale"), f"{papers} Originale zur Vernichtung freigegeben: {names}.")


@router.get("/originale/pruefung/{number}")
def check(visit: SignedIn, number: int) -> Response:
    """The scans of a delivery that are to be looked at."""
    found, rows = scans_to_compare(visit.services, visit.login, number)
    if found is None:
        return visit.to(path_to("originale"), "Die Prüfung dieser Scanlieferung ist abgeschlossen.")
    return visit.page("originals_check.html.j2", found=found, rows=rows, rules=visit.services.originals)


@router.post("/originale/{number}/pruefen")
def look_at(visit: SignedIn, number: int) -> Response:
    """The scan is whole and readable, or it is not."""
    found = Quality.OK if visit.text("ergebnis") == Quality.OK else Quality.REJECTED
    compare(visit.services, visit.login, number, found, visit.text("reason"))
    said = "als gut befunden" if found is Quality.OK else "beanstandet; die ganze Lieferung wird geprüft"
    return visit.to(_back(visit, number), f"Der Scan {number} ist {said}.")


@router.post("/originale/{number}/festhalten")
def keep(visit: SignedIn, number: int) -> Response:
    """The paper stays until somebody lifts the reason."""
    kind = visit.text("art")
    if kind not in set(Hold):
        raise InputError("hold-unknown", "Bitte einen der angebotenen Gründe wählen.")
    hold(visit.services, visit.login, number, Hold(kind), visit.reason())
    return visit.to(_back(visit, number), "Das Original wird festgehalten.")


@router.post("/originale/grund/{number}/aufheben")
def lift(visit: SignedIn, number: int) -> Response:
    """The reason does not hold any more."""
    document = let_go(visit.services, visit.login, number, visit.reason())
    return visit.to(_back(visit, document), "Der Grund ist aufgehoben.")


@router.post("/originale/{number}/zurueckfordern")
def demand(visit: SignedIn, number: int) -> Response:
    """The scan site is to send it back."""
    recall(visit.services, visit.login, number, visit.reason())
    return visit.to(_back(visit, number), "Das Original ist zurückgefordert.")


@router.post("/originale/{number}/eingetroffen")
def back(visit: SignedIn, number: int) -> Response:
    """It is in the house again."""
    arrived(visit.services, visit.login, number)
    return visit.to(_back(visit, number), "Das Original ist im Haus.")


def _back(visit: Visit, number: int) -> str:
    delivery = visit.text("lieferung")
    return path_to("originale", "pruefung", delivery) if delivery.isdigit() else path_to("posteingang", number)
