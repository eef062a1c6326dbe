"""What Pingen's statuses and event codes mean: tables, with a German sentence each.

Sources: event codes from the provider's documentation; statuses from the provider's own web pages as a third party
read them (they are not documented). Anything else is UNKNOWN, kept and shown.
"""

from gateway.domain.runs.status import Status

STATUSES: dict[str, tuple[Status, str]] = {
    "validating": (Status.ACCEPTED, "Das Dokument wird geprüft."),
    "valid": (Status.ACCEPTED, "Das Dokument ist geprüft."),
    "invalid": (Status.ACCEPTED, "Die Sendung wird angehalten: das Dokument ist zu berichtigen."),
    "fixing": (Status.ACCEPTED, "Die Sendung wird angehalten: das Dokument wird berichtigt."),
    "action_required": (Status.ACCEPTED, "Die Sendung wird angehalten: es ist etwas zu entscheiden."),
    "awaiting_credits": (Status.ACCEPTED, "Die Sendung wartet auf Guthaben."),
    "submitted": (Status.ACCEPTED, "Die Sendung ist beauftragt."),
    "accepted": (Status.ACCEPTED, "Die Sendung ist angenommen."),
    "inspection": (Status.ACCEPTED, "Die Sendung wird vom Druckdienstleister durchgesehen."),
    "transferring": (Status.IN_PRODUCTION, "Die Sendung wird an das Druckzentrum übertragen."),
    "processing": (Status.IN_PRODUCTION, "Die Sendung ist im Druckzentrum."),
    "printing": (Status.IN_PRODUCTION, "Die Sendung wird gedruckt."),
    "sent": (Status.HANDED_TO_POST, "Die Sendung ist dem Zusteller übergeben."),
    "delivered": (Status.DELIVERED, "Die Zustellung ist bestätigt."),
    "undeliverable": (Status.RETURNED, "Die Sendung ist nicht zustellbar."),
    "unprintable": (Status.FAILED, "Das Dokument kann nicht gedruckt werden."),
    "rejected": (Status.FAILED, "Die Sendung wurde abgelehnt."),
    "expired": (Status.FAILED, "Die Sendung ist verfallen."),
    "cancelling": (Status.ACCEPTED, "Die Rücknahme ist beantragt."),
    "cancelled": (Status.CANCELLED, "Die Sendung ist zurückgenommen."),
}

DRAFT_STATUSES = frozenset(
    {"validating", "valid", "invalid", "fixing", "action_required", "unprintable", "expired"}
)
"""Statuses that a letter can have before it was ever sent off; whether it was, says its `submitted_at`."""

UNUSABLE_STATUSES = frozenset({"invalid", "fixing", "action_required", "unprintable", "expired", "rejected"})
"""A draft that will not become paper without somebody's doing."""

EVENTS: dict[str, tuple[Status, str]] = {
    "created": (Status.ACCEPTED, "Die Sendung ist angelegt."),
    "content_passed_inspection": (Status.ACCEPTED, "Das Dokument ist in Ordnung."),
    "content_failed_inspection": (Status.FAILED, "Das Dokument hat die Prüfung nicht bestanden."),
    "content_inspection_error": (Status.FAILED, "Das Dokument konnte nicht geprüft werden."),
    "file_not_a4_portrait": (Status.FAILED, "Das Dokument ist nicht durchweg A4 im Hochformat."),
    "file_not_found": (Status.FAILED, "Das Dokument liegt dem Druckdienstleister nicht vor."),
    "file_not_readable": (Status.FAILED, "Das Dokument ist nicht lesbar."),
    "file_removed": (Status.FAILED, "Das Dokument wurde entfernt."),
    "file_size_over_limit": (Status.FAILED, "Das Dokument ist zu groß."),
    "file_too_many_pages": (Status.FAILED, "Das Dokument hat zu viele Seiten."),
    "invalid_pdf_binary_content": (Status.FAILED, "Das Dokument ist kein lesbares PDF."),
    "meta_data_failed_requirements": (Status.FAILED, "Die Angaben zur Sendung reichen nicht aus."),
    "submitted": (Status.ACCEPTED, "Die Sendung ist beauftragt."),
    "auto_submitted": (Status.ACCEPTED, "Die Sendung wurde von selbst beauftragt."),
    "initiated_sending": (Status.ACCEPTED, "Der Versand ist eingeleitet."),
    "queued_for_transfer": (Status.ACCEPTED, "Die Sendung wartet auf die Übertragung."),
    "transferred_to_pool": (Status.IN_PRODUCTION, "Die Sendung ist zur Produktion eingeteilt."),
    "transferred_to_printcenter": (Status.IN_PRODUCTION, "Die Sendung ist beim Druckzentrum."),
    "retracted_from_printcenter": (Status.UNKNOWN, "Die Sendung wurde vom Druckzentrum zurückgezogen."),
    "rejected_from_printcenter": (Status.FAILED, "Das Druckzentrum hat die Sendung abgelehnt."),
    "processing": (Status.IN_PRODUCTION, "Die Sendung ist in Arbeit."),
    "accepted": (Status.IN_PRODUCTION, "Das Druckzentrum hat die Sendung angenommen."),
    "transferred_to_distributor": (Status.HANDED_TO_POST, "Die Sendung ist dem Zusteller übergeben."),
    "receival_confirmed_by_distributor": (Status.HANDED_TO_POST, "Der Zusteller hat sie bestätigt."),
    "rerouted": (Status.HANDED_TO_POST, "Die Sendung wird nachgesandt."),
    "track_and_trace": (Status.UNKNOWN, "Der Zusteller meldet etwas zum Sendungsverlauf."),
    "delivered": (Status.DELIVERED, "Die Zustellung ist bestätigt."),
    "undeliverable": (Status.RETURNED, "Die Sendung ist nicht zustellbar."),
    "cancellation_requested": (Status.UNKNOWN, "Die Rücknahme ist beantragt."),
    "cancellation_completed": (Status.CANCELLED, "Die Sendung ist zurückgenommen."),
    "cancellation_rejected": (Status.UNKNOWN, "Die Rücknahme kam zu spät."),
    "waiting_for_funds": (Status.UNKNOWN, "Die Sendung wartet auf Guthaben."),
    "waiting_for_funds_expired": (Status.FAILED, "Die Sendung ist verfallen: es fehlte Guthaben."),
    "waiting_for_legitimacy": (Status.UNKNOWN, "Die Sendung wartet auf eine Freigabe des Kontos."),
    "waiting_for_legitimacy_expired": (Status.FAILED, "Die Sendung ist verfallen: die Freigabe fehlte."),
    "shipping_country_blocked": (Status.FAILED, "In dieses Land wird nicht versandt."),
    "unable_to_find_delivery_product": (Status.FAILED, "Für die Sendung gibt es kein Versandprodukt."),
    "address_purged": (Status.UNKNOWN, "Die Anschrift wurde beim Druckdienstleister gelöscht."),
}
"""What holds a letter up (funds, legitimacy) moves no status: it is shown, and the letter goes on or fails later."""

POSTING_CODES = frozenset({"transferred_to_distributor"})
"""The event whose day the provider claims as posting (Aufgabe zur Post)."""

CATEGORIES: dict[str, tuple[Status, str]] = {
    "issues": (Status.UNKNOWN, "Der Druckdienstleister meldet ein Problem."),
    "sent": (Status.HANDED_TO_POST, "Die Sendung ist dem Zusteller übergeben."),
    "delivered": (Status.DELIVERED, "Die Zustellung ist bestätigt."),
    "undeliverable": (Status.RETURNED, "Die Sendung ist nicht zustellbar."),
}
"""The event collections, which are the webhook categories too; what they mean where no known code is given."""


_UNKNOWN = (Status.UNKNOWN, "Der Druckdienstleister meldet einen Zustand, den das Gateway nicht kennt.")


def status_meaning(status: str) -> tuple[Status, str]:
    """What a letter's status means."""
    return STATUSES.get(status, _UNKNOWN)


def event_meaning(code: str, category: str) -> tuple[Status, str]:
    """What an event means: by its code; by its category where the code is new or missing."""
    known = EVENTS.get(code, CATEGORIES.get(category))
    return known or _UNKNOWN
