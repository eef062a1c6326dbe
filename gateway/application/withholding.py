"""Holding a letter back, letting it go again, and cancelling it while no provider has it."""

from sqlmodel import Session

from gateway.application.authorising import Actor, actor, audit
from gateway.application.drafting import find_letter
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter
from gateway.domain.letter import CANCELLABLE, LetterState
from gateway.domain.permission import Action
from gateway.errors import Conflict


def hold(services: Services, login: str, reference: str, reason: str) -> None:
    """Keep a letter out of the runs until it is let go; it stays approved."""
    with services.db.transaction() as session:
        who, letter_id, letter = _open(session, login, reference, Action.HOLD)
        compare_and_set(
            session,
            Letter,
            letter_id,
            expect={"state": CANCELLABLE, "held_at": None},
            held_at=services.clock.now(),
            hold_reason=reason,
        )
        audit(session, services, who.login, "letter-held", letter.reference, reason=reason)


def let_go(services: Services, login: str, reference: str) -> None:
    """End the holding; the next run takes the letter if it is approved."""
    with services.db.transaction() as session:
        who, letter_id, letter = _open(session, login, reference, Action.HOLD)
        if letter.held_at is None:
            raise Conflict("letter-not-held", "Das Schreiben ist nicht angehalten.")
        compare_and_set(
            session, Letter, letter_id, expect={"held_at": letter.held_at}, held_at=None, hold_reason=None
        )
        audit(session, services, who.login, "letter-let-go", letter.reference)


def cancel(services: Services, login: str, reference: str, reason: str) -> None:
    """Cancel a letter that is not yet in a run; raises `Conflict` ('letter-already-in-run') if it is.

    The provider of this version offers no taking back; the desk says what can still be done.
    """
    with services.db.transaction() as session:
        who, letter_id, letter = _open(session, login, reference, Action.CANCEL)
        if letter.state not in CANCELLABLE:
            raise Conflict(
                "letter-already-in-run",
                "Das Schreiben ist schon im Tageslauf oder storniert und kann hier nicht mehr storniert werden.",
            )
        compare_and_set(
            session,
            Letter,
            letter_id,
            expect={"state": CANCELLABLE},
            state=LetterState.CANCELLED,
            cancelled_at=services.clock.now(),
            note=reason,
            filing_due=letter.approved_at is not None,
        )
        audit(session, services, who.login, "letter-cancelled", letter.reference, reason=reason)


def _open(session: Session, login: str, reference: str, action: Action) -> tuple[Actor, int, Letter]:
    who = actor(session, login)
    letter, office = find_letter(session, reference)
    who.require(action, office.key)
    return who, row_id(letter), letter
