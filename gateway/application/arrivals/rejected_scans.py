"""Rejected documents: what is known of each, and which are still waited for. Only reads.

Of one paper that was rejected several times, only the newest row is waited for.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_
from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor
from gateway.application.reads.scans import still_the_scan, valid_scan
from gateway.application.services import Services
from gateway.db.arrivals import RejectedClosing, ScanAnswer, ScanFeedback
from gateway.db.columns import columns
from gateway.db.engine import row_id
from gateway.db.files import NOT_TAKEN, InboundDocument, InboundState, ScanDelivery
from gateway.db.originals import Original, OriginalEvent, OriginalEventKind
from gateway.domain.inbound.rejected import TAKEN_BEFORE, Expectation, RejectedFacts, due_on, expectation
from gateway.domain.paper.originals import Paper
from gateway.domain.permission import Action

_SETTLES = (OriginalEventKind.RETURNED, OriginalEventKind.DESTROYED, OriginalEventKind.NOT_SENT_BACK)


@dataclass(frozen=True)
class RejectedLine:
    """A rejected document as it stands in lists. `due` None: the site does not know yet, or nothing is waited for."""

    inbound_id: int
    document_id: str
    delivery_id: int
    delivery: str
    source: str
    code: str
    message: str
    box: str
    paper: Paper | None
    facts: RejectedFacts
    expected: Expectation
    due: date | None


def awaited(services: Services, login: str) -> list[RejectedLine]:
    """What should come again and has not, for those who receive scans. Raises `NotPermitted`."""
    with services.db.reading() as session:
        actor(session, login).require(Action.RECEIVE_SCANS)
        return open_rejected(session, services)


def open_rejected(session: Session, services: Services, *conditions: ColumnElement[bool]) -> list[RejectedLine]:
    """What should come again and has not, the oldest first."""
    asked = select(ScanFeedback.id).where(
        ScanFeedback.inbound_id == InboundDocument.id, col(ScanFeedback.settled_at).is_(None)
    )
    waits = or_(col(InboundDocument.state) == InboundState.QUARANTINE, asked.exists())
    not_closed = col(RejectedClosing.decided_at).is_(None)
    query = _rows().where(still_the_scan(), waits, not_closed, *conditions)
    return [_line(services, row) for row in session.execute(query)]


def rejected_line(session: Session, services: Services, document: InboundDocument) -> RejectedLine | None:
    """A rejected document, settled or not; None for one that was taken."""
    if document.state not in NOT_TAKEN:
        return None
    row = session.execute(_rows().where(col(InboundDocument.id) == row_id(document))).one()
    facts = facts_of(session, services, document)
    line = _line(services, row)
    expected = expectation(facts)
    return replace(line, facts=facts, expected=expected, due=line.due if expected is Expectation.OPEN else None)


def came_again(session: Session, document: InboundDocument) -> tuple[datetime | None, int | None]:
    """When the paper of a rejected document was delivered so that it could be taken, and the case where it is."""
    valid = valid_scan(session, document)
    if valid is document or valid.state in NOT_TAKEN:
        return None, None
    return session.get_one(ScanDelivery, valid.delivery_id).received_at, valid.case_id


def facts_of(session: Session, services: Services, document: InboundDocument) -> RejectedFacts:
    """Of a rejected document; where it came again and was rejected again, the newest one tells the rest."""
    came, _ = came_again(session, document)
    newest = document if came else valid_scan(session, document)
    here = session.execute(_rows().where(col(InboundDocument.id) == row_id(document))).one()
    last = session.execute(_rows().where(col(InboundDocument.id) == row_id(newest))).one()
    told, said = _line(services, here, came).facts, _line(services, last).facts
    return RejectedFacts(told.told_at, told.here_before, came, said.paper_settled_at, said.closed_at)


def _rows() -> Any:
    receipt = columns(ScanAnswer.sent_at).where(
        ScanAnswer.source == InboundDocument.source,
        ScanAnswer.name == ScanDelivery.delivery + ".receipt.json",
    )
    feedback = (
        columns(func.max(ScanAnswer.sent_at))
        .join(ScanFeedback, col(ScanFeedback.answer_id) == ScanAnswer.id)
        .where(ScanFeedback.inbound_id == InboundDocument.id)
    )
    settled = columns(func.max(OriginalEvent.at)).where(
        OriginalEvent.inbound_id == InboundDocument.id, col(OriginalEvent.kind).in_(_SETTLES)
    )
    by_machine = col(InboundDocument.state) == InboundState.QUARANTINE
    told = case((by_machine, receipt.scalar_subquery()), else_=feedback.scalar_subquery())
    return (
        columns(
            InboundDocument.id,
            InboundDocument.document_id,
            InboundDocument.source,
            InboundDocument.delivery_id,
            InboundDocument.finding_code,
            InboundDocument.match_reason,
            InboundDocument.box,
            ScanDelivery.delivery,
            Original.paper,
            RejectedClosing.decided_at,
            told.label("told_at"),
            settled.scalar_subquery().label("paper_settled_at"),
        )
        .join(ScanDelivery, col(ScanDelivery.id) == InboundDocument.delivery_id)
        .outerjoin(Original, col(Original.inbound_id) == InboundDocument.id)
        .outerjoin(RejectedClosing, col(RejectedClosing.inbound_id) == InboundDocument.id)
        .where(col(InboundDocument.state).in_(NOT_TAKEN))
        .order_by(col(InboundDocument.id))
    )


def _line(services: Services, row: Any, came: datetime | None = None) -> RejectedLine:
    facts = RejectedFacts(
        told_at=row.told_at,
        here_before=row.finding_code in TAKEN_BEFORE,
        came_again_at=came,
        paper_settled_at=row.paper_settled_at,
        closed_at=row.decided_at,
    )
    told_on = services.day_of(row.told_at) if row.told_at else None
    due = due_on(told_on, services.originals.redelivered_within_days)
    return RejectedLine(
        inbound_id=row.id,
        document_id=row.document_id,
        delivery_id=row.delivery_id,
        delivery=row.delivery,
        source=row.source,
        code=row.finding_code or "",
        message=row.match_reason,
        box=row.box,
        paper=Paper(row.paper) if row.paper else None,
        facts=facts,
        expected=expectation(facts),
        due=due,
    )
