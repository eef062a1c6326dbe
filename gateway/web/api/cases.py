"""Cases and people from line-of-business software."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.access.answering import Answer, Effect
from gateway.application.access.importing import import_cases
from gateway.application.services import Services
from gateway.errors import NotPermitted
from gateway.web.api.callers import Imports

router = APIRouter(tags=["cases"])


@router.post("/cases/import")
def take_over(caller: Imports, document: dict[str, Any]) -> Response:
    """Take cases, persons, addresses and representatives over, all or nothing; idempotent by their references."""
    if document.get("users"):
        raise NotPermitted(
            "import-users-not-here",
            "Benutzer und ihre Rollen legt nur die Administration an, nicht ein anderes System.",
        )
    return caller.once(
        lambda services: import_cases(services, document, login=caller.login), _counted, document
    )


def _counted(_services: Services, effect: Effect) -> Answer:
    return Answer(200, {"counts": effect.details["counts"], "findings": []})
