"""Records of posting that something contradicts which came afterwards: a person has to say which day holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from gateway.db.mail import MailPiece, Posting, Submission
from gateway.domain.references import for_people


@dataclass(frozen=True)
class Contradicted:
    """One record of posting and since when it is contradicted. `key` is the hand-over's, `piece` the reference."""

    piece: str
    key: str
    provider: str
    since: datetime
    message: str


def contradicted_records(session: Session) -> Iterator[Contradicted]:
    """Those that no newer record has settled, oldest first."""
    query = (
        select(Posting, MailPiece, Submission)
        .join(MailPiece, col(MailPiece.id) == Posting.piece_id)
        .join(Submission, col(Submission.piece_id) == MailPiece.id)
        .where(col(Posting.contradicted_at).is_not(None), col(Submission.voided_at).is_(None))
        .order_by(col(Posting.contradicted_at))
    )
    for posting, piece, submission in session.exec(query).all():
        said = f"den {posting.confirmed_on:%d.%m.%Y}" if posting.confirmed_on else "keine Aufgabe zur Post"
        if posting.contradicted_at is not None:
            yield Contradicted(
                piece.reference,
                submission.key,
                submission.provider,
                posting.contradicted_at,
                f"Der Ab-Vermerk zur Sendung {for_people(piece.reference)} nennt {said}; danach wurde ein anderer Tag "
                "gemeldet oder gelistet. Gilt dieser, berichtigen zwei Personen den Vermerk bei der Sendung.",
            )
