"""The API as an application: wires routes, the door and problem details."""

from collections.abc import Callable
from dataclasses import replace

from fastapi import Depends, FastAPI

from gateway.application.services import Services
from gateway.domain.trail.trail import Entrance
from gateway.web.api import cases, checks, letters, pdfs, scans
from gateway.web.api.callers import TOKEN
from gateway.web.api.door import Door
from gateway.web.api.problems import PROBLEM_RESPONSES, add_problems

_ABOUT = """
Hand letters to the hybrid-mail gateway and follow them.

* **Token**: `Authorization: Bearer …`; it acts as a user account (roles and offices hold) within its scopes.
* **Idempotency-Key**: required on every POST, new for every new request. The same key with the same request gives
  the same answer (`Idempotency-Replayed: true`) and never a second effect, for seven days. A refused request
  changed nothing and keeps no key.
* **Problems** are `application/problem+json` (RFC 9457); `code` is stable and the same as on pages and commands.
"""


def create_api(
    services: Services, *, now: Callable[[], float], arrived: Callable[[str], object] = lambda _source: None
) -> FastAPI:
    """The application. `now` is for counting requests only; `arrived` is told from which source something came."""
    app = FastAPI(
        title="Hybrid-mail gateway",
        version="1",
        description=_ABOUT,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(TOKEN)],
        responses=PROBLEM_RESPONSES,
    )
    app.state.services = replace(services, door=Entrance.API)
    app.state.arrived = arrived
    app.add_middleware(Door, services=services, now=now)
    add_problems(app)
    for area in (letters, pdfs, cases, checks, scans):
        app.include_router(area.router)
    return app
