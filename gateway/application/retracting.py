"""Retracting: what told that a piece came back, and was wrong, tells it no more.

Where nothing else tells it, the task is closed, the address is free, and a letter that was written in the place of the
first one is kept back: it may be needless, and sent it would start a second deadline. The desk asks whether to discard
or to keep it.
"""

from sqlmodel import Session, col, select

from gateway.application.authorising import audit
from gateway.application.coming_back import still_told
from gateway.application.services import Services
from gateway.application.suspending import lift_all
from gateway.application.withholding import keep_back
from gateway.db.letters import Letter
from gateway.db.returns import Reissue, ReturnedMail, ReturnNotice
from gateway.domain.references import for_people
from gateway.domain.returning import NEEDLESS


def forget_unserved(session: Session, services: Services, login: str, proof_id: int, reason: str) -> None:
    """A certificate that said that it could not be served holds no more: nor does what it told of a return."""
    query = select(ReturnNotice).where(
        ReturnNotice.proof_id == proof_id, col(ReturnNotice.returned_id).is_not(None)
    )
    notice = session.exec(query).first()
    if notice is None:
        return
    returned_id = notice.returned_id or 0
    notice.returned_id, notice.readings = None, notice.readings + 1
    notice.settled_at, notice.settled_by, notice.settled_reason = services.clock.now(), login, reason
    session.add(notice)
    session.flush()
    close_if_none_tells(session, services, login, returned_id, reason)


def close_if_none_tells(
    session: Session, services: Services, login: str, returned_id: int, reason: str
) -> None:
    """After a notice was taken off a return; in the caller's transaction."""
    told = select(ReturnedMail.id).where(ReturnedMail.id == returned_id, still_told())
    if session.exec(told).first() is None:
        lift_all(session, services, login, returned_id, reason)
        _keep_back_replacements(session, services, login, returned_id)


def _keep_back_replacements(session: Session, services: Services, login: str, returned_id: int) -> None:
    query = (
        select(Reissue.new_letter_id, Letter.reference)
        .join(Letter, col(Letter.id) == Reissue.old_letter_id)
        .where(Reissue.returned_id == returned_id)
    )
    for new_id, old in session.exec(query).all():
        new = session.get_one(Letter, new_id)
        if keep_back(
            session, services, new, f"Das Schreiben {for_people(old)} kam doch nicht zurück ({NEEDLESS})"
        ):
            audit(session, services, login, "letter-held", new.reference, cause=NEEDLESS, replaces=old)
