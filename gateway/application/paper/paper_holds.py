"""Holds, row by row, in the caller's transaction: set, lifted, and kept under the number that speaks for the paper.

What holds a paper holds it under its newest number, too. If a link between two scans turns out wrong, what was carried
over it never concerned the other paper, and is lifted there (`paper.parting`).
"""

from sqlalchemy import update
from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.paper.paper_events import note
from gateway.application.reads.scans import TAKEN, all_later, valid_scan
from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import InboundDocument
from gateway.db.originals import Original, OriginalEventKind, OriginalHold
from gateway.domain.paper.originals import HOLD_WORDS, Hold, Paper

_PARTED = "Galt einem anderen Papier: Die Verknüpfung der beiden Scans war falsch und ist getrennt."


def add_hold(
    session: Session,
    services: Services,
    inbound_id: int,
    kind: Hold,
    reason: str,
    who: str,
    carried_from: int | None = None,
) -> None:
    """A hold, with its count at the paper. `carried_from`: the same hold under an older number."""
    session.add(
        OriginalHold(
            inbound_id=inbound_id,
            kind=kind,
            reason=reason,
            set_by=who,
            set_at=services.clock.now(),
            carried_from_id=carried_from,
        )
    )
    session.flush()
    _count(session, inbound_id, 1)
    note(session, services, inbound_id, OriginalEventKind.HELD, who, f"{HOLD_WORDS[kind]}: {reason}")


def lift_hold(session: Session, services: Services, held: OriginalHold, reason: str, who: str) -> None:
    """Hold it no more, and count so. Raises `Conflict` if somebody else just did."""
    inbound_id, kind = held.inbound_id, held.kind
    values = {"lifted_at": services.clock.now(), "lifted_by": who, "lift_reason": reason}
    compare_and_set(session, OriginalHold, row_id(held), expect={"lifted_at": None}, **values)
    _count(session, inbound_id, -1)
    note(session, services, inbound_id, OriginalEventKind.LET_GO, who, f"{HOLD_WORDS[kind]}: {reason}")
    audit(session, services, who, "original-let-go", f"inbound-{inbound_id}", reason=reason, kind=kind.value)


def put_holds_right(session: Session, services: Services) -> int:
    """Lift what was carried to a paper that it does not concern, and carry what is missing; how many were carried.

    The sweep does it too: what was carried while somebody parted the two papers is lifted then.
    """
    carried = select(OriginalHold).where(
        col(OriginalHold.carried_from_id).is_not(None), col(OriginalHold.lifted_at).is_(None)
    )
    for held in session.exec(carried.order_by(col(OriginalHold.id)).with_for_update()).all():
        if not _concerns(session, held):
            lift_hold(session, services, held, _PARTED, SYSTEM)
    return _carry(session, services)


def _carry(session: Session, services: Services) -> int:
    """Once, so that letting it go under the newest number is for good. One transaction at a time carries a hold."""
    query = (
        select(OriginalHold, InboundDocument)
        .join(InboundDocument, col(InboundDocument.id) == OriginalHold.inbound_id)
        .where(col(OriginalHold.lifted_at).is_(None), col(InboundDocument.state).not_in(TAKEN))
    )
    locked = query.order_by(col(OriginalHold.id)).with_for_update(of=OriginalHold)
    carried = 0
    for held, document in session.exec(locked).all():
        newest = session.get(Original, row_id(valid_scan(session, document)))
        if newest is None or newest.inbound_id == held.inbound_id or newest.paper is not Paper.KEPT:
            continue
        if not _is_known(session, newest.inbound_id, held.kind):
            origin = row_id(held)
            add_hold(session, services, newest.inbound_id, held.kind, held.reason, held.set_by, origin)
            carried += 1
    return carried


def _is_known(session: Session, inbound_id: int, kind: Hold) -> bool:
    """Such a hold is there, or a person let it go. What was let go there of another paper says nothing of this one."""
    query = select(OriginalHold).where(OriginalHold.inbound_id == inbound_id, OriginalHold.kind == kind)
    return any(
        held.lifted_at is None or (held.lifted_by != SYSTEM and _concerns(session, held))
        for held in session.exec(query).all()
    )


def _concerns(session: Session, held: OriginalHold) -> bool:
    """It was set at this paper, or came from an older number of it, over links that all still stand."""
    origin = held
    while origin.carried_from_id is not None:
        origin = session.get_one(OriginalHold, origin.carried_from_id)
    if origin is held:
        return True
    document = session.get_one(InboundDocument, origin.inbound_id)
    return held.inbound_id in all_later(session, document)


def _count(session: Session, inbound_id: int, more: int) -> None:
    papers = table_of(Original)
    session.execute(update(papers).where(papers.c.inbound_id == inbound_id).values(holds=papers.c.holds + more))
