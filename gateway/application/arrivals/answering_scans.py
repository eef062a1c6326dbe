"""Answering scan providers: what they are told is a row first, and is sent from the row until the site has it.

    row with its bytes (in the transaction of what it tells of) → sent → marked as sent

The site takes the same bytes under the same name as often as they come, so a kill in between is harmless.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlmodel import Session, col, or_, select

from gateway.application.services import Services
from gateway.db.arrivals import ScanAnswer
from gateway.domain.retry import wait_before
from gateway.errors import Conflict, ProviderError
from gateway.ports.scans import AnswerFile

log = structlog.get_logger()

_FIRST_RETRY = timedelta(minutes=5)
_LONGEST_RETRY = timedelta(hours=6)
_AT_ONCE = 200


@dataclass
class AnswersReport:
    """What one round sent."""

    sent: int = 0
    failed: int = 0


def put_answer(session: Session, services: Services, source: str, kind: str, file: AnswerFile) -> ScanAnswer:
    """Write the row of an answer, in the caller's transaction; one of this name that is there stays as it is."""
    query = select(ScanAnswer).where(ScanAnswer.source == source, ScanAnswer.name == file.name)
    if (known := session.exec(query).one_or_none()) is not None:
        return known
    row = ScanAnswer(
        source=source, name=file.name, kind=kind, content=file.content, made_at=services.clock.now()
    )
    session.add(row)
    session.flush()
    return row


def send_answers(services: Services, *, source: str | None = None) -> AnswersReport:
    """Send what is due, in the order in which it was made; a site that cannot be reached is left alone this round."""
    report = AnswersReport()
    away: set[str] = set()
    for answer_id, its_source in _due(services, source):
        if its_source not in away and not _send(services, answer_id, report):
            away.add(its_source)
    return report


def _due(services: Services, source: str | None) -> Sequence[tuple[int, str]]:
    with services.db.reading() as session:
        query = select(ScanAnswer.id, ScanAnswer.source).where(
            col(ScanAnswer.sent_at).is_(None),
            or_(
                col(ScanAnswer.next_attempt_at).is_(None),
                col(ScanAnswer.next_attempt_at) <= services.clock.now(),
            ),
        )
        if source is not None:
            query = query.where(ScanAnswer.source == source)
        rows = session.exec(query.order_by(col(ScanAnswer.id)).limit(_AT_ONCE)).all()
        return [(number, name) for number, name in rows if number is not None]


def _send(services: Services, answer_id: int, report: AnswersReport) -> bool:
    """Try one; False if the site as a whole is away."""
    with services.db.transaction() as session:
        row = session.get_one(ScanAnswer, answer_id)
        if row.sent_at is not None:
            return True
        row.attempts += 1
        row.next_attempt_at = services.clock.now() + wait_before(
            row.attempts,
            first=_FIRST_RETRY,
            longest=_LONGEST_RETRY,
            spread=services.random_bits(8) / 256,
        )
        source, name, content = row.source, row.name, row.content
    try:
        services.scan_site(source).answer(name, content)
    except (ProviderError, Conflict) as fact:
        report.failed += 1
        log.warning("scan-answer-waits", source=source, answer=answer_id, code=fact.code)
        with services.db.transaction() as session:
            session.get_one(ScanAnswer, answer_id).error_code = fact.code
        return isinstance(fact, Conflict)
    with services.db.transaction() as session:
        row = session.get_one(ScanAnswer, answer_id)
        row.sent_at = row.sent_at or services.clock.now()
        row.error_code = row.next_attempt_at = None
    report.sent += 1
    return True
