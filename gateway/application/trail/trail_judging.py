"""Judging the audit trail: which of its old entries may go, and what keeps the others. Only reads.

Walks from the first seal to the newest anchor that is itself old enough, in chunks: memory does not grow with the
entries. Every link is recomputed on the way: from a chain that is broken nothing ever departs.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.application.trail.living import living, names_in
from gateway.application.trail.living_desk import names_on_desk
from gateway.application.trail.verifying import cut_off, pairs
from gateway.db.columns import columns, table_of
from gateway.db.people import AuditEntry
from gateway.db.seals import AuditSeal
from gateway.domain.retention import Keep
from gateway.domain.trail.chain import GENESIS, ChainEntry, ChainSeal, entry_hash, link_hash
from gateway.domain.trail.departure import (
    REASONS_DELETED,
    Aged,
    Departed,
    DepartureSum,
    anchored_before,
    what_keeps_entry,
)
from gateway.errors import IntegrityError

CHUNK = 2000
"""Seals that are looked at, or changed, in one transaction."""


@dataclass(frozen=True)
class Limits:
    """How far back is old enough: entries of the day `cut_off` or before, up to the number that an anchor proves."""

    cut_off: date
    before: datetime
    """The end of that day."""
    anchored: int
    sha256: str
    """What the anchor says that the seal of that number is."""
    desk: frozenset[str] = frozenset()
    """What leads to something on the desk (`living_desk`)."""


@dataclass(frozen=True)
class Judged:
    """A seal whose entry is here: what keeps the entry (None: it may go), its hash, and the links at both ends."""

    seal: ChainSeal
    keep: Keep | None
    entry_sha256: str
    before: str


@dataclass(frozen=True)
class TrailPlan:
    """What may go together, and how many old entries stay, by reason."""

    cut_off: date
    departs: Departed
    kept: dict[str, int]


def limits(services: Services, on: date | None = None) -> Limits:
    """Those of today, or of a day that was decided."""
    day = on or cut_off(services, services.today())
    before = datetime.combine(day + timedelta(days=1), time(0), services.schedule.zone)
    anchors = [anchor for anchor in services.anchors.read() if anchor is not None]
    number = anchored_before([(services.day_of(each.at), each.number) for each in anchors], day)
    sha256 = next((each.sha256 for each in anchors if each.number == number), GENESIS)
    return Limits(day, before, number, sha256, names_on_desk(services) if number else frozenset())


def plan_trail(
    services: Services, *, on: date | None = None, progress: Callable[[int], None] | None = None
) -> TrailPlan:
    """What may go now, or by the limits of a day. Raises `IntegrityError` ('audit-chain-broken')."""
    limit, total, kept, head = limits(services, on), DepartureSum(), Counter[str](), GENESIS
    for first in range(1, limit.anchored + 1, CHUNK):
        with services.db.reading() as session:
            head, some = judge(session, services, limit, first, min(first + CHUNK - 1, limit.anchored))
        for each in some:
            if each.keep is None:
                total.add(each.seal.number, each.entry_sha256, each.before, each.seal.sha256)
            elif each.keep is not Keep.TERM_RUNNING:
                kept[each.keep.value] += 1
        if progress:
            progress(first + CHUNK - 1)
    if head != limit.sha256:
        raise broken()
    return TrailPlan(limit.cut_off, total.told(), dict(kept))


def judge(
    session: Session, services: Services, limit: Limits, first: int, last: int
) -> tuple[str, list[Judged]]:
    """Seals `first` to `last`, both included, whose entries are here and do not depart yet; and the hash of the last.

    Raises `IntegrityError` ('audit-chain-broken').
    """
    linked = list(_linked(session, first, last))
    here = [
        (seal, entry, hashed, before)
        for seal, entry, hashed, before in linked
        if entry is not None and seal.departure is None
    ]
    entries = [entry for _, entry, _, _ in here]
    names = {name for entry in entries for name in names_in(entry.subject, entry.details)}
    alive, proving = living(session, services, names, limit.before) | limit.desk, _proving(session, entries)
    judged = [
        Judged(seal, _keep(services, limit, seal, entry, alive, proving), hashed, before)
        for seal, entry, hashed, before in here
    ]
    return linked[-1][0].sha256, judged


def broken() -> IntegrityError:
    """Nothing departs from a chain that is not whole."""
    return IntegrityError(
        "audit-chain-broken",
        "Die Kette des Protokolls ist nicht unversehrt. Es wurde kein Eintrag gelöscht; bitte `gateway audit verify` "
        "ausführen.",
    )


def _linked(session: Session, first: int, last: int) -> Iterator[tuple[ChainSeal, ChainEntry | None, str, str]]:
    """Seals with entry, hash of the entry, and hash of the seal before; every link recomputed."""
    before = (
        session.exec(select(AuditSeal.sha256).where(AuditSeal.number == first - 1)).one_or_none() or GENESIS
    )
    number = first
    for seal, entry in pairs(session, first, last):
        kept = seal.entry_sha256 if seal.departure is not None else None
        hashed = entry_hash(seal.number, seal.sealed_at, entry, seal.reason_sha256) if entry else kept
        if hashed is None or seal.number != number or link_hash(before, hashed) != seal.sha256:
            raise broken()
        yield seal, entry, hashed, before
        before, number = seal.sha256, number + 1
    if number != last + 1:
        raise broken()


def _keep(
    services: Services, limit: Limits, seal: ChainSeal, entry: ChainEntry, alive: set[str], proving: set[str]
) -> Keep | None:
    aged = Aged(
        seal.number,
        services.day_of(entry.at),
        entry.action,
        needed=not alive.isdisjoint(names_in(entry.subject, entry.details)),
        proves=entry.action == REASONS_DELETED and entry.subject in proving,
    )
    return what_keeps_entry(aged, cut_off=limit.cut_off, anchored=limit.anchored)


def _proving(session: Session, entries: Sequence[ChainEntry]) -> set[str]:
    """Subjects of which an emptied entry is here: what proves that it was emptied goes with a later departure."""
    subjects = {entry.subject for entry in entries if entry.action == REASONS_DELETED}
    if not subjects:
        return set()
    seals, rows = table_of(AuditSeal).c, table_of(AuditEntry).c
    emptied = (
        columns(rows.subject)
        .join(table_of(AuditSeal), seals.entry_id == rows.id)
        .where(col(AuditEntry.subject).in_(subjects), rows.reason == "", seals.reason_salt.is_(None))
        .where(seals.reason_sha256.is_not(None))
        .distinct()
    )
    return set(session.connection().execute(emptied).scalars())
