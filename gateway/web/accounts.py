"""The zero-balance account (*Tagessaldo*): nothing that was approved goes missing."""

from datetime import date

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.reconciling import account
from gateway.domain.permission import Action
from gateway.web.visiting import SignedIn

router = APIRouter()


@router.get("/saldo")
def balance(visit: SignedIn, tag: date | None = None) -> Response:
    """The account of one day, or of everything."""
    visit.who.require(Action.READ)
    return visit.page(
        "account.html.j2",
        account=account(visit.services, day=tag),
        day=tag,
        today=visit.services.today(),
    )
