"""Filing in the case file (*Ablage in der Akte*): what waits, since when, why, and when it is tried again."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.filing.filing_view import MAX_LISTED, backlog
from gateway.web.visiting import SignedIn

router = APIRouter()


@router.get("/ablage")
def waiting(visit: SignedIn) -> Response:
    """An outage, and every entry that the case file did not take."""
    return visit.page("filings.html.j2", found=backlog(visit.services, visit.login), shown=MAX_LISTED)
