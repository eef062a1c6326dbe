"""Inbound documents, as a user may see them: those of their cases, and for the post room all."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from gateway.application.authorising import actor
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument, InboundState, ScanDelivery
from gateway.db.people import Case, Office
from gateway.domain.permission import Action


@dataclass(frozen=True)
class InboundLine:
    """An inbound document in a list. `proposal` is the file number of the likeliest case, for a person to decide."""

    id: int
    document_id: str
    delivery: str
    document_class: str
    received_on: date
    pages: int
    state: InboundState
    file_number: str | None
    proposal: str | None
    reason: str
    sha256: str | None


def inbound_list(
    services: Services, login: str | None, *, state: InboundState | None = None
) -> list[InboundLine]:
    """Inbound documents that the user may see, newest first: those of their cases, and for the post room all.

    `login` None is the operator at the command line.
    """
    with services.db.reading() as session:
        who = actor(session, login) if login is not None else None
        query = select(InboundDocument, ScanDelivery).join(
            ScanDelivery, col(ScanDelivery.id) == InboundDocument.delivery_id
        )
        if state is not None:
            query = query.where(InboundDocument.state == state)
        lines = []
        for document, delivery in session.exec(query.order_by(col(InboundDocument.id).desc())).all():
            case = session.get(Case, document.case_id) if document.case_id else None
            office = session.get_one(Office, case.office_id).key if case else None
            action = Action.READ if office else Action.RECEIVE_SCANS
            if who is None or who.may(action, office):
                lines.append(_line(session, document, delivery, case))
        return lines


def _line(
    session: Session, document: InboundDocument, delivery: ScanDelivery, case: Case | None
) -> InboundLine:
    proposal = session.get(Case, document.proposed_case_id) if document.proposed_case_id else None
    return InboundLine(
        id=row_id(document),
        document_id=document.document_id,
        delivery=delivery.delivery,
        document_class=document.document_class,
        received_on=document.received_on,
        pages=document.pages,
        state=document.state,
        file_number=case.file_number if case else None,
        proposal=proposal.file_number if proposal else None,
        reason=document.match_reason,
        sha256=document.sha256,
    )
