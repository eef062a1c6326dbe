"""For load balancers and monitors: is the process alive, can it work? Says nothing about letters or people."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gateway.web.visiting import CurrentWeb

router = APIRouter()


@router.get("/healthz")
def alive() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
def ready(web: CurrentWeb) -> JSONResponse:
    """The database answers and there are templates."""
    try:
        with web.services.db.reading() as session:
            session.connection().execute(text("SELECT 1"))
    except SQLAlchemyError:
        return JSONResponse({"status": "database-unreachable"}, status_code=503)
    if not web.services.renderer.templates():
        return JSONResponse({"status": "templates-missing"}, status_code=503)
    return JSONResponse({"status": "ok"})
