"""Placing: a person says to which case an inbound document belongs."""

from gateway.application.authorising import actor, audit
from gateway.application.drafting import find_case
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import InboundDocument, InboundState
from gateway.domain.permission import Action
from gateway.errors import NotFound


def assign(services: Services, login: str, inbound_id: int, case: str) -> None:
    """A person says to which case a document on the desk belongs; it is filed there next."""
    with services.db.transaction() as session:
        who = actor(session, login)
        found, office = find_case(session, case)
        who.require(Action.ASSIGN_INBOUND, office.key)
        document = session.get(InboundDocument, inbound_id)
        if document is None:
            raise NotFound("inbound-unknown", f"Den Posteingang {inbound_id} gibt es nicht.")
        compare_and_set(
            session,
            InboundDocument,
            inbound_id,
            expect={"state": InboundState.DESK},
            state=InboundState.ASSIGNED,
            case_id=row_id(found),
            assigned_by=who.login,
        )
        audit(session, services, who.login, "inbound-assigned", f"inbound-{inbound_id}", case=found.reference)
