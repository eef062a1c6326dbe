"""The words in which a print house reports about a piece, normalised, each with what it means in German.

Acknowledgement, production, posting and returns use one vocabulary. A word that is not in the table is UNKNOWN: it
is kept and shown, and never an error. The reasons are texts only; an unknown reason is shown as it came.
"""

from dataclasses import dataclass

from gateway.domain.runs.status import Status


@dataclass(frozen=True)
class Word:
    """What a word of the house means for us, and in a sentence for people."""

    status: Status
    sentence: str


WORDS = {
    # Acknowledgement
    "received": Word(Status.ACCEPTED, "Die Lieferung ist eingegangen und wird noch geprüft."),
    "accepted": Word(Status.ACCEPTED, "Der Druckdienstleister hat die Sendung geprüft und angenommen."),
    "rejected": Word(
        Status.FAILED, "Der Druckdienstleister hat die Sendung abgelehnt; sie wird nicht gedruckt."
    ),
    "held": Word(
        Status.ACCEPTED, "Die Sendung ist angenommen und wird beim Druckdienstleister zurückgehalten."
    ),
    # Production
    "in_production": Word(Status.IN_PRODUCTION, "Die Sendung ist in der Produktion."),
    "reprint": Word(
        Status.IN_PRODUCTION, "Die Sendung wurde in der Produktion beschädigt und wird neu gedruckt."
    ),
    "printed": Word(Status.PRINTED, "Die Sendung ist gedruckt."),
    "enveloped": Word(Status.PRINTED, "Die Sendung ist gedruckt und kuvertiert."),
    "spoiled": Word(
        Status.FAILED, "Die Sendung ist in der Produktion ausgefallen und wurde nicht zur Post gegeben."
    ),
    "cancelled": Word(
        Status.CANCELLED, "Die Sendung wurde vor dem Druck zurückgenommen; sie wurde nicht zur Post gegeben."
    ),
    # Posting
    "posted": Word(Status.HANDED_TO_POST, "Die Sendung wurde dem Zusteller übergeben."),
    "forwarded": Word(
        Status.HANDED_TO_POST, "Der Zusteller sendet nach; ob die Sendung ankommt, ist noch offen."
    ),
    "delivered": Word(Status.DELIVERED, "Der Zusteller weist die Zustellung nach (nur bei Einschreiben)."),
    # Returns
    "returned": Word(Status.RETURNED, "Die Sendung kam als unzustellbar zurück."),
    "refused_by_recipient": Word(Status.RETURNED, "Die Annahme der Sendung wurde verweigert; sie kam zurück."),
    "not_collected": Word(Status.RETURNED, "Die Sendung wurde nicht abgeholt und kam zurück."),
}

NOT_PRINTED = frozenset({Status.FAILED, Status.CANCELLED})
"""What a word can mean for a piece that never became a letter."""

REASONS = {
    "hash-mismatch": "Die Druckdatei kam anders an, als das Verzeichnis sagt (Prüfsumme).",
    "count-mismatch": "Die Zahl der Sendungen stimmt nicht mit dem Verzeichnis überein.",
    "page-count": "Die Seitenzahl stimmt nicht mit dem Verzeichnis überein.",
    "manifest-unreadable": "Das Verzeichnis der Lieferung ist nicht lesbar.",
    "file-missing": "Eine Druckdatei fehlt in der Lieferung.",
    "pdf-unreadable": "Die Druckdatei ist nicht lesbar.",
    "address-unreadable": "Die Anschrift im Fenster ist nicht lesbar.",
    "code-unreadable": "Die Codes auf den Blättern sind nicht lesbar.",
    "service-not-agreed": "Diese Versandart ist nicht vereinbart.",
    "order-missing": "Zum Postzustellungsauftrag fehlen die Angaben.",
    "duplicate": "Der Druckdienstleister hält die Lieferung für eine Wiederholung.",
    "moved": "Der Empfänger ist verzogen.",
    "unknown-address": "Der Empfänger ist unter der Anschrift nicht zu ermitteln.",
    "deceased": "Der Empfänger ist laut Zusteller verstorben.",
    "refused": "Die Annahme wurde verweigert.",
    "not-collected": "Die Sendung wurde nicht abgeholt.",
    "damaged": "Die Sendung wurde beschädigt.",
}


def meaning(word: str) -> Word:
    """What a word of the house means; unknown words say so."""
    known = WORDS.get(word.strip().lower().replace("-", "_").replace(" ", "_"))
    if known:
        return known
    return Word(Status.UNKNOWN, "Der Druckdienstleister meldet einen Zustand, den das Gateway nicht kennt.")


def reason_text(code: str, text: str) -> str | None:
    """A reason for people: our sentence, else the text of the house, else its code; None without any."""
    return REASONS.get(code.strip().lower().replace("_", "-")) or text.strip() or code.strip() or None
