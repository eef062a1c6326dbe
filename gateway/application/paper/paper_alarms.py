"""What is wrong with paper: gone without a release, not destroyed in time, certificates that fail. Only reads."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col

from gateway.application.paper.paper_wanted import wanted_too_late
from gateway.application.services import Services
from gateway.db.columns import columns
from gateway.db.originals import (
    DestructionCertificate,
    DestructionItem,
    Original,
    OriginalRecall,
    ReleaseList,
    ScanReport,
)
from gateway.domain.paper.original_reports import MEANING, PaperFinding, RecallAnswer, TooLate
from gateway.domain.paper.originals import Paper


@dataclass(frozen=True)
class PaperAlarm:
    """One problem, of one scan site. `occasion` names it; `subject` is a document, list, recall or certificate."""

    finding: PaperFinding | TooLate
    source: str
    occasion: str
    subject: str
    message: str
    since: datetime


def paper_alarms(session: Session, services: Services) -> Iterator[PaperAlarm]:
    """All of them, whether somebody settled them or not."""
    yield from _of_items(session)
    yield from _of_certificates(session)
    yield from _of_reports(session)
    yield from _overdue_lists(session, services)
    yield from _recalls(session, services)
    for cause, row in wanted_too_late(session):
        subject = f"{row.delivery}/{row.document_id}"
        yield _alarm(cause, row.source, subject, subject, row.since)


def _of_items(session: Session) -> Iterator[PaperAlarm]:
    query = (
        columns(
            DestructionItem.finding,
            DestructionItem.delivery,
            DestructionItem.document_id,
            DestructionCertificate.number,
            DestructionCertificate.source,
            ScanReport.received_at,
        )
        .join(DestructionCertificate, col(DestructionCertificate.id) == DestructionItem.certificate_id)
        .join(ScanReport, col(ScanReport.id) == DestructionCertificate.report_id)
        .where(col(DestructionItem.finding).is_not(None))
    )
    for row in session.execute(query):
        subject = f"{row.delivery}/{row.document_id}"
        yield _alarm(row.finding, row.source, f"{row.number}:{subject}", subject, row.received_at, row.number)


def _of_certificates(session: Session) -> Iterator[PaperAlarm]:
    query = columns(
        DestructionCertificate.source,
        DestructionCertificate.number,
        DestructionCertificate.findings,
        DestructionCertificate.level,
        ScanReport.received_at,
    ).join(ScanReport, col(ScanReport.id) == DestructionCertificate.report_id)
    for row in session.execute(query):
        for code in row.findings:
            finding = PaperFinding(code)
            told = f"Stufe {row.level}" if finding is PaperFinding.LEVEL else ""
            yield _alarm(finding, row.source, row.number, row.number, row.received_at, told)


def _of_reports(session: Session) -> Iterator[PaperAlarm]:
    query = columns(
        ScanReport.source, ScanReport.name, ScanReport.sha256, ScanReport.finding, ScanReport.received_at
    ).where(col(ScanReport.finding).is_not(None))
    for row in session.execute(query):
        yield _alarm(row.finding, row.source, f"{row.name}:{row.sha256[:16]}", row.name, row.received_at)


def _overdue_lists(session: Session, services: Services) -> Iterator[PaperAlarm]:
    """Lists of which not everything is certified in time; counted from the day of the list."""
    rules = services.originals
    before = services.today() - timedelta(days=rules.destroyed_within_days)
    query = (
        columns(
            ReleaseList.source, ReleaseList.name, ReleaseList.confirmed_at, func.count().label("open_papers")
        )
        .join(Original, col(Original.list_id) == ReleaseList.id)
        .where(Original.paper == Paper.RELEASED, ReleaseList.day < before)
        .group_by(col(ReleaseList.id))
    )
    for row in session.execute(query):
        since = row.confirmed_at + timedelta(days=rules.destroyed_within_days)
        told = f"{row.open_papers} Stück"
        yield _alarm(PaperFinding.OVERDUE, row.source, row.name, row.name, since, told)


def _recalls(session: Session, services: Services) -> Iterator[PaperAlarm]:
    patience = timedelta(days=services.originals.answered_within_days)
    query = columns(OriginalRecall, Original.paper).join(
        Original, col(Original.inbound_id) == OriginalRecall.inbound_id
    )
    open_ones = query.where(Original.paper == Paper.RECALLED, col(OriginalRecall.arrived_at).is_(None))
    for recall, _ in session.execute(open_ones):
        since = recall.asked_at + patience
        if recall.answer is RecallAnswer.NOT_FOUND:
            yield _of_recall(recall, PaperFinding.NOT_FOUND, recall.answered_at or since)
        elif recall.answer is None and since < services.clock.now():
            yield _of_recall(recall, PaperFinding.NO_ANSWER, since)
        elif recall.answer is RecallAnswer.DESTROYED and since < services.clock.now():
            yield _of_recall(recall, PaperFinding.NO_CERTIFICATE, since)


def _of_recall(recall: Any, finding: PaperFinding, since: datetime) -> PaperAlarm:
    return _alarm(finding, recall.source, recall.name, f"Posteingang {recall.inbound_id}", since)


def _alarm(
    finding: PaperFinding | TooLate, source: str, occasion: str, subject: str, since: datetime, told: str = ""
) -> PaperAlarm:
    message = f"{MEANING[finding]} ({told})" if told else MEANING[finding]
    return PaperAlarm(finding, source, f"{source}:{occasion}:{finding.value}", subject, message, since)
