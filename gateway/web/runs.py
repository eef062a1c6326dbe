"""Tonight's run as it would be now, and the runs that were."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.runs.forecasting import STAYS, tonight, weight_steps
from gateway.application.runs.running import past_runs
from gateway.domain.pieces.bundling_rules import VETOES
from gateway.web.visiting import SignedIn

router = APIRouter()
_SHOWN = 30


@router.get("/tageslauf")
def evening(visit: SignedIn) -> Response:
    """Volumes, cost and saving of tonight, what stays and why, and the latest runs."""
    told = tonight(visit.services, visit.login)
    return visit.page(
        "runs.html.j2",
        told=told,
        today=visit.services.today(),
        starts=visit.services.schedule.run_moment(told.day),
        steps=weight_steps(told),
        vetoes=VETOES,
        stays=STAYS,
        runs=past_runs(visit.services, visit.login, limit=_SHOWN),
    )
