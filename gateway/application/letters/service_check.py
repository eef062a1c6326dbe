"""May a letter travel as it is to (*Versandart*)? Asked when it is chosen, and again when the letter is submitted."""

from collections.abc import Sequence

from sqlmodel import Session, select

from gateway.application.services import Services
from gateway.application.templates.versions import of_letter
from gateway.db.letters import Letter, Recipient
from gateway.db.people import Office
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.domain.pieces.formal_service import OrderOption, check_address, check_choice
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.pieces.routing import Kind
from gateway.errors import InputError


def require_service(session: Session, services: Services, letter: Letter, office: Office) -> None:
    """Whether a letter can travel as it is to: addresses and providers change while it is a draft. For submitting."""
    options = [OrderOption(one) for one in letter.service_options or ()]
    check_service(session, services, letter, office, letter.service, letter.service, "", options)


def check_service(
    session: Session,
    services: Services,
    letter: Letter,
    office: Office,
    service: Service,
    default: Service,
    reason: str,
    options: Sequence[OrderOption],
) -> None:
    """Raises what `domain.pieces.formal_service` raises; every recipient's copy must be able to travel so."""
    for recipient in session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all():
        takers = services.takers(Kind(office.key, service, letter.template, recipient.country))
        offered = frozenset.intersection(*(taker.capabilities.services for taker in takers))
        check_choice(service, default, reason, options, offered)
        inland_only = frozenset[Service]().union(*(taker.capabilities.inland_only for taker in takers))
        check_address(service, recipient.country, recipient.address_lines, inland_only)


def why_not_served(
    services: Services, office: str, template: str, country: str, address_lines: Sequence[str]
) -> str:
    """Why such a letter cannot be served with a certificate there, in German; empty if it can."""
    takers = services.takers(Kind(office, Service.PZU, template, country))
    if any(Service.PZU not in taker.capabilities.services for taker in takers):
        return "Förmlich zustellen geht hier nicht: Der Druckdienstleister bietet keinen Postzustellungsauftrag an."
    try:
        check_address(Service.PZU, country, address_lines)
    except InputError as fault:
        return f"Förmlich zustellen geht hier nicht: {fault.message}"
    return ""


def default_service(session: Session, services: Services, letter: Letter) -> Service:
    """What the template provides; a finished PDF is an ordinary letter unless somebody says otherwise."""
    return Service.STANDARD if letter.template == FINISHED_PDF else of_letter(session, services, letter).service
