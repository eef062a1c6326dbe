"""The desk: what stands still until a person decides, and the decisions."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.desk.alarming import settle
from gateway.application.desk.desk_view import DeskFilter, desk
from gateway.application.desk.redriving import Wish, confirm, redrive
from gateway.application.runs.stopping import live_stops
from gateway.domain.desk.alarms import AlarmAction
from gateway.domain.desk.desk import NEEDS_SECOND, DeskAction, Problem
from gateway.domain.references import for_people
from gateway.errors import InputError
from gateway.web import words
from gateway.web.visiting import SignedIn, path_to

router = APIRouter()
_NEW_DRAFT = frozenset({DeskAction.HAND_BACK, DeskAction.REISSUE, DeskAction.SERVE})


@router.get("/klaerung")
def unclear(visit: SignedIn, dienststelle: str = "", wer: str = "", art: str = "") -> Response:
    """Letters and inbound documents that need a person, the most pressing first."""
    wanted = DeskFilter(dienststelle or None, wer or None, Problem(art) if art in set(Problem) else None)
    return visit.page(
        "desk.html.j2",
        desk=desk(visit.services, visit.login, wanted),
        wanted=wanted,
        kinds=list(Problem),
        needs_second=NEEDS_SECOND,
        providers=visit.services.wired,
        stops=live_stops(visit.services, visit.login),
    )


@router.post("/klaerung/schreiben/{reference}")
def decide(visit: SignedIn, reference: str) -> Response:
    """Decide about one problem; the use case asks again whether it is safe."""
    wish = Wish(
        action=_action(visit.text("action")),
        reason=visit.reason(),
        problem=visit.text("problem") or None,
        provider=visit.text("provider") or None,
        source=visit.text("source"),
        provider_reference=visit.text("provider_reference"),
    )
    done = redrive(visit.services, visit.login, reference, wish)
    notice = f"Schreiben {for_people(reference)}: {words.DESK_ACTIONS[wish.action]}."
    if done.waits is not None:
        notice = f"{notice} Eine zweite Person muss das noch bestätigen."
    elif done.follow_up and wish.action in _NEW_DRAFT:
        notice = f"{notice} Der neue Entwurf ist {for_people(done.follow_up)}."
    elif done.follow_up:
        notice = f"{notice} ({done.follow_up})"
    return visit.to(path_to("klaerung"), notice)


@router.post("/klaerung/meldung")
def settle_alarm(visit: SignedIn) -> Response:
    """Do something about a problem with a provider."""
    action = visit.text("action")
    if action not in set(AlarmAction):
        raise InputError("action-unknown", "Bitte eine der angebotenen Entscheidungen wählen.")
    settle(visit.services, visit.login, visit.text("alarm"), AlarmAction(action), visit.text("reason")[:500])
    return visit.to(path_to("klaerung"), f"Erledigt: {words.ALARM_ACTIONS[AlarmAction(action)]}.")


@router.post("/klaerung/bestaetigung/{number}")
def agree(visit: SignedIn, number: int) -> Response:
    """The second person confirms what the first proposed."""
    done = confirm(visit.services, visit.login, number)
    return visit.to(path_to("klaerung"), f"Bestätigt: {words.DESK_ACTIONS[done.action]}.")


def _action(text: str) -> DeskAction:
    if text not in set(DeskAction):
        raise InputError("action-unknown", "Bitte eine der angebotenen Entscheidungen wählen.")
    return DeskAction(text)
