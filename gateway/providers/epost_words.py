"""What the statuses of the E-POSTBUSINESS interface mean: tables, with a German sentence each.

Source: the provider's interface description v2.6.1 (statusID; tracking codes of registered mail). Anything else is
UNKNOWN, kept and shown.
"""

from gateway.domain.runs.status import Status

STATUS_IDS: dict[int, tuple[Status, str]] = {
    1: (Status.ACCEPTED, "Die Sendung ist angenommen."),
    2: (Status.ACCEPTED, "Die Sendung ist geprüft oder wartet in der Warteschlange."),
    3: (Status.IN_PRODUCTION, "Die Sendung ist im Druckzentrum."),
    4: (Status.HANDED_TO_POST, "Die Sendung ist als versendet gemeldet."),
}
"""Test letters end at 2. 99 (failed) is told apart by its error codes."""

REGISTERED_CODES: dict[str, tuple[Status, str]] = {
    "ANNOUNCED": (Status.UNKNOWN, "Das Einschreiben ist dem Zusteller angekündigt."),
    "INITIATED": (Status.UNKNOWN, "Das Einschreiben ist beim Zusteller angelegt."),
    "NO_INFO": (Status.UNKNOWN, "Der Zusteller hat zu dem Einschreiben keine Angaben. Bitte nachfragen."),
    "POSTED_WRONG_DATE": (Status.UNKNOWN, "Der Zusteller nennt ein unstimmiges Datum. Bitte nachfragen."),
    "AMBIGUOUS": (Status.UNKNOWN, "Die Angaben des Zustellers sind nicht eindeutig. Bitte nachfragen."),
    "POSTED": (Status.HANDED_TO_POST, "Das Einschreiben ist eingeliefert."),
    "PASSED_LETTER_CENTER": (Status.HANDED_TO_POST, "Das Einschreiben ist im Briefzentrum bearbeitet."),
    "IN_DELIVERY": (Status.HANDED_TO_POST, "Das Einschreiben ist in der Zustellung."),
    "REDIRECTED": (Status.HANDED_TO_POST, "Das Einschreiben wird nachgesandt."),
    "NOTIFIED": (Status.HANDED_TO_POST, "Der Empfänger ist benachrichtigt; es liegt zur Abholung bereit."),
    "NOTIFIED_KEY_ACCOUNT": (Status.HANDED_TO_POST, "Der Großempfänger ist benachrichtigt."),
    "NOTIFIED_PO_BOX": (Status.HANDED_TO_POST, "Die Benachrichtigung liegt im Postfach."),
    "NOTIFIED_PACKSTATION": (Status.HANDED_TO_POST, "Die Benachrichtigung gilt für eine Packstation."),
    "DELIVERED": (Status.DELIVERED, "Das Einschreiben ist zugestellt."),
    "DELIVERED_PO_BOX": (Status.DELIVERED, "Das Einschreiben ist in das Postfach zugestellt."),
    "FETCHED": (Status.DELIVERED, "Das Einschreiben ist abgeholt."),
    "FETCHED_NOTIFIED": (Status.DELIVERED, "Das Einschreiben ist nach Benachrichtigung abgeholt."),
    "FETCHED_PACKSTATION": (Status.DELIVERED, "Das Einschreiben ist an der Packstation abgeholt."),
    "CONFIRMED": (Status.DELIVERED, "Die Zustellung ist bestätigt."),
    "CONFIRMATION_PENDING": (Status.DELIVERED, "Zugestellt; der Nachweis steht noch aus."),
    "FETCHED_PENDING_DELIVERY_CONFIRMATION": (Status.DELIVERED, "Abgeholt; der Nachweis steht noch aus."),
    "FETCHED_PO_BOX_PENDING_DELIVERY_CONFIRMATION": (
        Status.DELIVERED,
        "Aus dem Postfach abgeholt; der Nachweis steht noch aus.",
    ),
    "FETCHED_KEY_ACCOUNT_PENDING_DELIVERY_CONFIRMATION": (
        Status.DELIVERED,
        "Vom Großempfänger abgeholt; der Nachweis steht noch aus.",
    ),
    "SENT_BACK": (Status.RETURNED, "Das Einschreiben ist auf dem Rückweg."),
    "UNDELIVERABLE": (Status.RETURNED, "Das Einschreiben ist nicht zustellbar."),
    "RETURNED_TO_SENDER": (Status.RETURNED, "Das Einschreiben kam zurück."),
    "CONFIRMED_BY_SENDER": (Status.RETURNED, "Der Absender hat das Einschreiben zurückerhalten."),
    "MARBURG": (Status.RETURNED, "Nicht zustellbar und ohne lesbaren Absender: beim Zusteller verwahrt."),
}
"""What says nothing certain moves no status. *_PENDING: delivered, the proof is still to come."""

_UNKNOWN = (Status.UNKNOWN, "Der Druckdienstleister meldet einen Zustand, den das Gateway nicht kennt.")


def status_meaning(status_id: int) -> tuple[Status, str]:
    """What a statusID other than 99 means."""
    return STATUS_IDS.get(status_id, _UNKNOWN)


def tracking_meaning(code: str) -> tuple[Status, str]:
    """What a tracking code of registered mail means."""
    return REGISTERED_CODES.get(code, _UNKNOWN)
