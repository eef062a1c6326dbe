"""How a letter travels, and what proves its receipt, on its page: choice, certificate or slip, scan, correction."""

from dataclasses import replace

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.letters.choosing_service import choose_service
from gateway.application.reads.showing import letter_view
from gateway.application.receipt.delivering import Receipt, correct, open_scan
from gateway.application.receipt.serving import record
from gateway.application.receipt.told_deliveries import confirm_told, put_told_aside
from gateway.domain.pieces.formal_service import OrderOption
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.delivery import Outcome
from gateway.errors import InputError, NotFound
from gateway.web.letters import pdf, scan_of
from gateway.web.visiting import SignedIn, path_to, takes_file

router = APIRouter()


@router.get("/schreiben/{reference}/{number}/zugangsnachweis-{proof}.pdf")
def scan(visit: SignedIn, reference: str, number: int, proof: int) -> Response:
    """The scanned receipt."""
    return pdf(open_scan(visit.services, visit.login, reference, number, proof))


@router.post("/schreiben/{reference}/{number}/zustellung")
@takes_file
def served(visit: SignedIn, reference: str, number: int) -> Response:
    """What the certificate of service or the signed slip says."""
    day = record(
        visit.services,
        visit.login,
        reference,
        number,
        visit.text("outcome"),
        visit.day("effective_on"),
        place=visit.text("place"),
        received_by=visit.text("received_by"),
        certificate=visit.text("certificate"),
        scan=scan_of(visit),
    )
    said = f"Zugestellt am {day:%d.%m.%Y}." if day else "Nicht zugestellt; das steht auf der Klärungsliste."
    return visit.to(path_to("schreiben", reference), said)


@router.post("/einschreiben/{number}")
@takes_file
def told(visit: SignedIn, number: int) -> Response:
    """A person's word on what a provider says about the delivery of registered mail."""
    back = path_to("urkunden")
    if visit.text("action") == "ablegen":
        put_told_aside(visit.services, visit.login, number, visit.reason())
        return visit.to(back, "Die Meldung ist abgelegt; am Zugang ist nichts vermerkt.")
    day = confirm_told(
        visit.services,
        visit.login,
        number,
        outcome=visit.text("ergebnis"),
        effective_on=visit.day("tag"),
        received_by=visit.text("received_by"),
        scan=scan_of(visit),
    )
    return visit.to(back, f"Der Zugang am {day:%d.%m.%Y} ist vermerkt.")


@router.post("/schreiben/{reference}/versandart")
def travels(visit: SignedIn, reference: str) -> Response:
    """How a draft is to travel."""
    wanted, ticked = visit.text("versandart"), [str(one) for one in visit.form.getlist("auftrag")]
    if wanted not in set(Service) or not set(ticked) <= set(OrderOption):
        raise InputError("service-unknown", "Bitte eine der angebotenen Versandarten wählen.")
    options = [OrderOption(one) for one in ticked]
    choose_service(visit.services, visit.login, reference, Service(wanted), visit.text("reason"), options)
    return visit.to(path_to("schreiben", reference), "Die Versandart ist gewählt; bitte neu einreichen.")


@router.post("/schreiben/{reference}/{number}/zugangsnachweis")
@takes_file
def mend(visit: SignedIn, reference: str, number: int) -> Response:
    """Correct what was recorded; the earlier record stays in sight. What is not asked here is kept."""
    view = letter_view(visit.services, visit.login, reference)
    last = next((one.proofs[-1] for one in view.recipients if one.number == number and one.proofs), None)
    if last is None:
        raise NotFound("delivery-not-proven", "Zu dieser Sendung gibt es keinen Zugangsnachweis.")
    outcome = visit.text("outcome")
    receipt = Receipt(
        kind=last.kind,
        outcome=outcome,
        effective_on=visit.day("effective_on"),
        place=last.place or "",
        handed_by=last.handed_by or "",
        received_by=visit.text("received_by"),
        scan=scan_of(visit),
        data=dict(last.data),
    )
    if outcome == Outcome.IN_ERROR:
        receipt = replace(receipt, effective_on=None)
    correct(visit.services, visit.login, reference, number, receipt, visit.reason())
    return visit.to(path_to("schreiben", reference), "Der Zugangsnachweis ist berichtigt.")
