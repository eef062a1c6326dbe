"""Proofs of receipt on the page of a letter: the scanned receipt, and the correction of a record."""

from dataclasses import replace

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.delivering import Receipt, correct, open_scan
from gateway.application.showing import letter_view
from gateway.domain.delivery import Outcome
from gateway.errors import NotFound
from gateway.web.letters import pdf
from gateway.web.visiting import SignedIn, path_to

router = APIRouter()


@router.get("/schreiben/{reference}/{number}/zugangsnachweis-{proof}.pdf")
def scan(visit: SignedIn, reference: str, number: int, proof: int) -> Response:
    """The scanned receipt."""
    return pdf(open_scan(visit.services, visit.login, reference, number, proof))


@router.post("/schreiben/{reference}/{number}/zugangsnachweis")
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
        data=dict(last.data),
    )
    if outcome == Outcome.IN_ERROR:
        receipt = replace(receipt, effective_on=None)
    correct(visit.services, visit.login, reference, number, receipt, visit.reason())
    return visit.to(path_to("schreiben", reference), "Der Zugangsnachweis ist berichtigt.")
