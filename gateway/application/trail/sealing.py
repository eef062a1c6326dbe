"""Sealing: one sealer chains the entries of the audit trail, after their commit; nobody who appends ever waits for it.

Entries are found by having no seal, never by "higher than the last id": a transaction that commits late brings a
lower id. The head of the chain is written down outside of the database once a day (`anchor_due`).
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, exists, insert
from sqlmodel import col, select

from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.people import AuditEntry
from gateway.db.seals import AuditSeal
from gateway.domain.trail.chain import Anchor, ChainEntry, ChainSeal, sealed

SALT_BITS = 128
_CHUNK = 1000
_RECENT = timedelta(days=2)
"""How far back a quick pass looks; no transaction stays open that long. A thorough pass looks everywhere."""


def seal(services: Services, *, thorough: bool = False) -> int:
    """Seal whatever is not sealed; returns how many entries. Another sealer at work: 0, it does the same.

    Goes through the entries once, by id; a lower id that is committed meanwhile is found by the next pass.
    """
    done = after = 0
    with services.locks.try_lock("audit-seal") as held:
        at = services.clock.now()
        since = None if thorough else at - _RECENT
        while held and (waiting := _waiting(services, since, after)):
            _seal(services, waiting, at)
            done, after = done + len(waiting), waiting[-1].id
    return done


def anchor(services: Services, departure: str | None = None) -> Anchor | None:
    """Seal everything, and write the head down outside of the database; None while there is nothing.

    `departure`: the sum of entries that are about to go, proven up to here. Raises `OSError`.
    """
    seal(services, thorough=True)
    with services.locks.try_lock("audit-anchor") as held:
        if not held or (last := head(services)) is None:
            return None
        made = Anchor(services.clock.now(), last.number, last.sha256, departure)
        services.anchors.append(made)
        return made


def anchor_due(services: Services) -> Anchor | None:
    """Today's anchor, unless there is one already."""
    last = last_anchor(services)
    if last is not None and services.day_of(last.at) >= services.today():
        return None
    return anchor(services)


def last_anchor(services: Services) -> Anchor | None:
    """The newest anchor that can be read."""
    found = None
    for each in services.anchors.read():
        found = each or found
    return found


def head(services: Services) -> ChainSeal | None:
    """The newest seal."""
    with services.db.reading() as session:
        row = session.exec(select(AuditSeal).order_by(col(AuditSeal.number).desc()).limit(1)).first()
        return ChainSeal(**row.model_dump()) if row else None


def entry_of(row: "Row[Any]") -> ChainEntry:
    """An audit entry from a row with its columns."""
    return ChainEntry(row.id, row.at, row.actor, row.action, row.subject, row.reason, row.details)


def _waiting(services: Services, since: datetime | None, after: int) -> list[ChainEntry]:
    query = (
        select(table_of(AuditEntry))
        .where(col(AuditEntry.id) > after, ~exists().where(col(AuditSeal.entry_id) == AuditEntry.id))
        .order_by(col(AuditEntry.id))
        .limit(_CHUNK)
    )
    if since is not None:
        query = query.where(col(AuditEntry.at) >= since)
    with services.db.reading() as session:
        return [entry_of(row) for row in session.connection().execute(query)]


def _seal(services: Services, waiting: list[ChainEntry], at: datetime) -> None:
    last = head(services)
    rows = []
    for entry in waiting:
        salt = f"{services.random_bits(SALT_BITS):032x}" if entry.reason else None
        last = sealed(last, entry, at, salt)
        rows.append(vars(last))
    with services.db.transaction() as session:
        # A second sealer that got past the lock would use the same numbers, which the database refuses.
        session.connection().execute(insert(table_of(AuditSeal)), rows)
