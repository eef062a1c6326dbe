"""What is remembered of each filing: attempts, since when it fails, and the answer of the case file."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.files import Filing
from gateway.db.letters import Letter, Recipient
from gateway.domain.retry import wait_before
from gateway.errors import CaseFileError
from gateway.ports.casefile import FilingEntry

_FIRST_RETRY = timedelta(minutes=1)
_LONGEST_RETRY = timedelta(hours=6)


@dataclass(frozen=True)
class About:
    """Whose entry it is: the case, and the letter and copy where it is about one."""

    case_id: int
    letter_id: int | None = None
    recipient_id: int | None = None


def about_copy(session: Session, case_id: int, letter_id: int, number: int | None) -> About:
    """Of a letter, and of one recipient's copy where `number` says so."""
    query = select(Recipient.id).where(Recipient.letter_id == letter_id, Recipient.number == number)
    return About(case_id, letter_id, session.exec(query).first() if number is not None else None)


def begin_attempt(services: Services, key: str, about: About) -> bool | None:
    """Count an attempt and say None; True if it is filed already, False if it is not its time yet."""
    now = services.clock.now()
    with services.db.transaction() as session:
        row = _row(session, key, about)
        if row.filed_at is not None:
            return True
        if row.next_attempt_at is not None and row.next_attempt_at > now:
            return False
        spread = services.random_bits(8) / 256
        row.attempts += 1
        row.next_attempt_at = now + wait_before(
            row.attempts, first=_FIRST_RETRY, longest=_LONGEST_RETRY, spread=spread
        )
        return None


def refused(
    services: Services, key: str, about: About, error: CaseFileError, *, again_at: datetime | None = None
) -> None:
    """The case file did not take it; the next attempt is known, or comes with the end of an outage (`again_at`)."""
    with services.db.transaction() as session:
        row = _row(session, key, about)
        row.error_code = error.code
        row.failing_since = row.failing_since or services.clock.now()
        row.next_attempt_at = again_at or row.next_attempt_at


def confirmed(services: Services, entry: FilingEntry, about: About, external_id: str) -> None:
    """The case file has it. The account holds its hash against what was signed, and counts the entries."""
    with services.db.transaction() as session:
        row = _row(session, entry.key, about)
        if row.filed_at is None and about.letter_id is not None:
            letters = table_of(Letter)
            counted = (
                update(letters).where(letters.c.id == about.letter_id).values(filings=letters.c.filings + 1)
            )
            session.connection().execute(counted)
        row.error_code = row.failing_since = row.next_attempt_at = None
        row.external_id, row.filed_at = external_id, services.clock.now()
        row.letter_id, row.recipient_id = about.letter_id, about.recipient_id
        if entry.document is not None:
            row.document_key, row.sha256 = entry.document_key, entry.document_sha256


def failed_before(services: Services) -> dict[str, int]:
    """How often an entry failed that is not filed yet, by what its key names: the letter among it."""
    with services.db.reading() as session:
        query = select(Filing.key, Filing.attempts).where(col(Filing.filed_at).is_(None))
        return {part: attempts for key, attempts in session.exec(query) for part in key.split(":")}


def is_filed(session: Session, key: str) -> bool:
    """Whether the case file has confirmed it."""
    query = select(Filing.id).where(Filing.key == key, col(Filing.filed_at).is_not(None))
    return session.exec(query).first() is not None


def _row(session: Session, key: str, about: About) -> Filing:
    row = session.exec(select(Filing).where(Filing.key == key)).one_or_none()
    if row is None:
        row = Filing(key=key, case_id=about.case_id, letter_id=about.letter_id, recipient_id=about.recipient_id)
        session.add(row)
        session.flush()
    return row
