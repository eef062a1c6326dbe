"""Letters in lists: where each stands and since when, in a fixed number of statements, however many there are.

Only reads. What a user may not see is not found; who asks for lines directly has asked for permission.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col

from gateway.application.access.authorising import actor, readable_offices
from gateway.application.reads.posted import day_in_force
from gateway.application.services import Services
from gateway.db.columns import columns, in_chunks
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, Posting, Submission
from gateway.db.people import Case, Office, User
from gateway.domain.account.standing import Standing, standing_of_copy, standing_of_letter


@dataclass(frozen=True)
class LetterLine:
    """A letter in a list. `posted_on` is the earliest day that stands, `confirmed` whether all copies have one."""

    reference: str
    file_number: str
    office: str
    title: str
    standing: Standing
    author: str
    decision_date: date
    approved_at: datetime | None
    handed_over_at: datetime | None
    posted_on: date | None
    confirmed: bool


def list_letters(
    services: Services,
    login: str | None,
    *,
    case: str | None = None,
    standing: Standing | None = None,
    text: str | None = None,
    limit: int = 200,
    after: int = 0,
) -> list[LetterLine]:
    """Letters that the user may see, newest first; `text` searches reference, file number and title."""
    with services.db.reading() as session:
        query = rows_of_letters().order_by(col(Letter.id).desc())
        if login is not None:
            query = query.where(col(Office.key).in_(readable_offices(session, actor(session, login))))
        if case:
            query = query.where((col(Case.reference) == case) | (col(Case.file_number) == case))
        if text:
            query = query.where(text_matches(text))
        lines: list[LetterLine] = []
        offset = after
        while len(lines) < limit:
            rows = session.execute(query.offset(offset).limit(limit)).all()
            offset += limit
            lines += [line for line in lines_of(session, rows) if standing in {None, line.standing}]
            if len(rows) < limit:
                break
        return lines[:limit]


def rows_of_letters() -> Any:
    """The query whose rows `lines_of` takes."""
    return (
        columns(Letter, Case, Office, User)
        .join(Case, col(Case.id) == Letter.case_id)
        .join(Office, col(Office.id) == Letter.office_id)
        .join(User, col(User.id) == Letter.author_id)
    )


def text_matches(text: str) -> Any:
    """Whether a reference, file number or title has it."""
    like = f"%{escape(text.strip())}%"
    reference = f"%{escape(text.replace('-', '').strip())}%"
    return (
        col(Letter.reference).ilike(reference, escape="\\")
        | col(Case.file_number).ilike(like, escape="\\")
        | col(Letter.title).ilike(like, escape="\\")
    )


def escape(text: str) -> str:
    """For LIKE: what means itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def lines_of(session: Session, rows: Iterable[Sequence[Any]]) -> list[LetterLine]:
    """A line for each row of `rows_of_letters`, in their order: one statement for 500 letters."""
    chosen = list(rows)
    found = _copies(session, [row_id(letter) for letter, *_ in chosen])
    return [_line(row, found.get(row_id(row[0]), [])) for row in chosen]


def _copies(session: Session, letters: Sequence[int]) -> dict[int, list[Any]]:
    """The copies of each letter, with fault, live hand-over and posting of their piece."""
    found: dict[int, list[Any]] = {}
    for some in in_chunks(letters):
        query = (
            columns(
                Recipient.letter_id,
                col(MailPiece.id).label("piece"),
                MailPiece.fault_code,
                Submission.state,
                Submission.status,
                Submission.released_at,
                Posting,
            )
            .select_from(Recipient)
            .outerjoin(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
            .outerjoin(
                Submission, (col(Submission.piece_id) == MailPiece.id) & col(Submission.voided_at).is_(None)
            )
            .outerjoin(Posting, col(Posting.piece_id) == MailPiece.id)
            .where(col(Recipient.letter_id).in_(some))
            .order_by(col(Recipient.letter_id), col(Recipient.number))
        )
        for row in session.execute(query):
            found.setdefault(row.letter_id, []).append(row)
    return found


def _line(row: Sequence[Any], copies: Sequence[Any]) -> LetterLine:
    letter, case, office, author = row
    held = letter.held_at is not None
    standings = [
        standing_of_copy(
            letter.state,
            held=held,
            has_piece=copy.piece is not None,
            fault=copy.fault_code,
            submission=copy.state,
            status=copy.status,
        )
        for copy in copies
    ]
    postings = [copy.Posting for copy in copies if copy.Posting is not None]
    return LetterLine(
        reference=letter.reference,
        file_number=case.file_number,
        office=office.key,
        title=letter.title,
        standing=standing_of_letter(letter.state, held=held, pieces=standings),
        author=author.login,
        decision_date=letter.decision_date,
        approved_at=letter.approved_at,
        handed_over_at=min((copy.released_at for copy in copies if copy.released_at), default=None),
        posted_on=min((day for posting in postings if (day := day_in_force(posting))), default=None),
        confirmed=bool(postings) and all(posting.confirmed_on for posting in postings),
    )
