"""Emptying rows, in the caller's transaction: typed reasons and what was noted about returned mail and arrivals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, update
from sqlmodel import Session, col, or_, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.delivery import ToldDeliveryAside
from gateway.db.enclosures import LetterEnclosure, SignedCompanion
from gateway.db.files import InboundDocument
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import StatusEvent, Submission, WithdrawnCopy
from gateway.db.people import AuditEntry, Person
from gateway.db.placings import InboundMove
from gateway.db.retention import LetterRetention
from gateway.db.returns import AddressSuspension, CertificateNotice, InboundKeyed, ReturnedMail, ReturnNotice
from gateway.db.seals import AuditSeal
from gateway.domain.letters.uploads import FINISHED_PDF

NO_TITLE = "(Bezeichnung gelöscht)"
_LIFTED = "address-suspension-lifted"


def update_rows(session: Session, model: Any, column: Any, ids: Sequence[int | None], **values: object) -> None:
    """Set columns of the rows whose `column` is one of `ids`."""
    session.connection().execute(update(table_of(model)).where(col(column).in_(ids)).values(**values))


def empty_reasons(session: Session, subject: str, *which: ColumnElement[bool]) -> int:
    """The reasons of a subject's entries in the trail; how many. `which` narrows them down.

    Only of entries that are sealed: their seal keeps the salted hash, its salt goes with the reason.
    """
    query = (
        select(AuditEntry.id)
        .join(AuditSeal, col(AuditSeal.entry_id) == AuditEntry.id)
        .where(AuditEntry.subject == subject, AuditEntry.reason != "", *which)
    )
    entries = session.exec(query).all()
    update_rows(session, AuditEntry, AuditEntry.id, entries, reason="")
    update_rows(session, AuditSeal, AuditSeal.entry_id, entries, reason_salt=None)
    return len(entries)


def has_reason(subject: Any, *which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the trail has a reason about a subject that `empty_reasons` takes away."""
    query = (
        select(AuditEntry.id)
        .join(AuditSeal, col(AuditSeal.entry_id) == AuditEntry.id)
        .where(AuditEntry.subject == subject, AuditEntry.reason != "", *which)
    )
    return query.exists()


def reasoned_last(session: Session, subject: str, *which: ColumnElement[bool]) -> datetime | None:
    """When somebody last gave a reason about a subject that is still in the trail."""
    query = select(func.max(AuditEntry.at)).where(
        AuditEntry.subject == subject, AuditEntry.reason != "", *which
    )
    return session.exec(query).one()


def pieces_of(session: Session, letter_id: int) -> list[int]:
    """Every envelope that a letter's copies lie in, or lay in until it was withdrawn."""
    lie = select(Recipient.mail_piece_id).where(
        Recipient.letter_id == letter_id, col(Recipient.mail_piece_id).is_not(None)
    )
    lay = (
        select(WithdrawnCopy.piece_id)
        .join(Recipient, col(Recipient.id) == WithdrawnCopy.recipient_id)
        .where(Recipient.letter_id == letter_id)
    )
    found = {*session.exec(lie).all(), *session.exec(lay).all()}
    return sorted(piece for piece in found if piece is not None)


def shared(session: Session, pieces: Sequence[int], letter_id: int, *still: ColumnElement[bool]) -> bool:
    """Whether another letter lies in these envelopes, or lay there, of whose retention `still` holds."""
    lay = select(WithdrawnCopy.recipient_id).where(col(WithdrawnCopy.piece_id).in_(pieces))
    others = (
        select(Recipient.letter_id)
        .join(LetterRetention, col(LetterRetention.letter_id) == Recipient.letter_id, isouter=True)
        .where(
            or_(col(Recipient.mail_piece_id).in_(pieces), col(Recipient.id).in_(lay)),
            Recipient.letter_id != letter_id,
            *still,
        )
    )
    return session.exec(others.limit(1)).first() is not None


def free_pieces(session: Session, letter_id: int) -> list[int]:
    """The envelopes that are emptied with a letter: those in which no other letter lies that is not emptied."""
    still = col(LetterRetention.personal_left_at).is_(None)
    return [piece for piece in pieces_of(session, letter_id) if not shared(session, [piece], letter_id, still)]


def empty_titles(session: Session, letter: Letter, copies: Sequence[int | None]) -> None:
    """What people called a finished PDF and its enclosures; a template's own title is nobody's word."""
    if letter.template == FINISHED_PDF:
        update_rows(session, Letter, Letter.id, [letter.id], title=NO_TITLE)
    update_rows(session, LetterEnclosure, LetterEnclosure.letter_id, [letter.id], title=NO_TITLE)
    update_rows(session, SignedCompanion, SignedCompanion.recipient_id, copies, title=NO_TITLE)


def empty_returns(session: Session, services: Services, free: Sequence[int]) -> int:
    """What was noted and decided when these pieces came back; how many reasons.

    That an address is suspended stays, with its hash: it holds until somebody lifts it.
    """
    returned = session.exec(select(ReturnedMail.id).where(col(ReturnedMail.piece_id).in_(free))).all()
    update_rows(session, ReturnNotice, ReturnNotice.returned_id, returned, new_address=None)
    for column in (ReturnedMail.fiction_reason, ReturnedMail.action_reason):
        blank(session, ReturnedMail, column, col(ReturnedMail.id).in_(returned))
    blank(
        session, CertificateNotice, CertificateNotice.settled_reason, col(CertificateNotice.piece_id).in_(free)
    )
    told = (
        select(StatusEvent.id)
        .join(Submission, col(Submission.id) == StatusEvent.submission_id)
        .where(col(Submission.piece_id).in_(free))
    )
    blank(session, ToldDeliveryAside, ToldDeliveryAside.reason, col(ToldDeliveryAside.event_id).in_(told))
    suspended = col(AddressSuspension.returned_id).in_(returned)
    persons = session.exec(
        select(Person.reference)
        .join(AddressSuspension, col(AddressSuspension.person_id) == Person.id)
        .where(suspended)
    ).all()
    blank(session, AddressSuspension, AddressSuspension.lift_reason, suspended)
    return sum(_empty_lifting(session, services, person, set(returned)) for person in set(persons))


def empty_arrival(session: Session, services: Services, inbound_id: int) -> int:
    """What rows say about an arrival beyond hashes and days; how many reasons in the trail of its notices."""
    session.connection().execute(
        delete(table_of(InboundKeyed)).where(col(InboundKeyed.inbound_id) == inbound_id)
    )
    update_rows(session, InboundDocument, InboundDocument.id, [inbound_id], sender=None)
    update_rows(session, InboundMove, InboundMove.inbound_id, [inbound_id], reason="")
    update_rows(session, ReturnNotice, ReturnNotice.inbound_id, [inbound_id], new_address=None)
    emptied = 0
    for model, name in ((ReturnNotice, "notice"), (CertificateNotice, "certificate")):
        mine = col(model.inbound_id) == inbound_id
        blank(session, model, model.settled_reason, mine)
        for number in session.exec(select(model.id).where(mine)).all():
            emptied += empty_and_prove(session, services, f"{name}-{number}")
    return emptied


def _empty_lifting(session: Session, services: Services, person: str, returned: set[int | None]) -> int:
    query = select(AuditEntry).where(AuditEntry.subject == person, AuditEntry.action == _LIFTED)
    ids = [each.id for each in session.exec(query).all() if each.details.get("returned") in returned]
    return empty_and_prove(session, services, person, col(AuditEntry.id).in_(ids)) if ids else 0


def empty_and_prove(session: Session, services: Services, subject: str, *which: ColumnElement[bool]) -> int:
    """Each subject needs its own entry that says so, else the chain misses the reasons."""
    emptied = empty_reasons(session, subject, *which)
    if emptied:
        audit(session, services, SYSTEM, "personal-data-deleted", subject, reasons=emptied)
    return emptied


def blank(session: Session, model: Any, column: Any, which: ColumnElement[bool]) -> None:
    """Empty a text that is there; what was never said stays so."""
    statement = update(table_of(model)).where(which, col(column).is_not(None))
    session.connection().execute(statement.values({column.key: ""}))
