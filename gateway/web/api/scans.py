"""Scan deliveries of providers that upload, what became of them, and the answers that they fetch.

A delivery is as large as was agreed, so it goes to disk as it comes; what is held in memory is one block of it.
"""

import base64
import binascii
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from gateway.application.access.answering import Answer, Effect
from gateway.application.arrivals.uploading_scans import (
    UploadView,
    answer_content,
    answer_names,
    begin_upload,
    keep_upload,
    source_of,
    upload_view,
)
from gateway.application.paper.uploading_reports import begin_report, keep_report, report_view
from gateway.application.services import Services
from gateway.errors import InputError
from gateway.ports.scans import IncomingFile
from gateway.web.api.callers import Delivers, DeliversOnce

router = APIRouter(tags=["scans"])
_BLOCK = 1 << 20
_SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]{1,100}):")
_REPORT = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("application/json", "application/xml", "text/csv")
        },
    }
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@asynccontextmanager
async def _in_file(request: Request, begin: Callable[[int], IncomingFile]) -> AsyncIterator[IncomingFile]:
    """The body in a file, whole; unless it is kept, the file goes again before the answer (so `scope`)."""
    incoming = await run_in_threadpool(begin, int(request.headers["content-length"]))
    try:
        waiting = bytearray()
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= _BLOCK:
                await run_in_threadpool(incoming.write, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(incoming.write, bytes(waiting))
        await run_in_threadpool(incoming.finish)
        yield incoming
    except ClientDisconnect:
        raise HTTPException(400) from None  # nobody is there to read it; it is no failure of ours
    finally:
        incoming.drop()


async def _received(request: Request, caller: DeliversOnce) -> AsyncIterator[IncomingFile]:
    """Who may not deliver is not read."""
    async with _in_file(request, partial(begin_upload, caller.services, caller.login)) as incoming:
        yield incoming


async def _reported(request: Request, caller: DeliversOnce, name: str) -> AsyncIterator[IncomingFile]:
    """The same of a report."""
    async with _in_file(request, partial(begin_report, caller.services, caller.login, name)) as incoming:
        yield incoming


@router.post("/scan-deliveries", status_code=202, openapi_extra=_BODY)
def deliver(
    request: Request,
    caller: DeliversOnce,
    incoming: Annotated[IncomingFile, Depends(_received, scope="function")],
    content_digest: Annotated[str, Header()] = "",
) -> Response:
    """Take over a delivery as ZIP (manifest, documents, READY), up to the agreed size.

    It is on disk when this answers; whether it was accepted is asked for under its name. `Content-Digest` (RFC 9530)
    with sha-256 is held against what came.
    """

    def tell(services: Services, effect: Effect) -> Answer:
        name = effect.subject.rpartition("/")[2]
        return Answer(202, _as_json(upload_view(services, caller.login, name)))

    def keep(services: Services) -> None:
        keep_upload(services, caller.login, incoming, promised)

    promised = _promised(content_digest)
    answer = caller.once(keep, tell, incoming.sha256)
    answer.headers["Location"] = f"{request.scope.get('root_path', '')}/scan-deliveries/{incoming.name}"
    request.app.state.arrived(source_of(caller.services, caller.login))
    return answer


@router.post("/scan-reports/{name}", openapi_extra=_REPORT)
def report(
    caller: DeliversOnce,
    name: str,
    incoming: Annotated[IncomingFile, Depends(_reported, scope="function")],
    content_digest: Annotated[str, Header()] = "",
) -> Response:
    """Take over a certificate of destruction or answers to recalls, as JSON, XML or CSV: the name's ending says which.

    `finding` is null, or the code of what is wrong with it as a whole; the report is kept in either case.
    """
    promised = _promised(content_digest)

    def tell(services: Services, _effect: Effect) -> Answer:
        view = report_view(services, caller.login, name, incoming.sha256)
        return Answer(200, {"report": view.name, "finding": view.finding})

    def keep(services: Services) -> None:
        keep_report(services, caller.login, name, incoming, promised)

    return caller.once(keep, tell, incoming.sha256)


@router.get("/scan-deliveries/{name}")
def delivered(caller: Delivers, name: str) -> dict[str, Any]:
    """What became of an upload: waiting, accepted or refused, and its receipt when it does not wait any more."""
    return _as_json(upload_view(caller.services, caller.login, name))


@router.get("/scan-answers")
def answers(caller: Delivers) -> dict[str, list[str]]:
    """Names of the answers for this source, newest first: receipts, feedback, release lists."""
    return {"answers": answer_names(caller.services, caller.login)}


@router.get("/scan-answers/{name}")
def answer(caller: Delivers, name: str) -> Response:
    """One answer."""
    return Response(answer_content(caller.services, caller.login, name), media_type="application/json")


def _as_json(view: UploadView) -> dict[str, Any]:
    return {"upload": view.name, "state": view.state, "receipt": view.receipt}


def _promised(content_digest: str) -> str | None:
    """The SHA-256 in hexadecimal, if the sender gave one. Raises `InputError` upload-hash-wrong for what is none."""
    if (found := _SHA256.search(content_digest)) is None:
        return None
    try:
        return base64.b64decode(found[1], validate=True).hex()
    except binascii.Error:
        raise InputError("upload-hash-wrong", "Content-Digest enthält keine SHA-256-Prüfsumme.") from None
