"""Posting: each day's report with its lists and findings, the clerk's confirmation, and what two people answer for."""

from datetime import date

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.posting.excepting import propose, reject, second
from gateway.application.posting.exception_view import open_exceptions
from gateway.application.posting.posting import confirm, posting_days
from gateway.application.posting.posting_basis import Basis, open_basis
from gateway.application.posting.posting_list_view import list_content, list_signature, list_view, posting_lists
from gateway.application.posting.posting_view import day_report, piece_view
from gateway.application.posting.supplementing import enter
from gateway.application.posting.unreported_view import unreported
from gateway.domain.permission import Action
from gateway.errors import InputError
from gateway.web.letters import pdf
from gateway.web.visiting import SignedIn, Visit, path_to, takes_file

router = APIRouter()
_NOT_POSTED = "nicht"


@router.get("/aufgabe")
def days(visit: SignedIn) -> Response:
    """All reported days, what waits for a second person, and the newest lists."""
    return visit.page(
        "postings.html.j2",
        days=posting_days(visit.services, visit.login),
        exceptions=open_exceptions(visit.services, visit.login),
        lists=posting_lists(visit.services, visit.login, limit=8),
        unreported=len(unreported(visit.services, visit.login)),
        may_confirm=visit.who.may(Action.CONFIRM_POSTING),
    )


@router.get("/aufgabe/fehlend")
def missing(visit: SignedIn) -> Response:
    """What was handed over and nobody reported; two people may prove its day."""
    return visit.page(
        "posting_missing.html.j2",
        lines=unreported(visit.services, visit.login),
        may_confirm=visit.who.may(Action.CONFIRM_POSTING),
    )


@router.get("/aufgabe/{day}")
def report(visit: SignedIn, day: date) -> Response:
    """One day's report."""
    return visit.page(
        "posting_day.html.j2",
        day=day,
        report=day_report(visit.services, visit.login, day),
        may_confirm=visit.who.may(Action.CONFIRM_POSTING),
    )


@router.post("/aufgabe/{day}")
def sign(visit: SignedIn, day: date) -> Response:
    """Confirm what is clean, by name."""
    confirmed = confirm(visit.services, visit.login, day)
    notice = f"{len(confirmed)} Sendungen vom {day:%d.%m.%Y} sind bestätigt; die Fristen sind nun endgültig."
    return visit.to(path_to("aufgabe", day.isoformat()), notice)


@router.get("/aufgabe/listen/{number}")
def posting_list(visit: SignedIn, number: int) -> Response:
    """One posting list."""
    return visit.page("posting_list.html.j2", found=list_view(visit.services, visit.login, number))


@router.get("/aufgabe/listen/{number}/original")
def original(visit: SignedIn, number: int) -> Response:
    """Its bytes, as they came."""
    return _as_it_came(*list_content(visit.services, visit.login, number))


@router.get("/aufgabe/listen/{number}/signatur")
def signature(visit: SignedIn, number: int) -> Response:
    """The signature that counts, as it came."""
    return _as_it_came(*list_signature(visit.services, visit.login, number))


def _as_it_came(name: str, content: bytes) -> Response:
    safe = "".join(each if each.isascii() and (each.isalnum() or each in "-_.") else "_" for each in name)
    headers = {"content-disposition": f'attachment; filename="{safe}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.get("/aufgabe/sendungen/{reference}")
def piece(visit: SignedIn, reference: str) -> Response:
    """The posting of one piece: records, exceptions, and the way to correct it."""
    return visit.page(
        "posting_piece.html.j2",
        found=piece_view(visit.services, visit.login, reference),
        may_confirm=visit.who.may(Action.CONFIRM_POSTING),
    )


@router.post("/aufgabe/sendungen/{reference}/nummer")
def add_number(visit: SignedIn, reference: str) -> Response:
    """A number of the carrier's that came after the record of posting was written."""
    number = enter(
        visit.services,
        visit.login,
        reference,
        franking_id=visit.text("frankier_id"),
        tracking_number=visit.text("sendungsnummer"),
        source=visit.text("quelle"),
    )
    return visit.to(path_to("aufgabe", "sendungen", reference), f"Ergänzung {number} steht am Ab-Vermerk.")


@router.post("/aufgabe/ausnahmen/neu")
@takes_file
def except_(visit: SignedIn) -> Response:
    """Propose an exception or a correction."""
    pieces = [value for value in visit.form.getlist("piece") if isinstance(value, str)]
    day = None if visit.text("posted") == _NOT_POSTED else visit.day("day")
    if day is None and visit.text("posted") != _NOT_POSTED:
        raise InputError("day-missing", "Bitte den Tag der Aufgabe zur Post angeben. Es wurde nichts geändert.")
    number = propose(visit.services, visit.login, pieces, day, visit.reason(), _basis(visit))
    return visit.to(
        path_to("aufgabe"), f"Ausnahme {number} ist vorgeschlagen; eine zweite Person muss sie bestätigen."
    )


@router.get("/aufgabe/ausnahmen/{number}/beleg.pdf")
def basis(visit: SignedIn, number: int) -> Response:
    """The document that an exception rests on."""
    return pdf(open_basis(visit.services, visit.login, number))


@router.post("/aufgabe/ausnahmen/{number}/bestaetigen")
def agree(visit: SignedIn, number: int) -> Response:
    """The second person confirms."""
    noted = second(visit.services, visit.login, number)
    return visit.to(
        path_to("aufgabe"), f"Ausnahme {number} ist bestätigt: {len(noted)} Ab-Vermerke geschrieben."
    )


@router.post("/aufgabe/ausnahmen/{number}/ablehnen")
def decline(visit: SignedIn, number: int) -> Response:
    """It does not hold."""
    reject(visit.services, visit.login, number, visit.reason())
    return visit.to(path_to("aufgabe"), f"Ausnahme {number} ist abgelehnt.")


def _basis(visit: Visit) -> Basis | None:
    """A file without its source is asked for the source; no file is no basis."""
    chosen = visit.form.get("beleg")
    has_file = not isinstance(chosen, str) and chosen is not None and bool(chosen.filename)
    return Basis(visit.text("quelle"), visit.file("beleg")) if has_file else None
