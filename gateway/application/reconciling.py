"""Reconciling: the zero-balance account from the rows, down to the recipient's copy."""

from datetime import date, datetime, time, timedelta

from sqlmodel import Session, col, select

from gateway.application.companions import signed_companions
from gateway.application.services import Services
from gateway.application.showing import piece_standing
from gateway.application.tallying import difference_of
from gateway.application.tracking import live_submission
from gateway.db.letters import Approval, Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.domain.account import Account, Entry, balance
from gateway.domain.letter import LetterState
from gateway.domain.references import for_people


def account(services: Services, *, day: date | None = None) -> Account:
    """The balance of what was approved on `day` (local), or of everything."""
    with services.db.reading() as session:
        query = (
            select(Recipient, Letter, Approval)
            .join(Letter, col(Letter.id) == Recipient.letter_id)
            .join(
                Approval,
                (col(Approval.recipient_id) == Recipient.id) & (col(Approval.signing) == Recipient.signing),
                isouter=True,
            )
            .where(col(Approval.id).is_not(None) | col(Letter.approved_at).is_not(None))
        )
        if day is not None:
            start = datetime.combine(day, time(0), services.schedule.zone)
            end = datetime.combine(day + timedelta(days=1), time(0), services.schedule.zone)
            query = query.where(col(Letter.approved_at) >= start, col(Letter.approved_at) < end)
        return balance(
            _entry(session, services, recipient, letter, approval)
            for recipient, letter, approval in session.exec(query.order_by(col(Recipient.id))).all()
        )


def _entry(
    session: Session, services: Services, recipient: Recipient, letter: Letter, approval: Approval | None
) -> Entry:
    return Entry(
        name=f"{for_people(letter.reference)}/{recipient.number}",
        standing=piece_standing(session, letter, recipient),
        fault=_fault(session, services, recipient, letter, approval),
    )


def _fault(
    session: Session, services: Services, recipient: Recipient, letter: Letter, approval: Approval | None
) -> str | None:
    """What the rows or the document store do not have although they must, as a code."""
    if approval is None:
        return "approval-missing"
    signed = [approval.document_sha256]
    signed += [companion.document_sha256 for companion in signed_companions(session, approval.recipient_id)]
    if not all(services.blobs.has(sha256) for sha256 in signed):
        return "approved-document-missing"
    return _fault_of_piece(session, services, recipient) if letter.state is LetterState.BATCHED else None


def _fault_of_piece(session: Session, services: Services, recipient: Recipient) -> str | None:
    piece = session.get(MailPiece, recipient.mail_piece_id) if recipient.mail_piece_id else None
    if piece is None:
        return "piece-missing"
    submission = live_submission(session, piece.id)
    if piece.fault_code is None and submission is None:
        return "submission-missing"
    if submission and (difference := difference_of(session, submission)):
        return difference.value
    if piece.print_sha256 is not None and not services.blobs.has(piece.print_sha256):
        return "print-copy-missing"
    return None
