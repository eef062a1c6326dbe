"""Emptying the audit trail: a departure that two people confirmed is carried out, whatever is killed in between.

    judge again  →  mark the seals with the hashes of their entries  →  the proof, an entry of the trail, is sealed
    →  its sum is written down outside of the database  →  the entries are deleted

Before the anchor says so nothing is gone; after it the rows say what is still to do, and the next pass goes on.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import bindparam, delete, func, update
from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.services import Services
from gateway.application.trail.sealing import anchor, seal
from gateway.application.trail.trail_judging import CHUNK, judge, limits, plan_trail
from gateway.application.trail.trail_releasing import drop, has_begun, subject
from gateway.application.trail.verifying import cut_off
from gateway.db.columns import columns, table_of
from gateway.db.engine import compare_and_set, row_id
from gateway.db.people import AuditEntry
from gateway.db.seals import AuditDeparture, AuditSeal
from gateway.domain.trail.chain import GENESIS
from gateway.domain.trail.departure import DEPARTED, Departed, DepartureSum


def empty_trail(services: Services) -> int:
    """Carry out what is confirmed; returns how many entries were deleted. For one process at a time.

    What is needed again since it was confirmed stays, and the rest goes: people go on writing letters. Where more would
    go than was confirmed, all of it is dropped, to be proposed anew. Raises `IntegrityError` ('audit-chain-broken')
    and `OSError` (the anchor cannot be written): nothing was deleted then.
    """
    with services.db.reading() as session:
        row = session.exec(_confirmed()).one_or_none()
        begun = row is not None and has_begun(session, row)
    if row is None:
        return 0
    if not begun and not _is_within_what_was_confirmed(services, row):
        with services.db.transaction() as session:
            drop(session, services, SYSTEM, session.get_one(AuditDeparture, row_id(row)))
        return 0
    if row.proof_id is None:
        _mark(services, row)
        row = _prove(services, row)
    return _delete(services, row) if row is not None and _witness(services, row) else 0


def _confirmed() -> Any:
    return select(AuditDeparture).where(
        col(AuditDeparture.confirmed_at).is_not(None),
        col(AuditDeparture.finished_at).is_(None),
        col(AuditDeparture.dropped_at).is_(None),
    )


def _is_within_what_was_confirmed(services: Services, row: AuditDeparture) -> bool:
    if row.cut_off > cut_off(services, services.today()):
        return False  # the term was lengthened
    found = plan_trail(services, on=row.cut_off).departs
    return 0 < found.count <= row.count and row.first <= found.first and found.last <= row.last


def _mark(services: Services, row: AuditDeparture) -> None:
    """Each entry is judged again in the transaction that marks it: what is locked since then stays."""
    limit, seals = limits(services, row.cut_off), table_of(AuditSeal)
    statement = (
        update(seals)
        .where(seals.c.number == bindparam("at"))
        .values(departure=row.id, entry_sha256=bindparam("hash"))
    )
    for first, last in _ranges(row):
        with services.db.transaction() as session:
            locked = select(AuditDeparture).where(AuditDeparture.id == row.id).with_for_update()
            if session.exec(locked).one().dropped_at is not None:
                return
            _, some = judge(session, services, limit, first, last)
            going = [{"at": each.seal.number, "hash": each.entry_sha256} for each in some if each.keep is None]
            if going:
                session.connection().execute(statement, going)


def _prove(services: Services, row: AuditDeparture) -> AuditDeparture | None:
    """The proof in the trail, of what was marked; None if nothing was, or more was meanwhile.

    The sum is made before, so that nobody who writes waits for a walk along the chain. A mark is never taken back:
    as many marks as were added up are the same marks.
    """
    with services.db.reading() as session:
        told = _sum(session, row)
    with services.db.transaction() as session:
        row = session.exec(select(AuditDeparture).where(AuditDeparture.id == row.id).with_for_update()).one()
        if _marks(session, row) != told.count:
            return None
        if told.count == 0:
            drop(session, services, SYSTEM, row)
            return None
        named = {**vars(told), "cut_off": row.cut_off.isoformat(), "proposed_by": row.proposed_by}
        audit(session, services, row.confirmed_by or SYSTEM, DEPARTED, subject(row), departure=row.id, **named)
        session.flush()
        proof = select(AuditEntry.id).where(AuditEntry.subject == subject(row), AuditEntry.action == DEPARTED)
        compare_and_set(
            *(session, AuditDeparture, row_id(row)),
            expect={"proof_id": None, "dropped_at": None},
            proof_id=session.exec(proof).one(),
        )
        return session.get_one(AuditDeparture, row_id(row))


def _marks(session: Session, row: AuditDeparture) -> int:
    marked = select(func.count()).where(
        col(AuditSeal.number).between(row.first, row.last), AuditSeal.departure == row.id
    )
    return session.exec(marked).one()


def _witness(services: Services, row: AuditDeparture) -> bool:
    """Whether the proof is sealed and its sum stands outside of the database."""
    with services.db.reading() as session:
        sha256 = _sum(session, row).sha256
    if not any(each is not None and each.departure == sha256 for each in services.anchors.read()):
        anchor(services, departure=sha256) if _seal_proof(services, row) else None
    return any(each is not None and each.departure == sha256 for each in services.anchors.read())


def _seal_proof(services: Services, row: AuditDeparture) -> bool:
    seal(services, thorough=True)
    with services.db.reading() as session:
        sealed = select(AuditSeal.number).where(AuditSeal.entry_id == row.proof_id)
        return session.exec(sealed).first() is not None


def _delete(services: Services, row: AuditDeparture) -> int:
    seals, entries, gone = table_of(AuditSeal), table_of(AuditEntry), 0
    for first, last in _ranges(row):
        marked = columns(seals.c.entry_id).where(
            seals.c.number >= first, seals.c.number <= last, seals.c.departure == row.id
        )
        with services.db.transaction() as session:
            done = session.connection().execute(delete(entries).where(entries.c.id.in_(marked)))
            gone += done.rowcount
    with services.db.transaction() as session:
        at = services.clock.now()
        compare_and_set(session, AuditDeparture, row_id(row), expect={"finished_at": None}, finished_at=at)
    return gone


def _sum(session: Session, row: AuditDeparture) -> Departed:
    seals, total = table_of(AuditSeal).c, DepartureSum()
    before = session.exec(select(AuditSeal.sha256).where(AuditSeal.number == row.first - 1)).one_or_none()
    before = before or GENESIS
    for first, last in _ranges(row):
        query = columns(seals.number, seals.sha256, seals.entry_sha256, seals.departure)
        some = query.where(seals.number >= first, seals.number <= last).order_by(seals.number)
        for number, sha256, entry_sha256, departure in session.connection().execute(some):
            if departure == row.id:
                total.add(number, entry_sha256, before, sha256)
            before = sha256
    return total.told()


def _ranges(row: AuditDeparture) -> Iterator[tuple[int, int]]:
    for first in range(row.first, row.last + 1, CHUNK):
        yield first, min(first + CHUNK - 1, row.last)
