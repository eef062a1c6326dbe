"""Verifying the audit chain: every seal recomputed, against the entries and against the anchors outside. Only reads.

Seals stream by in the order of their numbers; memory does not grow with them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Row, exists, func
from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor, audit
from gateway.application.services import Services
from gateway.application.trail.sealing import entry_of
from gateway.db.columns import table_of
from gateway.db.people import AuditEntry
from gateway.db.seals import AuditSeal
from gateway.domain.permission import Action
from gateway.domain.retention import Kind
from gateway.domain.trail.chain import ChainCheck, ChainEntry, ChainFault, ChainSeal, is_emptied
from gateway.domain.trail.departure import REASONS_DELETED, DepartureCheck

UNSEALED_FOR = timedelta(hours=1)
"""Older than this, an entry without a seal is a finding."""
UNANCHORED_FOR = timedelta(days=2)
_CHUNK = 2000
_MOST = 200
"""Findings that are listed; more are only counted."""


@dataclass
class Verified:
    """What was found: how many entries, seals and anchors, the head, and every fault (the first ones, all counted)."""

    entries: int = 0
    sealed: int = 0
    unsealed: int = 0
    reasons_deleted: int = 0
    departed: int = 0
    """Entries that are gone by their rule of retention."""
    anchors: int = 0
    head: ChainSeal | None = None
    faults: list[ChainFault] = field(default_factory=list)
    faults_in_all: int = 0

    def add(self, faults: Iterator[ChainFault] | list[ChainFault]) -> None:
        """Note faults."""
        for fault in faults:
            self.faults_in_all += 1
            if len(self.faults) < _MOST:
                self.faults.append(fault)


def verify(
    services: Services, login: str | None = None, *, progress: Callable[[int], None] | None = None
) -> Verified:
    """Check the whole chain; `login` None is the operator. Raises `NotPermitted`."""
    if login is not None:
        with services.db.transaction() as session:
            who = actor(session, login)
            who.require(Action.READ_TRAIL)
            audit(session, services, who.login, "chain-verified", "audit")
    with services.db.reading() as session:
        found = _walk(session, services, progress)
        _look_for_unsealed(session, services, found)
    if found.anchors == 0 and _is_old(services, found):
        found.add([ChainFault("anchors-missing")])
    return found


def _walk(session: Session, services: Services, progress: Callable[[int], None] | None) -> Verified:
    lines = list(services.anchors.read())
    anchors = [each for each in lines if each is not None]
    found = Verified(anchors=len(lines))
    found.add([ChainFault("anchor-unreadable")] * (len(lines) - len(anchors)))
    anchored: dict[int, list[str]] = {}
    for each in anchors:
        anchored.setdefault(each.number, []).append(each.sha256)
    check, departures = ChainCheck(), DepartureCheck()
    proven = lru_cache(maxsize=1000)(partial(_last_proof, session))
    for seal, entry in pairs(session):
        found.sealed += 1
        found.add(check.step(seal, entry))
        departures.step(seal, entry)
        if entry is not None and is_emptied(seal, entry):
            found.reasons_deleted += 1
            is_proven = proven(entry.subject) > entry.id
            found.add([] if is_proven else [ChainFault("reason-missing", seal.number, entry.id)])
        for sha256 in anchored.pop(seal.number, ()):
            found.add([] if sha256 == seal.sha256 else [ChainFault("anchor-differs", seal.number)])
        if progress and found.sealed % _CHUNK == 0:
            progress(found.sealed)
    found.head, found.departed = check.last, departures.missing
    found.add([ChainFault("tail-missing", number) for number in sorted(anchored)])
    found.add(departures.faults(anchors, services.day_of, partial(cut_off, services)))
    return found


def cut_off(services: Services, on: date) -> date:
    """The last day whose entries of the trail were old enough on a day."""
    return services.retention.rule(Kind.AUDIT_ENTRY, on).cut_off(on)


def pairs(
    session: Session, first: int = 0, last: int | None = None
) -> Iterator[tuple[ChainSeal, ChainEntry | None]]:
    """Seals from number `first` to `last`, both included, with their entries; None where one is gone."""
    seals, entries = table_of(AuditSeal), table_of(AuditEntry)
    query = (
        select(*seals.columns, *entries.columns)
        .select_from(seals.outerjoin(entries, entries.c.id == seals.c.entry_id))
        .order_by(seals.c.number)
        .limit(_CHUNK)
    )
    if last is not None:
        query = query.where(seals.c.number <= last)
    after = first - 1
    while rows := session.connection().execute(query.where(seals.c.number > after)).all():
        for row in rows:
            yield _seal_of(row), entry_of(row) if row.id is not None else None
        after = rows[-1].number


def _seal_of(row: "Row[Any]") -> ChainSeal:
    return ChainSeal(
        row.number,
        row.entry_id,
        row.sealed_at,
        row.sha256,
        row.reason_salt,
        row.reason_sha256,
        row.entry_sha256,
        row.departure,
    )


def _look_for_unsealed(session: Session, services: Services, found: Verified) -> None:
    found.entries = session.exec(select(func.count()).select_from(AuditEntry)).one()
    bare = ~exists().where(col(AuditSeal.entry_id) == AuditEntry.id)
    found.unsealed = session.exec(select(func.count()).select_from(AuditEntry).where(bare)).one()
    if found.unsealed:
        old = col(AuditEntry.at) < services.clock.now() - UNSEALED_FOR
        first = select(AuditEntry.id).where(bare, old).order_by(col(AuditEntry.id)).limit(_MOST)
        found.add([ChainFault("entry-unsealed", entry_id=each) for each in session.exec(first).all()])


def _is_old(services: Services, found: Verified) -> bool:
    return found.head is not None and found.head.sealed_at < services.clock.now() - UNANCHORED_FOR


def _last_proof(session: Session, subject: str) -> int:
    """The newest entry that says that reasons of a subject were deleted, 0 without one; it proves what is older."""
    query = select(func.max(AuditEntry.id)).where(
        AuditEntry.subject == subject, AuditEntry.action == REASONS_DELETED
    )
    return session.exec(query).one() or 0
