"""Auditing: who looked at a letter or a case, and the trail of one letter for those who may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from gateway.application.access.authorising import OPERATOR, actor, note_read
from gateway.application.reads.finding import find_letter
from gateway.application.reads.showing import LetterView, letter_view
from gateway.application.services import Services
from gateway.application.views.searching import CaseView, case_view
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Posting, Run
from gateway.db.people import AuditEntry, User
from gateway.db.seals import AuditDeparture, AuditSeal
from gateway.domain.permission import Action
from gateway.domain.trail.trail import action_words

_FIRST = ("letter-written", "letter-imported")
"""How a letter begins."""


@dataclass(frozen=True)
class TrailLine:
    """An entry of the trail; `seal` is its number in the chain, None while it is not sealed."""

    id: int
    at: datetime
    actor: str
    name: str
    action: str
    words: str
    subject: str
    reason: str
    details: Mapping[str, Any]
    seal: int | None


def read_letter(services: Services, login: str | None, reference: str) -> LetterView:
    """A letter for somebody who looks at it, None the operator; noted. Raises `NotFound` or `NotPermitted`."""
    view = letter_view(services, login, reference)
    note_read(services, login or OPERATOR, "letter-read", view.reference)
    return view


def read_case(services: Services, login: str, reference: str) -> CaseView:
    """A case with its people for somebody who looks at it; noted. Raises `NotFound` or `NotPermitted`."""
    view = case_view(services, login, reference)
    note_read(services, login, "case-read", view.reference)
    return view


def trail(services: Services, login: str | None, reference: str) -> list[TrailLine]:
    """Who did and read what with a letter, its runs and postings, oldest first; `login` None is the operator.

    Raises `NotFound`, `NotPermitted`. This look is noted, too, and seen in the next one.
    """
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        if login is not None:
            actor(session, login).require(Action.READ_TRAIL, office.key)
        lines = _lines(session, letter)
    note_read(services, login or OPERATOR, "trail-read", letter.reference)
    return lines


def departed_until(services: Services, lines: Sequence[TrailLine]) -> date | None:
    """Up to which day entries went by their rule of retention, if the first of a letter's trail did; else None."""
    if any(line.action in _FIRST for line in lines):
        return None
    with services.db.reading() as session:
        done = select(AuditDeparture).where(col(AuditDeparture.finished_at).is_not(None))
        last = session.exec(done.order_by(col(AuditDeparture.cut_off).desc()).limit(1)).first()
    return last.cut_off if last else None


def _lines(session: Session, letter: Letter) -> list[TrailLine]:
    runs, days, pieces = _around(session, letter)
    query = (
        select(AuditEntry, AuditSeal.number, User.name)
        .join(AuditSeal, col(AuditSeal.entry_id) == AuditEntry.id, isouter=True)
        .join(User, col(User.login) == AuditEntry.actor, isouter=True)
        .where(col(AuditEntry.subject).in_([letter.reference, *pieces, *runs, *days]))
        .order_by(col(AuditEntry.at), col(AuditEntry.id))
    )
    return [
        _line(entry, number, name)
        for entry, number, name in session.exec(query).all()
        if entry.subject not in days or set(pieces) & set(entry.details.get("pieces", ()))
    ]


def _around(session: Session, letter: Letter) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """Names of the runs, of the posting days and of the pieces of a letter, as the trail calls them."""
    rows = session.exec(
        select(col(Run.day), col(Run.number), col(MailPiece.reference), col(Posting.reported_on))
        .select_from(Recipient)
        .join(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
        .join(Batch, col(Batch.id) == MailPiece.batch_id)
        .join(Run, col(Run.id) == Batch.run_id)
        .join(Posting, col(Posting.piece_id) == MailPiece.id, isouter=True)
        .where(Recipient.letter_id == letter.id)
    ).all()
    runs = sorted({f"run-{day}-{number}" for day, number, _, _ in rows})
    days = sorted({reported.isoformat() for *_, reported in rows if reported})
    return runs, days, [piece for _, _, piece, _ in rows]


def _line(entry: AuditEntry, number: int | None, name: str | None) -> TrailLine:
    return TrailLine(
        entry.id or 0,
        entry.at,
        entry.actor,
        name or entry.actor,
        entry.action,
        action_words(entry.action),
        entry.subject,
        entry.reason,
        entry.details,
        number,
    )
