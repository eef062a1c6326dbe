"""Superseding: a scan in the file in whose place a later one stands is taken out, once the later one is in a file.

    the rescan is filed → the old entry is to leave (a move to nowhere, one commit) → `vacating` does and proves it

So the case shows one valid scan at every moment. What was replaced by what, and its hash, stand in the log of the file;
the bytes stay here for as long as the rules of retention say. A scan that was not filed yet never is.
"""

from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.filing.filing_attempt import FilingReport
from gateway.application.inbound.placing import placing_of
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import NOT_TAKEN, Filing, InboundDocument, InboundState
from gateway.db.placings import InboundMove
from gateway.domain.filing.filing import inbound_filing_key
from gateway.domain.inbound.rejected import TAKEN_BEFORE

REASON = "Durch einen neuen Scan ersetzt."
_NOT_VALID = (InboundState.REPLACED, *NOT_TAKEN)


def superseded_due(services: Services) -> list[int]:
    """Replaced scans that are in a file, or may be, and whose valid scan is in one."""
    settled = select(InboundMove.id).where(
        col(InboundMove.inbound_id) == InboundDocument.id,
        col(InboundMove.replaced_by_id).is_not(None),
        col(InboundMove.undone_at).is_(None),
    )
    query = select(InboundDocument).where(
        InboundDocument.state == InboundState.REPLACED,
        col(InboundDocument.case_id).is_not(None),
        ~settled.exists(),
    )
    with services.db.reading() as session:
        rows = session.exec(query.order_by(col(InboundDocument.id))).all()
        return [row_id(row) for row in rows if _may_be_filed(session, row) and _in_file(session, row)]


def supersede(services: Services, inbound_id: int, report: FilingReport) -> None:  # noqa: ARG001 - one of the filing's steps
    """Write that the old scan leaves its file; who does it twice is kept out by the number of the move."""
    with services.db.transaction() as session:
        old = session.get_one(InboundDocument, inbound_id)
        valid = valid_scan(session, old)
        session.add(
            InboundMove(
                inbound_id=inbound_id,
                number=placing_of(session, inbound_id),
                from_case_id=old.case_id or 0,
                reason=REASON,
                moved_by=SYSTEM,
                moved_at=services.clock.now(),
                replaced_by_id=row_id(valid),
            )
        )
        compare_and_set(
            session, InboundDocument, inbound_id, expect={"state": InboundState.REPLACED}, filed_at=None
        )
        by = f"inbound-{row_id(valid)}"
        audit(
            session, services, SYSTEM, "inbound-superseded", f"inbound-{inbound_id}", by=by, sha256=old.sha256
        )


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


def _in_file(session: Session, old: InboundDocument) -> bool:
    valid = valid_scan(session, old)
    return valid.state is InboundState.ASSIGNED and valid.filed_at is not None


def _may_be_filed(session: Session, old: InboundDocument) -> bool:
    """Also where it was tried before it was replaced, and nobody knows how that ended."""
    key = inbound_filing_key(old.source, old.document_id, placing_of(session, row_id(old)))
    tried = select(Filing.id).where(Filing.key == key, col(Filing.withdrawn_at).is_(None))
    return old.filed_at is not None or session.exec(tried).first() is not None
