"""Proofs of receipt that wait for a person: certificates of service, and registered mail told to be delivered."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.receipt.reading_certificates import (
    certificates_waiting,
    open_certificate,
    put_certificate_aside,
    read_certificate,
)
from gateway.application.receipt.told_deliveries import told_deliveries
from gateway.domain.receipt.delivery import OUTCOMES, DeliveryKind
from gateway.web.letters import pdf, png
from gateway.web.visiting import SignedIn, path_to

router = APIRouter()


@router.get("/urkunden")
def waiting(visit: SignedIn) -> Response:
    """What waits for this user."""
    return visit.page(
        "certificates_of_service.html.j2",
        lines=certificates_waiting(visit.services, visit.login),
        outcomes=list(OUTCOMES[DeliveryKind.CERTIFICATE]),
        told=told_deliveries(visit.services, visit.login),
        record_outcomes=OUTCOMES,
    )


@router.get("/urkunden/{number}/bild.pdf")
def picture(visit: SignedIn, number: int) -> Response:
    """The certificate."""
    return pdf(open_certificate(visit.services, visit.login, number))


@router.get("/urkunden/{number}/seite-{page}.png")
def page(visit: SignedIn, number: int, page: int) -> Response:
    """A page of it as picture."""
    return png(visit.services, open_certificate(visit.services, visit.login, number), page)


@router.post("/urkunden/{number}")
def settle(visit: SignedIn, number: int) -> Response:
    """A person says what it says, or puts it aside."""
    if visit.text("action") == "ablegen":
        put_certificate_aside(visit.services, visit.login, number, visit.reason())
        return visit.to(path_to("urkunden"), "Die Urkunde ist abgelegt.")
    copy = visit.text("empfaenger")
    read_certificate(
        visit.services,
        visit.login,
        number,
        outcome=visit.text("ergebnis"),
        effective_on=visit.day("tag"),
        place=visit.text("ort")[:200],
        served_by=visit.text("zugestellt-von")[:100],
        reason=visit.text("reason")[:500],
        reference=visit.text("schreiben"),
        number=int(copy) if copy.isascii() and copy.isdigit() else 1,
    )
    return visit.to(path_to("urkunden"), "Die Zustellung ist vermerkt.")
