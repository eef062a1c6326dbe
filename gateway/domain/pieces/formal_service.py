"""How a letter is to travel (*Versandart*): the template's default, or another one with a reason, and what it asks for.

A Postzustellungsauftrag goes to a street address in Germany only; what is ordered with it are the boxes that the
sender ticks on the order form (§ 3 LZG NRW, §§ 177 to 182 ZPO, ZustVV).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.domain.pieces.mailpiece import Service
from gateway.errors import InputError


class OrderOption(StrEnum):
    """What may be ordered with a Postzustellungsauftrag."""

    NO_FORWARDING = "no-forwarding"
    """Not to be forwarded inside the district of the court."""
    NO_SUBSTITUTE = "no-substitute"
    """To the addressee only: no substitute service (§ 178 ZPO)."""
    NO_DEPOSIT = "no-deposit"
    """Not to be deposited (§ 181 ZPO)."""
    WITH_TIME = "with-time"
    """The certificate is to name the time of day (§ 182 Abs. 2 Nr. 7 ZPO)."""


@dataclass(frozen=True)
class ServiceOrder:
    """A Postzustellungsauftrag as the print house gets it.

    `reference` stands on the certificate and brings it back to its letter; the outer envelope shows `postcode` and
    `place` only, for it goes to the carrier's base.
    """

    reference: str
    options: tuple[OrderOption, ...]
    postcode: str
    place: str


def check_choice(
    service: Service,
    default: Service,
    reason: str,
    options: Collection[OrderOption],
    offered: Collection[Service],
) -> None:
    """Whether such a service may be chosen. Raises `InputError`.

    Codes: 'service-reason-missing', 'service-options-not-wanted', 'service-not-offered'.
    """
    if service is not default and not reason.strip():
        raise InputError(
            "service-reason-missing",
            "Die Vorlage sieht eine andere Versandart vor. Bitte den Grund der Abweichung angeben.",
        )
    if options and service is not Service.PZU:
        raise InputError(
            "service-options-not-wanted",
            "Diese Angaben gibt es nur beim Postzustellungsauftrag. Bitte abwählen.",
        )
    if service not in offered:
        raise InputError(
            "service-not-offered",
            "Der Druckdienstleister dieses Schreibens bietet die Versandart nicht an. Bitte eine andere wählen; "
            "es wurde nichts geändert.",
        )


def check_address(
    service: Service, country: str, address_lines: Sequence[str], inland_only: Collection[Service] = ()
) -> None:
    """Whether a piece can travel so to this address; `inland_only` is what its provider does not carry abroad.

    Raises `InputError`: 'service-not-abroad', 'service-needs-street'.
    """
    if country != "DE" and service in inland_only:
        raise InputError(
            "service-not-abroad",
            "Diese Versandart bietet der Druckdienstleister nur im Inland an. Bitte eine andere wählen.",
        )
    if service is not Service.PZU:
        return
    if country != "DE":
        raise InputError(
            "service-not-abroad",
            "Ein Postzustellungsauftrag geht nur im Inland. Bitte eine andere Versandart wählen.",
        )
    if any(line.casefold().startswith(("postfach", "packstation", "postfiliale")) for line in address_lines):
        raise InputError(
            "service-needs-street",
            "Ein Postzustellungsauftrag braucht eine Straße mit Hausnummer, kein Postfach und keine Packstation.",
        )


def order_for(
    service: Service, reference: str, options: Sequence[str], address_lines: Sequence[str]
) -> ServiceOrder | None:
    """The order that goes with a piece; None unless it is a Postzustellungsauftrag. The last line is the place."""
    if service is not Service.PZU:
        return None
    postcode, _, place = address_lines[-1].partition(" ")
    return ServiceOrder(reference, tuple(OrderOption(one) for one in options), postcode, place)
