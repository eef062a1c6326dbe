"""Finding a letter or a case by the name that people use."""

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor
from gateway.db.letters import Letter, Recipient
from gateway.db.people import Case, Office
from gateway.domain.permission import Action
from gateway.errors import NotFound


def find_case(session: Session, case: str) -> tuple[Case, Office]:
    """A case by reference or file number, and its office."""
    found = session.exec(select(Case).where((Case.reference == case) | (Case.file_number == case))).first()
    if found is None:
        raise NotFound("case-unknown", f"Den Fall „{case}“ gibt es nicht.")
    return found, session.get_one(Office, found.office_id)


def find_letter(session: Session, reference: str) -> tuple[Letter, Office]:
    """A letter by its reference, and its office."""
    compact = reference.replace("-", "").strip().upper()
    letter = session.exec(select(Letter).where(Letter.reference == compact)).one_or_none()
    if letter is None:
        raise NotFound("letter-unknown", f"Das Schreiben „{reference}“ gibt es nicht.")
    return letter, session.get_one(Office, letter.office_id)


def require_for_piece(session: Session, who: Actor, action: Action, piece_id: int) -> None:
    """Raise `NotPermitted` unless the user may do it with every letter in the envelope."""
    query = (
        select(Office.key)
        .join(Letter, col(Letter.office_id) == Office.id)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .where(Recipient.mail_piece_id == piece_id)
        .distinct()
    )
    for office in session.exec(query).all():
        who.require(action, office)


def piece_of(session: Session, login: str, reference: str, number: int, action: Action) -> tuple[Actor, int]:
    """The piece of one recipient's copy, if the user may do `action` with all that is in it.

    Raises `NotFound`, `NotPermitted`.
    """
    letter, office = find_letter(session, reference)
    who = actor(session, login)
    who.require(action, office.key)
    copy = select(Recipient).where(Recipient.letter_id == letter.id, Recipient.number == number)
    recipient = session.exec(copy).one_or_none()
    if recipient is None or recipient.mail_piece_id is None:
        raise NotFound("piece-unknown", "Zu diesem Empfänger gibt es keine Sendung.")
    require_for_piece(session, who, action, recipient.mail_piece_id)
    return who, recipient.mail_piece_id
