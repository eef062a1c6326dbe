"""What providers have and nobody reported as posted: the post room asks, and may have its own evidence. Only reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor
from gateway.application.posting.exception_view import exceptions
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, Posting, Submission
from gateway.db.people import Office
from gateway.domain.permission import Action
from gateway.domain.runs.by_hand import BY_HAND
from gateway.domain.runs.submission import SubmissionState

MAX_LISTED = 500
"""What a person can look through; the oldest first."""


@dataclass(frozen=True)
class Unreported:
    """A piece that was handed over before today and is not reported as posted, with the letters that one may see.

    `waits` is the number of an exception that waits for its second person.
    """

    piece: str
    key: str
    provider: str
    handed_over_at: datetime
    age_days: int
    letters: Sequence[str]
    waits: int | None


def unreported(services: Services, login: str) -> list[Unreported]:
    """Of all providers, longest handed over first."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.READ)
        waiting = {piece: each.number for each in exceptions(session) for piece in each.pieces}
        found = _handed_over(session, services)
        letters = _letters(session, [row_id(piece) for _, piece in found])
        lines = [
            Unreported(
                piece.reference,
                submission.key,
                submission.provider,
                since,
                (services.today() - services.day_of(since)).days,
                [name for name, office in letters.get(row_id(piece), ()) if who.may(Action.READ, office)],
                waiting.get(piece.reference),
            )
            for submission, piece in found
            if (since := submission.released_at)
        ]
        return [line for line in lines if line.letters]


def _handed_over(session: Session, services: Services) -> Sequence[tuple[Submission, MailPiece]]:
    midnight = datetime.combine(services.today(), time(0), services.schedule.zone)
    query = (
        select(Submission, MailPiece)
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .join(Posting, col(Posting.piece_id) == Submission.piece_id, isouter=True)
        .where(
            Submission.state == SubmissionState.RELEASED,
            col(Submission.settled_at).is_(None),
            Submission.provider != BY_HAND,
            col(Submission.released_at) < midnight,
            col(Posting.piece_id).is_(None),
        )
        .order_by(col(Submission.released_at), col(MailPiece.reference))
        .limit(MAX_LISTED)
    )
    return session.exec(query).all()


def _letters(session: Session, pieces: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Reference and office of every letter, by piece."""
    query = (
        select(Recipient.mail_piece_id, Letter.reference, Office.key)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .join(Office, col(Office.id) == Letter.office_id)
        .where(col(Recipient.mail_piece_id).in_(pieces))
        .order_by(col(Letter.reference))
        .distinct()
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for piece_id, reference, office in session.exec(query).all():
        found.setdefault(piece_id or 0, []).append((reference, office))
    return found
