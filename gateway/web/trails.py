"""The audit trail (*Protokoll*): for the auditor, the state of its chain and everything about one letter."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.trail.auditing import departed_until, trail
from gateway.application.trail.sealing import head, last_anchor
from gateway.domain.permission import Action
from gateway.domain.references import read_reference
from gateway.errors import InputError
from gateway.web.visiting import SignedIn, path_to

router = APIRouter()


@router.get("/protokoll")
def chain(visit: SignedIn) -> Response:
    """Where the chain ends, and since when that is written down outside of the database."""
    visit.who.require(Action.READ_TRAIL)
    return visit.page("trail_chain.html.j2", head=head(visit.services), anchor=last_anchor(visit.services))


@router.post("/protokoll")
def find(visit: SignedIn) -> Response:
    """To the trail of a letter."""
    reference = read_reference(visit.text("schreiben"))
    if reference is None:
        raise InputError("reference-unreadable", "Bitte das Kennzeichen des Schreibens prüfen, etwa 7K4M-9QXZ.")
    return visit.to(path_to("protokoll", reference))


@router.get("/protokoll/{reference}")
def of_letter(visit: SignedIn, reference: str) -> Response:
    """Who did and read what with one letter."""
    lines = trail(visit.services, visit.login, reference)
    gone = departed_until(visit.services, lines)
    return visit.page("trail.html.j2", reference=reference, lines=lines, departed_until=gone)
