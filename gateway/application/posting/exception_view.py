"""Exceptions of posting for people: what waits for a second person, and what was decided. Only reads."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor
from gateway.application.posting.posting_basis import basis_of
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.mail import MailPiece
from gateway.db.people import User
from gateway.db.postings import ExceptionState, PostingException, PostingExceptionPiece
from gateway.domain.permission import Action
from gateway.domain.posting.posting_record import How


@dataclass(frozen=True)
class ExceptionView:
    """An exception: what was proposed by whom, and what became of it. `pieces` are references."""

    number: int
    state: ExceptionState
    posted_on: date | None
    reason: str
    hows: tuple[How, ...]
    codes: tuple[str, ...]
    pieces: tuple[str, ...]
    proposed_by: str
    proposed_by_login: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    note: str | None
    source: str | None
    """Whose word it rests on, where a document was handed in."""


def exceptions(session: Session, *, piece_id: int | None = None) -> list[ExceptionView]:
    """Those that wait, oldest first; or all of one piece."""
    query = select(PostingException).order_by(col(PostingException.id))
    if piece_id is None:
        query = query.where(PostingException.state == ExceptionState.PROPOSED)
    else:
        of_piece = select(PostingExceptionPiece.exception_id).where(PostingExceptionPiece.piece_id == piece_id)
        query = query.where(col(PostingException.id).in_(of_piece))
    return [_view(session, row) for row in session.exec(query).all()]


def open_exceptions(services: Services, login: str) -> list[ExceptionView]:
    """What waits for a second person."""
    with services.db.reading() as session:
        actor(session, login).require(Action.READ)
        return exceptions(session)


def members_of(session: Session, row: PostingException) -> list[tuple[PostingExceptionPiece, MailPiece]]:
    """The pieces of an exception, by reference."""
    query = (
        select(PostingExceptionPiece, MailPiece)
        .join(MailPiece, col(MailPiece.id) == PostingExceptionPiece.piece_id)
        .where(PostingExceptionPiece.exception_id == row_id(row))
        .order_by(col(MailPiece.reference))
    )
    return [(member, piece) for member, piece in session.exec(query).all()]


def _view(session: Session, row: PostingException) -> ExceptionView:
    members = members_of(session, row)
    proposer = session.get_one(User, row.proposed_by_id)
    decider = session.get_one(User, row.decided_by_id) if row.decided_by_id else None
    return ExceptionView(
        number=row_id(row),
        state=row.state,
        posted_on=row.posted_on,
        reason=row.reason,
        hows=tuple(sorted({member.how for member, _ in members})),
        codes=tuple(sorted({code for member, _ in members for code in member.codes})),
        pieces=tuple(piece.reference for _, piece in members),
        proposed_by=proposer.name,
        proposed_by_login=proposer.login,
        proposed_at=row.proposed_at,
        decided_by=decider.name if decider else None,
        decided_at=row.decided_at,
        note=row.note,
        source=basis.source if (basis := basis_of(session, row_id(row))) else None,
    )
