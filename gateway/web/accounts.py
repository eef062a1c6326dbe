"""The zero-balance account (*Tagessaldo*): nothing that was approved goes missing. As page, as PDF, to the letter."""

from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.account.account_sheet import account_sheet, hand_out
from gateway.application.account.reconciling import Selection, copies_on
from gateway.domain.account.account import Line
from gateway.domain.account.account_report import meaning_of
from gateway.domain.account.standing import Standing
from gateway.domain.permission import Action
from gateway.web.visiting import SignedIn, Visit

router = APIRouter()


@router.get("/saldo")
def balance(
    visit: SignedIn, tag: date | None = None, lauf: int | None = None, dienststelle: str | None = None
) -> Response:
    """The account of one day, of a run (day and number), of an office, or of everything."""
    chosen = _chosen(visit, tag, lauf, dienststelle)
    return visit.page(
        "account.html.j2",
        sheet=account_sheet(visit.services, visit.login, chosen),
        chosen=chosen,
        tag=tag,
        today=visit.services.today(),
        query=_query(tag, lauf, dienststelle),
        when=_query(tag, lauf, None),
        meaning_of=meaning_of,
    )


@router.get("/saldo/sendungen")
def on_line(
    visit: SignedIn,
    linie: Line = Line.UNDER_WAY,
    tag: date | None = None,
    lauf: int | None = None,
    dienststelle: str | None = None,
    zurueck: bool = False,
    ab: int = 0,
) -> Response:
    """The copies on one line, or what came back of them, page by page."""
    chosen = _chosen(visit, tag, lauf, dienststelle)
    page = copies_on(visit.services, linie, login=visit.login, chosen=chosen, returned=zurueck, after=ab)
    return visit.page(
        "account_line.html.j2",
        line=linie,
        page=page,
        returned=zurueck,
        standing=Standing,
        query=_query(tag, lauf, dienststelle),
    )


@router.get("/saldo.pdf")
def sheet(
    visit: SignedIn, tag: date | None = None, lauf: int | None = None, dienststelle: str | None = None
) -> Response:
    """The same as a PDF, which the audit trail knows."""
    made, content = hand_out(visit.services, visit.login, _chosen(visit, tag, lauf, dienststelle))
    name = f"tagessaldo-{tag or visit.services.day_of(made.made_at)}.pdf"
    return Response(
        content,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def _chosen(visit: Visit, tag: date | None, lauf: int | None, dienststelle: str | None) -> Selection:
    """A number of a run is one of the day's; without it the day is the day of approval."""
    visit.who.require(Action.READ)
    run = (tag, lauf) if tag and lauf else None
    return Selection(None if run else tag, run, dienststelle or None)


def _query(tag: date | None, lauf: int | None, dienststelle: str | None) -> str:
    values = {"tag": tag.isoformat() if tag else "", "lauf": lauf or "", "dienststelle": dienststelle or ""}
    return urlencode({name: value for name, value in values.items() if value})
