"""Inbound documents: the tray of those who assign, what is new in the cases of an office, and one document."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.arrivals.delivery_view import rejected_view
from gateway.application.arrivals.rescanning import feedback_of
from gateway.application.inbound.inbound_reading import next_in_tray, read_inbound
from gateway.application.inbound.inbound_view import MAX_LISTED, TrayFilter, tray
from gateway.application.inbound.missing import missing_answers
from gateway.application.inbound.moving import move
from gateway.application.inbound.placing import assign, link
from gateway.application.inbound.requesting import request_answered_by, settle, tick
from gateway.application.paper.paper_view import paper_view
from gateway.application.views.opening import open_inbound
from gateway.application.views.searching import list_cases
from gateway.db.files import InboundState
from gateway.domain.inbound.feedback import WORDS
from gateway.domain.permission import Action
from gateway.errors import InputError
from gateway.web.letters import pdf, png
from gateway.web.scan_feedback import report
from gateway.web.visiting import SignedIn, Visit, path_to

router = APIRouter()
_MOST_PAGES = 30
"""Pages shown as pictures; the rest is in the PDF."""
_CASES_FOUND = 8


@router.get("/posteingang")
def inbound(
    visit: SignedIn, stand: str = "", quelle: str = "", dienststelle: str = "", neu: bool = False
) -> Response:
    """What waits for a person first, the oldest on top."""
    state = InboundState(stand) if stand in set(InboundState) else None
    wanted = TrayFilter(state, quelle or None, dienststelle or None, neu)
    return visit.page(
        "inbound.html.j2",
        tray=tray(visit.services, visit.login, wanted),
        wanted=wanted,
        shown=MAX_LISTED,
        first=next_in_tray(visit.services, visit.login),
        may_assign=visit.who.may(Action.ASSIGN_INBOUND) and visit.who.may(Action.RECEIVE_SCANS),
        states=sorted(InboundState, key=lambda state: state is not InboundState.DESK),
    )


@router.get("/posteingang/{number}")
def one(visit: SignedIn, number: int) -> Response:
    """One document with everything that is known about it."""
    return _document(visit, number)


@router.post("/posteingang/{number}/fall-suchen")
def search(visit: SignedIn, number: int) -> Response:
    """The same page with cases that were found; what may be a name comes by POST only."""
    text = visit.text("text")
    found = list_cases(visit.services, visit.login, text=text, limit=_CASES_FOUND) if text else None
    return _document(visit, number, searched=text, found=found)


@router.get("/posteingang/{number}/dokument.pdf")
def document(visit: SignedIn, number: int) -> Response:
    """The scan."""
    return pdf(open_inbound(visit.services, visit.login, number))


@router.get("/posteingang/{number}/seite-{page}.png")
def picture(visit: SignedIn, number: int, page: int) -> Response:
    """A page of the scan as picture."""
    return png(visit.services, open_inbound(visit.services, visit.login, number), page)


@router.post("/posteingang/{number}/zuordnen")
def to_case(visit: SignedIn, number: int) -> Response:
    """A person says which case it belongs to; then comes the next one."""
    following = next_in_tray(visit.services, visit.login, number)
    assign(visit.services, visit.login, number, _case(visit))
    notice = f"Der Posteingang {number} ist zugeordnet."
    if following is None:
        return visit.to(path_to("posteingang"), f"{notice} Es wartet kein weiterer.")
    return visit.to(path_to("posteingang", following), notice)


@router.post("/posteingang/{number}/umhaengen")
def to_another_case(visit: SignedIn, number: int) -> Response:
    """It lay in a wrong case."""
    back = visit.text("to") == "tray"
    move(visit.services, visit.login, number, None if back else _case(visit), visit.reason())
    where = "liegt wieder zur Zuordnung bei der Poststelle" if back else "ist umgehängt"
    notice = f"Der Posteingang {number} {where}. Aus der bisherigen Akte wird er entnommen."
    still_mine = not back or visit.who.may(Action.RECEIVE_SCANS)
    return visit.to(path_to("posteingang", number) if still_mine else path_to("posteingang"), notice)


@router.post("/posteingang/{number}/antwort")
def answers(visit: SignedIn, number: int) -> Response:
    """Which letter it answers."""
    link(visit.services, visit.login, number, visit.text("letter") or None)
    return visit.to(path_to("posteingang", number), "Der Bezug ist geändert.")


@router.post("/posteingang/{number}/scan-mangel")
def scan_finding(visit: SignedIn, number: int) -> Response:
    """What is wrong with the scan goes to the scan provider."""
    report(visit, number)
    return visit.to(path_to("posteingang", number), "Die Meldung geht an die Scanstelle.")


@router.post("/posteingang/{number}/unterlagen")
def brings(visit: SignedIn, number: int) -> Response:
    """Which of the requested items it brings."""
    items = [int(text) for text in visit.form.getlist("items") if isinstance(text, str) and text.isdecimal()]
    tick(visit.services, visit.login, number, items)
    return visit.to(path_to("posteingang", number), "Die eingegangenen Unterlagen sind vermerkt.")


@router.get("/mitwirkung")
def requests(visit: SignedIn, nach: str = "") -> Response:
    """Letters that asked for something that did not come yet, the overdue first; a page of them, `nach` a letter."""
    found = missing_answers(visit.services, visit.login, after=nach or None)
    return visit.page("requests.html.j2", found=found, first=not nach)


@router.post("/schreiben/{reference}/unterlagen/{number}")
def not_needed(visit: SignedIn, reference: str, number: int) -> Response:
    """A requested item is not needed any more; without a reason it is needed again."""
    settle(visit.services, visit.login, reference, number, visit.text("reason")[:500])
    return visit.to(path_to("schreiben", reference), "Der Stand der Unterlage ist geändert.")


def _document(visit: Visit, number: int, **values: Any) -> Response:
    view = read_inbound(visit.services, visit.login, number)
    return visit.page(
        "inbound_document.html.j2",
        paper=paper_view(visit.services, visit.login, number),
        view=view,
        line=view.line,
        pages=min(view.line.pages, _MOST_PAGES),
        rejected=rejected_view(visit.services, visit.login, number),
        today=visit.services.today(),
        visitor_receives=visit.who.may(Action.RECEIVE_SCANS),
        feedback=feedback_of(visit.services, number),
        scan_findings=WORDS,
        asked=request_answered_by(visit.services, visit.login, number),
        **{"searched": "", "found": None, **values},
    )


def _case(visit: Visit) -> str:
    if not (case := visit.text("case")):
        raise InputError("case-missing", "Bitte einen Fall angeben: Aktenzeichen oder einen der Vorschläge.")
    return case
