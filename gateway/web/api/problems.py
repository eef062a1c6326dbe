"""Problem details (RFC 9457): status by the class of the error, its stable code, its message; nothing personal."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from gateway.errors import (
    CaseFileError,
    Conflict,
    GatewayError,
    InputError,
    NotFound,
    NotPermitted,
    ProviderError,
)

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:hybrid-mail-gateway:problem:"

STATUS_OF: tuple[tuple[type[GatewayError], int], ...] = (
    (NotPermitted, 403),
    (NotFound, 404),
    (Conflict, 409),
    (InputError, 422),
    (ProviderError, 502),
    (CaseFileError, 502),
)
"""All others are ours to mend: 500."""

PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What is wrong (RFC 9457)",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail", "code"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "code": {"type": "string"},
                        "errors": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {"at": {"type": "string"}, "what": {"type": "string"}},
                            },
                        },
                    },
                }
            }
        },
    }
}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    """An answer that says what is wrong and what to do."""
    body: dict[str, Any] = {
        "type": TYPE + code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors:
        body["errors"] = list(errors)
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def add_problems(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(GatewayError, _gateway_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unexpected)


def status_of(error: GatewayError) -> int:
    """The HTTP status of an error."""
    return next((status for kind, status in STATUS_OF if isinstance(error, kind)), 500)


def _gateway_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, GatewayError):
        raise error
    return problem(status_of(error), error.code, error.message)


def _http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    if status == 400:
        return problem(
            400, "request-unreadable", "Der Inhalt der Anfrage ist nicht lesbar. Es wurde nichts geändert."
        )
    detail = "Diese Adresse oder Methode gibt es nicht. Bitte mit der OpenAPI-Beschreibung vergleichen."
    return problem(status, f"http-{status}", detail, headers=headers)


def _invalid(_request: Request, error: Exception) -> Response:
    """Says where and which rule, never the value that was sent."""
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [{"at": "/".join(map(str, fault["loc"])), "what": str(fault["type"])} for fault in faults[:20]]
    detail = "Die Anfrage passt nicht zur OpenAPI-Beschreibung. Es wurde nichts geändert."
    return problem(422, "request-invalid", detail, errors=errors)


def _unexpected(_request: Request, _error: Exception) -> Response:
    detail = "Das hat nicht geklappt. Bitte mit demselben Idempotency-Key noch einmal versuchen."
    return problem(500, "unexpected-error", detail)
