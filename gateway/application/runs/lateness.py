"""Lateness before release: what has waited past its day (stop, outage, desk) is looked at again before it goes.

A run takes no letter that would come too late. One that has been in a run and then waited may have gone stale since:
it is taken out of the hand-over and put on the desk, where a person cancels it or hands it back to its author.
"""

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.letters.timeliness import late_dates
from gateway.application.runs.outcomes import HandOver
from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import UNPACKED, Batch, MailPiece, Run, Submission
from gateway.domain.runs.submission import SubmissionState
from gateway.domain.runs.timeliness import STALE

_NOT_LEFT = frozenset({SubmissionState.PLANNED, SubmissionState.STAGED})


def leave_out_late(services: Services, handed: HandOver) -> int:
    """Take the pieces out that have waited and would come too late now; returns how many.

    What a run of today took has just been looked at. A file that was staged with a late piece in it must never be
    released: its pieces are planned anew, and the others go in another one.
    """
    if handed.first.state not in _NOT_LEFT:
        return 0
    with services.db.reading() as session:
        if not _has_waited(session, services, handed):
            return 0
        late = {row_id(one): why for one in handed.submissions if (why := _why_late(session, services, one))}
    if not late:
        return 0
    with services.db.transaction() as session:
        for submission in handed.submissions:
            if (why := late.get(row_id(submission))) is not None:
                _set_aside(session, services, submission, why)
        table = table_of(Submission)
        session.connection().execute(
            update(table)
            .where(
                table.c.consignment_id == handed.consignment_id,
                table.c.state == handed.first.state,
                table.c.id.in_(late) | (table.c.state == SubmissionState.STAGED),
            )
            .values(**UNPACKED)
        )
    return len(late)


def _has_waited(session: Session, services: Services, handed: HandOver) -> bool:
    """Whether it is of an earlier day's run; one that was planned anew since is, too."""
    if handed.first.state is SubmissionState.STAGED:
        return services.day_of(handed.first.planned_at) < services.today()
    oldest = (
        select(func.min(Run.day))
        .join(Batch, col(Batch.run_id) == Run.id)
        .join(MailPiece, col(MailPiece.batch_id) == Batch.id)
        .where(col(MailPiece.id).in_([each.piece_id for each in handed.submissions]))
    )
    day = session.exec(oldest).one()
    return day is not None and day < services.today()


def _why_late(session: Session, services: Services, submission: Submission) -> str | None:
    """Why the first late letter of a piece comes too late; None if none does."""
    letters = (
        select(Letter)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .where(Recipient.mail_piece_id == submission.piece_id)
    )
    for letter in session.exec(letters.order_by(col(Letter.id))).all():
        for late in late_dates(session, services, letter, services.today()):
            return late.message
    return None


def _set_aside(session: Session, services: Services, submission: Submission, why: str) -> None:
    compare_and_set(
        session,
        Submission,
        row_id(submission),
        expect={"state": submission.state},
        error_code=None,
        error_message=None,
    )
    compare_and_set(
        session,
        MailPiece,
        submission.piece_id,
        expect={"fault_code": None},
        fault_code=STALE,
        fault_message=why,
    )
    audit(session, services, SYSTEM, "piece-held", submission.key, reason=f"{why} ({STALE})")
