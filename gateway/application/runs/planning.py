"""Planning: how a mail piece, its batch and its submission come to be; for a run, and for what is planned again.

Works in the caller's transaction, and decides nothing.
"""

from sqlmodel import Session, col, select

from gateway.application.runs.directing import usual_provider
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Submission
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.by_hand import BY_HAND
from gateway.domain.runs.submission import SubmissionState
from gateway.domain.sheets.layout import PrintProfile


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


def print_profile(session: Session, services: Services, piece: MailPiece) -> PrintProfile:
    """The zones that a piece is assembled for: those its letters were checked against.

    A person in the house prints by the profile of the provider that would have had the piece.
    """
    provider = session.get_one(Batch, piece.batch_id).provider
    if provider != BY_HAND:
        return services.providers[provider].profile
    first = select(Recipient).where(Recipient.mail_piece_id == piece.id).order_by(col(Recipient.id))
    recipient = session.exec(first.limit(1)).one()
    letter = session.get_one(Letter, recipient.letter_id)
    return services.providers[usual_provider(session, services, letter, recipient)].profile


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
