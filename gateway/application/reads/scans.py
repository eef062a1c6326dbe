"""Scans of one paper: which one speaks for it, and where it lies."""

from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway.db.columns import columns
from gateway.db.engine import row_id
from gateway.db.files import NOT_TAKEN, InboundDocument, InboundState
from gateway.db.placings import InboundMove
from gateway.domain.inbound.rejected import TAKEN_BEFORE
from gateway.errors import NotFound

TAKEN = (InboundState.ASSIGNED, InboundState.DESK)
"""States of scans that came whole and still are the scan of their paper; all others are not."""
_NOT_VALID = (InboundState.REPLACED, *NOT_TAKEN)
_PROPOSED = 20


def find_inbound(session: Session, inbound_id: int) -> InboundDocument:
    """A document by its number. Raises `NotFound`."""
    document = session.get(InboundDocument, inbound_id)
    if document is None:
        raise NotFound("inbound-unknown", f"Den Posteingang {inbound_id} gibt es nicht.")
    return document


def placing_of(session: Session, inbound_id: int) -> int:
    """How often the document was put into a file, with this time: one more than it was moved."""
    query = select(func.count()).select_from(InboundMove).where(InboundMove.inbound_id == inbound_id)
    return session.exec(query).one() + 1


def valid_scan(session: Session, document: InboundDocument) -> InboundDocument:
    """The newest scan of the same paper; the document itself, if there is no later one.

    What was rejected may come again under its own number; of what names the same earlier scan, what was taken is valid.
    """
    newest, taken_first = document, (col(InboundDocument.state).in_(NOT_TAKEN), col(InboundDocument.id).desc())
    while newest.state in _NOT_VALID:
        later = session.exec(_after(newest).order_by(*taken_first).limit(1)).first()
        if later is None:
            break
        newest = later
    return newest


def all_later(session: Session, document: InboundDocument) -> set[int]:
    """Every scan that came later of the same paper, as the links stand now, valid or not."""
    found: set[int] = set()
    todo = [document]
    while todo:
        for later in session.exec(_after(todo.pop())).all():
            if row_id(later) not in found:
                found.add(row_id(later))
                todo.append(later)
    return found


def _after(document: InboundDocument) -> SelectOfScalar[InboundDocument]:
    """What says itself that it is of the same paper, and came later."""
    again = and_(
        col(InboundDocument.source) == document.source,
        col(InboundDocument.document_id) == document.document_id,
        col(InboundDocument.id) > row_id(document),
        new_to_us(InboundDocument),
    )
    named = col(InboundDocument.replaces_id) == document.id
    # Both named the same earlier scan; what named none shares nothing.
    beside = and_(
        col(InboundDocument.replaces_id) == (document.replaces_id or 0),
        col(InboundDocument.id) > row_id(document),
    )
    return select(InboundDocument).where(or_(again, named, beside))


def new_to_us(document: Any) -> ColumnElement[bool]:
    """It was not refused because its paper is here already."""
    return func.coalesce(document.finding_code, "").not_in(TAKEN_BEFORE)


def still_the_scan() -> ColumnElement[bool]:
    """It speaks for its paper: it was taken and no later scan replaced it, or it was refused and never came again.

    Only what was not taken can come again under its own number, or have a later row that names it. What was refused
    because it is here already speaks for nothing, whatever became of the first one since.
    """
    later, newer, beside = (aliased(InboundDocument) for _ in range(3))
    again = columns(later.id).where(
        col(later.source) == InboundDocument.source,
        col(later.document_id) == InboundDocument.document_id,
        col(later.id) > InboundDocument.id,
        new_to_us(later),
    )
    named = columns(newer.id).where(col(newer.replaces_id) == InboundDocument.id)
    same = columns(beside.id).where(
        col(beside.replaces_id) == InboundDocument.replaces_id, col(beside.id) > InboundDocument.id
    )
    refused = and_(
        col(InboundDocument.state).in_(NOT_TAKEN),
        new_to_us(InboundDocument),
        ~again.exists(),
        ~named.exists(),
        ~same.exists(),
    )
    return or_(col(InboundDocument.state).in_(TAKEN), refused)


def newer_scans(session: Session, document: InboundDocument) -> list[int]:
    """What may be the new scan of a rejected document: came later from the same site, received on the same day."""
    query = select(InboundDocument.id).where(
        InboundDocument.source == document.source,
        InboundDocument.received_on == document.received_on,
        col(InboundDocument.id) > row_id(document),
        col(InboundDocument.state).in_(TAKEN),
        col(InboundDocument.replaces_id).is_(None),
    )
    return [found or 0 for found in session.exec(query.order_by(col(InboundDocument.id)).limit(_PROPOSED))]
