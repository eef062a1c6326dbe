"""Retention (*Aufbewahrung*): what is kept how long, what the last pass deleted, which cases are locked.

And what two people let go of the audit trail.
"""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.retention.destroying import last_pass, rules_in_force
from gateway.application.retention.locking import list_locks
from gateway.application.trail.trail_releasing import (
    confirm_departure,
    departures,
    drop_departure,
    propose_departure,
)
from gateway.domain.permission import Action
from gateway.web.visiting import SignedIn, path_to

router = APIRouter()


@router.get("/aufbewahrung")
def retention(visit: SignedIn) -> Response:
    """The rules with their reasons, the last pass, and the locks."""
    services = visit.services
    return visit.page(
        "retention.html.j2",
        rules=rules_in_force(services, visit.login),
        last=last_pass(services),
        locks=list_locks(services, visit.login),
        departures=departures(services, visit.login),
        may_propose=visit.who.may(Action.PROPOSE_DEPARTURE),
        may_confirm=visit.who.may(Action.CONFIRM_DEPARTURE),
    )


@router.post("/aufbewahrung/protokoll")
def propose(visit: SignedIn) -> Response:
    """Propose that the old entries of the trail go that may go."""
    made = propose_departure(visit.services, visit.login)
    said = f"Die Löschung von {made.count} Protokolleinträgen ist vorgeschlagen"
    return visit.to(path_to("aufbewahrung"), f"{said}; eine zweite Person muss sie bestätigen.")


@router.post("/aufbewahrung/protokoll/{number}/bestaetigen")
def agree(visit: SignedIn, number: int) -> Response:
    """The second person confirms what they saw."""
    confirm_departure(visit.services, visit.login, number, expected=visit.text("sha256"))
    return visit.to(
        path_to("aufbewahrung"), f"Löschung {number} ist bestätigt; der nächste Durchgang führt sie aus."
    )


@router.post("/aufbewahrung/protokoll/{number}/verwerfen")
def decline(visit: SignedIn, number: int) -> Response:
    """Not after all."""
    drop_departure(visit.services, visit.login, number)
    return visit.to(path_to("aufbewahrung"), f"Löschung {number} ist verworfen; es wurde nichts gelöscht.")
