"""The proof of a run (*Laufzertifikat*): what was checked of its pieces before one of them left, as page and as PDF."""

from datetime import date

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.runs.proving import run_proof
from gateway.web.visiting import SignedIn

router = APIRouter()
_SHOWN = 500
"""Pieces on the page; the PDF has all."""


@router.get("/tageslauf/{day}/{number}/nachweis")
def proof(visit: SignedIn, day: date, number: int) -> Response:
    """What was checked, how, and the result of every piece."""
    found = run_proof(visit.services, visit.login, day, number)
    return visit.page("certificate.html.j2", proof=found, shown=_SHOWN)


@router.get("/tageslauf/{day}/{number}/nachweis.pdf")
def document(visit: SignedIn, day: date, number: int) -> Response:
    """The same as a PDF, with every piece."""
    services = visit.services
    content = services.proof_pdf(run_proof(services, visit.login, day, number), services.schedule.zone)
    disposition = f'inline; filename="laufzertifikat-{day}-{number}.pdf"'
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": disposition})
