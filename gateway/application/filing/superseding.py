"""Superseding: a scan in the file in whose place a later one stands is taken out, once the later one is in a file.

    the rescan is filed → the old entry is to leave (a move to nowhere, one commit) → `vacating` does and proves it

So the case shows one valid scan at every moment. What was replaced by what, and its hash, stand in the log of the file;
the bytes stay here for as long as the rules of retention say. A scan that was not filed yet never is.
"""

from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, audit
from gateway.application.filing.filing_attempt import FilingReport
from gateway.application.reads.scans import placing_of, valid_scan
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import Filing, InboundDocument, InboundState
from gateway.db.placings import InboundMove
from gateway.domain.filing.filing import inbound_filing_key

REASON = "Durch einen neuen Scan ersetzt."


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


def _in_file(session: Session, old: InboundDocument) -> bool:
    valid = valid_scan(session, old)
    return valid.state is InboundState.ASSIGNED and valid.filed_at is not None


def _may_be_filed(session: Session, old: InboundDocument) -> bool:
    """Also where it was tried before it was replaced, and nobody knows how that ended."""
    key = inbound_filing_key(old.source, old.document_id, placing_of(session, row_id(old)))
    tried = select(Filing.id).where(Filing.key == key, col(Filing.withdrawn_at).is_(None))
    return old.filed_at is not None or session.exec(tried).first() is not None
