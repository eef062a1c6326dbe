"""Reopening: a new letter in the place of one that came back was discarded, so what came back is a task again."""

from sqlmodel import Session, col, select

from gateway.application.access.authorising import audit
from gateway.application.reads.returned import returned_of
from gateway.application.services import Services
from gateway.db.engine import compare_and_set
from gateway.db.letters import Letter
from gateway.db.returns import Reissue, ReturnedMail
from gateway.domain.letters.letter import LetterState


def reopen_return(session: Session, services: Services, who: str, discarded: Letter) -> None:
    """In the transaction that discards it; nothing if it replaces no returned letter, or another one still does."""
    reissue = session.get(Reissue, discarded.id)
    if reissue is None or reissue.returned_id is None:
        return
    row = session.get_one(ReturnedMail, reissue.returned_id)
    if row.action is None or returned_of(session, row.piece_id) is None or _others_go_on(session, reissue):
        return
    compare_and_set(
        *(session, ReturnedMail, reissue.returned_id),
        expect={"action": row.action, "times": row.times},
        times=row.times + 1,
        action=None,
        action_at=None,
        action_by=None,
        action_reason=None,
    )
    old = session.get_one(Letter, reissue.old_letter_id)
    audit(session, services, who, "return-reopened", old.reference, discarded=discarded.reference)


def _others_go_on(session: Session, reissue: Reissue) -> bool:
    """Of several letters in the envelope another one is still to be sent anew."""
    query = (
        select(Reissue.new_letter_id)
        .join(Letter, col(Letter.id) == Reissue.new_letter_id)
        .where(
            Reissue.returned_id == reissue.returned_id,
            Reissue.new_letter_id != reissue.new_letter_id,
            Letter.state != LetterState.CANCELLED,
        )
    )
    return session.exec(query.limit(1)).first() is not None
