"""German words for what the pages show, and the colour of the badge beside them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from gateway.db.people import RepresentativeKind
from gateway.db.postings import ExceptionState
from gateway.domain.account.account import Line
from gateway.domain.account.standing import Standing
from gateway.domain.desk.alarms import AlarmAction, AlarmKind
from gateway.domain.desk.desk import DeskAction, Problem
from gateway.domain.findings import Severity
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.mailing import MailingState
from gateway.domain.permission import Role
from gateway.domain.pieces.formal_service import OrderOption
from gateway.domain.pieces.mailpiece import SERVICE_WORDS, Service
from gateway.domain.posting.posting_list import Evidence
from gateway.domain.posting.posting_record import How
from gateway.domain.receipt.delivery import KIND_WORDS, OUTCOME_WORDS
from gateway.domain.receipt.returning import (
    ACTION_WORDS,
    FICTION_WORDS,
    REASON_WORDS,
    SOURCE_WORDS,
    ReturnFiction,
)
from gateway.domain.retention import Keep, Kind
from gateway.domain.runs.by_hand import HandChannel, HandStep
from gateway.domain.runs.status import Status
from gateway.domain.runs.stopping import StopScope
from gateway.domain.templates.publishing import VersionState
from gateway.web import found_words


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

SERVICES: Mapping[Service, str] = SERVICE_WORDS

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

PROBLEMS: Mapping[StrEnum, Word] = {
    Problem.LETTER_FAULTY: Word("Druckprüfung", "danger"),
    Problem.TOO_LATE: Word("käme zu spät", "warning"),
    Problem.TEMPLATE_WITHDRAWN: Word("Vorlage zurückgezogen", "warning"),
    Problem.SUSPENDED: Word("Anschrift gesperrt", "warning"),
    Problem.NEEDLESS: Word("Neues Schreiben nötig?", "warning"),
    Problem.PIECE_FAULTY: Word("Sendung fehlerhaft", "danger"),
    Problem.UNREADABLE: Word("Datei nicht lesbar", "danger"),
    Problem.REFUSED: Word("abgelehnt", "danger"),
    Problem.IN_DOUBT: Word("ungeklärt", "danger"),
    Problem.FAILED: Word("nicht hergestellt", "danger"),
    Problem.RETURNED: Word("Rückläufer", "warning"),
    Problem.SEVERAL: Word("mehrfach beim Dienstleister", "danger"),
    Problem.CANCEL_UNKNOWN: Word("Rücknahme ungeklärt", "danger"),
    Problem.CONTRADICTED: Word("doch gedruckt?", "danger"),
    Problem.LATE_HAND_OVER: Word("nicht übergeben", "warning"),
    Problem.LATE_PRODUCTION: Word("keine Produktion gemeldet", "warning"),
    Problem.LATE_POSTING: Word("keine Aufgabe gemeldet", "warning"),
    Problem.LATE_RECEIPT: Word("kein Empfang vermerkt", "warning"),
    Problem.NO_END: Word("Zustellung nie gemeldet", "warning"),
}

EVIDENCE: Mapping[StrEnum, str] = {
    Evidence.LIST: "Einlieferungsliste des Dienstleisters",
    Evidence.STATUS_FIELD: "Statusmeldung, nach Vertrag gleich Aufgabe zur Post",
    Evidence.NONE: "kein Nachweis vereinbart",
}

HOWS: Mapping[StrEnum, str] = {
    How.CHECKED: "mit der Tagesmeldung",
    How.BY_HAND: "von Hand aufgegeben",
    How.FINDING_ACCEPTED: "trotz Befund",
    How.UNLISTED: "ohne Einlieferungsliste",
    How.OTHER_DAY: "anderer Tag als gemeldet",
    How.AFTER_CONTRADICTION: "trotz Widerspruch des Dienstleisters",
    How.CORRECTED: "Berichtigung",
    How.REVOKED: "doch nicht zur Post gegeben",
}

EXCEPTION_STATES: Mapping[StrEnum, Word] = {
    ExceptionState.PROPOSED: Word("wartet auf zweite Person", "warning"),
    ExceptionState.DONE: Word("bestätigt", "success"),
    ExceptionState.REJECTED: Word("abgelehnt"),
}

DESK_ACTIONS: Mapping[StrEnum, str] = {
    DeskAction.PLAN_AGAIN: "Neu planen",
    DeskAction.CANCEL: "Stornieren",
    DeskAction.HAND_BACK: "Zurück an Sachbearbeitung",
    DeskAction.PROVIDER_HAS_IT: "Dienstleister hat sie",
    DeskAction.PROVIDER_HAS_IT_NOT: "Dienstleister hat sie nicht",
    DeskAction.TRY_AGAIN: "Erneut versuchen",
    DeskAction.RESTORE: "Aus der Akte wiederherstellen",
    DeskAction.ACKNOWLEDGE: "Zur Kenntnis genommen",
    DeskAction.REISSUE: "Neu erlassen",
    DeskAction.SERVE: "Förmlich zustellen",
}

ALARMS: Mapping[StrEnum, Word] = {
    AlarmKind.TALLY_DIFFERS: Word("Abgleich weicht ab", "danger"),
    AlarmKind.TALLY_MISSING: Word("Abgleich fehlt", "warning"),
    AlarmKind.CANARY: Word("Testschreiben anders", "danger"),
    AlarmKind.PAPER_GONE: Word("Original vernichtet", "danger"),
    AlarmKind.PAPER: Word("Original unklar", "warning"),
    AlarmKind.SCAN_GAP: Word("Scanlieferung fehlt", "danger"),
    AlarmKind.SCANS_LATE: Word("keine Scanlieferung", "warning"),
    AlarmKind.SCAN_NOT_REDELIVERED: Word("Abgelehntes fehlt noch", "warning"),
    AlarmKind.SCAN_QUARANTINE: Word("Scanlieferung abgelehnt", "warning"),
    AlarmKind.SCAN_OUTAGE: Word("Scanstelle gestört", "warning"),
    AlarmKind.SCAN_ANSWER: Word("Antwort an Scanstelle hängt", "warning"),
    AlarmKind.RECORD_CONTRADICTED: Word("Ab-Vermerk widersprochen", "danger"),
}

"""What is odd about a scan delivery that was taken."""

ALARM_ACTIONS: Mapping[StrEnum, str] = {
    AlarmAction.SETTLE: "Geklärt",
    AlarmAction.COMPARE: "Jetzt vergleichen",
    AlarmAction.ACCEPT: "Als bekannt bestätigen",
}

STOP_SCOPES: Mapping[StrEnum, str] = {
    StopScope.PROVIDER: "Druckdienstleister",
    StopScope.RUN: "Tageslauf",
    StopScope.OFFICE: "Dienststelle",
    StopScope.TEMPLATE: "Vorlage",
    StopScope.LETTER: "Schreiben",
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

HAND_CHANNELS: Mapping[StrEnum, str] = {
    HandChannel.POST: "hier drucken und aufgeben",
    HandChannel.IN_PERSON: "persönlich übergeben",
    HandChannel.COURIER: "Kurier",
}

HAND_STEPS: Mapping[StrEnum, Word] = {
    HandStep.TO_PRINT: Word("zu drucken", "info"),
    HandStep.PRINTED: Word("gedruckt, noch im Haus", "warning"),
    HandStep.WITH_COURIER: Word("beim Kurier", "info"),
}

PROOFS = KIND_WORDS
"""Kinds of proof of receipt."""

ORDER_OPTIONS: Mapping[StrEnum, str] = {
    OrderOption.NO_FORWARDING: "nicht weitersenden",
    OrderOption.NO_SUBSTITUTE: "keine Ersatzzustellung (§ 178 ZPO)",
    OrderOption.NO_DEPOSIT: "keine Niederlegung (§ 181 ZPO)",
    OrderOption.WITH_TIME: "mit Angabe der Uhrzeit",
}

OUTCOMES = OUTCOME_WORDS
"""What a proof of receipt says."""

PROOF_REFERENCES: Mapping[str, str] = {
    "certificate": "Nummer",
    "receipt": "Beleg",
    "order": "Auftrag",
    "tracking_number": "Sendungsnummer",
    "told": "gemeldet von",
}
"""What the numbers are that go with a proof of receipt; another one is shown as it is."""

RETURN_REASONS, RETURN_ACTIONS, RETURN_SOURCES = REASON_WORDS, ACTION_WORDS, SOURCE_WORDS
"""Of returned mail: why it came back, how the task ended, who told of it."""

RETURN_FICTIONS: Mapping[StrEnum, Word] = {
    ReturnFiction.DISPUTED: Word(FICTION_WORDS[ReturnFiction.DISPUTED], "warning"),
    ReturnFiction.VOID: Word(FICTION_WORDS[ReturnFiction.VOID], "danger"),
    ReturnFiction.HOLDS: Word(FICTION_WORDS[ReturnFiction.HOLDS], "success"),
}

SCAN_REMARKS = found_words.SCAN_REMARKS
RETURN_FOUND, CERTIFICATE_FOUND = found_words.RETURN_FOUND, found_words.CERTIFICATE_FOUND
DELIVERY_TOLD = found_words.DELIVERY_TOLD

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
    "certificate-of-service": "Zustellungsurkunde",
    "original": "Original zur Rückgabe",
    "unknown": "nicht erkannt",
}
"""Classes that the scan provider names; another one is shown as it is."""

INBOUND_STATES: Mapping[str, Word] = {
    "desk": Word("zuzuordnen", "warning"),
    "assigned": Word("zugeordnet", "success"),
    "quarantine": Word("abgewiesen", "danger"),
    "rejected": Word("zurückgegeben", "danger"),
    "replaced": Word("durch neuen Scan ersetzt", "info"),
}


def inbound_state(state: str) -> Word:
    """Where an inbound document is."""
    return INBOUND_STATES.get(state, Word(state, "info"))


MATCHED_BY = found_words.MATCHED_BY
"""What leads to a case."""

_FILED: Mapping[str, str] = {
    "withdrawal": "Entnahme eines falsch zugeordneten Posteingangs",
    "document": "Schreiben freigegeben",
    "twin": "Abschrift freigegeben",
    "enclosure": "Anlage freigegeben",
    "hand-over": "Übergabe",
    "posting-reported": "Aufgabe zur Post gemeldet",
    "posting-confirmed": "Aufgabe zur Post bestätigt",
    "posting-corrected": "Aufgabe zur Post berichtigt",
    "delivery": "Zugangsnachweis",
    "return": "Rückläufer",
    "cancellation": "Stornierung",
    "inbound": "Posteingang",
}


def filed(key: str) -> str:
    """An entry of the case file by its key, such as `posting-confirmed:AAAA1111:7K4M9QXZ`."""
    what, _, rest = key.partition(":")
    return " · ".join([_FILED.get(what, what), *rest.split(":")])


RETENTION: Mapping[StrEnum, str] = {
    Kind.PRINT_COPY: "Druckexemplare",
    Kind.DOCUMENT: "Schreiben, Abschriften, Anlagen (PDF)",
    Kind.DRAFT: "Entwürfe und ersetzte Fassungen",
    Kind.UPLOAD: "Fertige PDFs, wie sie übergeben wurden",
    Kind.INBOUND: "Scans",
    Kind.RAW_PAYLOAD: "Wortlaut der Statusmeldungen",
    Kind.PERSONAL: "Anschriften, Angaben, Begründungen",
    Kind.MAILING: "Tabellen ohne Entscheidung",
    Kind.API_ANSWER: "Idempotency-Keys",
    Kind.GIVEN_BACK: "zurückgegebene und ersetzte Scans",
    Kind.REJECTED_SCAN: "abgelehnte und nicht genannte Dateien von Scanlieferungen",
    Kind.SCAN_QUARANTINE: "abgelehnte Scanlieferungen",
    Kind.TRANSFER_NOTE: "Transfervermerke",
    Kind.MASTER_DATA: "Stammdaten von Personen",
    Kind.AUDIT_ENTRY: "Einträge des Protokolls",
}

KEEPS: Mapping[str, str] = {
    Keep.UNFINISHED: "nicht abgeschlossen",
    Keep.DEADLINE_RUNNING: "Frist läuft",
    Keep.HELD: "angehalten",
    Keep.ON_DESK: "auf der Klärungsliste",
    Keep.LOCKED: "Löschsperre",
    Keep.NOT_FILED: "von der E-Akte nicht bestätigt",
    Keep.IN_USE: "wird noch gebraucht",
    Keep.PROOF: "weist eine Löschung nach",
    Keep.TERM_RUNNING: "Aufbewahrungsfrist läuft",
}
