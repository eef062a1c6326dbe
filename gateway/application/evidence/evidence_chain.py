"""The chain proof of a posting file: the entries of the audit trail about one letter, and what ties them to an anchor.

Of entries about other letters that lie between, only the hash is shown; of those that departed by their rule of
retention it is the one that their seal keeps. Who has the anchor, which was written down
outside of the database on its day, knows that nothing here was put in, changed or reordered later.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.application.trail.verifying import pairs
from gateway.db.engine import row_id
from gateway.db.people import AuditEntry
from gateway.db.seals import AuditSeal
from gateway.domain.trail.chain import GENESIS, Anchor, ChainEntry, ChainSeal, entry_content, entry_hash
from gateway.errors import IntegrityError


def sealed_trail(session: Session, subjects: Sequence[str]) -> list[dict[str, Any]]:
    """Entries about the subjects in their order, as they are hashed, each with its reason and the salt of it.

    `number` is None while an entry is not sealed.
    """
    query = (
        select(AuditEntry, AuditSeal)
        .join(AuditSeal, col(AuditSeal.entry_id) == AuditEntry.id, isouter=True)
        .where(col(AuditEntry.subject).in_(subjects))
        .order_by(col(AuditEntry.id))
    )
    return [_as_hashed(entry, seal) for entry, seal in session.exec(query).all()]


def _as_hashed(row: AuditEntry, seal: AuditSeal | None) -> dict[str, Any]:
    entry = ChainEntry(row_id(row), row.at, row.actor, row.action, row.subject, row.reason, row.details)
    number, sealed_at = (seal.number, seal.sealed_at) if seal else (None, row.at)
    content = entry_content(number, sealed_at, entry, seal.reason_sha256 if seal else None)
    return content | {"reason": row.reason, "reason_salt": seal.reason_salt if seal else None}


def stretches(session: Session, services: Services, trail: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stretches of the chain that hold all sealed entries of the trail, each up to the next anchor or the head.

    Raises `IntegrityError` ('audit-chain-broken').
    """
    anchors = [anchor for anchor in services.anchors.read() if anchor is not None]
    numbers = sorted(entry["number"] for entry in trail if entry["number"] is not None)
    return list(_stretches(session, sorted(anchors, key=lambda one: one.number), numbers))


def _stretches(session: Session, anchors: Sequence[Anchor], numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    covered = 0
    for number in numbers:
        if number > covered:
            anchor = next((one for one in anchors if one.number >= number), None)
            stretch = _stretch(session, number, anchor)
            covered = number + len(stretch["entries"]) - 1
            yield stretch


def _hash_of(seal: ChainSeal, entry: ChainEntry | None) -> str:
    if entry is not None:
        return entry_hash(seal.number, seal.sealed_at, entry, seal.reason_sha256)
    if seal.departure is None or seal.entry_sha256 is None:
        raise IntegrityError(
            "audit-chain-broken",
            "Im Protokoll fehlt ein versiegelter Eintrag. Bitte `gateway audit verify` ausführen.",
        )
    return seal.entry_sha256


def _stretch(session: Session, first: int, anchor: Anchor | None) -> dict[str, Any]:
    hashes, head = [], ""
    for seal, entry in pairs(session, first, anchor.number if anchor else None):
        hashes.append(_hash_of(seal, entry))
        head = seal.sha256
    before = select(AuditSeal.sha256).where(col(AuditSeal.number) == first - 1)
    return {
        "first": first,
        "previous": session.exec(before).one_or_none() or GENESIS,
        "entries": hashes,
        "sha256": head,
        "anchored_at": anchor.at.isoformat() if anchor else None,
    }
