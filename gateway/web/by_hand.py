"""By hand: the list the post room works on, and what was done with each piece: printed, posted, handed over."""

from datetime import date, datetime, time

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.by_hand.by_hand_view import waiting_by_hand
from gateway.application.by_hand.leaving_by_hand import (
    Handing,
    courier_reports,
    give_to_courier,
    hand_over_in_person,
    post,
)
from gateway.application.by_hand.printing import print_here
from gateway.application.by_hand.taking_by_hand import put_back, take
from gateway.domain.receipt.delivery import OUTCOMES, DeliveryKind
from gateway.domain.references import for_people
from gateway.domain.runs.by_hand import HandChannel, Leaving
from gateway.errors import InputError
from gateway.web.letters import pdf, scan_of
from gateway.web.visiting import SignedIn, Visit, path_to, takes_file

router = APIRouter()


@router.get("/von-hand")
def waiting(visit: SignedIn) -> Response:
    """What waits to be printed, to leave, or to be heard of."""
    return visit.page(
        "by_hand.html.j2",
        lines=waiting_by_hand(visit.services, visit.login),
        today=visit.services.today(),
        now=visit.services.clock.now().astimezone(visit.services.schedule.zone),
        outcomes=OUTCOMES,
    )


@router.post("/schreiben/{reference}/von-hand")
def begin(visit: SignedIn, reference: str) -> Response:
    """A letter is to leave by hand."""
    wanted = visit.text("weg")
    if wanted not in set(HandChannel):
        raise InputError("by-hand-channel-unknown", "Bitte einen der angebotenen Wege wählen.")
    numbers = {int(str(each)) for each in visit.form.getlist("empfaenger") if str(each).isdecimal()}
    pieces = take(visit.services, visit.login, reference, HandChannel(wanted), visit.reason(), numbers=numbers)
    names = ", ".join(for_people(piece) for piece in pieces)
    return visit.to(path_to("von-hand"), f"Sendung {names} geht von Hand; bitte jetzt drucken.")


@router.post("/von-hand/{reference}/drucken")
def printing(visit: SignedIn, reference: str) -> Response:
    """The print copy; a further one with its reason."""
    return pdf(print_here(visit.services, visit.login, reference, again=visit.text("reason")))


@router.post("/von-hand/{reference}/aufgegeben")
def posted(visit: SignedIn, reference: str) -> Response:
    """It was given to a carrier."""
    leaving = Leaving(
        HandChannel.POST,
        _day(visit),
        visit.text("given_by"),
        visit.text("carrier"),
        visit.text("product"),
        visit.text("receipt"),
    )
    day = post(visit.services, visit.login, reference, leaving)
    return _done(visit, reference, f"ist mit der Aufgabe am {day:%d.%m.%Y} vermerkt")


@router.post("/von-hand/{reference}/uebergeben")
@takes_file
def handed_over(visit: SignedIn, reference: str) -> Response:
    """Somebody of the house gave it to the addressee."""
    handing = _handing(visit)
    day = hand_over_in_person(
        visit.services, visit.login, reference, visit.text("given_by"), _moment(visit), handing
    )
    return _done(visit, reference, f"ist mit der Übergabe am {day:%d.%m.%Y} vermerkt")


@router.post("/von-hand/{reference}/kurier")
def to_courier(visit: SignedIn, reference: str) -> Response:
    """A courier has it."""
    leaving = Leaving(
        HandChannel.COURIER,
        _day(visit),
        visit.text("given_by"),
        visit.text("carrier"),
        receipt=visit.text("receipt"),
    )
    give_to_courier(visit.services, visit.login, reference, leaving, _moment(visit))
    return _done(visit, reference, "hat der Kurier; bitte den Empfang vermerken, sobald er ihn meldet")


@router.post("/von-hand/{reference}/empfang")
@takes_file
def received(visit: SignedIn, reference: str) -> Response:
    """What the courier's receipt says."""
    served = OUTCOMES[DeliveryKind.COURIER].get(visit.text("outcome"))  # type: ignore[call-overload]
    at = _moment(visit) if served is not False else None
    day = courier_reports(visit.services, visit.login, reference, at, _handing(visit))
    said = (
        f"ist mit dem Zugang am {day:%d.%m.%Y} vermerkt"
        if day
        else "kam nicht an; sie steht auf der Klärungsliste"
    )
    return _done(visit, reference, said)


@router.post("/von-hand/{reference}/zuruecknehmen")
def back(visit: SignedIn, reference: str) -> Response:
    """Nothing left the house: the letter goes with the next run."""
    put_back(visit.services, visit.login, reference, visit.reason())
    return _done(
        visit,
        reference,
        "ist zurückgenommen; das Schreiben geht mit dem nächsten Tageslauf, wenn es niemand anhält",
    )


def _handing(visit: Visit) -> Handing:
    return Handing(
        outcome=visit.text("outcome"),
        received_by=visit.text("received_by"),
        signed=visit.text("signed") == "ja",
        place=visit.text("place"),
        scan=scan_of(visit),
    )


def _day(visit: Visit) -> date:
    day = visit.day("tag")
    if day is None:
        raise InputError("day-unreadable", "Bitte den Tag angeben.")
    return day


def _moment(visit: Visit) -> datetime:
    """Day and clock time of the form, at the authority's seat."""
    try:
        clock = time.fromisoformat(visit.text("uhrzeit"))
    except ValueError:
        raise InputError("time-unreadable", "Bitte die Uhrzeit in der Form HH:MM angeben.") from None
    return datetime.combine(_day(visit), clock.replace(tzinfo=None), visit.services.schedule.zone)


def _done(visit: Visit, reference: str, said: str) -> Response:
    return visit.to(path_to("von-hand"), f"Sendung {for_people(reference)} {said}.")
