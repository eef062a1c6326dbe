"""Emptying: what rows hold beyond references and hashes is deleted by its rule; each deletion is proven in the trail.

Account, deadlines, events and chain stay whole: they need states, dates, references and hashes only.
"""

from sqlalchemy import delete, tuple_
from sqlmodel import col, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.retention.emptying_paper import PAPER_ACTIONS, empty_paper
from gateway.application.retention.emptying_pieces import empty_pieces
from gateway.application.retention.emptying_reports import empty_reports, raw_hash
from gateway.application.retention.emptying_rows import (
    blank,
    empty_arrival,
    empty_reasons,
    empty_returns,
    empty_titles,
    free_pieces,
    pieces_of,
    update_rows,
)
from gateway.application.services import Services
from gateway.db.desk import DeskDecision
from gateway.db.engine import compare_and_set
from gateway.db.letters import Letter, LetterFinding, Recipient
from gateway.db.mail import StatusEvent, Submission
from gateway.db.mailings import Mailing, MailingRow
from gateway.db.people import AuditEntry
from gateway.db.placings import RequestedItem
from gateway.db.retention import LetterRetention
from gateway.db.tokens import ApiAnswer
from gateway.db.unmatched import UnmatchedReport
from gateway.domain.letters.mailing import REPLACEABLE, MailingState


def empty_payloads(services: Services, letter_id: int) -> int:
    """What providers said word for word about a letter's pieces; the hash of each stays in the trail."""
    with services.db.transaction() as session:
        letter = session.get_one(Letter, letter_id)
        events = session.exec(
            select(StatusEvent)
            .join(Submission, col(Submission.id) == StatusEvent.submission_id)
            .where(col(Submission.piece_id).in_(pieces_of(session, letter_id)))
        ).all()
        told = {str(event.id): raw_hash(event.raw) for event in events if event.raw}
        update_rows(session, StatusEvent, StatusEvent.id, [event.id for event in events], raw={})
        same = [(event.provider, event.dedup_key) for event in events]
        # What was said before the piece was known lies twice: as it came, and as an event of the piece.
        empty_reports(
            session, services, tuple_(col(UnmatchedReport.provider), col(UnmatchedReport.dedup_key)).in_(same)
        )
        session.get_one(LetterRetention, letter_id).payloads_left_at = services.clock.now()
        audit(session, services, SYSTEM, "payloads-deleted", letter.reference, events=told)
        return len(told)


def empty_persons(services: Services, letter_id: int) -> int:
    """Address lines and data of a letter, and every reason that was typed about it or its envelopes."""
    with services.db.transaction() as session:
        letter = session.get_one(Letter, letter_id)
        copies = session.exec(select(Recipient.id).where(Recipient.letter_id == letter_id)).all()
        update_rows(session, Letter, Letter.id, [letter_id], data={}, note=None, hold_reason=None)
        empty_titles(session, letter, copies)
        blank(session, Letter, Letter.service_reason, col(Letter.id) == letter_id)
        update_rows(session, Recipient, Recipient.id, copies, address_lines=[], salutation="", copy_for=None)
        update_rows(session, LetterFinding, LetterFinding.recipient_id, copies, message="")
        update_rows(session, DeskDecision, DeskDecision.letter_id, [letter_id], reason="", source=None)
        update_rows(session, RequestedItem, RequestedItem.letter_id, [letter_id], title="")
        explained = select(RequestedItem.id).where(
            RequestedItem.letter_id == letter_id, col(RequestedItem.reason).is_not(None)
        )
        update_rows(session, RequestedItem, RequestedItem.id, session.exec(explained).all(), reason="")
        pieces, reasons = free_pieces(session, letter_id), empty_reasons(session, letter.reference)
        reasons += empty_returns(session, services, pieces) + empty_pieces(session, services, pieces)
        left = session.get_one(LetterRetention, letter_id)
        left.personal_left_at = left.emptied_at = services.clock.now()
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


def empty_scan(services: Services, inbound_id: int) -> int:
    """What rows say about a scan that left: sender, what was typed, and every reason but those of its paper."""
    with services.db.transaction() as session:
        subject, not_of_paper = f"inbound-{inbound_id}", col(AuditEntry.action).not_in(PAPER_ACTIONS)
        reasons = empty_arrival(session, services, inbound_id) + empty_reasons(session, subject, not_of_paper)
        audit(session, services, SYSTEM, "personal-data-deleted", subject, reasons=reasons)
        return 1


def empty_words_of_paper(services: Services, inbound_id: int) -> int:
    """Every reason that was given about the paper of a scan."""
    with services.db.transaction() as session:
        reasons = empty_paper(session, inbound_id)
        audit(session, services, SYSTEM, "personal-data-deleted", f"inbound-{inbound_id}", reasons=reasons)
        return 1


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
