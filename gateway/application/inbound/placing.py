"""Placing: a person says to which case an inbound document belongs, and which letter it answers."""

from sqlalchemy import update
from sqlmodel import Session, select

from gateway.application.access.authorising import actor, audit
from gateway.application.reads.finding import find_case, find_letter
from gateway.application.reads.scans import find_inbound
from gateway.application.services import Services
from gateway.db.columns import table_of
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import InboundDocument, InboundState
from gateway.db.people import Case, Office
from gateway.db.placings import InboundProposal, RequestedItem
from gateway.domain.permission import Action
from gateway.errors import InputError


def assign(services: Services, login: str, inbound_id: int, case: str) -> None:
    """A person says to which case a document in the tray belongs; it is filed there next.

    The letter that it answers is the one that the evidence for this case names, if it names one.
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        found, office = find_case(session, case)
        who.require(Action.ASSIGN_INBOUND, office.key)
        find_inbound(session, inbound_id)
        compare_and_set(
            session,
            InboundDocument,
            inbound_id,
            expect={"state": InboundState.DESK},
            state=InboundState.ASSIGNED,
            case_id=row_id(found),
            letter_id=letter_proposed(session, inbound_id, row_id(found)),
            assigned_by=who.login,
        )
        audit(session, services, who.login, "inbound-assigned", f"inbound-{inbound_id}", case=found.reference)


def link(services: Services, login: str, inbound_id: int, letter: str | None) -> None:
    """Say which letter of its case a document answers; None: it answers none. Raises `InputError`, `NotPermitted`."""
    with services.db.transaction() as session:
        who = actor(session, login)
        document = find_inbound(session, inbound_id)
        case = session.get(Case, document.case_id) if document.case_id else None
        if case is None:
            raise InputError("inbound-not-assigned", "Bitte das Dokument zuerst einem Fall zuordnen.")
        who.require(Action.ASSIGN_INBOUND, session.get_one(Office, case.office_id).key)
        answered = find_letter(session, letter)[0] if letter else None
        if answered is not None and answered.case_id != case.id:
            raise InputError("letter-of-another-case", "Das Schreiben gehört zu einem anderen Fall.")
        if document.letter_id != (answered.id if answered else None):
            forget_answers(session, inbound_id)
        compare_and_set(
            session,
            InboundDocument,
            inbound_id,
            expect={"case_id": case.id},
            letter_id=row_id(answered) if answered else None,
        )
        about = answered.reference if answered else None
        audit(session, services, who.login, "inbound-linked", f"inbound-{inbound_id}", letter=about)


def letter_proposed(session: Session, inbound_id: int, case_id: int) -> int | None:
    """The letter that the evidence for a case names."""
    query = select(InboundProposal.letter_id).where(
        InboundProposal.inbound_id == inbound_id, InboundProposal.case_id == case_id
    )
    return session.exec(query).first()


def forget_answers(session: Session, inbound_id: int) -> None:
    """What a document of another letter or case brought is open again."""
    items = table_of(RequestedItem)
    opened = dict.fromkeys(("inbound_id", "came_on", "settled_by", "settled_at", "reason"))
    session.connection().execute(update(items).where(items.c.inbound_id == inbound_id).values(**opened))
    session.expire_all()
