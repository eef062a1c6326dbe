"""Choosing how a letter travels (*Versandart*): another service than the template's, with a reason, and its options."""

from collections.abc import Sequence

from gateway.application.access.authorising import actor, audit
from gateway.application.letters.service_check import check_service, default_service
from gateway.application.reads.finding import find_letter
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter
from gateway.domain.letters.letter import EDITABLE, LetterState
from gateway.domain.permission import Action
from gateway.domain.pieces.formal_service import OrderOption
from gateway.domain.pieces.mailpiece import Service


def choose_service(
    services: Services,
    login: str,
    reference: str,
    service: Service,
    reason: str = "",
    options: Sequence[OrderOption] = (),
) -> None:
    """Let a draft travel so; it is submitted anew afterwards. Another service than the template's needs a reason.

    Raises what `domain.pieces.formal_service` raises, `Conflict` when it is no draft any more, `NotPermitted`.
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        letter, office = find_letter(session, reference)
        who.require(Action.WRITE_LETTER, office.key)
        default = default_service(session, services, letter)
        check_service(session, services, letter, office, service, default, reason, options)
        compare_and_set(
            session,
            Letter,
            row_id(letter),
            expect={"state": EDITABLE},
            state=LetterState.DRAFT,
            service=service,
            service_reason=reason.strip() if service is not default else None,
            service_options=sorted(set(options)) or None,
        )
        audit(
            *(session, services, who.login, "service-chosen", letter.reference),
            reason=reason.strip(),
            service=service.value,
            options=sorted(set(options)),
        )
