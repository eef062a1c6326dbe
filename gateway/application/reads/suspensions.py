"""Suspended addresses (*Anschrift gesperrt*): what holds, asked wherever a letter goes on; `suspending` changes it.

A suspension is about this person at this address. A changed address of the person is another key and free by itself;
what was frozen with the old one stays held, for its document shows the old address.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.db.people import Office, Person
from gateway.db.returns import AddressSuspension, ReturnedMail
from gateway.domain.permission import Action
from gateway.domain.receipt.returning import REASON_WORDS, SUSPENDED, ReturnReason, address_key
from gateway.domain.references import for_people
from gateway.errors import Conflict


@dataclass(frozen=True)
class SuspensionView:
    """A suspended address, for people. `letters` are those that came back and that the asker may read."""

    id: int
    person: str
    since: datetime
    reason: ReturnReason
    letters: tuple[str, ...]
    returned_id: int


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
    for _, suspension in suspended_among(session, copies_of_letter(session, letter)):
        raise Conflict(SUSPENDED, why_suspended(session, suspension))


def suspension_notes(session: Session, letter: Letter) -> list[str]:
    """Why the letter would be held."""
    return [
        why_suspended(session, suspension)
        for _, suspension in suspended_among(session, copies_of_letter(session, letter))
    ]


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
        for letter, office in came_back(session, row)
        if who is None or who.may(Action.READ, office.key)
    ]
    return SuspensionView(
        row_id(row),
        person_of(session, row),
        row.since,
        ReturnReason(returned.reason),
        tuple(letters),
        row.returned_id,
    )


def came_back(session: Session, row: AddressSuspension) -> Sequence[tuple[Letter, Office]]:
    """The letters of the piece that came back, with their offices."""
    returned = session.get_one(ReturnedMail, row.returned_id)
    query = (
        select(Letter, Office)
        .join(Office, col(Office.id) == Letter.office_id)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .where(Recipient.mail_piece_id == returned.piece_id)
    )
    return session.exec(query.order_by(col(Letter.id))).all()


def copies_of_letter(session: Session, letter: Letter) -> Sequence[Recipient]:
    """Its recipients."""
    return session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all()


def person_of(session: Session, row: AddressSuspension) -> str:
    """Reference of the person that it is about."""
    return session.get_one(Person, row.person_id).reference


def why_suspended(session: Session, row: AddressSuspension) -> str:
    """What is known, and what may be done, in German, without name and address."""
    returned = session.get_one(ReturnedMail, row.returned_id)
    piece = session.get_one(MailPiece, returned.piece_id)
    return (
        f"Unter dieser Anschrift kam am {returned.came_back_on:%d.%m.%Y} Post an die Person zurück "
        f"({REASON_WORDS[ReturnReason(returned.reason)]}, Sendung {for_people(piece.reference)}). "
        "Bitte die Anschrift berichtigen und das Schreiben neu einreichen, oder die Sperre mit Grund aufheben."
    )
