"""What the scan sites report about paper: certificates of destruction and answers to recalls, matched one by one.

Every file is kept word for word. The first certificate of a number holds; what was destroyed without a release is on
record as destroyed, and an alarm.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.exc import IntegrityError as Taken
from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.paper.paper_events import note
from gateway.application.reads.scans import TAKEN, valid_scan
from gateway.application.services import Services
from gateway.db.columns import columns, table_of
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.db.originals import (
    DestructionCertificate,
    DestructionItem,
    Original,
    OriginalEventKind,
    OriginalRecall,
    ReleaseList,
    ScanReport,
)
from gateway.domain.paper.original_reports import (
    Certificate,
    PaperFinding,
    RecallAnswer,
    RecallReply,
    Report,
    fault_of_line,
    faults_of,
    read_report,
)
from gateway.domain.paper.originals import Paper

MAX_REPORT_BYTES = 20_000_000
"""What is larger is kept in part, and is not read."""
_CHUNK = 500


@dataclass
class Reported:
    """What a round of reading brought."""

    certificates: int = 0
    destroyed: int = 0
    answers: int = 0
    findings: int = 0

    def add(self, other: "Reported") -> None:
        """Together with another site's."""
        for name, number in vars(other).items():
            setattr(self, name, getattr(self, name) + number)


def take_reports(
    services: Services, source: str, files: Iterable[tuple[str, bytes]], who: str = SYSTEM
) -> Reported:
    """Read what a scan site reported; what was read before changes nothing. `who` handed it in."""
    done = Reported()
    for name, content in files:
        sha256 = hashlib.sha256(content).hexdigest()
        if not is_known(services, source, name, sha256):
            try:
                _take(services, source, name, sha256, content, done, who)
            except Taken:
                if not is_known(services, source, name, sha256):  # else another process took it in the meantime
                    raise
    return done


def is_known(services: Services, source: str, name: str, sha256: str) -> bool:
    """Whether this report was read before."""
    with services.db.reading() as session:
        query = select(ScanReport.id).where(
            ScanReport.source == source, ScanReport.name == name, ScanReport.sha256 == sha256
        )
        return session.exec(query).first() is not None


def _take(
    services: Services, source: str, name: str, sha256: str, content: bytes, done: Reported, who: str
) -> None:
    said, text = _read(services, source, name, content)
    with services.db.transaction() as session:
        finding = PaperFinding.UNREADABLE if said is None else _repeated(session, source, name, said)
        report = ScanReport(
            source=source,
            name=name,
            sha256=sha256,
            content=text,
            received_at=services.clock.now(),
            finding=finding,
        )
        session.add(report)
        session.flush()
        done.findings += finding is not None
        if finding is None and isinstance(said, Certificate):
            _certify(session, services, report, said, done)
        elif finding is None and said is not None:
            for reply in said if isinstance(said, list) else ():
                done.answers += _answered(session, services, source, reply)
        audit(session, services, who, "scan-report-taken", f"{source}/{name}", sha256=sha256)


def _read(services: Services, source: str, name: str, content: bytes) -> tuple[Report | None, str]:
    """What it says, None if that cannot be read; and its text, in any case."""
    text = content[:MAX_REPORT_BYTES].decode("utf-8", errors="backslashreplace").replace("\x00", "\\x00")
    if len(content) > MAX_REPORT_BYTES:
        return None, text
    try:
        return read_report(services.scans.report(name, content, services.scan_source(source))), text
    except (ValueError, KeyError, TypeError):
        return None, text


def _repeated(session: Session, source: str, name: str, said: Report) -> PaperFinding | None:
    """The same name or number with other content: the first one holds."""
    by_name = select(ScanReport.id).where(
        ScanReport.source == source, ScanReport.name == name, col(ScanReport.finding).is_(None)
    )
    if session.exec(by_name).first() is not None:
        return PaperFinding.DIFFERS
    if isinstance(said, Certificate):
        by_number = select(DestructionCertificate.id).where(
            DestructionCertificate.source == source, DestructionCertificate.number == said.number
        )
        return PaperFinding.DIFFERS if session.exec(by_number).first() is not None else None
    return None


def _certify(
    session: Session, services: Services, report: ScanReport, said: Certificate, done: Reported
) -> None:
    findings = list(faults_of(said, services.originals.level))
    row = DestructionCertificate(
        report_id=row_id(report),
        source=report.source,
        number=said.number,
        destroyed_on=said.destroyed_on,
        container=said.container,
        seal=said.seal,
        process=said.process,
        level=said.level,
        quantity=said.quantity,
        signed_by=said.signed_by,
        findings=[each.value for each in findings],
    )
    session.add(row)
    session.flush()
    done.certificates += 1
    done.findings += len(findings)
    for start in range(0, len(said.lines), _CHUNK):
        _match(session, services, row, said, start, done)


@dataclass
class _Known:
    inbound_id: int
    paper: Paper
    released_at: datetime | None
    recalled_at: datetime | None
    state: InboundState


def _match(
    session: Session,
    services: Services,
    row: DestructionCertificate,
    said: Certificate,
    start: int,
    done: Reported,
) -> None:
    lines = said.lines[start : start + _CHUNK]
    known = _of_one_paper(session, _papers(session, row.source, {line.document_id for line in lines}))
    for position, line in enumerate(lines, start + 1):
        found = known.get((line.delivery, line.document_id))
        finding = _fault(services, found, said)
        session.add(
            DestructionItem(
                certificate_id=row_id(row),
                position=position,
                delivery=line.delivery,
                document_id=line.document_id,
                inbound_id=found.inbound_id if found else None,
                finding=finding,
            )
        )
        done.findings += finding is not None
        if found is not None and found.paper is not Paper.DESTROYED:
            _destroy(session, services, found, row)
            done.destroyed += 1


def _fault(services: Services, found: _Known | None, said: Certificate) -> PaperFinding | None:
    if found is None:
        return PaperFinding.UNKNOWN

    def day(moment: datetime | None) -> date | None:
        return services.day_of(moment) if moment else None

    return fault_of_line(found.paper, day(found.released_at), day(found.recalled_at), said.destroyed_on)


def _papers(session: Session, source: str, documents: set[str]) -> dict[tuple[str, str], _Known]:
    query = _known_papers().where(
        InboundDocument.source == source, col(InboundDocument.document_id).in_(documents)
    )
    return {(row.delivery, row.document_id): _Known(*row[2:]) for row in session.execute(query)}


def _of_one_paper(
    session: Session, named: Mapping[tuple[str, str], _Known]
) -> Mapping[tuple[str, str], _Known]:
    """Under whatever number a paper that is kept is named, its newest row speaks for it."""
    by_id = {each.inbound_id: each for each in named.values()}
    found = dict(named)
    for name, each in named.items():
        if each.state in TAKEN or each.paper is not Paper.KEPT:
            continue
        newest = row_id(valid_scan(session, session.get_one(InboundDocument, each.inbound_id)))
        if newest not in by_id:
            row = session.execute(_known_papers().where(col(Original.inbound_id) == newest)).one_or_none()
            by_id[newest] = _Known(*row[2:]) if row is not None else each
        found[name] = by_id[newest]
    return found


def _known_papers() -> Any:
    """Delivery and document id, and then what `_Known` has."""
    return (
        columns(
            ScanDelivery.delivery,
            InboundDocument.document_id,
            Original.inbound_id,
            Original.paper,
            ReleaseList.confirmed_at,
            _recalled_at(),
            InboundDocument.state,
        )
        .join(InboundDocument, col(InboundDocument.id) == Original.inbound_id)
        .join(ScanDelivery, col(ScanDelivery.id) == Original.delivery_id)
        .outerjoin(ReleaseList, col(ReleaseList.id) == Original.list_id)
    )


def _recalled_at() -> Any:
    newest = columns(func.max(OriginalRecall.asked_at)).where(
        col(OriginalRecall.inbound_id) == Original.inbound_id
    )
    return newest.scalar_subquery().label("recalled_at")


def _destroy(session: Session, services: Services, found: _Known, row: DestructionCertificate) -> None:
    table = table_of(Original)
    gone = update(table).where(table.c.inbound_id == found.inbound_id)
    session.connection().execute(gone.values(paper=Paper.DESTROYED, destroyed_on=row.destroyed_on))
    found.paper = Paper.DESTROYED
    note(session, services, found.inbound_id, OriginalEventKind.DESTROYED, SYSTEM, row.number)


def _answered(session: Session, services: Services, source: str, reply: RecallReply) -> int:
    """An answer to a recall that is not ours, or that was answered before, changes nothing: the report is kept."""
    query = select(OriginalRecall).where(
        OriginalRecall.source == source,
        OriginalRecall.name == reply.recall,
        col(OriginalRecall.answer).is_(None),
    )
    found = session.exec(query).one_or_none()
    if found is None:
        return 0
    inbound_id = found.inbound_id
    compare_and_set(
        session,
        OriginalRecall,
        row_id(found),
        expect={"answer": None},
        answer=reply.answer,
        answered_at=services.clock.now(),
        shipment=reply.shipment[:200],
    )
    sent = reply.answer is RecallAnswer.SENT
    kind = OriginalEventKind.SENT_BACK if sent else OriginalEventKind.NOT_SENT_BACK
    note(
        session,
        services,
        inbound_id,
        kind,
        SYSTEM,
        f"{reply.recall}: {reply.answer.value} {reply.shipment}".strip(),
    )
    return 1
