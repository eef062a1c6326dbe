"""Suspending an address (*Anschrift sperren*): nothing goes to this person at this address, in any case.

Asked when a letter is submitted, when it is approved, when the run takes it, and before its release
(`intercepting`). What waits is held with the code of `domain.receipt.returning.SUSPENDED`; which suspensions hold is
told by `suspensions`.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, Actor, actor, audit
from gateway.application.addresses.intercepting import intercept, let_go_on
from gateway.application.reads.suspensions import (
    came_back,
    copies_of_letter,
    live,
    person_of,
    suspended_among,
    why_suspended,
)
from gateway.application.services import Services
from gateway.db.brake import pull_brake
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.returns import AddressSuspension, ReturnedMail
from gateway.domain.letters.letter import CANCELLABLE
from gateway.domain.permission import Action
from gateway.domain.receipt.returning import SUSPENDED, address_key
from gateway.errors import InputError, NotFound


def suspend(session: Session, services: Services, returned: ReturnedMail) -> None:
    """Suspend every person at every address of a piece that came back, and keep what has not left for them.

    As with a stop, everything is either on its way when this commits, or stays. Where it is suspended already, what
    waits says the reason that holds now.
    """
    pull_brake(session)
    copies = session.exec(select(Recipient).where(Recipient.mail_piece_id == returned.piece_id)).all()
    for person_id, key in {(copy.person_id, address_key(copy.address_lines, copy.country)) for copy in copies}:
        if (person_id, key) in live(session, [person_id]):
            _say_anew(session, person_id)
            continue
        made = AddressSuspension(
            person_id=person_id, address_key=key, returned_id=row_id(returned), since=services.clock.now()
        )
        session.add(made)
        session.flush()
        audit(session, services, SYSTEM, "address-suspended", person_of(session, made), returned=returned.id)
        _hold_waiting(session, services, person_id)
        intercept(session, services, person_id)


def settle_suspension(session: Session, services: Services, letter: Letter) -> bool:
    """Hold a letter to a suspended address, let one go that is held for nothing else any more; whether it is held."""
    found = suspended_among(session, copies_of_letter(session, letter))
    ours = is_ours(letter)
    if found and letter.held_at is None:
        _hold(session, services, letter, _why_held(session, found[0][1]))
    elif ours and not found:
        _let_go(session, services, letter)
    return bool(found)


def is_ours(letter: Letter) -> bool:
    """Whether the letter is held because an address is suspended."""
    return letter.held_at is not None and (letter.hold_reason or "").endswith(f"({SUSPENDED})")


def lift(services: Services, login: str, suspension_id: int, reason: str) -> None:
    """Let mail go to the person at this address again, with a reason; what was held for it goes on.

    Raises `NotFound` ('suspension-unknown'), `InputError` ('reason-missing'), `Conflict`, `NotPermitted`.
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        who = actor(session, login)
        row = session.get(AddressSuspension, suspension_id)
        if row is None:
            raise NotFound("suspension-unknown", "Diese Sperre gibt es nicht.")
        _require(session, who, row)
        _lift(session, services, row, who.login, reason.strip())


def lift_all(session: Session, services: Services, login: str, returned_id: int, reason: str) -> None:
    """Lift what a return suspended that was none, in the caller's transaction, who asked for permission."""
    query = select(AddressSuspension).where(
        AddressSuspension.returned_id == returned_id, col(AddressSuspension.lifted_at).is_(None)
    )
    for row in session.exec(query).all():
        _lift(session, services, row, login, reason)


def _lift(session: Session, services: Services, row: AddressSuspension, login: str, reason: str) -> None:
    person_id, returned_id = row.person_id, row.returned_id
    compare_and_set(
        session,
        AddressSuspension,
        row_id(row),
        expect={"lifted_at": None},
        lifted_at=services.clock.now(),
        lifted_by=login,
        lift_reason=reason,
    )
    audit(
        *(session, services, login, "address-suspension-lifted", person_of(session, row)),
        reason=reason,
        returned=returned_id,
    )
    for letter in _waiting(session, person_id, held=True):
        settle_suspension(session, services, letter)
    let_go_on(session, services, person_id)


def _require(session: Session, who: Actor, row: AddressSuspension) -> None:
    """Who writes letters of the office to which a letter came back may say that the address is right."""
    offices = {office.key for _, office in came_back(session, row)}
    if not any(who.may(Action.WRITE_LETTER, office) for office in offices):
        who.require(Action.WRITE_LETTER, next(iter(offices), None))


def _hold_waiting(session: Session, services: Services, person_id: int) -> None:
    for letter in _waiting(session, person_id, held=False):
        settle_suspension(session, services, letter)


def _say_anew(session: Session, person_id: int) -> None:
    for letter in filter(is_ours, _waiting(session, person_id, held=True)):
        if found := suspended_among(session, copies_of_letter(session, letter)):
            letter.hold_reason = _why_held(session, found[0][1])
            session.add(letter)
    session.flush()


def _why_held(session: Session, suspension: AddressSuspension) -> str:
    return f"{why_suspended(session, suspension)} ({SUSPENDED})"


def _waiting(session: Session, person_id: int, *, held: bool) -> Sequence[Letter]:
    marked = col(Letter.held_at).is_not(None) if held else col(Letter.held_at).is_(None)
    theirs = select(Recipient.letter_id).where(Recipient.person_id == person_id)
    query = select(Letter).where(col(Letter.id).in_(theirs), col(Letter.state).in_(CANCELLABLE), marked)
    return session.exec(query).all()


def _hold(session: Session, services: Services, letter: Letter, reason: str) -> None:
    compare_and_set(
        session,
        Letter,
        row_id(letter),
        expect={"state": letter.state, "held_at": None},
        held_at=services.clock.now(),
        hold_reason=reason,
    )
    audit(session, services, SYSTEM, "letter-held", letter.reference, reason=reason)


def _let_go(session: Session, services: Services, letter: Letter) -> None:
    compare_and_set(
        session,
        Letter,
        row_id(letter),
        expect={"state": letter.state, "held_at": letter.held_at},
        held_at=None,
        hold_reason=None,
    )
    audit(session, services, SYSTEM, "letter-let-go", letter.reference)
