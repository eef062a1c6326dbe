"""Approving: the letters that I may sign, each with its pages beside the button."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.letters.deciding import to_approve
from gateway.application.letters.enclosing import enclosures_of
from gateway.application.letters.healing import healed_to_approve
from gateway.application.trail.auditing import read_letter
from gateway.application.views.opening import document_pages
from gateway.domain.permission import Action
from gateway.web.letters import documents_of
from gateway.web.visiting import SignedIn

router = APIRouter()


@router.get("/freigabe")
def approvals(visit: SignedIn, nr: int = 0) -> Response:
    """The list, and the letter at place `nr` of it."""
    visit.who.require(Action.APPROVE)
    lines = to_approve(visit.services, visit.login)
    if not lines:
        return visit.page("approvals_none.html.j2")
    place = min(max(nr, 0), len(lines) - 1)
    letter = read_letter(visit.services, visit.login, lines[place].reference)
    enclosures = enclosures_of(visit.services, visit.login, letter.reference)
    return visit.page(
        "approvals.html.j2",
        lines=lines,
        healed=healed_to_approve(visit.services, visit.login),
        place=place,
        letter=letter,
        documents=documents_of(letter, enclosures),
        enclosures=enclosures,
        pages=document_pages(visit.services, visit.login, letter.reference),
        twin_pages=document_pages(visit.services, visit.login, letter.reference, twin=True),
    )
