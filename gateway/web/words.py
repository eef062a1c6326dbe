"""German words for what the pages show, and the colour of the badge beside them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from gateway.db.people import RepresentativeKind
from gateway.domain.account import Line
from gateway.domain.findings import Severity
from gateway.domain.letter import LetterState
from gateway.domain.mailing import MailingState
from gateway.domain.mailpiece import Service
from gateway.domain.permission import Role
from gateway.domain.publishing import VersionState
from gateway.domain.standing import Standing
from gateway.domain.status import Status


class Word(NamedTuple):
    """What is written, and how it is coloured: `info`, `success`, `warning`, `danger` (KERN) or `neutral`."""

    text: str
    colour: str = "neutral"


STANDINGS: Mapping[StrEnum, Word] = {
    Standing.DRAFT: Word("Entwurf"),
    Standing.SUBMITTED: Word("wird erstellt", "info"),
    Standing.FAULTY: Word("fehlerhaft", "danger"),
    Standing.READY: Word("wartet auf Freigabe", "info"),
    Standing.APPROVED: Word("freigegeben", "success"),
    Standing.HELD: Word("angehalten", "warning"),
    Standing.CANCELLED: Word("storniert"),
    Standing.PLANNED: Word("im Tageslauf", "info"),
    Standing.IN_DOUBT: Word("ungeklärt", "danger"),
    Standing.REFUSED: Word("abgelehnt", "danger"),
    Standing.HANDED_OVER: Word("übergeben", "info"),
    Standing.IN_PRODUCTION: Word("im Druck", "info"),
    Standing.POSTED: Word("zur Post gegeben", "success"),
    Standing.DELIVERED: Word("zugestellt", "success"),
    Standing.RETURNED: Word("Rückläufer", "warning"),
    Standing.FAILED: Word("nicht gedruckt", "danger"),
}

STATUSES: Mapping[StrEnum, Word] = {
    Status.UNKNOWN: Word("unbekannte Meldung", "warning"),
    Status.ACCEPTED: Word("angenommen", "info"),
    Status.IN_PRODUCTION: Word("in der Produktion", "info"),
    Status.PRINTED: Word("gedruckt", "info"),
    Status.HANDED_TO_POST: Word("zur Post gegeben", "success"),
    Status.DELIVERED: Word("zugestellt", "success"),
    Status.RETURNED: Word("zurückgekommen", "warning"),
    Status.FAILED: Word("nicht hergestellt", "danger"),
    Status.CANCELLED: Word("zurückgenommen"),
}

SERVICES: Mapping[StrEnum, str] = {
    Service.STANDARD: "Brief",
    Service.EINWURF: "Einschreiben Einwurf",
    Service.UEBERGABE: "Einschreiben Übergabe",
    Service.RUECKSCHEIN: "Einschreiben Rückschein",
    Service.PZU: "Postzustellungsauftrag",
}

SEVERITIES: Mapping[StrEnum, Word] = {
    Severity.ERROR: Word("Fehler", "danger"),
    Severity.WARNING: Word("Hinweis", "warning"),
    Severity.INFO: Word("zur Kenntnis", "info"),
}

MAILINGS: Mapping[StrEnum, Word] = {
    MailingState.CHECKING: Word("wird geprüft", "info"),
    MailingState.CHECKED: Word("geprüft", "info"),
    MailingState.DRAFTING: Word("wird angelegt", "info"),
    MailingState.SUBMITTING: Word("wird eingereicht", "info"),
    MailingState.DONE: Word("eingereicht", "success"),
    MailingState.STOPPED: Word("abgebrochen", "danger"),
    MailingState.DISCARDED: Word("verworfen"),
}

LETTER_STATES: Mapping[StrEnum, str] = {
    LetterState.DRAFT: "Entwurf",
    LetterState.SUBMITTED: "wird erstellt",
    LetterState.FAULTY: "fehlerhaft",
    LetterState.READY: "wartet auf Freigabe",
    LetterState.APPROVED: "freigegeben",
    LetterState.BATCHED: "im Tageslauf",
    LetterState.CANCELLED: "storniert",
}

TEMPLATE_STATES: Mapping[str, Word] = {
    "draft": Word("Entwurf", "info"),
    VersionState.PROPOSED: Word("vorgeschlagen", "warning"),
    VersionState.PUBLISHED: Word("veröffentlicht", "success"),
    VersionState.WITHDRAWN: Word("zurückgezogen", "danger"),
}

LINES: Mapping[StrEnum, str] = {
    Line.POSTED: "zur Post gegeben",
    Line.HELD: "angehalten",
    Line.CANCELLED: "storniert",
    Line.FAILED: "gescheitert",
    Line.UNDER_WAY: "unterwegs",
}

ROLES: Mapping[StrEnum, str] = {
    Role.CASEWORKER: "Sachbearbeitung",
    Role.APPROVER: "Freigabe",
    Role.POST_ROOM: "Poststelle",
    Role.ADMINISTRATOR: "Administration",
    Role.TEMPLATE_AUTHOR: "Vorlagenpflege",
    Role.AUDITOR: "Revision",
}

REPRESENTATIVES: Mapping[StrEnum, str] = {
    RepresentativeKind.GUARDIAN: "Betreuung",
    RepresentativeKind.LAWYER: "anwaltliche Vertretung",
    RepresentativeKind.AUTHORISED: "Vollmacht",
}

DOCUMENT_CLASSES: Mapping[str, str] = {
    "letter": "Schreiben",
    "reply-slip": "Antwortbogen",
    "form": "Formular",
    "returned-mail": "Rückläufer",
    "unknown": "nicht erkannt",
}
"""Classes that the scan provider names; another one is shown as it is."""
