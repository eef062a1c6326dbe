"""Redriving: what a person decides about a problem of the desk, and its way back into the house's ways.

Every decision is made on facts read in the same transaction, and only if `gateway.domain.desk.desk` offers it for them;
it is kept with who, why and, where it rests on somebody's word, whose. Decisions about an unknown outcome are
proposed by one person and take effect when another confirms them.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from sqlmodel import Session, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.account.restoring import restore
from gateway.application.clearing.clearing import troubles_of
from gateway.application.clearing.trouble import Trouble
from gateway.application.clearing.withholding import cancel_at_provider
from gateway.application.desk.redriving_steps import (
    acknowledge,
    cancel_letter,
    confirm_not_there,
    confirm_there,
    hand_back,
    plan_again,
    reissue,
    serve,
    try_again,
)
from gateway.application.reads.finding import find_letter
from gateway.application.services import Services
from gateway.db.desk import DecisionState, DeskDecision
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter
from gateway.db.mail import Submission
from gateway.domain.desk.desk import NEEDS_SECOND, DeskAction, Problem
from gateway.domain.permission import Action
from gateway.errors import Conflict, InputError, NotFound, NotPermitted


@dataclass(frozen=True)
class Wish:
    """What a person wants to be done, and on what ground. `problem` is the key that was seen; None: the only one."""

    action: DeskAction
    reason: str
    problem: str | None = None
    provider: str | None = None
    """For planning again: another provider than before."""
    source: str = ""
    """Who said so at the provider, and when."""
    provider_reference: str = ""


@dataclass(frozen=True)
class Redriven:
    """What came of it. `waits` is the number of a decision that a second person must confirm."""

    action: DeskAction
    follow_up: str | None
    waits: int | None = None


_Step = Callable[[Session, Services, Actor, Letter, Trouble, DeskDecision], str | None]

_STEPS: dict[DeskAction, _Step] = {
    DeskAction.CANCEL: cancel_letter,
    DeskAction.HAND_BACK: hand_back,
    DeskAction.PROVIDER_HAS_IT: confirm_there,
    DeskAction.PROVIDER_HAS_IT_NOT: confirm_not_there,
    DeskAction.TRY_AGAIN: try_again,
    DeskAction.RESTORE: try_again,
    DeskAction.ACKNOWLEDGE: acknowledge,
    DeskAction.REISSUE: reissue,
    DeskAction.SERVE: serve,
}

_PERMISSIONS: dict[DeskAction, tuple[Action, ...]] = {
    DeskAction.CANCEL: (Action.CANCEL, Action.DECIDE_DESK),
    DeskAction.HAND_BACK: (Action.CANCEL, Action.DECIDE_DESK),
    DeskAction.ACKNOWLEDGE: (Action.CANCEL, Action.DECIDE_DESK),
    DeskAction.REISSUE: (Action.WRITE_LETTER,),
    DeskAction.SERVE: (Action.WRITE_LETTER,),
}
"""One of them suffices; everything else is for those who decide about the desk."""


def may_redrive(who: Actor, action: DeskAction, office: str) -> bool:
    """Whether a user may decide this about a letter of `office`."""
    return any(who.may(needed, office) for needed in _PERMISSIONS.get(action, (Action.DECIDE_DESK,)))


def redrive(services: Services, login: str, reference: str, wish: Wish) -> Redriven:
    """Decide about a problem of a letter.

    Raises `InputError` ('reason-missing', 'source-missing', 'provider-reference-missing', 'problem-ambiguous'),
    `NotFound` ('problem-gone'), `Conflict` ('action-not-safe', 'hand-over-busy'), `NotPermitted`.
    """
    _require_ground(wish)
    with services.db.reading() as session:
        who, letter, trouble = _find(session, services, login, reference, wish.action, wish.problem)
    if wish.action is DeskAction.RESTORE and trouble.piece_id is not None:
        restore(services, trouble.piece_id)
    if wish.action is DeskAction.CANCEL and trouble.problem is Problem.CANCEL_UNKNOWN:
        cancel_at_provider(services, who, letter.reference, wish.reason)
        return Redriven(wish.action, None)
    if wish.action is DeskAction.PLAN_AGAIN:
        return _decide(services, login, reference, wish, plan_again(wish.provider))
    if wish.action in NEEDS_SECOND:
        return _propose(services, login, reference, wish)
    return _decide(services, login, reference, wish, _STEPS[wish.action])


def confirm(services: Services, login: str, decision_id: int) -> Redriven:
    """The second person agrees: the decision takes effect, if it still is safe.

    Raises `NotPermitted` ('second-person-needed'), `NotFound`, `Conflict` ('hand-over-busy', 'action-not-safe').
    """
    with services.db.reading() as session:
        decision = session.get(DeskDecision, decision_id)
        if decision is None:
            raise NotFound("decision-unknown", f"Die Entscheidung {decision_id} gibt es nicht.")
        letter = session.get_one(Letter, decision.letter_id)
        _, _, trouble = _find(session, services, login, letter.reference, decision.action, decision.problem)
        if decision.decided_by == login:
            raise NotPermitted(
                "second-person-needed", "Das bestätigt eine zweite Person, nicht wer es vorgeschlagen hat."
            )
        submission = session.get_one(Submission, trouble.submission_id)
    with ExitStack() as stack:
        if not stack.enter_context(services.locks.try_lock(f"consignment-{submission.consignment_id}")):
            raise Conflict("hand-over-busy", "Die Übergabe wird gerade bearbeitet. Bitte gleich noch einmal.")
        session = stack.enter_context(services.db.transaction())
        who, letter, trouble = _find(
            session, services, login, letter.reference, decision.action, decision.problem
        )
        compare_and_set(
            session,
            DeskDecision,
            decision_id,
            expect={"state": DecisionState.PROPOSED},
            state=DecisionState.DONE,
            seconded_by=who.login,
            seconded_at=services.clock.now(),
        )
        row = session.get_one(DeskDecision, decision_id)
        row.follow_up = _STEPS[row.action](session, services, who, letter, trouble, row)
        _audit(session, services, who, letter, row, "desk-confirmed")
        return Redriven(row.action, row.follow_up)


def _decide(services: Services, login: str, reference: str, wish: Wish, step: _Step) -> Redriven:
    with services.db.transaction() as session:
        who, letter, trouble = _find(session, services, login, reference, wish.action, wish.problem)
        row = _row(services, who, letter, trouble, wish, DecisionState.DONE)
        session.add(row)
        session.flush()
        row.follow_up = step(session, services, who, letter, trouble, row)
        _audit(session, services, who, letter, row, "desk-decided")
        return Redriven(wish.action, row.follow_up)


def _propose(services: Services, login: str, reference: str, wish: Wish) -> Redriven:
    with services.db.transaction() as session:
        who, letter, trouble = _find(session, services, login, reference, wish.action, wish.problem)
        for earlier in session.exec(
            select(DeskDecision).where(
                DeskDecision.problem == trouble.key, DeskDecision.state == DecisionState.PROPOSED
            )
        ).all():
            earlier.state = DecisionState.WITHDRAWN
        row = _row(services, who, letter, trouble, wish, DecisionState.PROPOSED)
        session.add(row)
        session.flush()
        _audit(session, services, who, letter, row, "desk-proposed")
        return Redriven(wish.action, None, waits=row_id(row))


def _find(
    session: Session, services: Services, login: str, reference: str, action: DeskAction, problem: str | None
) -> tuple[Actor, Letter, Trouble]:
    """The letter and the one problem that is meant, if this action is safe for it and this user may decide it."""
    who = actor(session, login)
    letter, office = find_letter(session, reference)
    who.require(Action.READ, office.key)
    if not may_redrive(who, action, office.key):
        who.require(_PERMISSIONS.get(action, (Action.DECIDE_DESK,))[-1], office.key)
    troubles = troubles_of(session, services, letter)
    meant = [one for one in troubles if one.key == problem] if problem else troubles
    if not meant:
        raise NotFound("problem-gone", "Dieses Problem besteht nicht mehr. Bitte die Klärungsliste neu laden.")
    fitting = [one for one in meant if action in one.actions]
    not_served = next((one.facts.not_served for one in meant if one.facts.not_served), "")
    if not fitting and action is DeskAction.SERVE and not_served:
        raise Conflict("service-not-offered", f"{not_served} Es wurde nichts geändert.")
    if not fitting:
        raise Conflict(
            "action-not-safe",
            "Das ist hier nicht sicher oder nicht möglich. Die Klärungsliste zeigt, was jetzt entschieden werden kann.",
        )
    if len(fitting) > 1:
        raise InputError(
            "problem-ambiguous",
            "Das Schreiben hat mehrere Probleme. Bitte eines nennen, wie die Liste es zeigt.",
        )
    return who, letter, fitting[0]


def _require_ground(wish: Wish) -> None:
    if not wish.reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    if wish.action in NEEDS_SECOND and not wish.source.strip():
        raise InputError("source-missing", "Bitte angeben, wer beim Druckdienstleister das wann gesagt hat.")
    if wish.action is DeskAction.PROVIDER_HAS_IT and not wish.provider_reference.strip():
        raise InputError(
            "provider-reference-missing", "Bitte die Nummer angeben, unter der der Druckdienstleister sie hat."
        )


def _row(
    services: Services, who: Actor, letter: Letter, trouble: Trouble, wish: Wish, state: DecisionState
) -> DeskDecision:
    return DeskDecision(
        letter_id=row_id(letter),
        piece_id=trouble.piece_id,
        problem=trouble.key,
        action=wish.action,
        state=state,
        reason=wish.reason.strip(),
        source=wish.source.strip() or None,
        provider_reference=wish.provider_reference.strip() or None,
        decided_by=who.login,
        decided_at=services.clock.now(),
    )


def _audit(
    session: Session, services: Services, who: Actor, letter: Letter, row: DeskDecision, what: str
) -> None:
    audit(
        session,
        services,
        who.login,
        what,
        letter.reference,
        # What a person typed is no detail: details are hashed into the chain for ever.
        reason=row.reason + (f" (Auskunft: {row.source})" if row.source else ""),
        decision=row.id,
        problem=row.problem,
        decided=row.action.value,
        follow_up=row.follow_up,
    )
