"""Opening documents: the archived bytes of a letter, and scans. Every look is written to the audit trail.

The case file is the lasting store: what the gateway no longer has is fetched back from there, and proven by its hash.
"""

import hashlib

from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor, note_read
from gateway.application.reads.case_keys import (
    case_ref,
    inbound_document_key,
    letter_document_key,
    twin_document_key,
)
from gateway.application.reads.finding import find_letter
from gateway.application.reads.opened import Opened
from gateway.application.reads.scans import placing_of
from gateway.application.services import Services
from gateway.db.files import InboundDocument
from gateway.db.letters import Document, Recipient
from gateway.db.people import Case, Office
from gateway.domain.permission import Action
from gateway.errors import IntegrityError, NotFound
from gateway.ports.casefile import CaseRef


def open_document(services: Services, login: str, reference: str, number: int, *, twin: bool = False) -> Opened:
    """The document of one recipient, or its accessible twin; the look is noted.

    Raises `NotFound` ('document-missing'), `NotPermitted`, `IntegrityError`.
    """
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        who = actor(session, login)
        who.require(Action.READ, office.key)
        recipient = session.exec(
            select(Recipient).where(Recipient.letter_id == letter.id, Recipient.number == number)
        ).one_or_none()
        sha256 = (recipient.twin_sha256 if twin else recipient.document_sha256) if recipient else None
        if sha256 is None:
            raise NotFound("document-missing", "Zu diesem Empfänger gibt es noch kein Dokument.")
        case = case_ref(session.get_one(Case, letter.case_id), office)
    note_read(services, login, "twin-read" if twin else "document-read", letter.reference, recipient=number)
    signing = recipient.signing if recipient else 1
    key = (twin_document_key if twin else letter_document_key)(letter.reference, number, signing)
    return Opened(document_content(services, sha256, case, key), f"{key}.pdf")


def document_content(services: Services, sha256: str, case: CaseRef, document_key: str) -> bytes:
    """Archived bytes, from the case file if they have left the gateway. Raises `NotFound`, `IntegrityError`."""
    if services.blobs.has(sha256):
        return services.blobs.get(sha256)
    content = services.casefile.fetch(case, document_key)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise IntegrityError(
            "case-file-document-differs",
            "Das Dokument in der Akte ist nicht das freigegebene. Bitte die Administration verständigen.",
        )
    return content


def document_pages(services: Services, login: str, reference: str, *, twin: bool = False) -> dict[int, int]:
    """How many pages each recipient's document, or its twin, has, by recipient number; none without a document."""
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        actor(session, login).require(Action.READ, office.key)
        rows = session.exec(
            select(col(Recipient.number), col(Document.pages))
            .join(
                Document, col(Document.sha256) == (Recipient.twin_sha256 if twin else Recipient.document_sha256)
            )
            .where(Recipient.letter_id == letter.id)
            .order_by(col(Recipient.number))
        ).all()
        return dict(rows)


def open_inbound(services: Services, login: str, inbound_id: int) -> Opened:
    """A scan: of a case by those who may read the case, unassigned by those who assign. Raises `NotFound`."""
    with services.db.reading() as session:
        who = actor(session, login)
        document = session.get(InboundDocument, inbound_id)
        if document is None or document.sha256 is None:
            raise NotFound("inbound-unknown", f"Zum Posteingang {inbound_id} gibt es kein Dokument.")
        case = _case_of(session, document)
        who.require(Action.READ if case else Action.RECEIVE_SCANS, case.office if case else None)
        if not case:
            who.require(Action.ASSIGN_INBOUND)
        placing = placing_of(session, inbound_id)
        sha256, key = document.sha256, inbound_document_key(document.document_id, placing)
    note_read(services, login, "inbound-read", f"inbound-{inbound_id}")
    content = document_content(services, sha256, case, key) if case else services.blobs.get(sha256)
    return Opened(content, f"posteingang-{inbound_id}.pdf")


def _case_of(session: Session, document: InboundDocument) -> CaseRef | None:
    if document.case_id is None:
        return None
    case = session.get_one(Case, document.case_id)
    return case_ref(case, session.get_one(Office, case.office_id))
