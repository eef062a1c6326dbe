"""Settling: what events and proofs say of a piece is kept beside them; in the end nobody is asked about it any more."""

from sqlmodel import Session, select

from gateway.application.reads.returned import not_retracted
from gateway.application.reads.submissions import awaits_receipt
from gateway.application.services import Services
from gateway.db.mail import MailPiece, Posting, StatusEvent, Submission
from gateway.domain.runs.status import Noted, Status, is_settled, stands


def folded(session: Session, submission: Submission, piece: MailPiece) -> tuple[Status, int]:
    """What is kept at a submission: where its piece stands (`domain.runs.status`), and how many events it has."""
    events = select(StatusEvent.status, StatusEvent.received_at, not_retracted())
    told = session.exec(events.where(StatusEvent.submission_id == submission.id)).all()
    said = ((Status(status), came) for status, came, holds in told if holds)
    noted = _noted(session, submission)
    return stands(said, piece.service, served=piece.served, noted=noted), len(told)


def _noted(session: Session, submission: Submission) -> Noted | None:
    """The record of posting in force; it is about the hand-over that is not voided."""
    posting = session.get(Posting, submission.piece_id) if submission.voided_at is None else None
    return Noted(posting.confirmed_at) if posting and posting.record_no is not None else None


def settle(session: Session, services: Services, submission: Submission) -> None:
    """Keep what events and proofs say beside them, so that nobody folds a million letters' events to count them.

    Nobody asks any more about a piece from which nothing more is expected.
    """
    piece = session.get_one(MailPiece, submission.piece_id)
    # Two reports about one piece may come at once: on PostgreSQL the second waits here, and then sees the first's.
    session.refresh(submission, with_for_update=True)
    submission.status, submission.events = folded(session, submission, piece)
    if awaits_receipt(session, submission, piece):
        return
    if is_settled(submission.status, piece.service):
        submission.settled_at = submission.settled_at or services.clock.now()
