"""Planning: how a mail piece, its batch and its submission come to be; for a run, and for what is planned again.

Works in the caller's transaction, and decides nothing.
"""

from sqlmodel import Session, select

from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.mail import Batch, MailPiece, Submission
from gateway.domain.mailpiece import Service
from gateway.domain.submission import SubmissionState


def new_piece(
    session: Session,
    services: Services,
    *,
    run_id: int,
    provider: str,
    office_id: int,
    service: Service,
    duplex: bool,
) -> MailPiece:
    """A piece in its batch of the run, with its first submission."""
    piece = MailPiece(
        reference=services.new_reference(),
        batch_id=_batch(session, Batch(run_id=run_id, provider=provider, office_id=office_id, service=service)),
        service=service,
        duplex=duplex,
    )
    session.add(piece)
    session.flush()
    new_submission(session, services, piece, provider, 1)
    return piece


def new_submission(
    session: Session, services: Services, piece: MailPiece, provider: str, number: int
) -> Submission:
    """A submission of a piece; `number` counts the piece's, so that its key was never used."""
    submission = Submission(
        piece_id=row_id(piece),
        provider=provider,
        key=f"{piece.reference}-{number}",
        state=SubmissionState.PLANNED,
        planned_at=services.clock.now(),
    )
    session.add(submission)
    session.flush()
    return submission


def _batch(session: Session, wanted: Batch) -> int:
    """The batch of this run, provider, office and service; there is one at most."""
    found = session.exec(
        select(Batch).where(
            Batch.run_id == wanted.run_id,
            Batch.provider == wanted.provider,
            Batch.office_id == wanted.office_id,
            Batch.service == wanted.service,
        )
    ).first()
    if found is not None:
        return row_id(found)
    session.add(wanted)
    session.flush()
    return row_id(wanted)
