"""Suspending an address (*Anschrift sperren*): nothing goes to this person at this address, in any case.

Asked when a letter is submitted, when it is approved, and when the run takes it. What waits is held with the code of
`domain.returning.SUSPENDED`. A changed address of the person is another key and free by itself; what was frozen with
the old one stays held, for its document shows the old address.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from gateway.application.authorising import SYSTEM, Actor, actor, audit
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.db.people import Office, Person
from gateway.db.returns import AddressSuspension, ReturnedMail
from gateway.domain.letter import CANCELLABLE
from gateway.domain.permission import Action
from gateway.domain.references import for_people
from gateway.domain.returning import REASON_WORDS, SUSPENDED, ReturnReason, address_key
from gateway.errors import Conflict, InputError, NotFound


@dataclass(frozen=True)
class SuspensionView:
    """A suspended address, for people. `letters` are those that came back and that the asker may read."""

    id: int
    person: str
    since: datetime
    reason: ReturnReason
    letters: tuple[str, ...]
    returned_id: int


def suspend(session: Session, services: Services, returned: ReturnedMail) -> None:
    """Suspend every person at every address of a piece that came back, and hold what waits for them."""
    copies = session.exec(select(Recipient).where(Recipient.mail_piece_id == returned.piece_id)).all()
    for person_id, key in {(copy.person_id, address_key(copy.address_lines, copy.country)) for copy in copies}:
        if (person_id, key) in live(session, [person_id]):
            continue
        made = AddressSuspension(
            person_id=person_id, address_key=key, returned_id=row_id(returned), since=services.clock.now()
        )
        session.add(made)
        session.flush()
        audit(session, services, SYSTEM, "address-suspended", _person(session, made), returned=returned.id)
        _hold_waiting(session, services, person_id)


def live(session: Session, persons: Iterable[int]) -> dict[tuple[int, str], AddressSuspension]:
    """The suspensions of these persons that hold, by person and address."""
    query = select(AddressSuspension).where(
        col(AddressSuspension.person_id).in_(set(persons)), col(AddressSuspension.lifted_at).is_(None)
    )
    return {(row.person_id, row.address_key): row for row in session.exec(query).all()}


def suspended_among(session: Session, copies: Sequence[Recipient]) -> list[tuple[Recipient, AddressSuspension]]:
    """The copies whose person is suspended at the address that they show."""
    found = live(session, [copy.person_id for copy in copies])
    if not found:
        return []
    keyed = ((copy, (copy.person_id, address_key(copy.address_lines, copy.country))) for copy in copies)
    return [(copy, found[key]) for copy, key in keyed if key in found]


def refuse_suspended(session: Session, letter: Letter) -> None:
    """Raise `Conflict` ('recipient-suspended') if a copy of the letter would go to a suspended address."""
    for _, suspension in suspended_among(session, _copies(session, letter)):
        raise Conflict(SUSPENDED, _message(session, suspension))


def suspension_notes(session: Session, letter: Letter) -> list[str]:
    """Why the letter would be held."""
    return [
        _message(session, suspension) for _, suspension in suspended_among(session, _copies(session, letter))
    ]


def settle_suspension(session: Session, services: Services, letter: Letter) -> bool:
    """Hold a letter to a suspended address, let one go that is held for nothing else any more; whether it is held."""
    found = suspended_among(session, _copies(session, letter))
    ours = is_ours(letter)
    if found and letter.held_at is None:
        _hold(session, services, letter, f"{_message(session, found[0][1])} ({SUSPENDED})")
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
        compare_and_set(
            session,
            AddressSuspension,
            suspension_id,
            expect={"lifted_at": None},
            lifted_at=services.clock.now(),
            lifted_by=who.login,
            lift_reason=reason.strip(),
        )
        audit(
            *(session, services, who.login, "address-suspension-lifted", _person(session, row)),
            reason=reason.strip(),
            returned=row.returned_id,
        )
        for letter in _waiting(session, row.person_id, held=True):
            settle_suspension(session, services, letter)


def suspension_views(
    session: Session, who: Actor | None, copies: Sequence[tuple[int, Sequence[str], str]]
) -> list[SuspensionView]:
    """The suspensions that hold for these persons at these addresses; `who` None is the operator."""
    found = live(session, [person_id for person_id, _, _ in copies])
    keys = [(person_id, address_key(lines, country)) for person_id, lines, country in copies]
    return [_view(session, who, found[key]) for key in dict.fromkeys(keys) if key in found]


def _view(session: Session, who: Actor | None, row: AddressSuspension) -> SuspensionView:
    returned = session.get_one(ReturnedMail, row.returned_id)
    letters = [
        letter.reference
        for letter, office in _came_back(session, row)
        if who is None or who.may(Action.READ, office.key)
    ]
    return SuspensionView(
        row_id(row),
        _person(session, row),
        row.since,
        ReturnReason(returned.reason),
        tuple(letters),
        row.returned_id,
    )


def _came_back(session: Session, row: AddressSuspension) -> Sequence[tuple[Letter, Office]]:
    returned = session.get_one(ReturnedMail, row.returned_id)
    query = (
        select(Letter, Office)
        .join(Office, col(Office.id) == Letter.office_id)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .where(Recipient.mail_piece_id == returned.piece_id)
    )
    return session.exec(query.order_by(col(Letter.id))).all()


def _require(session: Session, who: Actor, row: AddressSuspension) -> None:
    """Who writes letters of the office to which a letter came back may say that the address is right."""
    offices = {office.key for _, office in _came_back(session, row)}
    if not any(who.may(Action.WRITE_LETTER, office) for office in offices):
        who.require(Action.WRITE_LETTER, next(iter(offices), None))


def _hold_waiting(session: Session, services: Services, person_id: int) -> None:
    for letter in _waiting(session, person_id, held=False):
        settle_suspension(session, services, letter)


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


def _copies(session: Session, letter: Letter) -> Sequence[Recipient]:
    return session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all()


def _person(session: Session, row: AddressSuspension) -> str:
    return session.get_one(Person, row.person_id).reference


def _message(session: Session, row: AddressSuspension) -> str:
    returned = session.get_one(ReturnedMail, row.returned_id)
    piece = session.get_one(MailPiece, returned.piece_id)
    return (
        f"Unter dieser Anschrift kam am {returned.came_back_on:%d.%m.%Y} Post an die Person zurück "
        f"({REASON_WORDS[ReturnReason(returned.reason)]}, Sendung {for_people(piece.reference)}). "
        "Bitte die Anschrift berichtigen und das Schreiben neu einreichen, oder die Sperre mit Grund aufheben."
    )
