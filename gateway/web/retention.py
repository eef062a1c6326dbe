"""Retention (*Aufbewahrung*): what is kept how long, what the last pass deleted, and which cases are locked."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.destroying import last_pass, rules_in_force
from gateway.application.locking import list_locks
from gateway.web.visiting import SignedIn

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
    )
