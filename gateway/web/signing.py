"""Signing in and out."""

from math import ceil

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from gateway.application.access.authorising import audit, sign_in
from gateway.errors import NotPermitted
from gateway.web.visiting import CurrentWeb, Posted, SignedIn, Web, page, path_to

router = APIRouter()


@router.get("/anmelden")
def form(request: Request, web: CurrentWeb) -> Response:
    """The form; whoever is signed in already goes to the start page."""
    if web.sessions.login(request.session):
        return RedirectResponse("/", status_code=303)
    return _form(request, web)


@router.post("/anmelden")
def enter(request: Request, web: CurrentWeb, form: Posted) -> Response:
    """Check the password and begin a new session."""
    login, password = str(form.get("login", "")).strip(), str(form.get("password", ""))
    if wait_s := web.attempts.locked_for_s(login):
        minutes = ceil(wait_s / 60)
        message = f"Zu viele Fehlversuche. Bitte in {minutes} Minuten noch einmal versuchen."
        return _form(request, web, message, login, status=429)
    try:
        who = sign_in(web.services, login, password)
    except NotPermitted as error:
        web.attempts.failed(login)
        return _form(request, web, error.message, login, status=403)
    web.attempts.succeeded(login)
    url = _own_path(request.session.get("next"))
    web.sessions.begin(request.session, who.login)
    with web.services.db.transaction() as session:
        audit(session, web.services, who.login, "signed-in", who.login)
    return RedirectResponse(url, status_code=303)


@router.post("/abmelden")
def leave(visit: SignedIn) -> Response:
    """End the session."""
    visit.web.sessions.end(visit.request.session)
    return visit.to(path_to("anmelden"), "Sie sind abgemeldet.")


def _form(
    request: Request, web: Web, message: str | None = None, login: str = "", *, status: int = 200
) -> Response:
    return page(request, web, "sign_in.html.j2", status=status, message=message, login=login)


def _own_path(url: object) -> str:
    """Where to go next: a path of this site only."""
    if not isinstance(url, str) or not url.startswith("/") or url.startswith("//") or "\\" in url:
        return "/"
    return url
