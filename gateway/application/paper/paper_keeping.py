"""Keeping paper: every inbound document gets the row of its paper, and identity papers are held.

A sweep: it finds its work in the rows, and doing it again changes nothing.
"""

from dataclasses import dataclass

from sqlalchemy import insert
from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM
from gateway.application.paper.paper_holds import add_hold, put_holds_right
from gateway.application.paper.paper_wanted import call_back
from gateway.application.reads.scans import TAKEN
from gateway.application.services import Services
from gateway.db.columns import columns, table_of
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, ScanDelivery
from gateway.db.originals import Original, OriginalHold
from gateway.domain.paper.originals import TO_BE_RETURNED, Hold, Paper, sample

_TO_RETURN = "Art des Dokuments: Original, das zurückzugeben ist"


@dataclass(frozen=True)
class Kept:
    """What a sweep did."""

    known: int
    held: int
    recalled: int


def keep(services: Services) -> Kept:
    """Do what is due, one delivery at a time."""
    known = 0
    while delivery_id := _next_delivery(services):
        with services.db.transaction() as session:
            known += _know(session, services, session.get_one(ScanDelivery, delivery_id))
    held = _hold_what_is_to_be_returned(services)
    with services.db.transaction() as session:
        held += put_holds_right(session, services)
    return Kept(known, held, call_back(services))


def _next_delivery(services: Services) -> int | None:
    """A delivery that was taken in whole and has a document without its paper."""
    missing = (
        select(InboundDocument.delivery_id)
        .join(ScanDelivery, col(ScanDelivery.id) == InboundDocument.delivery_id)
        .outerjoin(Original, col(Original.inbound_id) == InboundDocument.id)
        .where(col(Original.inbound_id).is_(None), col(ScanDelivery.receipt_written_at).is_not(None))
    )
    with services.db.reading() as session:
        return session.exec(missing.limit(1)).first()


def _know(session: Session, services: Services, delivery: ScanDelivery) -> int:
    documents = session.execute(
        columns(InboundDocument.id, InboundDocument.document_id, InboundDocument.state).where(
            InboundDocument.delivery_id == delivery.id
        )
    ).all()
    taken = [each.document_id for each in documents if each.state in TAKEN]
    drawn = sample(delivery.manifest_sha256, taken, services.originals.sample)
    known = set(session.exec(select(Original.inbound_id).where(Original.delivery_id == row_id(delivery))).all())
    rows = [
        {
            "inbound_id": each.id,
            "delivery_id": delivery.id,
            "paper": Paper.KEPT,
            "sampled": each.document_id in drawn,
            "holds": 0,
        }
        for each in documents
        if each.id not in known
    ]
    if rows:
        session.execute(insert(table_of(Original)), rows)
    return len(rows)


def _hold_what_is_to_be_returned(services: Services) -> int:
    """Once a document: a person who lets it go has seen it."""
    held = select(OriginalHold.id).where(
        OriginalHold.inbound_id == Original.inbound_id, OriginalHold.kind == Hold.RETURN
    )
    query = (
        select(Original.inbound_id)
        .join(InboundDocument, col(InboundDocument.id) == Original.inbound_id)
        .where(
            col(InboundDocument.document_class).in_(TO_BE_RETURNED),
            Original.paper == Paper.KEPT,
            ~held.exists(),
        )
    )
    with services.db.transaction() as session:
        found = session.exec(query).all()
        for inbound_id in found:
            add_hold(session, services, inbound_id, Hold.RETURN, _TO_RETURN, SYSTEM)
        return len(found)
