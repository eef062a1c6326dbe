"""The start page: what needs me now."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.account.reconciling import account
from gateway.application.desk.desk_view import desk
from gateway.application.inbound.inbound_view import count_new
from gateway.application.inbound.missing import count_overdue
from gateway.application.letters.deciding import to_approve
from gateway.application.posting.posting import posting_days
from gateway.application.views.searching import LetterFilter, find_letters
from gateway.domain.account.standing import Standing
from gateway.domain.permission import Action
from gateway.web.visiting import SignedIn

router = APIRouter()
_SHOWN = 10
_LOOKED_AT = 100


@router.get("/")
def start(visit: SignedIn) -> Response:
    """Counts and first entries of everything that waits for this user."""
    if not visit.who.may(Action.READ):
        return visit.page("start_empty.html.j2")
    services, login = visit.services, visit.login
    drafts = find_letters(services, login, LetterFilter(standing=Standing.DRAFT), limit=_LOOKED_AT)
    return visit.page(
        "start.html.j2",
        approvals=to_approve(services, login),
        desk=desk(services, login),
        held=find_letters(services, login, LetterFilter(standing=Standing.HELD), limit=_SHOWN),
        drafts=[line for line in drafts.lines if line.author == login][:_SHOWN],
        account=account(services, login=login, day=services.today()),
        postings=[day for day in posting_days(services, login) if day.confirmed < day.pieces],
        new_inbound=count_new(services, login),
        overdue_requests=count_overdue(services, login),
        today=services.today(),
    )
