"""Filing of inbound documents: each into the file of the case that it belongs to, under a key of this placing."""

from sqlmodel import col, select

from gateway.application.filing import filing_rows as rows
from gateway.application.filing.filing_attempt import FilingReport, file_entry
from gateway.application.reads.case_keys import case_ref, inbound_document_key
from gateway.application.reads.scan_fields import scan_fields
from gateway.application.reads.scans import placing_of
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, InboundState
from gateway.db.letters import Letter
from gateway.db.people import Case, Office
from gateway.domain.filing.filing import FilingKind, inbound_filing_key
from gateway.ports.casefile import FilingEntry


def inbound_due(services: Services) -> list[int]:
    """Documents that belong to a case and are not in its file yet."""
    with services.db.reading() as session:
        query = select(InboundDocument.id).where(
            InboundDocument.state == InboundState.ASSIGNED, col(InboundDocument.filed_at).is_(None)
        )
        return [found for found in session.exec(query.order_by(col(InboundDocument.id))).all() if found]


def file_inbound(services: Services, document_id: int, report: FilingReport) -> None:
    """File one document into the case that it belongs to now."""
    with services.db.reading() as session:
        document = session.get_one(InboundDocument, document_id)
        case = session.get_one(Case, document.case_id)
        office = session.get_one(Office, case.office_id)
        answered = session.get(Letter, document.letter_id) if document.letter_id else None
        placing = placing_of(session, document_id)
        beside = scan_fields(session, document)
    sha256 = document.sha256 or ""
    entry = FilingEntry(
        key=inbound_filing_key(document.source, document.document_id, placing),
        case=case_ref(case, office),
        kind=FilingKind.INBOUND.value,
        title=f"Posteingang vom {document.received_on:%d.%m.%Y}: {document.document_class}",
        occurred_at=document.scanned_at,
        document_key=inbound_document_key(document.document_id, placing),
        document=services.blobs.get(sha256),
        document_sha256=sha256,
        metadata={
            "item_id": document.document_id,
            "file_number": case.file_number,
            "bg_number": case.bg_number,
            "document_type": document.document_class,
            "received_on": document.received_on.isoformat(),
            "sha256": sha256,
            "pages": document.pages,
            "answers": answered.reference if answered else "",
            "match": document.match_reason,
            **beside,
        },
    )
    if file_entry(services, entry, rows.About(row_id(case)), report):
        with services.db.transaction() as session:
            # Who moved it in the meantime moved it out of this file: then this entry is withdrawn, see `vacating`.
            if placing_of(session, document_id) == placing:
                session.get_one(InboundDocument, document_id).filed_at = services.clock.now()
