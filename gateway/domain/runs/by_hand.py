"""By hand (*von Hand*): letters that leave the house at once, without a print provider.

    print here → give it to a carrier | hand it over in person | give it to a courier → receipt

Pure rules: what a person has to say so that each way is proven, and what may still be taken back.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import InputError

BY_HAND = "by-hand"
"""Name of the built-in provider that is a person in the house."""

SERVICES = frozenset(Service) - {Service.PZU}
"""What a person can take to the post. A Postzustellungsauftrag needs its forms and inner envelope."""

REGISTERED = frozenset({Service.EINWURF, Service.UEBERGABE, Service.RUECKSCHEIN})
"""For these the post gives a receipt (*Einlieferungsbeleg*); without its number nothing is proven."""


class HandChannel(StrEnum):
    """How a piece leaves by hand."""

    POST = "post"
    """Printed and franked here, given to a carrier."""
    IN_PERSON = "in-person"
    COURIER = "courier"


class HandStep(StrEnum):
    """What a piece that goes by hand waits for."""

    TO_PRINT = "to-print"
    PRINTED = "printed"
    """Printed here: to be posted, handed over or given to a courier."""
    WITH_COURIER = "with-courier"
    """A courier has it: his receipt is to be recorded."""


def step_of(state: SubmissionState, channel: HandChannel | None) -> HandStep:
    """What comes next."""
    if channel is HandChannel.COURIER:
        return HandStep.WITH_COURIER
    return HandStep.PRINTED if state is SubmissionState.RELEASED else HandStep.TO_PRINT


@dataclass(frozen=True)
class Leaving:
    """How a piece left, as somebody says it. `receipt` is the number of the carrier's receipt or of the order."""

    channel: HandChannel
    left_on: date
    given_by: str
    carrier: str = ""
    product: str = ""
    receipt: str = ""


def check_leaving(leaving: Leaving, service: Service, *, printed_on: date, today: date) -> None:
    """Raise `InputError` unless it can be true and is said completely.

    Codes: 'by-hand-day-in-future', 'by-hand-before-print', 'by-hand-name-missing', 'by-hand-carrier-missing',
    'by-hand-product-missing', 'by-hand-receipt-missing'.
    """
    if leaving.left_on > today:
        raise InputError("by-hand-day-in-future", "Der Tag liegt in der Zukunft. Bitte erst danach vermerken.")
    if leaving.left_on < printed_on:
        raise InputError(
            "by-hand-before-print",
            f"Die Sendung wurde erst am {printed_on:%d.%m.%Y} gedruckt. Bitte den Tag prüfen.",
        )
    if not leaving.given_by.strip():
        raise InputError("by-hand-name-missing", "Bitte angeben, wer die Sendung übergeben hat.")
    if leaving.channel is not HandChannel.IN_PERSON and not leaving.carrier.strip():
        raise InputError("by-hand-carrier-missing", "Bitte angeben, wem die Sendung übergeben wurde.")
    if leaving.channel is HandChannel.POST:
        _check_posting(leaving, service)


def _check_posting(leaving: Leaving, service: Service) -> None:
    if not leaving.product.strip():
        raise InputError("by-hand-product-missing", "Bitte angeben, als was frankiert wurde (Produkt).")
    if service in REGISTERED and not leaving.receipt.strip():
        raise InputError(
            "by-hand-receipt-missing",
            "Bei einem Einschreiben gibt die Post einen Einlieferungsbeleg. Bitte seine Nummer angeben.",
        )


def may_be_put_back(state: SubmissionState, *, left: bool) -> bool:
    """Whether a piece may return from the way by hand: as long as nothing was posted or handed over."""
    return not left and state in {SubmissionState.PLANNED, SubmissionState.RELEASED}
