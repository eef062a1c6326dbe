"""What is known about paper, read from the rows in chunks; the rules of `domain.paper.originals` decide. Only reads."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from gateway.application.access.authorising import Actor
from gateway.application.reads.scans import TAKEN
from gateway.application.services import Services
from gateway.db.arrivals import ScanFeedback
from gateway.db.columns import columns
from gateway.db.files import NOT_TAKEN, InboundDocument, InboundState, ScanDelivery
from gateway.db.originals import Original, OriginalHold
from gateway.db.people import Case, Office
from gateway.db.retention import DeletionLock
from gateway.domain.inbound.feedback import ScanFinding, wants_rescan
from gateway.domain.paper.originals import (
    Block,
    Hold,
    OriginalFacts,
    OriginalState,
    Paper,
    PlanState,
    Quality,
    blocks,
    plan_state,
    state_of,
)
from gateway.domain.permission import Action
from gateway.errors import NotFound

CHUNK = 1_000
COUNTED = and_(col(InboundDocument.state).in_(TAKEN), col(Original.sampled))


@dataclass(frozen=True)
class PaperRow:
    """One paper with what is known about it. `office` and `file_number` None: it is in no case."""

    inbound_id: int
    document_id: str
    source: str
    delivery: str
    box: str
    sha256: str | None
    received_on: date
    sampled: bool
    list_id: int | None
    destroyed_on: date | None
    office: str | None
    file_number: str | None
    facts: OriginalFacts
    due: date | None
    state: OriginalState
    blocks: tuple[Block, ...]


def papers(
    session: Session,
    services: Services,
    *conditions: ColumnElement[bool],
    on: date | None = None,
    lock: bool = False,
) -> Iterator[PaperRow]:
    """The paper that meets the conditions (on `Original`, `InboundDocument`, `ScanDelivery`), by id.

    `on`: as it stands on that day, today unless told otherwise. `lock`: nobody changes these documents, nor locks or
    unlocks deletion in their cases, until the transaction ends (PostgreSQL; SQLite has one writer anyway).
    """
    plans: dict[int, PlanState] = {}
    after = 0
    while True:
        query = _rows(*conditions, col(Original.inbound_id) > after).limit(CHUNK)
        rows = session.execute(query.with_for_update(of=(Original, InboundDocument)) if lock else query).all()
        if not rows:
            return
        after = rows[-1].inbound_id
        locked = _locked(session, {row.case_id for row in rows if row.case_id}, keep_so=lock)
        plans |= plans_of(session, {row.delivery_id for row in rows} - plans.keys())
        holds = _holds(session, [row.inbound_id for row in rows if row.holds])
        rescans = _rescans(session, rows[0].inbound_id, after)
        for row in rows:
            facts = replace(
                _facts(services, row, plans[row.delivery_id]),
                holds=holds[row.inbound_id],
                rescan=row.inbound_id in rescans,
                case_locked=row.case_id in locked,
            )
            yield _paper(services, row, facts, on or services.today())


def paper(session: Session, services: Services, inbound_id: int) -> PaperRow:
    """One paper. Raises `NotFound` ('original-unknown')."""
    found = next(papers(session, services, col(Original.inbound_id) == inbound_id), None)
    if found is None:
        raise NotFound("original-unknown", f"Zum Posteingang {inbound_id} ist kein Original verzeichnet.")
    return found


def past_shortest_term(services: Services, on: date) -> ColumnElement[bool]:
    """Whose delivery is so old that its paper may be due; narrows down, decides nothing."""
    day = on - timedelta(days=services.originals.terms.shortest - 1)
    return col(ScanDelivery.received_at) < datetime.combine(day, time(0), services.schedule.zone)


def require_paper(who: Actor, row: PaperRow, action: Action = Action.ASSIGN_INBOUND) -> None:
    """Who may work on the case may work on its paper; without a case it is the post room's. Raises `NotPermitted`."""
    who.require(action, row.office)
    if row.office is None:
        who.require(Action.RECEIVE_SCANS)


def is_rescan_of_taken() -> ColumnElement[bool]:
    """It is a new scan that was refused, and the scan that it was to replace is still here and speaks for it."""
    earlier = aliased(InboundDocument)
    taken = columns(earlier.id).where(
        col(earlier.id) == InboundDocument.replaces_id, col(earlier.state).in_(TAKEN)
    )
    return and_(col(InboundDocument.state).in_(NOT_TAKEN), taken.exists())


def plans_of(session: Session, deliveries: set[int]) -> dict[int, PlanState]:
    """How far the check of each delivery is. Scans that were never taken are not looked at."""
    found = dict.fromkeys(deliveries, PlanState.OPEN)
    for delivery_id, sampled, good, bad in session.execute(_plans(deliveries)):
        found[delivery_id] = plan_state(sampled, good, bad)
    return found


def _plans(deliveries: set[int]) -> Any:
    good = and_(COUNTED, col(Original.quality) == Quality.OK)
    bad = col(Original.quality) == Quality.REJECTED
    return (
        columns(Original.delivery_id, *(func.sum(case((each, 1), else_=0)) for each in (COUNTED, good, bad)))
        .join(InboundDocument, col(InboundDocument.id) == Original.inbound_id)
        .where(col(Original.delivery_id).in_(deliveries))
        .group_by(col(Original.delivery_id))
    )


def _rows(*conditions: ColumnElement[bool]) -> Any:
    return (
        columns(
            Original.inbound_id,
            Original.delivery_id,
            Original.paper,
            Original.sampled,
            Original.quality,
            Original.holds,
            Original.list_id,
            Original.destroyed_on,
            InboundDocument.document_id,
            InboundDocument.source,
            InboundDocument.state,
            InboundDocument.box,
            InboundDocument.sha256,
            InboundDocument.document_class,
            InboundDocument.received_on,
            InboundDocument.case_id,
            InboundDocument.filed_at,
            ScanDelivery.delivery,
            ScanDelivery.received_at,
            Case.file_number,
            Office.key.label("office"),  # type: ignore[attr-defined]
        )
        .join(InboundDocument, col(InboundDocument.id) == Original.inbound_id)
        .join(ScanDelivery, col(ScanDelivery.id) == Original.delivery_id)
        .outerjoin(Case, col(Case.id) == InboundDocument.case_id)
        .outerjoin(Office, col(Office.id) == Case.office_id)
        .where(*conditions)
        .order_by(col(Original.inbound_id))
    )


def _locked(session: Session, cases: set[int], *, keep_so: bool) -> set[int]:
    """Those cases in which deletion is locked. `keep_so`: it stays as it is until the transaction ends.

    Whoever locks a case takes its row first (`locking`), so this waits for that one, and then sees the lock.
    """
    if keep_so:
        held = columns(Case.id).where(col(Case.id).in_(cases)).order_by(col(Case.id))
        session.execute(held.with_for_update(read=True)).all()
    query = columns(DeletionLock.case_id).where(
        col(DeletionLock.case_id).in_(cases), col(DeletionLock.lifted_at).is_(None)
    )
    return set(session.execute(query).scalars())


def _holds(session: Session, inbound_ids: Sequence[int]) -> dict[int, frozenset[Hold]]:
    found: dict[int, frozenset[Hold]] = defaultdict(frozenset)
    query = columns(OriginalHold.inbound_id, OriginalHold.kind).where(
        col(OriginalHold.inbound_id).in_(inbound_ids), col(OriginalHold.lifted_at).is_(None)
    )
    for inbound_id, kind in session.execute(query) if inbound_ids else ():
        found[inbound_id] |= {kind}
    return found


def _rescans(session: Session, first: int, last: int) -> set[int]:
    """Documents of which somebody wants another scan, and has not got it."""
    wanted = [finding for finding in ScanFinding if wants_rescan(finding)]
    query = columns(ScanFeedback.inbound_id).where(
        col(ScanFeedback.inbound_id).between(first, last),
        col(ScanFeedback.settled_at).is_(None),
        col(ScanFeedback.finding).in_(wanted),
    )
    return set(session.execute(query).scalars())


def _facts(services: Services, row: Any, plan: PlanState) -> OriginalFacts:
    taken = row.state in TAKEN
    return OriginalFacts(
        delivered_on=services.day_of(row.received_at) if taken else None,
        document_class=row.document_class,
        paper=Paper(row.paper),
        assigned=row.state is InboundState.ASSIGNED,
        filed=row.state is InboundState.ASSIGNED and row.filed_at is not None,
        quality=row.quality,
        plan=plan,
    )


def _paper(services: Services, row: Any, facts: OriginalFacts, day: date) -> PaperRow:
    terms = services.originals.terms
    return PaperRow(
        inbound_id=row.inbound_id,
        document_id=row.document_id,
        source=row.source,
        delivery=row.delivery,
        box=row.box,
        sha256=row.sha256,
        received_on=row.received_on,
        sampled=row.sampled,
        list_id=row.list_id,
        destroyed_on=row.destroyed_on,
        office=row.office,
        file_number=row.file_number,
        facts=facts,
        due=terms.due(facts.document_class, facts.delivered_on) if facts.delivered_on else None,
        state=state_of(facts, terms, day),
        blocks=tuple(blocks(facts, terms, day)),
    )
