"""Giving up (*nicht mehr fragen*): registered mail of which nobody said in time whether it was delivered or came back.

To ask for ever costs a question a pass for every such piece, and hides it among those that are on their way. After the
term (`[desk] delivery_days`, by provider) it is asked about no more, and the desk says so once: a person asks the
carrier. What the provider says later by itself still counts.
"""

from contextlib import suppress
from datetime import date, timedelta

from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.mail import MailPiece, Posting, Submission
from gateway.domain.desk.patience import is_given_up
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict


def give_up(services: Services, provider: str) -> None:
    """Those of a provider that was asked just now, and has answered."""
    days, today = services.desk.patience_with(provider).delivery_days, services.today()
    calendar = services.schedule.calendar
    with services.db.reading() as session:
        waiting = [
            submission
            for submission in _waiting(session, services, provider, days)
            if is_given_up(_posted_on(session, services, submission), today=today, days=days, calendar=calendar)
        ]
    for submission in waiting:
        with suppress(Conflict):  # its end was told meanwhile, or another pass noted it
            _note(services, submission, days)


def _waiting(session: Session, services: Services, provider: str, days: int) -> list[Submission]:
    """Given to the carrier and not settled; so many working days are at least so many days."""
    query = (
        select(Submission)
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .where(
            Submission.provider == provider,
            Submission.state == SubmissionState.RELEASED,
            Submission.status == Status.HANDED_TO_POST,
            MailPiece.service != Service.STANDARD,
            col(Submission.settled_at).is_(None),
            col(Submission.given_up_at).is_(None),
            col(Submission.released_at) < services.clock.now() - timedelta(days=days),
        )
    )
    return list(session.exec(query.order_by(col(Submission.id))).all())


def _posted_on(session: Session, services: Services, submission: Submission) -> date:
    """The day of the posting as it is confirmed, else as it was reported; without either, that of the hand-over."""
    posting = session.get(Posting, submission.piece_id)
    handed = services.day_of(submission.released_at or submission.planned_at)
    return (posting.confirmed_on or posting.reported_on if posting else None) or submission.posted_on or handed


def _note(services: Services, submission: Submission, days: int) -> None:
    with services.db.transaction() as session:
        compare_and_set(
            session,
            Submission,
            row_id(submission),
            expect={"given_up_at": None, "settled_at": None},
            given_up_at=services.clock.now(),
        )
        piece = session.get_one(MailPiece, submission.piece_id)
        audit(session, services, SYSTEM, "asking-ended", piece.reference, key=submission.key, working_days=days)
