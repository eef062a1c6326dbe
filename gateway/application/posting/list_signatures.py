"""Signatures of posting lists: kept as they were found, and what they say about a list. The adapter has judged them."""

import hashlib

from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.db.postings import PostingListSignature
from gateway.ports.provider import ListSignature


def keep_signature(session: Session, services: Services, list_id: int, found: ListSignature | None) -> bool:
    """Keep what was found beside a list, once; whether it is new. One that comes after its list counts as well."""
    if found is None:
        return False
    sha256 = hashlib.sha256(found.content).hexdigest() if found.content else ""
    known = select(PostingListSignature.id).where(
        PostingListSignature.list_id == list_id, PostingListSignature.sha256 == sha256
    )
    if session.exec(known).first() is not None:
        return False
    session.add(
        PostingListSignature(list_id=list_id, sha256=sha256, fault=found.fault, found_at=services.clock.now())
    )
    session.flush()
    return True


def signatures_of(session: Session, list_id: int) -> list[PostingListSignature]:
    """All that were found, the oldest first."""
    query = select(PostingListSignature).where(PostingListSignature.list_id == list_id)
    return list(session.exec(query.order_by(col(PostingListSignature.id))).all())


def signature_fault(session: Session, list_id: int) -> str | None:
    """What is wrong with a list's signature; empty if one is sound, None if none was agreed."""
    found = signatures_of(session, list_id)
    if not found:
        return None
    return "" if any(not each.fault for each in found) else found[-1].fault
