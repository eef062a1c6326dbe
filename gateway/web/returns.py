"""Returned mail: what waits for a decision, one piece with its picture, and the tray of what matches nothing."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.addresses.suspending import lift
from gateway.application.returns.deciding_returns import Decision, NewAddress, decide
from gateway.application.returns.returning import put_aside, record_return
from gateway.application.returns.returns_view import return_detail, returns
from gateway.domain.receipt.returning import ReturnAction, ReturnFiction, ReturnReason
from gateway.domain.references import for_people
from gateway.errors import InputError
from gateway.web.visiting import SignedIn, Visit, path_to

router = APIRouter()
Choice = TypeVar("Choice", bound=StrEnum)


@router.get("/ruecklaeufer")
def came_back(visit: SignedIn, wer: str = "", alle: bool = False) -> Response:
    """What came back, oldest first."""
    return visit.page(
        "returns.html.j2",
        found=returns(visit.services, visit.login, closed=alle, owner=wer or None),
        owner=wer,
        closed=alle,
        reasons=list(ReturnReason),
    )


@router.get("/ruecklaeufer/{number}")
def piece(visit: SignedIn, number: int) -> Response:
    """One piece that came back."""
    return visit.page(
        "return.html.j2",
        found=return_detail(visit.services, visit.login, number),
        fictions=[ReturnFiction.VOID, ReturnFiction.HOLDS],
        actions=list(ReturnAction),
        reasons=list(ReturnReason),
    )


@router.post("/ruecklaeufer/{number}/entscheiden")
def judge(visit: SignedIn, number: int) -> Response:
    """A person decides about it."""
    [first, *_] = return_detail(visit.services, visit.login, number).line.letters
    decision = Decision(
        reason=visit.reason(),
        fiction=_choice(visit, "bekanntgabe", ReturnFiction),
        action=_choice(visit, "action", ReturnAction),
        cause=_choice(visit, "grund", ReturnReason),
        address=_address(visit),
    )
    new = decide(visit.services, visit.login, first.reference, decision, first.number)
    if new:
        return visit.to(
            path_to("schreiben", new[0]),
            f"Neuer Entwurf anstelle des Rückläufers: {_references(new)}. Bitte prüfen und einreichen.",
        )
    return visit.to(path_to("ruecklaeufer", number), "Die Entscheidung ist vermerkt.")


@router.post("/ruecklaeufer/{number}/sperre")
def free(visit: SignedIn, number: int) -> Response:
    """Let mail go to the person at this address again."""
    lift(visit.services, visit.login, _number(visit, "sperre"), visit.reason())
    return visit.to(path_to("ruecklaeufer", number), "Die Sperre der Anschrift ist aufgehoben.")


@router.post("/ruecklaeufer/meldungen/{number}")
def settle(visit: SignedIn, number: int) -> Response:
    """A person says which piece a scan in the tray is, or puts it aside."""
    if visit.text("action") == "ablegen":
        put_aside(visit.services, visit.login, number, visit.reason())
        return visit.to(path_to("ruecklaeufer"), "Die Meldung ist abgelegt.")
    record_return(
        visit.services,
        visit.login,
        visit.text("schreiben"),
        _number(visit, "empfaenger", 1),
        _choice(visit, "grund", ReturnReason) or ReturnReason.OTHER,
        inbound_id=_number(visit, "eingang"),
        new_address=visit.text("anschrift")[:300],
    )
    return visit.to(path_to("ruecklaeufer"), "Der Rückläufer ist zugeordnet.")


@router.post("/schreiben/{reference}/{number}/ruecklaeufer")
def record(visit: SignedIn, reference: str, number: int) -> Response:
    """A person says that a copy came back, of which there is no scan."""
    cause = _choice(visit, "grund", ReturnReason) or ReturnReason.OTHER
    record_return(visit.services, visit.login, reference, number, cause)
    return visit.to(path_to("schreiben", reference), "Der Rückläufer ist vermerkt.")


def _choice(visit: Visit, name: str, choices: type[Choice]) -> Choice | None:
    text = visit.text(name)
    if text and text not in set(choices):
        raise InputError("action-unknown", "Bitte eine der angebotenen Entscheidungen wählen.")
    return choices(text) if text else None


def _address(visit: Visit) -> NewAddress | None:
    """The present address, if the form says that it is another."""
    if visit.text("berichtigt") != "ja":
        return None
    return NewAddress(
        street=visit.text("strasse")[:100],
        postcode=visit.text("plz")[:10],
        place=visit.text("ort")[:100],
        care_of=visit.text("bei")[:100],
        extra=visit.text("zusatz")[:100],
    )


def _number(visit: Visit, name: str, otherwise: int = 0) -> int:
    text = visit.text(name)
    return int(text) if text.isascii() and text.isdigit() else otherwise


def _references(new: Iterable[str]) -> str:
    return ", ".join(for_people(each) for each in new)
