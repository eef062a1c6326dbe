"""Deciding: what waits for a signature or a confirmation. Letters to approve, pieces of a posting day.

Only reads; the decisions themselves are made in `approving` and `posting`. The desk is in `desk_view`.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.application.authorising import Actor, actor
from gateway.application.services import Services
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, Posting
from gateway.db.people import Case, Office, User
from gateway.domain.letter import LetterState
from gateway.domain.permission import Action, may_approve

MAX_LISTED = 200
"""What a person can look through; the counts of the account are exact."""


@dataclass(frozen=True)
class ApprovalLine:
    """A letter that waits for the user's signature."""

    reference: str
    file_number: str
    office: str
    title: str
    author: str
    submitted_at: datetime | None
    four_eyes: bool
    recipients: int


@dataclass(frozen=True)
class PostingPiece:
    """A piece that a provider reported as posted on a day."""

    piece: str
    letter: str
    file_number: str
    office: str
    title: str
    source: str
    confirmed_at: datetime | None
    confirmed_by: str | None


def to_approve(services: Services, login: str) -> list[ApprovalLine]:
    """Letters that this user may sign now, oldest first."""
    with services.db.reading() as session:
        who = actor(session, login)
        rows = session.exec(
            select(Letter, Case, Office, User)
            .join(Case, col(Case.id) == Letter.case_id)
            .join(Office, col(Office.id) == Letter.office_id)
            .join(User, col(User.id) == Letter.author_id)
            .where(Letter.state == LetterState.READY, col(Letter.held_at).is_(None))
            .order_by(col(Letter.submitted_at), col(Letter.id))
        ).all()
        mine = [row for row in rows if _may_sign(who, row[0], row[2], row[3])]
        return [
            ApprovalLine(
                letter.reference,
                case.file_number,
                office.key,
                letter.title,
                author.login,
                letter.submitted_at,
                letter.four_eyes,
                len(session.exec(select(Recipient.id).where(Recipient.letter_id == letter.id)).all()),
            )
            for letter, case, office, author in mine[:MAX_LISTED]
        ]


def posting_pieces(services: Services, login: str, day: date) -> list[PostingPiece]:
    """The pieces of one reported posting day that the user may see, by piece reference."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.READ)
        rows = session.exec(
            select(Posting, MailPiece, Letter, Case)
            .join(MailPiece, col(MailPiece.id) == Posting.piece_id)
            .join(Recipient, col(Recipient.mail_piece_id) == MailPiece.id)
            .join(Letter, col(Letter.id) == Recipient.letter_id)
            .join(Case, col(Case.id) == Letter.case_id)
            .where(Posting.reported_on == day)
            .order_by(MailPiece.reference, Letter.reference)
        ).all()
        return [
            _posting_piece(session, posting, piece, letter, case, office)
            for posting, piece, letter, case in rows
            if who.may(Action.READ, (office := session.get_one(Office, letter.office_id)).key)
        ]


def _may_sign(who: Actor, letter: Letter, office: Office, author: User) -> bool:
    return who.may(Action.APPROVE, office.key) and may_approve(
        who.roles, author=author.login, approver=who.login, four_eyes=letter.four_eyes
    )


def _posting_piece(
    session: Session, posting: Posting, piece: MailPiece, letter: Letter, case: Case, office: Office
) -> PostingPiece:
    clerk = session.get(User, posting.confirmed_by_id) if posting.confirmed_by_id else None
    return PostingPiece(
        piece.reference,
        letter.reference,
        case.file_number,
        office.key,
        letter.title,
        posting.source,
        posting.confirmed_at,
        clerk.name if clerk else None,
    )
