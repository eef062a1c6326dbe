"""Opening documents: the archived bytes of a letter, and scans. Every look is written to the audit trail."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from gateway.application.authorising import actor, audit
from gateway.application.drafting import find_letter
from gateway.application.services import Services
from gateway.db.files import InboundDocument
from gateway.db.letters import Document, Recipient
from gateway.db.people import Case, Office
from gateway.domain.permission import Action
from gateway.errors import NotFound


@dataclass(frozen=True)
class Opened:
    """A document and the name that a saved copy gets: a reference, never a person."""

    content: bytes
    name: str


def open_document(
    services: Services, login: str, reference: str, number: int, *, page: int | None = None
) -> Opened:
    """The document of one recipient; `page` says which page is looked at, None the whole.

    Raises `NotFound` ('document-missing'), `NotPermitted`, `IntegrityError`.
    """
    with services.db.transaction() as session:
        letter, office = find_letter(session, reference)
        who = actor(session, login)
        who.require(Action.READ, office.key)
        recipient = session.exec(
            select(Recipient).where(Recipient.letter_id == letter.id, Recipient.number == number)
        ).one_or_none()
        if recipient is None or recipient.document_sha256 is None:
            raise NotFound("document-missing", "Zu diesem Empfänger gibt es noch kein Dokument.")
        sha256 = recipient.document_sha256
        audit(session, services, who.login, "document-read", letter.reference, recipient=number, page=page)
    return Opened(services.blobs.get(sha256), f"{letter.reference}-{number}.pdf")


def document_pages(services: Services, login: str, reference: str) -> dict[int, int]:
    """How many pages the document of each recipient has, by recipient number; none without a document."""
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        actor(session, login).require(Action.READ, office.key)
        rows = session.exec(
            select(col(Recipient.number), col(Document.pages))
            .join(Document, col(Document.sha256) == Recipient.document_sha256)
            .where(Recipient.letter_id == letter.id)
            .order_by(col(Recipient.number))
        ).all()
        return dict(rows)


def open_inbound(services: Services, login: str, inbound_id: int, *, page: int | None = None) -> Opened:
    """A scan: of a case by those who may read the case, unassigned by those who assign. Raises `NotFound`."""
    with services.db.transaction() as session:
        who = actor(session, login)
        document = session.get(InboundDocument, inbound_id)
        if document is None or document.sha256 is None:
            raise NotFound("inbound-unknown", f"Zum Posteingang {inbound_id} gibt es kein Dokument.")
        office = _office_of(session, document)
        who.require(Action.READ if office else Action.RECEIVE_SCANS, office)
        if not office:
            who.require(Action.ASSIGN_INBOUND)
        sha256 = document.sha256
        audit(session, services, who.login, "inbound-read", f"inbound-{inbound_id}", page=page)
    return Opened(services.blobs.get(sha256), f"posteingang-{inbound_id}.pdf")


def _office_of(session: Session, document: InboundDocument) -> str | None:
    if document.case_id is None:
        return None
    return session.get_one(Office, session.get_one(Case, document.case_id).office_id).key
