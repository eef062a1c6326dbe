"""A visit: who asks, from which session, with which form. Every page gets one; every POST proves its token.

The session is a signed cookie that holds the login, a session id, when it began and the token against forged
requests; it holds no personal data. Signing out is remembered in this process until the session would have ended
anyway.
"""

import hmac
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from gateway.application.access.authorising import Actor, actor
from gateway.application.operation.measuring import Figures
from gateway.application.services import Services
from gateway.domain.letters.uploads import MAX_UPLOAD_BYTES
from gateway.errors import InputError, NotFound, NotPermitted
from gateway.web.kept import Kept
from gateway.web.mailing_work import MailingWork
from gateway.web.nudge import RenderNudge
from gateway.web.pages import Pages
from gateway.web.previews import Previews
from gateway.web.samples import Samples
from gateway.web.throttle import Attempts

COOKIE = "gateway_session"
TOKEN = "csrf"  # noqa: S105 - the name of a field
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_FORM_BYTES = 2_000_000
MAX_FORM_FIELDS = 20_000
_TAKES_FILE = "takes_file"
Endpoint = TypeVar("Endpoint", bound=Callable[..., Response])


class SignInNeeded(Exception):
    """Nobody is signed in; `url` is where to go after the sign-in."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url


class Sessions:
    """Which sessions still hold."""

    def __init__(self, now: Callable[[], float], longest_s: float) -> None:
        self._now = now
        self._longest_s = longest_s
        self._ended: dict[str, float] = {}
        self._lock = Lock()

    def begin(self, session: dict[str, Any], login: str) -> None:
        """Sign in: everything of the session before is thrown away, its id and token first of all."""
        session.clear()
        session.update(
            login=login, sid=secrets.token_urlsafe(16), since=self._now(), csrf=secrets.token_urlsafe(32)
        )

    def end(self, session: dict[str, Any]) -> None:
        """Sign out, for copies of the cookie too."""
        with self._lock:
            self._ended[str(session.get("sid"))] = self._now()
            self._ended = {sid: at for sid, at in self._ended.items() if self._now() - at < self._longest_s}
        session.clear()

    def login(self, session: dict[str, Any]) -> str | None:
        """Who is signed in, if the session still holds."""
        login, since = session.get("login"), session.get("since")
        if not isinstance(login, str) or not isinstance(since, int | float):
            return None
        with self._lock:
            ended = session.get("sid") in self._ended
        return None if ended or self._now() - since > self._longest_s else login


@dataclass(frozen=True)
class Web:
    """What the pages share."""

    services: Services
    pages: Pages
    previews: Previews
    attempts: Attempts
    sessions: Sessions
    nudge: RenderNudge
    mailings: MailingWork
    samples: Samples
    readiness: Kept[list[str]]
    figures: Kept[Figures]


@dataclass(frozen=True)
class Visit:
    """One request of a signed-in user."""

    request: Request
    web: Web
    who: Actor
    form: FormData

    @property
    def services(self) -> Services:
        """Use cases work on these."""
        return self.web.services

    @property
    def login(self) -> str:
        """Who asks."""
        return self.who.login

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page for this user."""
        return page(self.request, self.web, template, status=status, who=self.who, **values)

    def to(self, url: str, notice: str | None = None) -> Response:
        """Go on to another page, with a notice there; never carries personal data."""
        if notice:
            self.request.session["notice"] = notice
        return RedirectResponse(url, status_code=303)

    def text(self, name: str) -> str:
        """A field of the form, without blanks around it; empty if it is not there."""
        return _text(self.form, name)

    def file(self, name: str) -> bytes:
        """The bytes of an uploaded file; raises `InputError` ('file-missing', 'file-too-large')."""
        value = self.form.get(name)
        if not isinstance(value, UploadFile) or not value.filename:
            raise InputError("file-missing", "Bitte eine PDF-Datei auswählen.")
        content = value.file.read(MAX_UPLOAD_BYTES + 1)
        if len(content) > MAX_UPLOAD_BYTES:
            raise InputError(
                "pdf-too-large",
                f"Die Datei ist größer als {MAX_UPLOAD_BYTES // 1_000_000} MB. Bitte verkleinern oder aufteilen.",
            )
        return content

    def reason(self) -> str:
        """The reason that was given; raises `InputError` ('reason-missing') if none was."""
        if not (reason := self.text("reason")):
            raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
        return reason[:500]

    def day(self, name: str) -> date | None:
        """A day of the form; raises `InputError` ('day-unreadable')."""
        text = self.text(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise InputError("day-unreadable", "Bitte ein Datum in der Form TT.MM.JJJJ angeben.") from None


def page(request: Request, web: Web, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page, with the token and the notice that waits for it."""
    values = {"who": None, **values}
    return web.pages.html(
        template,
        status=status,
        path=request.url.path,
        csrf=token(request),
        notice=request.session.pop("notice", None),
        **values,
    )


def token(request: Request) -> str:
    """The token of this session; made with the first form that is shown."""
    return str(request.session.get(TOKEN) or request.session.setdefault(TOKEN, secrets.token_urlsafe(32)))


def web_of(request: Request) -> Web:
    """What the pages share."""
    web: Web = request.app.state.web
    return web


async def posted(request: Request) -> AsyncIterator[FormData]:
    """The form of a request, after its token proved right; every route depends on it.

    Raises `NotPermitted` ('token-wrong') and `InputError` ('form-too-large').
    """
    if request.method in SAFE_METHODS:
        yield FormData()
        return
    length = request.headers.get("content-length", "")
    takes_file = getattr(request.scope.get("endpoint"), _TAKES_FILE, False)
    # The server reads no more than the length that was declared, so this bounds the stream, too.
    if not length.isdigit() or int(length) > MAX_FORM_BYTES + (MAX_UPLOAD_BYTES if takes_file else 0):
        raise InputError("form-too-large", "Das Formular oder die Datei ist zu groß. Es wurde nichts geändert.")
    form = await request.form(max_fields=MAX_FORM_FIELDS, max_files=1 if takes_file else 0)
    try:
        _check_token(request, form)
        yield form
    finally:
        await form.close()  # an uploaded file lies in a nameless temporary file until then


def _check_token(request: Request, form: FormData) -> None:
    expected = str(request.session.get(TOKEN, ""))
    if not expected or not hmac.compare_digest(_text(form, TOKEN).encode(), expected.encode()):
        raise NotPermitted(
            "token-wrong",
            "Die Seite war zu lange offen oder gehört zu einer anderen Anmeldung. Es wurde nichts geändert; "
            "bitte die Seite neu laden und noch einmal versuchen.",
        )


def takes_file(endpoint: Endpoint) -> Endpoint:
    """Mark a route to which a form may bring one file; all others take none."""
    setattr(endpoint, _TAKES_FILE, True)
    return endpoint


def visit(
    request: Request, web: Annotated[Web, Depends(web_of)], form: Annotated[FormData, Depends(posted)]
) -> Visit:
    """The visit of a signed-in, active user; raises `SignInNeeded`."""
    login = web.sessions.login(request.session)
    url = request.url.path if request.method in SAFE_METHODS else "/"
    if login is None:
        raise SignInNeeded(url)
    try:
        with web.services.db.reading() as session:
            return Visit(request, web, actor(session, login), form)
    except NotFound:  # deleted or locked since
        web.sessions.end(request.session)
        raise SignInNeeded(url) from None


def path_to(*parts: object) -> str:
    """A path of this site from its parts."""
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


CurrentWeb = Annotated[Web, Depends(web_of)]
Posted = Annotated[FormData, Depends(posted)]
SignedIn = Annotated[Visit, Depends(visit)]
