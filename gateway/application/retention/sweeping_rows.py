"""Sweeping rows: what they say beyond references, days and hashes, once the documents that they are about have left.

Words that people wrote later are found, too, and stay for their own term.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, literal
from sqlmodel import Session, col, select

from gateway.application.arrivals.rejected_scans import facts_of as facts_of_rejected
from gateway.application.clearing.clearing import troubles_of
from gateway.application.reads.leftovers import has_more_than_hashes, has_paper_words
from gateway.application.reads.scans import valid_scan
from gateway.application.retention.concluding import is_locked
from gateway.application.retention.emptying_paper import PAPER_ACTIONS, last_of_paper, paper_over
from gateway.application.retention.emptying_pieces import waits_for_second, written_last
from gateway.application.retention.emptying_rows import has_reason, pieces_of, reasoned_last, shared
from gateway.application.retention.sweeping import Found, before, judged
from gateway.application.services import Services
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.db.letters import Letter
from gateway.db.originals import Original
from gateway.db.people import AuditEntry
from gateway.db.retention import ContentDeparture, LetterRetention
from gateway.domain.inbound.rejected import settled_at
from gateway.domain.retention import Facts, Kind, RetentionRule

_NOT_OF_PAPER = col(AuditEntry.action).not_in(PAPER_ACTIONS)


def payloads(services: Services, rule: RetentionRule) -> Found:
    """Letters whose documents left, with what providers said word for word."""
    yield from _rows_of_letters(services, rule, col(LetterRetention.payloads_left_at).is_(None))


def persons(services: Services, rule: RetentionRule) -> Found:
    """Letters whose documents left, with addresses and data in their rows, or reasons that were typed since."""
    reasoned = select(Letter.id).where(
        Letter.id == LetterRetention.letter_id, has_reason(col(Letter.reference))
    )
    left = col(LetterRetention.personal_left_at)
    yield from _rows_of_letters(services, rule, left.is_(None) | reasoned.exists())


def scans_in_rows(services: Services, rule: RetentionRule) -> Found:
    """Scans whose content left, with sender, reasons and what was typed of them in their rows."""
    subject = literal("inbound-") + cast(col(InboundDocument.id), String)
    query = (
        select(InboundDocument.id)
        .join(ContentDeparture, col(ContentDeparture.document_sha256) == InboundDocument.sha256)
        .where(
            col(ContentDeparture.left_at) < before(services, rule),
            has_more_than_hashes(InboundDocument.id) | has_reason(subject, _NOT_OF_PAPER),
        )
    )

    def judge(session: Session, inbound_id: int) -> Facts:
        scan = session.get_one(InboundDocument, inbound_id)
        reasoned = reasoned_last(session, f"inbound-{inbound_id}", _NOT_OF_PAPER)
        left = _left_at(session, scan)
        return Facts(
            services.day_of(max(left, reasoned or left)) if left else None,
            locked=is_locked(session, scan.case_id),
        )

    yield from judged(services, rule, query, InboundDocument.id, judge)


def rejected_in_rows(services: Services, rule: RetentionRule) -> Found:
    """Documents of scan deliveries that the receipt rejected, with their sender in the row; nothing open about them."""
    query = (
        select(InboundDocument.id)
        .join(ScanDelivery, col(ScanDelivery.id) == InboundDocument.delivery_id)
        .where(
            InboundDocument.state == InboundState.QUARANTINE,
            ScanDelivery.received_at < before(services, rule),
            has_more_than_hashes(InboundDocument.id),
        )
    )

    def judge(session: Session, inbound_id: int) -> Facts:
        scan = session.get_one(InboundDocument, inbound_id)
        ends = settled_at(facts_of_rejected(session, services, scan))
        return Facts(services.day_of(ends) if ends else None, locked=_is_locked(session, scan))

    yield from judged(services, rule, query, InboundDocument.id, judge)


def words_about_paper(services: Services, rule: RetentionRule) -> Found:
    """Paper about which people gave reasons; only once its scan has left, and it is destroyed or back in the house."""
    query = select(Original.inbound_id).where(has_paper_words(Original.inbound_id))

    def judge(session: Session, inbound_id: int) -> Facts:
        scan = session.get_one(InboundDocument, inbound_id)
        moments = [last_of_paper(session, scan), _left_at(session, scan)]
        known = [moment for moment in moments if moment is not None]
        over = paper_over(session, scan) and (scan.sha256 is None or moments[1] is not None)
        return Facts(services.day_of(max(known)) if over and known else None, locked=_is_locked(session, scan))

    yield from judged(services, rule, query, Original.inbound_id, judge)


def _left_at(session: Session, scan: InboundDocument) -> datetime | None:
    gone = session.get(ContentDeparture, scan.sha256) if scan.sha256 else None
    return gone.left_at if gone else None


def _is_locked(session: Session, scan: InboundDocument) -> bool:
    """In its own case, or where its paper came to later."""
    return any(is_locked(session, each.case_id) for each in (scan, valid_scan(session, scan)))


def _rows_of_letters(services: Services, rule: RetentionRule, which: Any) -> Found:
    query = select(LetterRetention.letter_id).where(
        which, LetterRetention.content_left_at < before(services, rule)
    )

    def judge(session: Session, letter_id: int) -> Facts:
        letter = session.get_one(Letter, letter_id)
        # Its end is long past; from here on the term counts from the day on which its documents left, and of what
        # somebody wrote later from that day.
        gone = session.get_one(LetterRetention, letter_id).content_left_at
        payloads = rule.kind is Kind.RAW_PAYLOAD
        return Facts(
            services.day_of(gone if payloads else max(gone, written_last(session, letter_id) or gone)),
            on_desk=bool(troubles_of(session, services, letter)),
            locked=is_locked(session, letter.case_id),
            filed=not letter.filing_due,
            in_use=(_shares_an_envelope if payloads else waits_for_second)(session, letter_id),
        )

    yield from judged(services, rule, query, LetterRetention.letter_id, judge)


def _shares_an_envelope(session: Session, letter_id: int) -> bool:
    """With a letter that still has its content: what was said is about both."""
    pieces = pieces_of(session, letter_id)
    return shared(session, pieces, letter_id, col(LetterRetention.letter_id).is_(None))
