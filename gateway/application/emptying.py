"""Emptying: what rows hold beyond references and hashes is deleted by its rule; each deletion is proven in the trail.

Account, deadlines, events and chain stay whole: they need states, dates, references and hashes only.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from gateway.application.authorising import SYSTEM, audit
from gateway.application.sealing import table_of
from gateway.application.services import Services
from gateway.db.desk import DeskDecision
from gateway.db.engine import compare_and_set
from gateway.db.letters import Letter, LetterFinding, Recipient
from gateway.db.mail import StatusEvent, Submission
from gateway.db.mailings import Mailing, MailingRow
from gateway.db.people import AuditEntry
from gateway.db.placings import RequestedItem
from gateway.db.retention import LetterRetention
from gateway.db.seals import AuditSeal
from gateway.db.tokens import ApiAnswer
from gateway.domain.mailing import REPLACEABLE, MailingState


def empty_payloads(services: Services, letter_id: int) -> int:
    """What providers said word for word about a letter's pieces; the hash of each stays in the trail."""
    with services.db.transaction() as session:
        letter = session.get_one(Letter, letter_id)
        events = session.exec(
            select(StatusEvent)
            .join(Submission, col(Submission.id) == StatusEvent.submission_id)
            .join(Recipient, col(Recipient.mail_piece_id) == Submission.piece_id)
            .where(Recipient.letter_id == letter_id)
        ).all()
        told = {str(event.id): _hash(event.raw) for event in events if event.raw}
        _update(session, StatusEvent, StatusEvent.id, [event.id for event in events], raw={})
        session.get_one(LetterRetention, letter_id).payloads_left_at = services.clock.now()
        audit(session, services, SYSTEM, "payloads-deleted", letter.reference, events=told)
        return len(told)


def empty_persons(services: Services, letter_id: int) -> int:
    """Address lines and data of a letter, and every reason that was typed about it."""
    with services.db.transaction() as session:
        letter = session.get_one(Letter, letter_id)
        copies = session.exec(select(Recipient.id).where(Recipient.letter_id == letter_id)).all()
        _update(session, Letter, Letter.id, [letter_id], data={}, note=None, hold_reason=None)
        _update(session, Recipient, Recipient.id, copies, address_lines=[], salutation="", copy_for=None)
        _update(session, LetterFinding, LetterFinding.recipient_id, copies, message="")
        _update(session, DeskDecision, DeskDecision.letter_id, [letter_id], reason="", source=None)
        _update(session, RequestedItem, RequestedItem.letter_id, [letter_id], title="")
        explained = select(RequestedItem.id).where(
            RequestedItem.letter_id == letter_id, col(RequestedItem.reason).is_not(None)
        )
        _update(session, RequestedItem, RequestedItem.id, session.exec(explained).all(), reason="")
        reasons = _empty_reasons(session, letter.reference)
        session.get_one(LetterRetention, letter_id).personal_left_at = services.clock.now()
        audit(
            session,
            services,
            SYSTEM,
            "personal-data-deleted",
            letter.reference,
            recipients=len(copies),
            reasons=reasons,
        )
        return len(copies)


def discard_mailing(services: Services, mailing_id: int) -> int:
    """The rows of a table about which nobody decided; returns how many."""
    with services.db.transaction() as session:
        compare_and_set(
            session, Mailing, mailing_id, expect={"state": REPLACEABLE}, state=MailingState.DISCARDED
        )
        gone = session.connection().execute(delete(MailingRow).where(col(MailingRow.mailing_id) == mailing_id))
        audit(session, services, SYSTEM, "mailing-discarded", f"mailing:{mailing_id}", rows=gone.rowcount)
        return gone.rowcount


def forget_answer(services: Services, answer_id: int) -> int:
    """An idempotency key that is not promised any more; what it did is in the trail under its own action."""
    with services.db.transaction() as session:
        found = session.connection().execute(delete(ApiAnswer).where(col(ApiAnswer.id) == answer_id))
        return found.rowcount


def _empty_reasons(session: Session, subject: str) -> int:
    """Only of entries that are sealed: their seal keeps the salted hash, its salt goes with the reason."""
    query = (
        select(AuditEntry.id)
        .join(AuditSeal, col(AuditSeal.entry_id) == AuditEntry.id)
        .where(AuditEntry.subject == subject, AuditEntry.reason != "")
    )
    entries = session.exec(query).all()
    _update(session, AuditEntry, AuditEntry.id, entries, reason="")
    _update(session, AuditSeal, AuditSeal.entry_id, entries, reason_salt=None)
    return len(entries)


def _update(session: Session, model: Any, column: Any, ids: Sequence[int | None], **values: object) -> None:
    session.connection().execute(update(table_of(model)).where(col(column).in_(ids)).values(**values))


def _hash(raw: object) -> str:
    return hashlib.sha256(json.dumps(raw, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
