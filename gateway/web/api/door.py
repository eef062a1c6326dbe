"""The door of the API: nobody's bytes are read before token, rate, key, type and size of the request are in order."""

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from threading import Lock

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.application.access.tokens import Bearer, bearer
from gateway.application.services import Services
from gateway.domain.letters.uploads import MAX_UPLOAD_BYTES
from gateway.web.api.problems import problem

KEY = "idempotency-key"
TAKE_PDF = frozenset({"/finished-pdfs", "/preflights"})
TAKE_FILE = frozenset({"/cases/import"})
TAKE_ZIP = frozenset({"/scan-deliveries"})
REPORTS = "/scan-reports/"
_REPORT_TYPES = {".xml": "application/xml", ".csv": "text/csv"}
"""By the ending of the report's name; all others are JSON."""
OPEN = frozenset({"/openapi.json"})
MAX_BODY_BYTES = 1_000_000
MAX_FILE_BYTES = 20_000_000
_FORM_BYTES = 100_000
"""What a form may need beside its file."""
REQUESTS_PER_MINUTE = 600
_MINUTE_S = 60.0
_KEY = re.compile(r"[\x21-\x7e]{8,200}")


class Rate:
    """Requests of each token in the minute at hand; kept in memory of this process."""

    def __init__(self, now: Callable[[], float], most: int) -> None:
        self._now, self._most = now, most
        self._minute, self._counts = 0, dict[int, int]()
        self._lock = Lock()

    def wait_s(self, token_id: int) -> int:
        """Count a request; 0 if it is within the rate, else the seconds until it may be repeated."""
        now = self._now()
        with self._lock:
            if (minute := int(now // _MINUTE_S)) != self._minute:
                self._minute, self._counts = minute, {}
            self._counts[token_id] = self._counts.get(token_id, 0) + 1
            return 0 if self._counts[token_id] <= self._most else int(_MINUTE_S - now % _MINUTE_S) + 1


class Door:
    """Lets a request in, with its `Bearer` in the request's state, or answers with a problem."""

    def __init__(
        self, app: ASGIApp, *, services: Services, now: Callable[[], float], most: int = REQUESTS_PER_MINUTE
    ) -> None:
        self._app = app
        self._services = services
        self._rate = Rate(now, most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        refused = None if path in OPEN else await self._refused(scope, path)
        await (refused or self._app)(scope, receive, send)

    async def _refused(self, scope: Scope, path: str) -> Response | None:
        headers = Headers(scope=scope)
        who = await run_in_threadpool(holder, self._services, headers.get("authorization", ""))
        if who is None:
            return unknown_token()
        if wait_s := self._rate.wait_s(who.token_id):
            detail = f"Zu viele Anfragen. Bitte in {wait_s} Sekunden noch einmal versuchen."
            return problem(429, "too-many-requests", detail, headers={"Retry-After": str(wait_s)})
        scope.setdefault("state", {})["bearer"] = who
        return _wrong_post(headers, path) if scope["method"] == "POST" else None


def holder(services: Services, authorization: str) -> Bearer | None:
    """Who sent this header; None without a valid token."""
    scheme, _, token = authorization.partition(" ")
    return bearer(services, token.strip()) if scheme.lower() == "bearer" and token.strip() else None


def unknown_token() -> Response:
    """The answer to whoever has no valid token."""
    detail = "Der Zugriffsschlüssel fehlt, ist unbekannt, abgelaufen oder gesperrt."
    return problem(401, "token-invalid", detail, headers={"WWW-Authenticate": "Bearer"})


def _wrong_post(headers: Headers, path: str) -> Response | None:
    if not _KEY.fullmatch(headers.get(KEY, "")):
        detail = "Jede POST-Anfrage braucht einen Idempotency-Key aus 8 bis 200 sichtbaren ASCII-Zeichen."
        return problem(400, "idempotency-key-missing", detail)
    wanted = _content_type(path)
    if headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
        return problem(415, "content-type-wrong", f"Erwartet wird {wanted}.")
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        return problem(411, "length-required", "Bitte die Länge der Anfrage angeben (Content-Length).")
    if path not in TAKE_ZIP and int(length) > (most := _most_bytes(path)):
        return problem(413, "request-too-large", f"Die Anfrage ist größer als {most // 1_000_000} MB.")
    return None


def _content_type(path: str) -> str:
    if path in TAKE_ZIP:
        return "application/zip"
    if path.startswith(REPORTS):
        return _REPORT_TYPES.get(PurePosixPath(path).suffix, "application/json")
    return "multipart/form-data" if path in TAKE_PDF else "application/json"


def _most_bytes(path: str) -> int:
    """The server reads no more than the length that was declared, so this bounds the stream, too.

    What a scan delivery may be was agreed with its source: it is judged where that is known, before it is read.
    """
    if path in TAKE_PDF:
        return MAX_UPLOAD_BYTES + _FORM_BYTES
    return MAX_FILE_BYTES if path in TAKE_FILE or path.startswith(REPORTS) else MAX_BODY_BYTES
