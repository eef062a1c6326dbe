"""Error pages: code and message of a `GatewayError`, never a trace."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from gateway.application.access.authorising import actor
from gateway.errors import Conflict, GatewayError, InputError, NotFound, NotPermitted
from gateway.web.headers import for_path
from gateway.web.visiting import SignInNeeded, page, path_to, web_of

_STATUS: tuple[tuple[type[GatewayError], int], ...] = (
    (NotPermitted, 403),
    (NotFound, 404),
    (Conflict, 409),
    (InputError, 422),
)
_TITLES = {
    403: "Keine Berechtigung",
    404: "Nicht gefunden",
    405: "So nicht möglich",
    409: "Inzwischen geändert",
    422: "Angaben prüfen",
}


def add_error_pages(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(GatewayError, _gateway_error)
    app.add_exception_handler(SignInNeeded, _sign_in_needed)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _no_such_address)
    app.add_exception_handler(Exception, _unexpected)


def status_of(error: GatewayError) -> int:
    """The HTTP status of an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def error_page(request: Request, status: int, code: str, message: str) -> Response:
    """A page that says what is wrong and what to do, with the menu if somebody is signed in."""
    web = web_of(request)
    who = None
    if login := web.sessions.login(request.session):
        try:
            with web.services.db.reading() as session:
                who = actor(session, login)
        except NotFound:
            who = None
    title = _TITLES.get(status, "Das hat nicht geklappt")
    return page(request, web, "error.html.j2", status=status, who=who, title=title, code=code, message=message)


def _gateway_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, GatewayError):
        raise error
    return error_page(request, status_of(error), error.code, error.message)


def _sign_in_needed(request: Request, error: Exception) -> Response:
    url = error.url if isinstance(error, SignInNeeded) else "/"
    if url != "/":
        request.session["next"] = url
    return RedirectResponse(path_to("anmelden"), status_code=303)


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return _no_such_address(request, error)
    return error_page(
        request,
        status,
        f"http-{status}",
        "Diese Adresse kann so nicht aufgerufen werden. Bitte über das Menü gehen.",
    )


def _no_such_address(request: Request, _error: Exception) -> Response:
    return error_page(
        request,
        404,
        "page-unknown",
        "Diese Seite gibt es nicht. Bitte die Adresse prüfen oder über das Menü gehen.",
    )


def _unexpected(request: Request, _error: Exception) -> Response:
    """Answers outside of all layers, so it dresses itself; the trace goes to the server's log only."""
    return Response(
        "<!doctype html><html lang='de'><title>Störung</title><h1>Störung</h1><p>Das hat nicht geklappt "
        "(unexpected-error). Bitte noch einmal versuchen; bleibt es dabei, die Administration verständigen.</p></html>",
        status_code=500,
        media_type="text/html",
        headers=for_path(request.url.path),
    )
