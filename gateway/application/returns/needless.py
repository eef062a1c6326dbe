"""Needless: the end of registered mail is told after all, when another letter was written in its place.

What was written because nobody told the end is kept back until a person has decided: sent as well, it would start a
second deadline. What has left already is only marked. A sweep: found from the rows, once for each letter.
"""

from contextlib import suppress
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, or_, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.clearing.withholding import keep_back
from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, Submission
from gateway.db.returns import Reissue
from gateway.domain.receipt.returning import NEEDLESS
from gateway.domain.references import for_people
from gateway.domain.runs.status import Status
from gateway.errors import Conflict


def needless_due(services: Services) -> int:
    """Keep back what may be needless now; how many letters."""
    with services.db.reading() as session:
        found = session.exec(_told().order_by(col(Reissue.new_letter_id))).all()
    kept = 0
    for new_id, old in found:
        with suppress(Conflict), services.db.transaction() as session:  # else somebody is at it: the next round
            kept += _keep_back(session, services, new_id, old)
    return kept


def _told() -> Any:
    """New letters with the old ones whose end was told since."""
    delivered = or_(col(MailPiece.served).is_(True), col(Submission.status) == Status.DELIVERED)
    return (
        select(Reissue.new_letter_id, Letter.reference)
        .join(Letter, col(Letter.id) == Reissue.old_letter_id)
        .join(
            Recipient,
            (col(Recipient.letter_id) == Letter.id) & (col(Recipient.number) == Reissue.number),
        )
        .join(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
        .join(Submission, col(Submission.piece_id) == MailPiece.id)
        .where(
            col(Reissue.returned_id).is_(None),
            col(Reissue.told_at).is_(None),
            col(Submission.voided_at).is_(None),
            delivered,
        )
    )


def _keep_back(session: Session, services: Services, new_id: int, old: str) -> bool:
    table = table_of(Reissue)
    noticed = update(table).where(table.c.new_letter_id == new_id, table.c.told_at.is_(None))
    if session.connection().execute(noticed.values(told_at=services.clock.now())).rowcount != 1:
        return False  # another round was quicker
    new = session.get_one(Letter, new_id)
    kept = keep_back(
        session, services, new, f"Das Schreiben {for_people(old)} wurde doch zugestellt ({NEEDLESS})"
    )
    if kept:
        audit(session, services, SYSTEM, "letter-held", new.reference, cause=NEEDLESS, replaces=old)
    return kept
