"""Marking: a new fact about pieces belongs in the case file of their letters, and retention looks at them anew."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway.db.columns import table_of
from gateway.db.letters import Letter, Recipient
from gateway.db.retention import LetterRetention


def mark_for_filing(session: Session, *piece_ids: int) -> None:
    """A new fact about pieces belongs in the case file of each of their letters."""
    mark_letters(session, piece_ids)
    note_words(session, *piece_ids)


def note_words(session: Session, *piece_ids: int) -> None:
    """Something was written about pieces: letters that were emptied by their rule of retention are looked at anew."""
    letters = select(Recipient.letter_id).where(col(Recipient.mail_piece_id).in_(piece_ids))
    table = table_of(LetterRetention)
    emptied = table.c.letter_id.in_(letters) & table.c.personal_left_at.is_not(None)
    session.connection().execute(update(table).where(emptied).values(personal_left_at=None))


def mark_letters(session: Session, piece_ids: Sequence[int] | SelectOfScalar[int]) -> None:
    """The same where nothing was written in words, for pieces or for a query that finds them."""
    session.flush()
    letters = select(Recipient.letter_id).where(col(Recipient.mail_piece_id).in_(piece_ids))
    table = table_of(Letter)
    session.connection().execute(update(table).where(table.c.id.in_(letters)).values(filing_due=True))
