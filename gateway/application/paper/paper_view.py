"""Paper as people see it: of one inbound document, and all of it for the post room. Only reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func
from sqlmodel import Session, col, or_, select

from gateway.application.access.authorising import Actor, actor
from gateway.application.paper.paper_facts import COUNTED, PaperRow, is_rescan_of_taken, paper, papers
from gateway.application.paper.paper_releasing import ReleasePlan, release_plan
from gateway.application.reads.scans import TAKEN, still_the_scan, valid_scan
from gateway.application.services import Services
from gateway.db.columns import columns
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, ScanDelivery
from gateway.db.originals import (
    DestructionCertificate,
    Original,
    OriginalEvent,
    OriginalHold,
    OriginalRecall,
    ReleaseList,
)
from gateway.domain.paper.originals import Hold, Paper, PlanState, Quality, plan_state
from gateway.domain.permission import Action, Role
from gateway.errors import NotFound, NotPermitted

_LISTED = 200
_LISTS = 50


@dataclass(frozen=True)
class PaperView:
    """The paper of one document. `may_*` is what this user may do now."""

    row: PaperRow
    holds: Sequence[OriginalHold]
    events: Sequence[OriginalEvent]
    recall: OriginalRecall | None
    may_work: bool
    may_hold: tuple[Hold, ...]
    may_lift: frozenset[int]
    """Ids of holds."""
    may_recall: bool
    may_compare: bool


@dataclass(frozen=True)
class ToCompare:
    """How far the check of a delivery is. `open` is what must still be looked at."""

    delivery_id: int
    source: str
    delivery: str
    received_at: datetime
    documents: int
    sampled: int
    looked_at: int
    rejected: int
    plan: PlanState
    open: int


@dataclass(frozen=True)
class ListView:
    """A confirmed list, and how much of it is still not certified as destroyed."""

    name: str
    day: date
    confirmed_by: str
    documents: int
    open: int
    due: date


@dataclass(frozen=True)
class Originals:
    """All paper: by where it is, what may be released today and what is blocked, what waits for whom."""

    counts: dict[Paper, int]
    plan: ReleasePlan
    to_compare: Sequence[ToCompare]
    lists: Sequence[ListView]
    recalled: Sequence[tuple[PaperRow, OriginalRecall]]
    certificates: Sequence[DestructionCertificate]
    may_release: bool
    may_compare: bool


def paper_view(services: Services, login: str, inbound_id: int) -> PaperView | None:
    """The paper of a document, as its newest row tells; None if there is no row yet, or the user may not see it."""
    with services.db.reading() as session:
        who = actor(session, login)
        try:
            row = paper(session, services, inbound_id)
            if row.facts.paper is Paper.KEPT:  # else something happened under this very number
                newest = valid_scan(session, session.get_one(InboundDocument, inbound_id))
                row = paper(session, services, row_id(newest))
        except NotFound:
            return None
        may_see = who.may(Action.READ if row.office else Action.RECEIVE_SCANS, row.office)
        return _view(session, who, row) if may_see else None


def originals(services: Services, login: str | None) -> Originals:
    """The whole of it, for the post room and those who look over its shoulder. Raises `NotPermitted`."""
    with services.db.reading() as session:
        who = actor(session, login) if login is not None else None
        if who is not None and not (who.may(Action.RECEIVE_SCANS) or Role.AUDITOR in who.roles):
            raise NotPermitted(
                "not-permitted",
                "Originale sehen Poststelle, Administration und Revision. Bitte dort nachfragen.",
            )
        return Originals(
            counts=_counts(session),
            plan=release_plan(services),
            to_compare=to_compare(session),
            lists=_lists(session, services),
            recalled=_recalled(session, services),
            certificates=_certificates(session),
            may_release=who is not None and who.may(Action.RELEASE_ORIGINALS),
            may_compare=who is not None and who.may(Action.ASSIGN_INBOUND) and who.may(Action.RECEIVE_SCANS),
        )


def scans_to_compare(
    services: Services, login: str, delivery_id: int
) -> tuple[ToCompare | None, list[PaperRow]]:
    """A delivery that is being checked, and its next scans to look at. For the post room. Raises `NotPermitted`."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.ASSIGN_INBOUND)
        who.require(Action.RECEIVE_SCANS)
        found = next((one for one in to_compare(session) if one.delivery_id == delivery_id), None)
        if found is None:
            return None, []
        conditions: list[ColumnElement[bool]] = [
            col(Original.delivery_id) == delivery_id,
            col(Original.quality).is_(None),
            *([] if found.plan is PlanState.FULL else [col(Original.sampled).is_(True)]),
        ]
        rows = papers(session, services, *conditions)
        return found, [row for row in rows if row.facts.delivered_on is not None][:_LISTED]


def to_compare(session: Session) -> list[ToCompare]:
    """Deliveries whose check is not finished, the oldest first."""
    found = []
    for row in session.execute(_checks(_unfinished(session))):
        plan = plan_state(row.sampled, row.sampled_good, row.rejected)
        if plan is PlanState.PASSED:
            continue
        left = row.taken - row.looked_at if plan is PlanState.FULL else row.sampled - row.sampled_looked_at
        if left:
            found.append(
                ToCompare(
                    row.delivery_id,
                    row.source,
                    row.delivery,
                    row.received_at,
                    row.taken,
                    row.sampled,
                    row.looked_at,
                    row.rejected,
                    plan,
                    left,
                )
            )
    return found


def _view(session: Session, who: Actor, row: PaperRow) -> PaperView:
    holds = session.exec(
        select(OriginalHold)
        .where(OriginalHold.inbound_id == row.inbound_id, col(OriginalHold.lifted_at).is_(None))
        .order_by(col(OriginalHold.id))
    ).all()
    events = session.exec(
        select(OriginalEvent).where(OriginalEvent.inbound_id == row.inbound_id).order_by(col(OriginalEvent.id))
    ).all()
    recall = session.exec(
        select(OriginalRecall)
        .where(OriginalRecall.inbound_id == row.inbound_id)
        .order_by(col(OriginalRecall.id).desc())
        .limit(1)
    ).first()
    works = who.may(Action.ASSIGN_INBOUND, row.office) and (
        row.office is not None or who.may(Action.RECEIVE_SCANS)
    )
    sues = works and who.may(Action.LOCK_DELETION, row.office)
    may_hold = [each for each in Hold if sues or (works and each is not Hold.LITIGATION)]
    if row.facts.paper is not Paper.KEPT:
        may_hold = [Hold.LITIGATION] if sues and row.facts.paper is Paper.RELEASED else []
    return PaperView(
        row=row,
        holds=holds,
        events=events,
        recall=recall,
        may_work=works,
        may_hold=tuple(each for each in may_hold if each not in row.facts.holds),
        may_lift=frozenset(row_id(each) for each in holds if (sues if each.kind is Hold.LITIGATION else works)),
        may_recall=works and row.facts.paper in {Paper.KEPT, Paper.RELEASED},
        may_compare=works and row.facts.delivered_on is not None and row.facts.paper is Paper.KEPT,
    )


def _counts(session: Session) -> dict[Paper, int]:
    """Papers, not rows: those for which a newer row speaks are few, and are taken off."""
    counted = columns(Original.paper, func.count()).group_by(col(Original.paper))
    spoken_for = counted.join(InboundDocument, col(InboundDocument.id) == Original.inbound_id).where(
        col(InboundDocument.state).not_in(TAKEN),
        or_(~still_the_scan(), is_rescan_of_taken()),
        col(Original.paper) == Paper.KEPT,
    )
    rows, twice = (dict(session.execute(query).all()) for query in (counted, spoken_for))
    return {each: rows.get(each, 0) - twice.get(each, 0) for each in Paper}


def _unfinished(session: Session) -> set[int]:
    """Deliveries with a scan of the sample that nobody looked at, or with a bad one: only those are counted."""
    waits = and_(col(Original.sampled), col(Original.quality).is_(None))
    bad = col(Original.quality) == Quality.REJECTED
    each = (columns(Original.delivery_id).where(condition).distinct() for condition in (waits, bad))
    return {found for query in each for found in session.execute(query).scalars()}


def _checks(deliveries: set[int]) -> Any:
    def count(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    taken = col(InboundDocument.state).in_(TAKEN)
    seen = col(Original.quality).is_not(None)
    return (
        columns(
            Original.delivery_id,
            ScanDelivery.source,
            ScanDelivery.delivery,
            ScanDelivery.received_at,
            count(taken).label("taken"),
            count(COUNTED).label("sampled"),
            count(and_(taken, seen)).label("looked_at"),
            count(and_(COUNTED, seen)).label("sampled_looked_at"),
            count(and_(COUNTED, col(Original.quality) == Quality.OK)).label("sampled_good"),
            count(col(Original.quality) == Quality.REJECTED).label("rejected"),
        )
        .join(InboundDocument, col(InboundDocument.id) == Original.inbound_id)
        .join(ScanDelivery, col(ScanDelivery.id) == Original.delivery_id)
        .where(col(Original.delivery_id).in_(deliveries))
        .group_by(
            col(Original.delivery_id),
            col(ScanDelivery.source),
            col(ScanDelivery.delivery),
            col(ScanDelivery.received_at),
        )
        .order_by(col(Original.delivery_id))
    )


def _lists(session: Session, services: Services) -> list[ListView]:
    """Lists of which something is open, then the newest ones; counted is only what is still released."""
    left = dict(
        session.execute(
            columns(Original.list_id, func.count())
            .where(col(Original.paper) == Paper.RELEASED)
            .group_by(col(Original.list_id))
        ).all()
    )
    newest = session.exec(select(ReleaseList).order_by(col(ReleaseList.id).desc()).limit(_LISTS)).all()
    older = session.exec(
        select(ReleaseList).where(col(ReleaseList.id).in_(left.keys() - {row.id for row in newest}))
    ).all()
    patience = timedelta(days=services.originals.destroyed_within_days)
    views = [
        (
            row,
            ListView(
                row.name, row.day, row.confirmed_by, row.documents, left.get(row.id, 0), row.day + patience
            ),
        )
        for row in (*newest, *older)
    ]
    views.sort(key=lambda each: (each[1].open > 0, each[0].id or 0), reverse=True)
    return [view for _, view in views][:_LISTS]


def _recalled(session: Session, services: Services) -> list[tuple[PaperRow, OriginalRecall]]:
    rows = {row.inbound_id: row for row in papers(session, services, col(Original.paper) == Paper.RECALLED)}
    recalls = session.exec(
        select(OriginalRecall)
        .join(Original, col(Original.inbound_id) == OriginalRecall.inbound_id)
        .where(Original.paper == Paper.RECALLED, col(OriginalRecall.arrived_at).is_(None))
        .order_by(col(OriginalRecall.id))
    ).all()
    return [(rows[each.inbound_id], each) for each in recalls if each.inbound_id in rows]


def _certificates(session: Session) -> Sequence[DestructionCertificate]:
    return session.exec(
        select(DestructionCertificate).order_by(col(DestructionCertificate.id).desc()).limit(20)
    ).all()
