"""Proof of receipt (*Zugangsnachweis*): what a receipt, a signed slip or a certificate proves about a mail piece.

One mechanism for every proven receipt. Each kind of proof has its own outcomes; an outcome says whether the piece was
served, and what was served has a day. What is proven beats every fiction and every report (`gateway.domain.deadlines`).
Which outcome means what is written down here and nowhere else; a new kind of proof is a new row of `OUTCOMES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.domain.deadlines import Channel
from gateway.errors import InputError


class DeliveryKind(StrEnum):
    """What proves it."""

    IN_PERSON = "handed-over-in-person"
    """Somebody of the house gave it to the addressee, who acknowledged that (§ 37 Abs. 1 SGB X)."""
    COURIER = "courier"
    """The courier's receipt."""
    RUECKSCHEIN = "rueckschein"
    """The signed slip of an Einschreiben mit Rückschein (§ 4 Abs. 2 LZG NRW)."""
    CERTIFICATE = "certificate-of-service"
    """Zustellungsurkunde (§ 3 LZG NRW, § 182 ZPO)."""


class Outcome(StrEnum):
    """What the proof says. Codes are stored as text: a kind of proof may bring more of them."""

    HANDED_ADDRESSEE = "handed-addressee"
    HANDED_REPRESENTATIVE = "handed-representative"
    """Legal representative, or somebody with a power of attorney."""
    HANDED_HOUSEHOLD = "handed-household"
    """An adult of the household, who passes it on; at that moment it is in the addressee's sphere."""
    MAILBOX = "mailbox"
    """Put into the addressee's mailbox, with a record of it."""
    NOT_MET = "undeliverable-not-met"
    NOT_ACCEPTED = "undeliverable-not-accepted"
    MOVED = "undeliverable-moved"
    UNDELIVERABLE = "undeliverable-other"
    IN_ERROR = "recorded-in-error"
    """A correction: the earlier record was about another piece. It is as if there were no proof."""


OUTCOMES: Mapping[DeliveryKind, Mapping[Outcome, bool]] = {
    DeliveryKind.IN_PERSON: {Outcome.HANDED_ADDRESSEE: True, Outcome.HANDED_REPRESENTATIVE: True},
    DeliveryKind.COURIER: {
        Outcome.HANDED_ADDRESSEE: True,
        Outcome.HANDED_REPRESENTATIVE: True,
        Outcome.HANDED_HOUSEHOLD: True,
        Outcome.MAILBOX: True,
        Outcome.NOT_MET: False,
        Outcome.NOT_ACCEPTED: False,
        Outcome.MOVED: False,
        Outcome.UNDELIVERABLE: False,
    },
    DeliveryKind.RUECKSCHEIN: {Outcome.HANDED_ADDRESSEE: True, Outcome.HANDED_REPRESENTATIVE: True},
    DeliveryKind.CERTIFICATE: {},
}
"""The outcomes of each kind of proof, each with whether the piece was served."""

_CHANNELS = {
    DeliveryKind.IN_PERSON: Channel.IN_PERSON,
    DeliveryKind.COURIER: Channel.COURIER,
    DeliveryKind.RUECKSCHEIN: Channel.RUECKSCHEIN,
    DeliveryKind.CERTIFICATE: Channel.PZU,
}


@dataclass(frozen=True)
class Verdict:
    """What a proof means: was the piece served, and on which day. `served` None: the record proves nothing."""

    served: bool | None
    effective_on: date | None


def judge(
    kind: DeliveryKind,
    outcome: str,
    effective_on: date | None,
    *,
    today: date,
    left_on: date | None,
    corrects: bool = False,
) -> Verdict:
    """What a proof means, if it can be true; `left_on` is the day on which the piece left the house, if known.

    Raises `InputError`: 'delivery-outcome-unknown', 'delivery-day-missing', 'delivery-day-not-wanted',
    'delivery-day-in-future', 'delivery-before-dispatch'.
    """
    if outcome == Outcome.IN_ERROR and corrects:
        return Verdict(None, None)
    served = OUTCOMES[kind].get(Outcome(outcome)) if outcome in set(Outcome) else None
    if served is None:
        raise InputError(
            "delivery-outcome-unknown", "Dieses Ergebnis gibt es bei dieser Art von Zugangsnachweis nicht."
        )
    if not served:
        if effective_on is not None:
            raise InputError(
                "delivery-day-not-wanted",
                "Was nicht zugegangen ist, hat keinen Tag des Zugangs. Bitte das Datum weglassen.",
            )
        return Verdict(False, None)
    return Verdict(True, _checked(effective_on, today, left_on))


def _checked(day: date | None, today: date, left_on: date | None) -> date:
    if day is None:
        raise InputError("delivery-day-missing", "Bitte den Tag des Zugangs angeben.")
    if day > today:
        raise InputError("delivery-day-in-future", "Der Tag des Zugangs liegt in der Zukunft. Bitte prüfen.")
    if left_on is not None and day < left_on:
        raise InputError(
            "delivery-before-dispatch",
            f"Der Zugang liegt vor dem {left_on:%d.%m.%Y}, an dem die Sendung das Haus verließ. Bitte prüfen.",
        )
    return day


def channel_of_proof(kind: DeliveryKind, country: str) -> Channel:
    """How a proven receipt counts. What is handed over in person is notified here, wherever the addressee lives.

    All else that is received abroad has the longer period (§ 84 Abs. 1 Satz 2 SGG).
    """
    if country != "DE" and kind is not DeliveryKind.IN_PERSON:
        return Channel.POST_ABROAD
    return _CHANNELS[kind]


_KIND_WORDS = {
    DeliveryKind.IN_PERSON: "Persönliche Übergabe",
    DeliveryKind.COURIER: "Kurier",
    DeliveryKind.RUECKSCHEIN: "Rückschein",
    DeliveryKind.CERTIFICATE: "Zustellungsurkunde",
}

OUTCOME_WORDS: Mapping[StrEnum, str] = {
    Outcome.HANDED_ADDRESSEE: "an die adressierte Person",
    Outcome.HANDED_REPRESENTATIVE: "an eine vertretungsberechtigte Person",
    Outcome.HANDED_HOUSEHOLD: "an eine erwachsene Person im Haushalt",
    Outcome.MAILBOX: "in den Briefkasten eingelegt",
    Outcome.NOT_MET: "niemanden angetroffen",
    Outcome.NOT_ACCEPTED: "Annahme verweigert",
    Outcome.MOVED: "verzogen",
    Outcome.UNDELIVERABLE: "nicht zustellbar",
    Outcome.IN_ERROR: "irrtümlich vermerkt, es gilt kein Nachweis",
}


def describe(kind: DeliveryKind, outcome: str, verdict: Verdict) -> str:
    """A proof in one German line, without names."""
    said = OUTCOME_WORDS[Outcome(outcome)] if outcome in set(Outcome) else outcome
    if verdict.effective_on is not None:
        said += f", Zugang am {verdict.effective_on:%d.%m.%Y}"
    elif verdict.served is False:
        said += ", kein Zugang"
    return f"{_KIND_WORDS[kind]}: {said}"
