"""Posting: what the provider reports as given to the post, day by day, and the clerk's confirmation."""

from datetime import date

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.deciding import posting_pieces
from gateway.application.posting import confirm, posting_days
from gateway.domain.permission import Action
from gateway.web.visiting import SignedIn, path_to

router = APIRouter()


@router.get("/aufgabe")
def days(visit: SignedIn) -> Response:
    """All reported days."""
    return visit.page("postings.html.j2", days=posting_days(visit.services, visit.login))


@router.get("/aufgabe/{day}")
def pieces(visit: SignedIn, day: date) -> Response:
    """The pieces of one day."""
    return visit.page(
        "posting_day.html.j2",
        day=day,
        pieces=posting_pieces(visit.services, visit.login, day),
        may_confirm=visit.who.may(Action.CONFIRM_POSTING),
    )


@router.post("/aufgabe/{day}")
def sign(visit: SignedIn, day: date) -> Response:
    """Confirm the day, by name."""
    confirmed = confirm(visit.services, visit.login, day)
    notice = f"{len(confirmed)} Sendungen vom {day:%d.%m.%Y} sind bestätigt; die Fristen sind nun endgültig."
    return visit.to(path_to("aufgabe", day.isoformat()), notice)
