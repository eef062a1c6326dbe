"""What is on the desk, by every name of the audit trail that leads to it: a run, a case, a person, a mailing.

An emptied letter can come back onto the desk: its provider says years later that it was returned. Then the old entries
about its run and its case are needed once more. Read once for a whole pass; memory grows with the desk only.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlmodel import Session, col, select

from gateway.application.clearing.clearing import troubled_letters, troubles_of
from gateway.application.clearing.gathering import gather
from gateway.application.services import Services
from gateway.db.columns import columns, in_chunks
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Run
from gateway.db.mailings import MailingRow
from gateway.db.people import Case, Person
from gateway.db.postings import PostingExceptionPiece


def names_on_desk(services: Services) -> frozenset[str]:
    """The names, but for the letters' own and those of their pieces, about which `living` asks by itself."""
    found: set[str] = set()
    with services.db.reading() as session:
        for some in in_chunks(troubled_letters(session, services)):
            known = gather(session, some)
            letters = session.exec(select(Letter).where(col(Letter.id).in_(some))).all()
            troubled = [row_id(each) for each in letters if troubles_of(session, services, each, known)]
            found.update(_names(session, troubled))
    return frozenset(found)


def _names(session: Session, letters: Sequence[int]) -> Iterator[str]:
    mine: Any = col(Recipient.letter_id).in_(letters)
    piece = col(MailPiece.id) == Recipient.mail_piece_id
    runs = (
        columns(Run.day, Run.number)
        .select_from(Recipient)
        .join(MailPiece, piece)
        .join(Batch, col(Batch.id) == MailPiece.batch_id)
        .join(Run, col(Run.id) == Batch.run_id)
    )
    yield from (f"run-{day}-{number}" for day, number in session.connection().execute(runs.where(mine)))
    excepted = select(PostingExceptionPiece.exception_id).join(
        Recipient, col(Recipient.mail_piece_id) == PostingExceptionPiece.piece_id
    )
    yield from map(str, session.exec(excepted.where(mine)).all())
    persons = select(Person.reference).join(Recipient, col(Recipient.person_id) == Person.id)
    yield from session.exec(persons.where(mine)).all()
    written = col(Letter.id).in_(letters)
    cases = select(Case.reference).join(Letter, col(Letter.case_id) == Case.id)
    yield from session.exec(cases.where(written)).all()
    versions = select(Letter.template, Letter.template_version).where(written)
    yield from ("@".join(version) for version in session.exec(versions).all())
    mailings = select(MailingRow.mailing_id).where(col(MailingRow.letter_id).in_(letters))
    yield from (f"mailing:{number}" for number in session.exec(mailings).all())
