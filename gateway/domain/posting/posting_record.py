"""The record of posting (*Ab-Vermerk*): its words, written by the machine and only after a person has confirmed.

Without a note on the posting day in the file there is no fiction (BSG 03.03.2009 B 4 AS 37/08 R); it has to come from
a person of the authority who can tell that the letter passed to the carrier (LSG BY 11.05.2022 L 2 U 140/13).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.domain.pieces.mailpiece import SERVICE_WORDS, Service
from gateway.domain.references import for_people

SYSTEM_NAME = "Hybridpost-Gateway"


_UNREPORTED = " Der Dienstleister hat die Aufgabe zur Post nicht gemeldet."


class How(StrEnum):
    """How a posting came to be confirmed. Everything but the first two needs two people."""

    CHECKED = "checked"
    """The day's report was complete and without contradiction."""
    BY_HAND = "by-hand"
    """Somebody of the house took it to the carrier, and says so."""
    FINDING_ACCEPTED = "finding-accepted"
    """A finding of the check was accepted."""
    UNLISTED = "unlisted"
    """It is in no posting list, or nobody reported it at all."""
    OTHER_DAY = "other-day"
    """Another day than the provider named."""
    AFTER_CONTRADICTION = "after-contradiction"
    """The provider said afterwards that the piece was not made."""
    CORRECTED = "corrected"
    """A confirmed day was corrected."""
    REVOKED = "revoked"
    """The posting did not take place."""


@dataclass(frozen=True)
class Record:
    """What a record says. `confirmed_at` is local; `corrects` the record before it: its number and day.

    `posted_on` None: the piece was not posted. `reason` and `second` only where two people answered for it.
    """

    piece: str
    key: str
    posted_on: date | None
    list_number: str
    provider: str
    carrier: str
    product: str
    franking_id: str
    how: How
    confirmed_by: str
    confirmed_at: datetime
    responsible: str
    second: str = ""
    tracking_number: str = ""
    service: Service = Service.STANDARD
    reason: str = ""
    basis: str = ""
    """What two people rested it on, with its hash, where they handed something in."""
    codes: Collection[str] = ()
    corrects: tuple[int, date | None] | None = None


def how_of(*, confirmed: bool, posted_on: date | None, reported_on: date | None, codes: Collection[str]) -> How:
    """What kind of exception it is to confirm `posted_on`, given what is known: the weightiest one."""
    if posted_on is None:
        return How.REVOKED
    if confirmed:
        return How.CORRECTED
    if "posting-contradicted" in codes:
        return How.AFTER_CONTRADICTION
    if reported_on is not None and posted_on != reported_on:
        return How.OTHER_DAY
    unlisted = not {"posting-not-listed", "posting-not-reported"}.isdisjoint(codes)
    return How.UNLISTED if unlisted else How.FINDING_ACCEPTED


def record_text(record: Record) -> str:
    """The record in German, one paragraph."""
    return " ".join([_what(record), _who(record), *_correction(record), _machine(record)])


def _what(record: Record) -> str:
    facts = [f"Sendung {for_people(record.piece)}"]
    if record.how is How.BY_HAND:
        facts += [
            f"Einlieferungsbeleg {record.list_number}" if record.list_number else "ohne Einlieferungsbeleg"
        ]
    else:
        facts += [
            f"Auftrag {record.key}",
            f"Einlieferungsliste {record.list_number}" if record.list_number else "ohne Einlieferungsliste",
            f"Dienstleister {record.provider}",
        ]
    facts += [
        f"Zusteller {record.carrier}" if record.carrier else "Zusteller nicht benannt",
    ]
    # Of an ordinary letter its product says enough; no product says how registered mail is handed over.
    named = SERVICE_WORDS[record.service] if record.service is not Service.STANDARD else ""
    facts += [f"Versandart {named}"] if named else []
    facts += [f"Produkt {record.product}"] if record.product else []
    facts += [f"Frankier-ID {record.franking_id}"] if record.franking_id else []
    facts += [f"Sendungsnummer {record.tracking_number}"] if record.tracking_number else []
    if record.posted_on is None:
        return f"Nicht zur Post gegeben ({', '.join(facts)})."
    return f"Zur Post gegeben am {record.posted_on:%d.%m.%Y} ({', '.join(facts)})."


def _who(record: Record) -> str:
    moment = f"{record.confirmed_at:%d.%m.%Y, %H:%M} Uhr"
    if record.how is How.BY_HAND:
        return f"Von Hand aufgegeben; vermerkt durch {record.confirmed_by} am {moment}."
    if not record.second:
        return f"Geprüft und bestätigt mit der Tagesmeldung durch {record.confirmed_by} am {moment}."
    codes = f" Befunde: {', '.join(sorted(record.codes))}." if record.codes else ""
    basis = f" Gestützt auf: {record.basis}." if record.basis else ""
    unreported = _UNREPORTED if "posting-not-reported" in record.codes else ""
    return (
        f"Als Ausnahme bestätigt durch {record.confirmed_by} und {record.second} am {moment}.{unreported}{basis}"
        f" Grund: {record.reason.rstrip('.')}.{codes}"
    )


def _correction(record: Record) -> list[str]:
    if record.corrects is None:
        return []
    number, day = record.corrects
    said = f"Aufgabe am {day:%d.%m.%Y}" if day else "keine Aufgabe"
    return [f"Dieser Vermerk ersetzt den Ab-Vermerk Nr. {number} ({said})."]


def _machine(record: Record) -> str:
    return (
        f"Automatisiert protokolliert am {record.confirmed_at:%d.%m.%Y} durch {SYSTEM_NAME}; "
        f"verantwortlich: {record.responsible}."
    )
