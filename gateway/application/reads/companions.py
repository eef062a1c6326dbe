"""What was signed beside a letter: its accessible twin and its enclosures."""

from sqlmodel import Session, col, select

from gateway.db.enclosures import SignedCompanion
from gateway.db.letters import Recipient
from gateway.domain.letters.accessible import CompanionKind


def signed_companions(
    session: Session, recipient_id: int, kind: CompanionKind | None = None
) -> list[SignedCompanion]:
    """What was signed with a recipient's document, in the order in which it is printed; of one kind if asked.

    Only the signing that counts: what was signed before a letter was healed does not travel.
    """
    query = select(SignedCompanion).where(SignedCompanion.recipient_id == recipient_id)
    query = query.join(
        Recipient,
        (col(Recipient.id) == SignedCompanion.recipient_id) & (Recipient.signing == SignedCompanion.signing),
    )
    if kind is not None:
        query = query.where(SignedCompanion.kind == kind)
    return list(session.exec(query.order_by(col(SignedCompanion.number))).all())
