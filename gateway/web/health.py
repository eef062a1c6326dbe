"""For load balancers and monitors: is the process alive, can it work, how much is there to do.

Says nothing about letters or people. `/healthz` and `/readyz` are open; the figures of `/metrics` tell outsiders how
an authority works, so they need a token with the scope `metrics` (not loopback: behind a reverse proxy everybody
comes from there).
"""

from collections.abc import Iterator, Mapping

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from gateway.application.operation.measuring import Figures, failing, figures
from gateway.domain.scopes import Scope
from gateway.errors import NotPermitted
from gateway.web.api.door import holder, unknown_token
from gateway.web.api.problems import problem
from gateway.web.visiting import CurrentWeb

router = APIRouter()


@router.get("/healthz")
def alive() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
def ready(web: CurrentWeb) -> JSONResponse:
    """Database, schema, document store, renderer and templates are there; else the codes of what is not."""
    codes = web.readiness.get(lambda: failing(web.services))
    if codes:
        return JSONResponse({"status": codes[0], "failing": codes}, 503)
    return JSONResponse({"status": "ok"})


@router.get("/metrics")
def metrics(request: Request, web: CurrentWeb) -> Response:
    """Figures as Prometheus reads them."""
    who = holder(web.services, request.headers.get("authorization", ""))
    if who is None:
        return unknown_token()
    try:
        who.require(Scope.METRICS)
    except NotPermitted as error:
        return problem(403, error.code, error.message)
    found = web.figures.get(lambda: figures(web.services))
    return Response("".join(_lines(found)), media_type="text/plain; version=0.0.4; charset=utf-8")


def _lines(found: Figures) -> Iterator[str]:
    yield from _family("letters", "Letters by where they stand.", "standing", found.letters)
    yield from _family("submissions", "Live submissions by state.", "state", found.submissions)
    yield from _family("postings", "Pieces posted, reported or confirmed.", "state", found.postings)
    yield from _family(
        "desk",
        "What waits for a person.",
        "kind",
        {"letters": found.desk_letters, "inbound": found.desk_inbound},
    )
    yield from _family("to_file", "What waits for the case file.", "kind", found.to_file)
    single: dict[str, tuple[str, float | None]] = {
        "unfinished_submissions": ("Submissions not handed over yet.", found.unfinished_submissions),
        "oldest_in_doubt_seconds": (
            "Age of the oldest hand-over whose outcome is unknown; 0 if there is none.",
            found.oldest_in_doubt_s or 0,
        ),
        "case_file_away_seconds": (
            "Since the case file takes nothing; 0 while it does.",
            found.case_file_away_s or 0,
        ),
        "run_open_seconds": ("Age of the run that did not finish; 0 if there is none.", found.run_open_s or 0),
        "run_finished_seconds": ("Since the last run finished; none before the first.", found.run_finished_s),
    }
    for name, (about, value) in single.items():
        if value is not None:
            yield from _family(name, about, "", {"": value})


def _family(name: str, about: str, label: str, values: Mapping[str, float]) -> Iterator[str]:
    yield f"# HELP gateway_{name} {about}\n# TYPE gateway_{name} gauge\n"
    for value, count in values.items():
        labels = f'{{{label}="{value}"}}' if label else ""
        yield f"gateway_{name}{labels} {count:.15g}\n"
