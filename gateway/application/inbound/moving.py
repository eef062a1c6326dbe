"""Moving (*Umhängen*): a document that lay in a wrong case goes to the right one, or back into the tray.

Moving writes only what is to be done; `vacating` takes the document out of the old file, and `taking_back` undoes what
it brought there.
"""

from sqlmodel import Session

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.filing.recalling import bring_home
from gateway.application.filing.recalling_notes import bring_note_home
from gateway.application.inbound.placing import forget_answers, letter_proposed
from gateway.application.inbound.taking_back import take_back
from gateway.application.reads.finding import find_case
from gateway.application.reads.scans import find_inbound, placing_of
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.files import InboundDocument, InboundState
from gateway.db.people import Case, Office
from gateway.db.placings import InboundMove
from gateway.domain.permission import Action
from gateway.errors import InputError


def move(services: Services, login: str, inbound_id: int, case: str | None, reason: str) -> None:
    """Take a document out of its case and put it into another one, or with `case` None back into the tray.

    The user must be allowed to assign in the old office, and in the new one; who does not know the right case, or may
    not act there, gives it back to the tray. What it brought in the old case is taken back
    (`taking_back`). Raises `InputError` (reason-missing, case-same), `NotPermitted`,
    `Conflict` where somebody else moved it in the meantime.
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte angeben, warum das Dokument umgehängt wird.")
    with services.db.reading() as session:
        who, document, old, target = _move_asked(session, login, inbound_id, case)
        placing = placing_of(session, inbound_id)
    bring_home(services, document.sha256 or "")
    bring_note_home(services, document, row_id(old), placing)
    with services.db.transaction() as session:
        session.add(
            InboundMove(
                inbound_id=inbound_id,
                number=placing_of(session, inbound_id),
                from_case_id=row_id(old),
                to_case_id=row_id(target) if target else None,
                reason=reason,
                moved_by=who.login,
                moved_at=services.clock.now(),
            )
        )
        compare_and_set(
            session,
            InboundDocument,
            inbound_id,
            expect={"state": InboundState.ASSIGNED, "case_id": row_id(old)},
            state=InboundState.ASSIGNED if target else InboundState.DESK,
            case_id=row_id(target) if target else None,
            proposed_case_id=None,
            letter_id=letter_proposed(session, inbound_id, row_id(target)) if target else None,
            filed_at=None,
            match_reason="Von Hand umgehängt." if target else "Aus einem falschen Fall zurückgegeben.",
            assigned_by=who.login if target else None,
        )
        forget_answers(session, inbound_id)
        take_back(session, services, who, inbound_id, row_id(target) if target else None, reason.strip())
        audit(
            session,
            services,
            who.login,
            "inbound-moved",
            f"inbound-{inbound_id}",
            reason=reason,
            from_case=old.reference,
            to_case=target.reference if target else None,
        )


def _move_asked(
    session: Session, login: str, inbound_id: int, case: str | None
) -> tuple[Actor, InboundDocument, Case, Case | None]:
    who = actor(session, login)
    document = find_inbound(session, inbound_id)
    old = session.get(Case, document.case_id) if document.case_id else None
    if old is None:
        raise InputError(
            "inbound-not-assigned", "Das Dokument gehört zu keinem Fall; es kann zugeordnet werden."
        )
    who.require(Action.ASSIGN_INBOUND, session.get_one(Office, old.office_id).key)
    if case is None:
        return who, document, old, None
    target, office = find_case(session, case)
    who.require(Action.ASSIGN_INBOUND, office.key)
    if target.id == old.id:
        raise InputError("case-same", "Das Dokument liegt schon in diesem Fall.")
    return who, document, old, target
