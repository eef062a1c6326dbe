"""Bringing forward: what waits in the provider's hold basket goes to print now, before its due date.

It was handed over long ago, so nothing is released here: the provider only stops waiting. Repeating it is harmless.
"""

from sqlmodel import Session

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.clearing.clearing import facts_of_copies
from gateway.application.reads.finding import find_letter
from gateway.application.services import Services
from gateway.application.tracking.tracking import try_record
from gateway.db.letters import Letter
from gateway.db.mail import Submission
from gateway.domain.letters.letter import LetterState
from gateway.domain.permission import Action
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict, OutcomeUnknown, Refused
from gateway.ports.provider import HoldBasket

_MAY_WAIT = frozenset({Status.UNKNOWN, Status.ACCEPTED})


def may_be_brought_forward(session: Session, services: Services, letter: Letter) -> bool:
    """Whether a copy of it may wait in a hold basket."""
    return letter.state is LetterState.BATCHED and bool(_waiting(session, services, letter))


def bring_forward(services: Services, login: str, reference: str) -> None:
    """Let every copy that waits at its provider go to print now.

    Raises `Conflict` ('letter-not-waiting-there': no provider of it has a hold basket, or none is waiting;
    'bring-forward-too-late': the provider says that it does not wait any more), `NotSent` or `OutcomeUnknown`.
    """
    with services.db.reading() as session:
        who = actor(session, login)
        letter, office = find_letter(session, reference)
        who.require(Action.HOLD, office.key)
        waiting = _waiting(session, services, letter) if letter.state is LetterState.BATCHED else []
    if not waiting:
        raise Conflict(
            "letter-not-waiting-there",
            "Beim Druckdienstleister wartet kein Exemplar dieses Schreibens, das vorgezogen werden könnte.",
        )
    for submission, basket in waiting:
        _ask(services, who, letter.reference, submission, basket)


def _ask(services: Services, who: Actor, reference: str, submission: Submission, basket: HoldBasket) -> None:
    """One attempt for one piece; what came of it is written down before anything else."""
    named = submission.provider_reference or submission.key
    try:
        basket.release_from_hold(named)
    except Refused as fact:
        _note(services, who, reference, submission, "provider-forward-refused")
        raise Conflict("bring-forward-too-late", fact.message) from None
    except OutcomeUnknown:
        _note(services, who, reference, submission, "provider-forward-unknown")
        raise
    _note(services, who, reference, submission, "provider-brought-forward")
    try_record(services, submission.provider, [named])


def _note(services: Services, who: Actor, reference: str, submission: Submission, action: str) -> None:
    with services.db.transaction() as session:
        audit(session, services, who.login, action, reference, key=submission.key)


def _waiting(session: Session, services: Services, letter: Letter) -> list[tuple[Submission, HoldBasket]]:
    """The hand-overs that may wait, and where."""
    return [
        (submission, provider)
        for _, submission, facts in facts_of_copies(session, services, letter)
        if submission is not None
        and submission.state is SubmissionState.RELEASED
        and facts.status in _MAY_WAIT
        and isinstance(provider := services.providers[submission.provider], HoldBasket)
        and provider.capabilities.has_hold_basket
    ]
