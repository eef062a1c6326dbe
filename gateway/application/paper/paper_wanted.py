"""Paper that is wanted after it was let go: its scan is found bad, it lay in a wrong case, its case is locked.

What is not destroyed yet is recalled, from the rows, once; what is destroyed is an alarm (`paper_alarms`). The search
begins at the few rows that make it wanted, never at all paper.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, union
from sqlmodel import Session, col

from gateway.application.access.authorising import SYSTEM
from gateway.application.paper.paper_returning import recall_within
from gateway.application.services import Services
from gateway.db.arrivals import ScanFeedback
from gateway.db.columns import columns
from gateway.db.files import InboundDocument, ScanDelivery
from gateway.db.originals import Original, ReleaseList
from gateway.db.placings import InboundMove
from gateway.db.retention import DeletionLock
from gateway.domain.inbound.feedback import ScanFinding, wants_rescan
from gateway.domain.paper.original_reports import TooLate
from gateway.domain.paper.originals import Paper, Quality

_WHY = {
    TooLate.LOCKED: "Im Fall gilt eine Löschsperre",
    TooLate.SCAN_BAD: "Der Scan wurde beanstandet",
    TooLate.MOVED: "Das Dokument lag in einem falschen Fall",
}


def call_back(services: Services) -> int:
    """Recall all released paper that is wanted; a step of the rounds, repeating changes nothing."""
    with services.db.transaction() as session:
        return call_back_within(session, services)


def call_back_within(session: Session, services: Services, case_id: int | None = None) -> int:
    """The same in the caller's transaction, of one case or of all."""
    found: dict[int, TooLate] = {}
    for cause, query in _wanted(Paper.RELEASED, _of(case_id)):
        for row in session.execute(query):
            found.setdefault(row.inbound_id, cause)
    for inbound_id, cause in sorted(found.items()):
        recall_within(session, services, inbound_id, _WHY[cause], SYSTEM)
    return len(found)


def wanted_too_late(session: Session) -> Iterator[tuple[TooLate, Any]]:
    """Destroyed paper that is wanted: why, and row with source, delivery, document_id and since when."""
    for cause, query in _wanted(Paper.DESTROYED):
        for row in session.execute(query):
            yield cause, row


def _of(case_id: int | None) -> list[ColumnElement[bool]]:
    return [] if case_id is None else [col(InboundDocument.case_id) == case_id]


def _wanted(paper: Paper, more: list[ColumnElement[bool]] | None = None) -> Iterator[tuple[TooLate, Any]]:
    """Of paper that was let go on a list: what happened after that list. A recall before it was settled then."""
    let_go = col(ReleaseList.confirmed_at)
    there = [col(Original.paper) == paper, *(more or [])]
    yield (
        TooLate.LOCKED,
        _papers(col(DeletionLock.set_at))
        .join(DeletionLock, col(DeletionLock.case_id) == InboundDocument.case_id)
        .where(col(DeletionLock.lifted_at).is_(None), col(DeletionLock.set_at) >= let_go, *there),
    )
    bad = _papers(col(Original.quality_at)).where(
        col(Original.quality) == Quality.REJECTED, col(Original.quality_at) >= let_go, *there
    )
    again = [finding for finding in ScanFinding if wants_rescan(finding)]
    told = (
        _papers(col(ScanFeedback.reported_at))
        .join(ScanFeedback, col(ScanFeedback.inbound_id) == Original.inbound_id)
        .where(
            col(ScanFeedback.settled_at).is_(None),
            col(ScanFeedback.finding).in_(again),
            col(ScanFeedback.reported_at) >= let_go,
            *there,
        )
    )
    yield TooLate.SCAN_BAD, union(bad, told)
    yield (
        TooLate.MOVED,
        _papers(col(InboundMove.moved_at))
        .join(InboundMove, col(InboundMove.inbound_id) == Original.inbound_id)
        .where(col(InboundMove.moved_at) >= let_go, *there),
    )


def _papers(since: Any) -> Any:
    return (
        columns(
            Original.inbound_id,
            InboundDocument.source,
            InboundDocument.document_id,
            ScanDelivery.delivery,
            since.label("since"),
        )
        .join(InboundDocument, col(InboundDocument.id) == Original.inbound_id)
        .join(ScanDelivery, col(ScanDelivery.id) == Original.delivery_id)
        .join(ReleaseList, col(ReleaseList.id) == Original.list_id)
    )
