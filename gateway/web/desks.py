"""The desk: what stands still until a person decides. And inbound documents with their assignment to a case."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.desk_view import desk
from gateway.application.opening import open_inbound
from gateway.application.receiving import assign, inbound_list
from gateway.db.files import InboundState
from gateway.domain.permission import Action
from gateway.web.letters import pdf, png
from gateway.web.visiting import SignedIn, path_to

router = APIRouter()


@router.get("/klaerung")
def unclear(visit: SignedIn) -> Response:
    """Letters and inbound documents that need a person."""
    return visit.page("desk.html.j2", desk=desk(visit.services, visit.login))


@router.get("/posteingang")
def inbound(visit: SignedIn, stand: str = "") -> Response:
    """Inbound documents, newest first."""
    state = InboundState(stand) if stand in set(InboundState) else None
    visit.who.require(Action.READ)
    return visit.page(
        "inbound.html.j2",
        lines=inbound_list(visit.services, visit.login, state=state),
        state=state,
        may_assign=visit.who.may(Action.ASSIGN_INBOUND),
    )


@router.get("/posteingang/{number}/dokument.pdf")
def document(visit: SignedIn, number: int) -> Response:
    """The scan."""
    return pdf(open_inbound(visit.services, visit.login, number))


@router.get("/posteingang/{number}/seite-{page}.png")
def picture(visit: SignedIn, number: int, page: int) -> Response:
    """A page of the scan as picture."""
    return png(visit.services, open_inbound(visit.services, visit.login, number, page=page), page)


@router.post("/posteingang/{number}/zuordnen")
def to_case(visit: SignedIn, number: int) -> Response:
    """A person says which case it belongs to."""
    assign(visit.services, visit.login, number, visit.text("case"))
    return visit.to(path_to("posteingang"), f"Der Posteingang {number} ist zugeordnet.")
