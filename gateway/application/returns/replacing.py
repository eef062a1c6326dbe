"""Replacing: a new draft in the place of one copy of a letter that came back, or whose end nobody told.

In the caller's transaction, who asked for permission. Posting and deadline are the new letter's own; the old one stays
what it is, and each says which the other is.
"""

from sqlmodel import Session, select

from gateway.application.access.authorising import Actor, audit
from gateway.application.letters.addressing import freeze
from gateway.application.letters.redrafting import redraft
from gateway.application.letters.service_check import check_service, default_service
from gateway.application.reads.suspensions import refuse_suspended
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.people import Office, Person
from gateway.db.returns import Reissue
from gateway.domain.letters.letter import LetterState
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.references import for_people
from gateway.errors import Conflict

Copy = tuple[Letter, Recipient, Office]


def replace_copy(
    session: Session,
    services: Services,
    who: Actor,
    copy: Copy,
    *,
    note: str,
    serve_because: str | None = None,
    returned_id: int | None = None,
) -> str:
    """The reference of the draft, of whoever decided, to the present address; with `serve_because` it is served.

    Raises `Conflict` ('return-already-reissued', 'recipient-suspended'), `AddressInvalid`, and as `check_service`.
    """
    letter, old, office = copy
    values = {"number": 1, "person_id": old.person_id, "copy_for": old.copy_for}
    recipients = [values | freeze(services, session.get_one(Person, old.person_id))]
    draft = redraft(session, services, letter, recipients, note=note, author_id=who.id)
    refuse_suspended(session, draft)
    if serve_because is not None:
        default = default_service(session, services, letter)
        check_service(session, services, draft, office, Service.PZU, default, serve_because, ())
        draft.service = Service.PZU
        draft.service_reason = serve_because if default is not Service.PZU else None
    _forget_discarded(session, letter, old.number)
    session.add(
        Reissue(
            new_letter_id=row_id(draft),
            old_letter_id=row_id(letter),
            number=old.number,
            returned_id=returned_id,
        )
    )
    session.flush()
    audit(session, services, who.login, "letter-reissued", draft.reference, replaces=letter.reference)
    return draft.reference


def _forget_discarded(session: Session, letter: Letter, number: int) -> None:
    """What was written in the place of a copy before counts no more, if it was discarded."""
    query = select(Reissue).where(Reissue.old_letter_id == row_id(letter), Reissue.number == number)
    for earlier in session.exec(query).all():
        new = session.get_one(Letter, earlier.new_letter_id)
        if new.state is not LetterState.CANCELLED:
            raise Conflict(
                "return-already-reissued",
                f"Dafür gibt es schon das Schreiben {for_people(new.reference)}. Bitte dieses verwenden oder "
                "stornieren.",
            )
        session.delete(earlier)
    session.flush()
