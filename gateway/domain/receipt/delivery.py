"""Proof of receipt (*Zugangsnachweis*): what a receipt, a signed slip or a certificate proves about a mail piece.

One mechanism for every proven receipt. Each kind of proof has its own outcomes; an outcome says whether the piece was
served, and what was served has a day. What is proven beats every fiction and every report (`deadlines`).
Which outcome means what is written down here and nowhere else; a new kind of proof is a new row of `OUTCOMES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.deadlines import Channel
from gateway.errors import InputError


class DeliveryKind(StrEnum):
    """What proves it."""

    IN_PERSON = "handed-over-in-person"
    """Somebody of the house gave it to the addressee, who acknowledged that (§ 37 Abs. 1 SGB X)."""
    COURIER = "courier"
    """The courier's receipt."""
    RUECKSCHEIN = "rueckschein"
    """The signed slip of an Einschreiben mit Rückschein (§ 4 Abs. 2 LZG NRW)."""
    DELIVERY_RECORD = "delivery-record"
    """The carrier's record of handing over an Einschreiben Übergabe (*Auslieferungsbeleg*). It does not end the
    fiction of § 4 Abs. 2 Satz 2 LZG NRW: only a later receipt counts, an earlier one is of no account."""
    MAILBOX_RECORD = "mailbox-record"
    """The same of an Einwurf-Einschreiben, which is an ordinary letter in law; without its reproduction the proof of
    posting and the online status prove no receipt (BAG 30.01.2025, 2 AZR 68/24)."""
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
    TOLD = "told-delivered"
    """The provider's status says that it was delivered, and a person believes it; the carrier's record is not here."""
    SUBSTITUTE_HOUSEHOLD = "substitute-household"
    """Formal service on an adult of the family, its employee, or a permanent adult cohabitant."""
    SUBSTITUTE_BUSINESS = "substitute-business"
    SUBSTITUTE_FACILITY = "substitute-facility"
    """On the head of a communal facility, such as a shelter."""
    REFUSED_LEFT = "refused-left"
    """Refused without right, and left there: served all the same."""
    REFUSED_RETURNED = "refused-returned"
    """Refused without right by somebody without home or business premises there: sent back, served all the same."""
    DEPOSITED = "deposited"
    """Kept at the post for collection; the written notice serves it, whether it is collected or not."""
    NOT_MET = "undeliverable-not-met"
    NOT_ACCEPTED = "undeliverable-not-accepted"
    MOVED = "undeliverable-moved"
    UNKNOWN = "undeliverable-unknown"
    """Not to be found at the address."""
    DECEASED = "undeliverable-deceased"
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
    DeliveryKind.DELIVERY_RECORD: {
        Outcome.HANDED_ADDRESSEE: True,
        Outcome.HANDED_REPRESENTATIVE: True,
        Outcome.HANDED_HOUSEHOLD: True,
        Outcome.TOLD: True,
    },
    DeliveryKind.MAILBOX_RECORD: {Outcome.MAILBOX: True, Outcome.TOLD: True},
    DeliveryKind.CERTIFICATE: {
        Outcome.HANDED_ADDRESSEE: True,
        Outcome.HANDED_REPRESENTATIVE: True,
        Outcome.SUBSTITUTE_HOUSEHOLD: True,
        Outcome.SUBSTITUTE_BUSINESS: True,
        Outcome.SUBSTITUTE_FACILITY: True,
        Outcome.REFUSED_LEFT: True,
        Outcome.REFUSED_RETURNED: True,
        Outcome.MAILBOX: True,
        Outcome.DEPOSITED: True,
        Outcome.UNKNOWN: False,
        Outcome.MOVED: False,
        Outcome.DECEASED: False,
        Outcome.UNDELIVERABLE: False,
    },
}
"""The outcomes of each kind of proof, each with whether the piece was served."""

CARRIERS_RECORDS = frozenset({DeliveryKind.DELIVERY_RECORD, DeliveryKind.MAILBOX_RECORD})
"""What the carrier keeps of registered mail: it proves nothing unless its reproduction lies there."""

CERTIFICATE_RULES: Mapping[Outcome, str] = {
    Outcome.HANDED_ADDRESSEE: "§ 177 ZPO",
    Outcome.HANDED_REPRESENTATIVE: "§§ 170, 171 ZPO",
    Outcome.SUBSTITUTE_HOUSEHOLD: "§ 178 Abs. 1 Nr. 1 ZPO",
    Outcome.SUBSTITUTE_BUSINESS: "§ 178 Abs. 1 Nr. 2 ZPO",
    Outcome.SUBSTITUTE_FACILITY: "§ 178 Abs. 1 Nr. 3 ZPO",
    Outcome.REFUSED_LEFT: "§ 179 Satz 3 ZPO",
    Outcome.REFUSED_RETURNED: "§ 179 Satz 2 und 3 ZPO",
    Outcome.MAILBOX: "§ 180 ZPO",
    Outcome.DEPOSITED: "§ 181 Abs. 1 Satz 4 ZPO",
}
"""By which paragraph a piece counts as served (§ 3 LZG NRW refers to §§ 177 to 182 ZPO)."""

_OF_SERVICE = {
    Service.PZU: DeliveryKind.CERTIFICATE,
    Service.RUECKSCHEIN: DeliveryKind.RUECKSCHEIN,
    Service.UEBERGABE: DeliveryKind.DELIVERY_RECORD,
    Service.EINWURF: DeliveryKind.MAILBOX_RECORD,
}


def awaited_proof(service: Service) -> DeliveryKind | None:
    """What can prove the receipt of a piece; None if nothing does.

    A certificate or a Rückschein comes back by itself. The carrier's record has to be asked for, and nobody has to:
    an Einschreiben Übergabe has the fiction of § 4 Abs. 2 LZG NRW, an Einwurf-Einschreiben that of a letter.
    """
    return _OF_SERVICE.get(service)


_CHANNELS = {
    DeliveryKind.IN_PERSON: Channel.IN_PERSON,
    DeliveryKind.COURIER: Channel.COURIER,
    DeliveryKind.RUECKSCHEIN: Channel.RUECKSCHEIN,
    DeliveryKind.DELIVERY_RECORD: Channel.EINSCHREIBEN_UEBERGABE,
    DeliveryKind.MAILBOX_RECORD: Channel.POST_INLAND,
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


KIND_WORDS: Mapping[StrEnum, str] = {
    DeliveryKind.IN_PERSON: "Persönliche Übergabe",
    DeliveryKind.COURIER: "Kurier",
    DeliveryKind.RUECKSCHEIN: "Rückschein",
    DeliveryKind.DELIVERY_RECORD: "Auslieferungsbeleg (Einschreiben Übergabe)",
    DeliveryKind.MAILBOX_RECORD: "Auslieferungsbeleg (Einwurf-Einschreiben)",
    DeliveryKind.CERTIFICATE: "Zustellungsurkunde",
}

OUTCOME_WORDS: Mapping[StrEnum, str] = {
    Outcome.HANDED_ADDRESSEE: "an die adressierte Person",
    Outcome.HANDED_REPRESENTATIVE: "an eine vertretungsberechtigte Person",
    Outcome.HANDED_HOUSEHOLD: "an eine erwachsene Person im Haushalt",
    Outcome.MAILBOX: "in den Briefkasten eingelegt",
    Outcome.TOLD: "nach dem Sendungsstatus ausgeliefert, ohne Auslieferungsbeleg",
    Outcome.SUBSTITUTE_HOUSEHOLD: "an eine erwachsene Person in der Wohnung (Ersatzzustellung)",
    Outcome.SUBSTITUTE_BUSINESS: "an eine im Geschäftsraum beschäftigte Person (Ersatzzustellung)",
    Outcome.SUBSTITUTE_FACILITY: "an die Leitung der Gemeinschaftseinrichtung (Ersatzzustellung)",
    Outcome.REFUSED_LEFT: "Annahme unberechtigt verweigert, Schriftstück zurückgelassen",
    Outcome.REFUSED_RETURNED: "Annahme unberechtigt verweigert, Schriftstück zurückgesandt",
    Outcome.DEPOSITED: "niedergelegt, schriftlich mitgeteilt",
    Outcome.NOT_MET: "niemanden angetroffen",
    Outcome.NOT_ACCEPTED: "Annahme verweigert",
    Outcome.MOVED: "verzogen",
    Outcome.UNKNOWN: "Adressat nicht zu ermitteln",
    Outcome.DECEASED: "verstorben",
    Outcome.UNDELIVERABLE: "nicht zustellbar",
    Outcome.IN_ERROR: "irrtümlich vermerkt, es gilt kein Nachweis",
}


def describe(kind: DeliveryKind, outcome: str, verdict: Verdict) -> str:
    """A proof in one German line, without names."""
    said = OUTCOME_WORDS[Outcome(outcome)] if outcome in set(Outcome) else outcome
    if kind is DeliveryKind.CERTIFICATE and outcome in CERTIFICATE_RULES:
        said += f" ({CERTIFICATE_RULES[Outcome(outcome)]})"
    if verdict.effective_on is not None:
        said += f", Zugang am {verdict.effective_on:%d.%m.%Y}"
    elif verdict.served is False:
        said += ", kein Zugang"
    if outcome == Outcome.TOLD:
        return f"Sendungsstatus: {said}"
    return f"{KIND_WORDS[kind]}: {said}"
