"""Calls of print providers: no session, no form token, only their signature; and the statements about no piece.

The calls are an application of their own inside the pages: their answers are for machines and say little, and
whoever cannot sign learns nothing.
"""

import json
import logging

from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from gateway.application.services import Services
from gateway.application.tracking.listening import listen, unmatched
from gateway.errors import GatewayError, InputError, NotFound
from gateway.web.visiting import SignedIn

router = APIRouter()

MAX_BODY_BYTES = 256_000
"""A call is some kilobytes."""

_log = logging.getLogger(__name__)


@router.get("/meldungen")
def reports(visit: SignedIn) -> Response:
    """Statements of providers about pieces that we do not know, with what was said."""
    lines = unmatched(visit.services, visit.login)
    shown = [(line, json.dumps(line.raw, ensure_ascii=False, indent=1)) for line in lines]
    return visit.page("unmatched.html.j2", lines=shown)


def create_webhooks(services: Services) -> FastAPI:
    """The application at `/webhooks`."""
    app = FastAPI(title="Provider calls", openapi_url=None, docs_url=None, redoc_url=None)

    @app.post("/{provider}")
    async def call(provider: str, request: Request) -> JSONResponse:
        body = await _body(request)
        if body is None:
            return _answer(413, "body-too-large")
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            new = await run_in_threadpool(listen, services, provider, headers, body)
        except GatewayError as error:
            return _answer(_status(error), error.code)
        return JSONResponse({"status": "ok", "new": new})

    return app


async def _body(request: Request) -> bytes | None:
    """The raw body, or None if it is larger than a call can be; no more than that is read."""
    read = bytearray()
    async for part in request.stream():
        read += part
        if len(read) > MAX_BODY_BYTES:
            return None
    return bytes(read)


def _status(error: GatewayError) -> int:
    """401: not believed; 404: nobody here by that name; else 500, so that the provider calls again."""
    if isinstance(error, NotFound) or error.code == "webhook-not-offered":
        return 404
    if isinstance(error, InputError):
        return 401 if error.code == "webhook-signature-invalid" else 422
    return 500


def _answer(status: int, code: str) -> JSONResponse:
    _log.warning("call of a provider declined: %s", code)
    return JSONResponse({"code": code}, status_code=status)
