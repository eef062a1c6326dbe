"""Where a piece stands with its provider: the submission that counts, and the status kept with it."""

from sqlmodel import Session, col, select

from gateway.db.by_hand import ByHand
from gateway.db.mail import MailPiece, Submission
from gateway.domain.runs.by_hand import BY_HAND, HandChannel
from gateway.domain.runs.status import Status


def live_submission(session: Session, piece_id: int | None) -> Submission | None:
    """The one submission of a piece that is not voided."""
    if piece_id is None:
        return None
    query = select(Submission).where(Submission.piece_id == piece_id, col(Submission.voided_at).is_(None))
    return session.exec(query).one_or_none()


def status_of(submission: Submission | None) -> Status:
    """The status of a piece, as it was kept with the last event or proof; UNKNOWN while there is none."""
    return submission.status if submission else Status.UNKNOWN


def awaits_receipt(session: Session, submission: Submission, piece: MailPiece) -> bool:
    """Whether a courier has the piece and nobody recorded yet that it was received: nothing is notified until then."""
    if submission.provider != BY_HAND or piece.served is not None:
        return False
    hand = session.get(ByHand, piece.id)
    return hand is not None and hand.channel is HandChannel.COURIER
