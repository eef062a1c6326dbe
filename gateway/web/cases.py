"""Cases: list, search, and one case. A search is a POST, because names do not belong into addresses and logs."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.trail.auditing import read_case
from gateway.application.views.searching import list_cases
from gateway.web.visiting import SignedIn

router = APIRouter()


@router.get("/faelle")
def cases(visit: SignedIn, ab: int = 0) -> Response:
    """All cases the user may see, page by page."""
    return _list(visit, "", ab)


@router.post("/faelle")
def search(visit: SignedIn) -> Response:
    """Cases by Aktenzeichen, BG-Nummer or family name."""
    after = visit.text("ab")
    return _list(visit, visit.text("text"), int(after) if after.isascii() and after.isdigit() else 0)


@router.get("/faelle/{reference}")
def case(visit: SignedIn, reference: str) -> Response:
    """One case: people, letters, inbound documents."""
    return visit.page("case.html.j2", case=read_case(visit.services, visit.login, reference))


def _list(visit: SignedIn, text: str, after: int) -> Response:
    found = list_cases(visit.services, visit.login, text=text, after=max(0, min(after, 10_000_000)))
    return visit.page("cases.html.j2", found=found, text=text, after=after)
