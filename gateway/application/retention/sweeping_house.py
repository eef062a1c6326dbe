"""Sweeping what is about no letter that we know: words about the house, and what providers said of unknown pieces."""

from collections.abc import Iterator

from sqlalchemy import func
from sqlmodel import Session, col, select

from gateway.application.retention.emptying_house import is_needed
from gateway.application.retention.emptying_reports import waits_for_its_piece
from gateway.application.retention.sweeping import Found, before, judged
from gateway.application.services import Services
from gateway.db.letters import Letter
from gateway.db.people import AuditEntry
from gateway.db.seals import AuditSeal
from gateway.db.unmatched import UnmatchedReport
from gateway.domain.retention import Facts, RetentionRule

_CHUNK = 200
_OF_TEXTS = ("template-proposed", "template-withdrawn")
"""What the authority says about its own texts is about nobody, and stays with the version."""


def words_of_the_house(services: Services, rule: RetentionRule) -> Found:
    """What the trail has old reasons about and nothing that lives is named by; what lives has not begun its term."""
    limit = before(services, rule)
    for subject in _subjects(services, rule):
        with services.db.reading() as session:
            needed = is_needed(session, services, subject, limit)
        if not needed:
            yield subject, None


def _subjects(services: Services, rule: RetentionRule) -> Iterator[str]:
    """Subjects whose last reason is old enough; letters and scans are emptied with their rows, by sweeps of their own.

    Only of entries that are sealed: others keep their reason until they are.
    """
    query = (
        select(AuditEntry.subject)
        .join(AuditSeal, col(AuditSeal.entry_id) == AuditEntry.id)
        .where(AuditEntry.reason != "", col(AuditEntry.action).not_in(_OF_TEXTS))
        .where(~col(AuditEntry.subject).startswith("inbound-"))
        .where(~select(Letter.id).where(Letter.reference == AuditEntry.subject).exists())
        .group_by(AuditEntry.subject)
        .having(func.max(AuditEntry.at) < before(services, rule))
        .order_by(col(AuditEntry.subject))
        .limit(_CHUNK)
    )
    after = ""
    while True:
        with services.db.reading() as session:
            found = session.exec(query.where(col(AuditEntry.subject) > after)).all()
        if not found:
            return
        after = found[-1]
        yield from found


def unmatched_reports(services: Services, rule: RetentionRule) -> Found:
    """Reports that never met their piece, and can meet none any more."""
    query = select(UnmatchedReport.id).where(
        col(UnmatchedReport.matched_at).is_(None),
        col(UnmatchedReport.emptied_at).is_(None),
        UnmatchedReport.received_at < before(services, rule),
    )

    def judge(session: Session, report_id: int) -> Facts:
        report = session.get_one(UnmatchedReport, report_id)
        waits = waits_for_its_piece(session, report)
        return Facts(None if waits else services.day_of(report.received_at))

    yield from judged(services, rule, query, UnmatchedReport.id, judge)
