"""The pages as an application: wires areas, sessions, headers and error pages. Decides nothing itself."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.sessions import SessionMiddleware

from gateway.application.services import Services
from gateway.web import (
    accounts,
    approvals,
    by_hand,
    cases,
    certificates,
    certificates_of_service,
    deliveries,
    desks,
    filings,
    health,
    inbound,
    letters,
    mailings,
    originals,
    postings,
    providers,
    publishing,
    retention,
    returns,
    runs,
    scans,
    signing,
    start,
    stops,
    trails,
    uploads,
    webhooks,
    writing,
)
from gateway.web.api.app import create_api
from gateway.web.arrival_nudge import ArrivalNudge
from gateway.web.failing import add_error_pages
from gateway.web.headers import SecureHeaders
from gateway.web.kept import Kept
from gateway.web.mailing_work import MailingWork
from gateway.web.nudge import RenderNudge
from gateway.web.pages import STATIC, Pages
from gateway.web.previews import Previews
from gateway.web.samples import Samples
from gateway.web.throttle import Attempts
from gateway.web.visiting import COOKIE, Sessions, Web, posted

KERN = Path(__file__).resolve().parents[2] / "node_modules" / "@kern-ux" / "native" / "dist"
"""Style and fonts of the design system, from the locked npm package."""


def create_app(
    services: Services,
    *,
    secret: str,
    session_hours: float = 10,
    now: Callable[[], float] = time.time,
    render: bool = True,
) -> FastAPI:
    """The application. `render` False leaves rendering to other processes; `now` is for sessions and throttling."""
    longest_s = session_hours * 3600
    nudge = RenderNudge(services)
    mailing_work = MailingWork(services, nudge)
    arrivals = ArrivalNudge(services)
    app = FastAPI(
        title="Hybrid-mail gateway",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(posted)],
        lifespan=_lifespan(nudge, mailing_work, arrivals) if render else None,
    )
    app.state.web = Web(
        services=services,
        pages=Pages(services.schedule.zone),
        previews=Previews(now),
        attempts=Attempts(now),
        sessions=Sessions(now, longest_s),
        nudge=nudge,
        mailings=mailing_work,
        samples=Samples(services),
        readiness=Kept(now),
        figures=Kept(now),
    )
    app.add_middleware(
        SessionMiddleware,
        secret_key=secret,
        session_cookie=COOKIE,
        max_age=int(longest_s),
        same_site="strict",
    )
    app.add_middleware(SecureHeaders)
    add_error_pages(app)
    for area in (
        health,
        signing,
        start,
        cases,
        writing,
        uploads,
        letters,
        deliveries,
        by_hand,
        mailings,
        approvals,
        runs,
        postings,
        providers,
        publishing,
        desks,
        inbound,
        filings,
        originals,
        scans,
        stops,
        webhooks,
        accounts,
        certificates,
        trails,
        retention,
        returns,
        certificates_of_service,
    ):
        app.include_router(area.router)
    app.mount("/api/v1", create_api(services, now=now, arrived=arrivals))
    app.mount("/webhooks", webhooks.create_webhooks(services))
    app.mount("/static/kern", StaticFiles(directory=KERN, check_dir=False), name="kern")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _lifespan(
    nudge: RenderNudge, mailing_work: MailingWork, arrivals: ArrivalNudge
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        nudge.start()
        nudge()
        mailing_work.resume()
        arrivals.start()
        try:
            yield
        finally:
            arrivals.stop()
            mailing_work.stop()
            nudge.stop()

    return lifespan
