"""Deciding: which letters wait for a signature.

Only reads; the decision itself is made in `approving`. The desk is in `desk_view`, a day of postings in `posting_view`.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from gateway.application.access.authorising import Actor, actor
from gateway.application.services import Services
from gateway.db.letters import Letter, Recipient
from gateway.db.people import Case, Office, User
from gateway.domain.letters.letter import LetterState
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


def _may_sign(who: Actor, letter: Letter, office: Office, author: User) -> bool:
    return who.may(Action.APPROVE, office.key) and may_approve(
        who.roles, author=author.login, approver=who.login, four_eyes=letter.four_eyes
    )
