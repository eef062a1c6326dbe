"""The print providers: what their lists and test letters said, and giving the rest of a run to another one."""

from fastapi import APIRouter
from fastapi.responses import Response

from gateway.application.access.authorising import Actor
from gateway.application.runs.diverting import divert, preview
from gateway.application.runs.stopping import live_stops
from gateway.application.runs.trying import canaries
from gateway.application.tracking.tallying import missing, tallies
from gateway.domain.permission import Action, Role
from gateway.domain.references import for_people
from gateway.domain.runs import canary, tally
from gateway.domain.runs.stopping import StopScope
from gateway.ports.provider import Trial
from gateway.web.visiting import SignedIn, path_to

router = APIRouter()
_SHOWN = 30
_NAMED = 5
"""Pieces that a notice names; the page names more."""


def serves_the_house(who: Actor) -> bool:
    """Who sees figures of the whole house: who runs it, and who audits it."""
    return who.may(Action.RUN) or Role.AUDITOR in who.roles


@router.get("/dienstleister")
def providers(visit: SignedIn) -> Response:
    """The nightly comparisons and the test letters, newest first."""
    if not serves_the_house(visit.who):
        visit.who.require(Action.RUN)
    services = visit.services
    stopped = {one.value for one in live_stops(services, None) if one.scope is StopScope.PROVIDER}
    return visit.page(
        "providers.html.j2",
        providers=[
            (name, each.capabilities.has_list, name in services.canary.providers, isinstance(each, Trial))
            for name, each in ((name, services.providers[name]) for name in services.wired)
        ],
        stopped=stopped,
        tallies=tallies(services, last=_SHOWN),
        missing=missing(services),
        canaries=canaries(services, last=_SHOWN),
        tally_meaning=tally.MEANING,
        canary_meaning=canary.MEANING,
    )


@router.get("/umleiten")
def rest(visit: SignedIn, von: str = "", zu: str = "") -> Response:
    """What would move from one provider to another, and what waits."""
    visit.who.require(Action.RUN)
    services = visit.services
    chosen = von in services.wired and zu in services.wired and von != zu
    return visit.page(
        "divert.html.j2",
        providers=services.wired,
        origin=von,
        target=zu,
        chosen=preview(services, visit.login, origin=von, target=zu) if chosen else None,
    )


@router.post("/umleiten")
def give_away(visit: SignedIn) -> Response:
    """Move it; the next run hands it over there."""
    origin, target = visit.text("origin"), visit.text("target")
    done = divert(visit.services, visit.login, origin=origin, target=target, reason=visit.reason())
    notice = f"{done.moved} Sendungen von {origin} zu {target} umgeleitet; der nächste Lauf übergibt sie."
    if done.unknown:
        notice += f" {done.unknown} warten, bis feststeht, ob {origin} sie hat."
    if done.not_offered:
        named = ", ".join(for_people(each.piece) for each in done.staying[:_NAMED])
        more = " und weitere" if done.not_offered > _NAMED else ""
        notice += f" {done.not_offered} bleiben, weil {target} sie so nicht befördert: {named}{more}."
    return visit.to(path_to("dienstleister"), notice)
