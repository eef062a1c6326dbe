"""Emptying what providers said about pieces that nobody knew, or knew later: the row, its hash and the day stay."""

import hashlib
import json

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.services import Services
from gateway.db.mail import Submission
from gateway.db.unmatched import UnmatchedReport
from gateway.domain.runs.submission import SubmissionState

_OPEN = (SubmissionState.STAGED, SubmissionState.RELEASING, SubmissionState.IN_DOUBT)


def raw_hash(raw: object) -> str:
    """By which the trail names a payload that left."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def empty_reports(session: Session, services: Services, which: ColumnElement[bool]) -> None:
    """Payload and reason of these reports, in the caller's transaction, which proves it in the trail."""
    still = select(UnmatchedReport).where(which, col(UnmatchedReport.emptied_at).is_(None))
    for report in session.exec(still).all():
        report.raw_sha256, report.emptied_at = raw_hash(report.raw), services.clock.now()
        report.raw, report.reason = {}, "" if report.reason is not None else None


def empty_report(services: Services, report_id: int) -> int:
    """One that never met its piece."""
    with services.db.transaction() as session:
        report = session.get_one(UnmatchedReport, report_id)
        if report.matched_at is not None or waits_for_its_piece(session, report):
            return 0
        empty_reports(session, services, col(UnmatchedReport.id) == report_id)
        subject, sha256 = f"report:{report.provider}", report.raw_sha256
        audit(session, services, SYSTEM, "payloads-deleted", subject, report=report_id, sha256=sha256)
        return 1


def waits_for_its_piece(session: Session, report: UnmatchedReport) -> bool:
    """Whether a hand-over to the provider may have gone through whose number nobody knows yet: it may be about that.

    A person, or the provider's answer, decides about each of them.
    """
    query = select(Submission.id).where(
        Submission.provider == report.provider,
        col(Submission.state).in_(_OPEN),
        Submission.planned_at <= report.received_at,
    )
    return session.exec(query.limit(1)).first() is not None
