"""What came in about our mail and waits: unmatched returns, certificates to be read, late deliveries that were told.

Seen on the desk, with owner and due day; decided on the pages of returned mail and certificates of service.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor
from gateway.application.receipt.reading_certificates import may_settle
from gateway.application.receipt.told_deliveries import told_to
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.people import User
from gateway.db.returns import CertificateNotice, ReturnNotice
from gateway.domain.desk.desk import POST_ROOM
from gateway.domain.permission import Action


class NoticeKind(StrEnum):
    """Where it is decided."""

    RETURN = "return"
    CERTIFICATE = "certificate"
    DELIVERY = "delivery"
    """A provider tells that registered mail was delivered, on a day that changes what counts."""


@dataclass(frozen=True)
class NoticeEntry:
    """One of them: its number there, why it waits (a code), whose it is, and until when it should be decided."""

    kind: NoticeKind
    id: int
    found: str
    letters: tuple[str, ...]
    owner: str
    since: datetime
    due: date
    late: bool
    age_days: int


def waiting_notices(session: Session, services: Services, who: Actor | None) -> list[NoticeEntry]:
    """All that wait, for those who may settle them; `who` None: all. The most pressing first."""
    found = [
        *_returns(session, services, who),
        *_certificates(session, services, who),
        *_deliveries(session, services, who),
    ]
    return sorted(found, key=lambda each: (each.due, each.since))


def _returns(session: Session, services: Services, who: Actor | None) -> Iterator[NoticeEntry]:
    if who is not None and not (who.may(Action.RECEIVE_SCANS) and who.may(Action.READ)):
        return
    query = select(ReturnNotice).where(
        col(ReturnNotice.returned_id).is_(None), col(ReturnNotice.settled_at).is_(None)
    )
    for row in session.exec(query).all():
        yield _entry(services, NoticeKind.RETURN, row_id(row), row.found_by, row.noticed_at, (), POST_ROOM)


def _certificates(session: Session, services: Services, who: Actor | None) -> Iterator[NoticeEntry]:
    query = select(CertificateNotice).where(
        col(CertificateNotice.proof_id).is_(None), col(CertificateNotice.settled_at).is_(None)
    )
    for row in session.exec(query).all():
        if who is None or may_settle(session, who, row):
            letters, owner = _about(session, row.piece_id)
            yield _entry(
                services, NoticeKind.CERTIFICATE, row_id(row), row.found, row.noticed_at, letters, owner
            )


def _deliveries(session: Session, services: Services, who: Actor | None) -> Iterator[NoticeEntry]:
    for told in told_to(session, services, who):
        if told.counts:
            letter = session.exec(select(Letter).where(Letter.reference == told.letters[0][0])).one()
            author = session.get_one(User, letter.author_id)
            yield _entry(
                services,
                NoticeKind.DELIVERY,
                told.id,
                told.why,
                told.noticed_at,
                [reference for reference, _ in told.letters],
                author.login if author.active else POST_ROOM,
            )


def _about(session: Session, piece_id: int | None) -> tuple[Sequence[str], str]:
    """The letters of a piece, and the author of the first of them, if still there."""
    query = (
        select(Letter.reference, User)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .join(User, col(User.id) == Letter.author_id)
        .where(Recipient.mail_piece_id == piece_id)
        .order_by(col(Letter.id))
    )
    rows = session.exec(query).all() if piece_id is not None else []
    owner = rows[0][1].login if rows and rows[0][1].active else POST_ROOM
    return [reference for reference, _ in rows], owner


def _entry(
    services: Services,
    kind: NoticeKind,
    number: int,
    found: str,
    since: datetime,
    letters: Sequence[str],
    owner: str,
) -> NoticeEntry:
    day, today = services.day_of(since), services.today()
    due = services.schedule.calendar.add_working_days(day, services.desk.decide_days)
    return NoticeEntry(kind, number, found, tuple(letters), owner, since, due, due < today, (today - day).days)
