"""Emptying what people wrote about envelopes: who took them and why a record was corrected, excepted, printed again.

In the caller's transaction. What was recorded, of which day, by whom and with which receipt stays; so do numbers and
hashes. The case file has the words: it was told of each record before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, update
from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM
from gateway.application.retention.emptying_rows import blank, empty_and_prove, reasoned_last, update_rows
from gateway.application.services import Services
from gateway.db.by_hand import ByHand, HandPrint
from gateway.db.columns import table_of
from gateway.db.delivery import DeliveryProof
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, StatusEvent, Submission
from gateway.db.postings import (
    ExceptionState,
    PostingException,
    PostingExceptionBasis,
    PostingExceptionPiece,
    PostingRecord,
    PostingSupplement,
)
from gateway.db.retention import LetterRetention


def empty_pieces(session: Session, services: Services, pieces: Sequence[int]) -> int:
    """The typed words about these envelopes; how many reasons of the trail. Each subject proves its own."""
    proofs = col(DeliveryProof.piece_id).in_(pieces)
    typed = col(PostingSupplement.piece_id).in_(pieces) & (col(PostingSupplement.noted_by) != SYSTEM)
    excepted = col(PostingRecord.piece_id).in_(pieces) & col(PostingRecord.exception_id).is_not(None)
    for model, which in (
        (DeliveryProof, proofs & _worded()),
        (PostingSupplement, typed),
        (PostingRecord, excepted),
    ):
        _date(session, services, model, which)
    update_rows(
        *(session, DeliveryProof, DeliveryProof.piece_id, pieces), received_by=None, handed_by=None, place=None
    )
    blank(session, DeliveryProof, DeliveryProof.reason, proofs)
    blank(session, ByHand, ByHand.reason, col(ByHand.piece_id).in_(pieces))
    blank(session, HandPrint, HandPrint.reason, col(HandPrint.piece_id).in_(pieces))
    submissions = col(Submission.piece_id).in_(pieces)
    blank(session, MailPiece, MailPiece.fault_message, col(MailPiece.id).in_(pieces))
    blank(session, Submission, Submission.error_message, submissions)
    told = select(Submission.id).where(submissions)
    blank(session, StatusEvent, StatusEvent.reason, col(StatusEvent.submission_id).in_(told))
    blank(session, PostingSupplement, PostingSupplement.source, typed)
    blank(session, PostingRecord, PostingRecord.text, excepted)
    return sum(
        empty_and_prove(session, services, name)
        for name in (*_names(session, pieces), *_empty_exceptions(session, pieces))
    )


def written_last(session: Session, letter_id: int) -> datetime | None:
    """When somebody last wrote something about a letter or its envelopes that is emptied with it."""
    pieces = select(Recipient.mail_piece_id).where(Recipient.letter_id == letter_id)
    member = col(PostingExceptionPiece.exception_id) == PostingException.id
    moments = (
        select(func.max(DeliveryProof.recorded_at)).where(col(DeliveryProof.piece_id).in_(pieces)),
        select(func.max(PostingSupplement.noted_at)).where(col(PostingSupplement.piece_id).in_(pieces)),
        select(func.max(func.coalesce(PostingException.decided_at, PostingException.proposed_at)))
        .join(PostingExceptionPiece, member)
        .where(col(PostingExceptionPiece.piece_id).in_(pieces)),
    )
    letter = session.get_one(Letter, letter_id)
    found = [
        reasoned_last(session, letter.reference),
        *(session.exec(query).one() for query in moments),
    ]
    return max((moment for moment in found if moment is not None), default=None)


def waits_for_second(session: Session, letter_id: int) -> bool:
    """Whether a second person has to decide about an exception to the posting of one of its envelopes."""
    query = (
        select(PostingException.id)
        .join(PostingExceptionPiece, col(PostingExceptionPiece.exception_id) == PostingException.id)
        .join(Recipient, col(Recipient.mail_piece_id) == PostingExceptionPiece.piece_id)
        .where(Recipient.letter_id == letter_id, PostingException.state == ExceptionState.PROPOSED)
    )
    return session.exec(query.limit(1)).first() is not None


def _worded() -> ColumnElement[bool]:
    """Proofs in which somebody wrote something that leaves."""
    named = (DeliveryProof.received_by, DeliveryProof.handed_by, DeliveryProof.place, DeliveryProof.reason)
    return or_(*(col(column).is_not(None) for column in named))


def _date(session: Session, services: Services, model: Any, which: ColumnElement[bool]) -> None:
    """Keep the day beside what is left of the rows."""
    bare = which & col(model.emptied_at).is_(None)
    session.connection().execute(update(table_of(model)).where(bare).values(emptied_at=services.clock.now()))


def _names(session: Session, pieces: Sequence[int]) -> list[str]:
    """What the trail calls them: their references, and the keys of their hand-overs."""
    references = session.exec(select(MailPiece.reference).where(col(MailPiece.id).in_(pieces))).all()
    keys = session.exec(select(Submission.key).where(col(Submission.piece_id).in_(pieces))).all()
    return [*references, *keys]


def _empty_exceptions(session: Session, pieces: Sequence[int]) -> list[str]:
    """Exceptions are about many people's pieces, and emptied with the last of them; their numbers."""
    whole = (
        select(PostingExceptionPiece.exception_id)
        .join(Recipient, col(Recipient.mail_piece_id) == PostingExceptionPiece.piece_id)
        .join(LetterRetention, col(LetterRetention.letter_id) == Recipient.letter_id, isouter=True)
        .where(
            col(LetterRetention.personal_left_at).is_(None),
            col(PostingExceptionPiece.piece_id).not_in(pieces),
        )
    )
    mine = select(PostingExceptionPiece.exception_id).where(col(PostingExceptionPiece.piece_id).in_(pieces))
    decided = select(PostingException.id).where(
        col(PostingException.id).in_(mine),
        col(PostingException.id).not_in(whole),
        col(PostingException.state) != ExceptionState.PROPOSED,
    )
    numbers = [number for number in session.exec(decided).all() if number is not None]
    for column in (PostingException.reason, PostingException.note):
        blank(session, PostingException, column, col(PostingException.id).in_(numbers))
    based = col(PostingExceptionBasis.exception_id).in_(numbers)
    blank(session, PostingExceptionBasis, PostingExceptionBasis.source, based)
    return [str(number) for number in numbers]
