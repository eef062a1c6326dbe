"""The emergency brake (*Notbremse*): what is stopped, stopping more, and letting it go on."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.runs.stopping import live_stops, resume, stop
from gateway.domain.permission import Action
from gateway.domain.runs.stopping import StopScope
from gateway.errors import InputError
from gateway.web import words
from gateway.web.visiting import SignedIn, path_to

router = APIRouter()


@router.get("/notbremse")
def brake(visit: SignedIn) -> Response:
    """What is stopped, and the button."""
    return visit.page(
        "stops.html.j2",
        stops=live_stops(visit.services, visit.login),
        scopes=list(words.STOP_SCOPES),
        providers=visit.services.wired,
        may_stop=visit.who.may(Action.STOP),
    )


@router.post("/notbremse")
def pull(visit: SignedIn) -> Response:
    """Stop something; it holds from the next release on."""
    scope, value = visit.text("scope"), visit.text("value")
    if scope not in set(StopScope):
        raise InputError("scope-unknown", "Bitte wählen, was angehalten werden soll.")
    made = stop(visit.services, visit.login, StopScope(scope), value, visit.reason())
    notice = (
        f"Angehalten: {words.STOP_SCOPES[made.scope]} {made.value}. {made.kept_back} Sendungen bleiben im Haus."
    )
    if made.releasing:
        notice += f" {made.releasing} waren in diesem Augenblick schon in der Übergabe."
    return visit.to(path_to("notbremse"), notice)


@router.post("/notbremse/{number}/aufheben")
def go_on(visit: SignedIn, number: int) -> Response:
    """Lift a stop."""
    resume(visit.services, visit.login, number, visit.reason())
    return visit.to(path_to("notbremse"), "Die Anhaltung ist aufgehoben; die Sendungen gehen weiter.")
