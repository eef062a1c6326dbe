"""Retracting: what told that a piece came back, and was wrong, tells it no more.

Where others tell it still, the reason is theirs. Where nothing else tells it, the task is closed, the address is free,
and a letter that was written in the place of the first one is kept back: it may be needless, and sent it would start a
second deadline. The desk asks whether to discard or to keep it.
"""

from sqlmodel import Session, col, select

from gateway.application.access.authorising import audit
from gateway.application.addresses.suspending import lift_all, suspend
from gateway.application.clearing.withholding import keep_back
from gateway.application.reads.returned import still_told
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter
from gateway.db.mail import MailPiece
from gateway.db.returns import Reissue, ReturnedMail, ReturnNotice
from gateway.domain.receipt.returning import NEEDLESS, ReturnReason, merged
from gateway.domain.references import for_people


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
    settle_task(session, services, login, returned_id, notice.reason, reason)


def settle_task(
    session: Session, services: Services, login: str, returned_id: int, gone: ReturnReason, reason: str
) -> None:
    """After a notice that told `gone` was taken off a return; in the caller's transaction.

    Where others still tell that it came back, why it did is what they say: the first that says anything. What a
    person set instead stays.
    """
    told = select(ReturnedMail.id).where(ReturnedMail.id == returned_id, still_told())
    if session.exec(told).first() is None:
        lift_all(session, services, login, returned_id, reason)
        _keep_back_replacements(session, services, login, returned_id)
    else:
        _tell_anew(session, services, login, session.get_one(ReturnedMail, returned_id), gone, reason)


def _tell_anew(
    session: Session, services: Services, login: str, row: ReturnedMail, gone: ReturnReason, reason: str
) -> None:
    """The address is suspended for the reason that holds now, or for none; letters that wait say the new one."""
    query = select(ReturnNotice.reason).where(ReturnNotice.returned_id == row.id)
    now = merged(
        ReturnReason.OTHER, map(ReturnReason, session.exec(query.order_by(col(ReturnNotice.id))).all())
    )
    if row.reason is not gone or now is gone:
        return
    row.reason = now
    session.add(row)
    session.flush()
    if services.returns.of[now].suspends:
        suspend(session, services, row)
    else:
        lift_all(session, services, login, row_id(row), reason)
    piece = session.get_one(MailPiece, row.piece_id).reference
    audit(
        session, services, login, "return-reason-corrected", piece, reason=reason, was=gone.value, now=now.value
    )


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
