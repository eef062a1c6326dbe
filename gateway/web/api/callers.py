"""Who calls and what for: scopes of the token, the key of the request, and answers that are given once."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict

from gateway.application.access.answering import Answer, Effect, Keyed, answer_once, request_hash
from gateway.application.access.tokens import Bearer
from gateway.application.letters.enclosing import enclosures_of
from gateway.application.services import Services
from gateway.application.trail.auditing import read_letter
from gateway.application.views.shaping import as_json
from gateway.domain.scopes import Scope
from gateway.web.api.door import KEY

TOKEN = HTTPBearer(scheme_name="token", description="`gateway tokens add`", auto_error=False)
"""For the description only; the door has read the token already."""


class Strict(BaseModel):
    """A part of a request: what is not described is refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


@dataclass(frozen=True)
class Caller:
    """A system that calls, acting as a user account."""

    request: Request
    services: Services
    bearer: Bearer

    @property
    def login(self) -> str:
        """As whom it acts."""
        return self.bearer.login

    def once(
        self, do: Callable[[Services], object], tell: Callable[[Services, Effect], Answer], *asked: object
    ) -> Response:
        """Do it unless the request's key was used; `asked` is everything that was sent beside the path."""
        parts = (json.dumps(part, sort_keys=True, ensure_ascii=False, default=str) for part in asked)
        keyed = Keyed(
            self.bearer.token_id,
            self.request.headers[KEY],
            request_hash(self.request.method, self.request.url.path, *parts),
        )
        answer = answer_once(self.services, keyed, do, tell)
        headers = {"Idempotency-Replayed": "true"} if answer.repeated else {}
        if answer.status == 201:
            headers["Location"] = (
                f"{self.request.scope.get('root_path', '')}/letters/{answer.body['reference']}"
            )
        return JSONResponse(answer.body, answer.status, headers)

    def letter(self, reference: str) -> dict[str, Any]:
        """A letter as `gateway letters show --json` prints it, with its enclosures."""
        view = read_letter(self.services, self.login, reference)
        enclosures = enclosures_of(self.services, self.login, reference)
        listed = [
            {"number": one.number, "title": one.title, "sha256": one.sha256, "pages": one.pages}
            for one in enclosures
        ]
        return {**as_json(view), "enclosures": listed}


def caller_with(scope: Scope, *, key: bool = False) -> Callable[..., Caller]:
    """A dependency: a caller whose token has this scope; `key` describes the header, which the door asks for."""

    def caller(request: Request) -> Caller:
        bearer: Bearer = request.state.bearer
        bearer.require(scope)
        return Caller(request, request.app.state.services, bearer)

    def caller_with_key(request: Request, idempotency_key: Annotated[str, Header()]) -> Caller:  # noqa: ARG001
        return caller(request)

    return caller_with_key if key else caller


Reads = Annotated[Caller, Depends(caller_with(Scope.LETTERS_READ))]
Opens = Annotated[Caller, Depends(caller_with(Scope.DOCUMENTS_READ))]
Asks = Annotated[Caller, Depends(caller_with(Scope.CHECKS))]
Writes = Annotated[Caller, Depends(caller_with(Scope.LETTERS_WRITE, key=True))]
Approves = Annotated[Caller, Depends(caller_with(Scope.LETTERS_APPROVE, key=True))]
Withholds = Annotated[Caller, Depends(caller_with(Scope.LETTERS_WITHHOLD, key=True))]
Imports = Annotated[Caller, Depends(caller_with(Scope.CASES_IMPORT, key=True))]
Delivers = Annotated[Caller, Depends(caller_with(Scope.SCANS_DELIVER))]
DeliversOnce = Annotated[Caller, Depends(caller_with(Scope.SCANS_DELIVER, key=True))]
Checks = Annotated[Caller, Depends(caller_with(Scope.CHECKS, key=True))]
