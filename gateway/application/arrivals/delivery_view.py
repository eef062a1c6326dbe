"""One scan delivery as the post room sees it: what became of its documents, and what it rejected, one by one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import Actor, actor
from gateway.application.arrivals.rejected_scans import RejectedLine, open_rejected, rejected_line
from gateway.application.reads.scans import newer_scans, valid_scan
from gateway.application.services import Services
from gateway.db.arrivals import ScanAnswer
from gateway.db.engine import row_id
from gateway.db.files import NOT_TAKEN, InboundDocument, InboundState, ScanDelivery
from gateway.domain.permission import Action
from gateway.errors import NotFound
from gateway.ports.scans import Unread

_LISTED = 200


@dataclass(frozen=True)
class DeliveryView:
    """`rejected`: what is waited for first, at most some; `open` counts what is waited for. `shown`: its source."""

    delivery: ScanDelivery
    shown: str
    counts: Mapping[InboundState, int]
    receipt: ScanAnswer | None
    strays: int
    unread: Unread | None
    rejected: Sequence[RejectedLine]
    rejected_total: int
    open: int


@dataclass(frozen=True)
class RejectedView:
    """A rejected document on its page. `newer`: the row that speaks for its paper now, if it is another one.

    `candidates`: what may be its new scan, for the person who says so.
    """

    line: RejectedLine
    newer: int | None
    linked: bool
    candidates: Sequence[int]


def delivery_view(services: Services, login: str, delivery_id: int) -> DeliveryView:
    """One delivery, for those who receive scans. Raises `NotFound`, `NotPermitted`."""
    with services.db.reading() as session:
        actor(session, login).require(Action.RECEIVE_SCANS)
        delivery = session.get(ScanDelivery, delivery_id)
        if delivery is None:
            raise NotFound("delivery-unknown", f"Die Scanlieferung {delivery_id} gibt es nicht.")
        of_it = col(InboundDocument.delivery_id) == delivery_id
        states = select(InboundDocument.state, func.count()).where(of_it).group_by(InboundDocument.state)
        counts = {InboundState(state): count for state, count in session.exec(states).all()}
        waited = open_rejected(session, services, of_it)
        receipt = session.exec(
            select(ScanAnswer).where(
                ScanAnswer.source == delivery.source, ScanAnswer.name == f"{delivery.delivery}.receipt.json"
            )
        ).one_or_none()
        told = json.loads(receipt.content) if receipt else {}
        not_read = told.get("not_read")
        return DeliveryView(
            delivery=delivery,
            shown=services.scan_source(delivery.source).shown,
            counts=counts,
            receipt=receipt,
            strays=told["counts"]["not_in_manifest"] if told else 0,
            unread=Unread(not_read["count"], not_read["place"]) if not_read else None,
            rejected=_rejected(session, services, delivery_id, waited),
            rejected_total=sum(counts.get(state, 0) for state in NOT_TAKEN),
            open=len(waited),
        )


def rejected_view(services: Services, login: str, inbound_id: int) -> RejectedView | None:
    """What a person of the post room may say about a rejected document; None for others, and for what was taken."""
    with services.db.reading() as session:
        document = session.get(InboundDocument, inbound_id)
        if document is None or not _may(actor(session, login)):
            return None
        line = rejected_line(session, services, document)
        if line is None:
            return None
        newest = valid_scan(session, document)
        named = select(InboundDocument.id).where(InboundDocument.replaces_id == inbound_id)
        return RejectedView(
            line=line,
            newer=row_id(newest) if newest is not document else None,
            linked=session.exec(named).first() is not None,
            candidates=newer_scans(session, document) if newest is document else (),
        )


def _may(who: Actor) -> bool:
    return who.may(Action.ASSIGN_INBOUND) and who.may(Action.RECEIVE_SCANS)


def _rejected(
    session: Session, services: Services, delivery_id: int, waited: Sequence[RejectedLine]
) -> list[RejectedLine]:
    first = list(waited[:_LISTED])
    query = select(InboundDocument).where(
        InboundDocument.delivery_id == delivery_id,
        col(InboundDocument.state).in_(NOT_TAKEN),
        col(InboundDocument.id).not_in([line.inbound_id for line in waited]),
    )
    rest = session.exec(query.order_by(col(InboundDocument.id)).limit(_LISTED - len(first))).all()
    return [*first, *(line for each in rest if (line := rejected_line(session, services, each)) is not None)]
