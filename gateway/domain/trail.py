"""What the audit trail says, in German words, and through which door somebody came."""

from collections.abc import Mapping
from enum import StrEnum


class Entrance(StrEnum):
    """How somebody reached the gateway."""

    PAGE = "page"
    API = "api"
    COMMAND = "command"


ENTRANCES: Mapping[Entrance, str] = {
    Entrance.PAGE: "Seite",
    Entrance.API: "Schnittstelle",
    Entrance.COMMAND: "Kommandozeile",
}

ACTIONS: Mapping[str, str] = {
    "letter-written": "Entwurf geschrieben",
    "letter-revised": "Entwurf geändert",
    "letter-submitted": "zur Freigabe eingereicht",
    "letter-imported": "fertiges PDF übernommen",
    "recipient-chosen": "Empfänger ausdrücklich gewählt",
    "letter-approved": "freigegeben",
    "account-handed-out": "Saldenblatt ausgegeben",
    "letter-rejected": "zurückgegeben",
    "letter-held": "angehalten",
    "letter-let-go": "weiterlaufen lassen",
    "letter-cancelled": "storniert",
    "letter-cancelled-at-provider": "beim Druckdienstleister zurückgenommen",
    "letter-healed": "mit berichtigter Vorlage neu geschrieben",
    "letter-handed-back": "als neuer Entwurf zurückgegeben",
    "letter-read": "Schreiben angesehen",
    "document-read": "Dokument geöffnet",
    "twin-read": "barrierefreie Abschrift geöffnet",
    "enclosure-read": "Anlage geöffnet",
    "enclosure-added": "Anlage hinzugefügt",
    "enclosure-removed": "Anlage entfernt",
    "case-read": "Fall angesehen",
    "inbound-read": "Posteingang geöffnet",
    "inbound-assigned": "Posteingang zugeordnet",
    "address-suspended": "Anschrift gesperrt",
    "address-suspension-lifted": "Sperre der Anschrift aufgehoben",
    "person-address-corrected": "Anschrift berichtigt",
    "return-recorded": "Rückläufer vermerkt",
    "return-decided": "Rückläufer entschieden",
    "return-put-aside": "Meldung ohne Sendung abgelegt",
    "letter-reissued": "neu versandt anstelle eines Rückläufers",
    "inbound-moved": "Posteingang umgehängt",
    "inbound-linked": "Bezug des Posteingangs geändert",
    "inbound-withdrawn": "Posteingang aus falscher Akte entnommen",
    "original-held": "Original festgehalten",
    "original-let-go": "Original nicht mehr festgehalten",
    "original-recalled": "Original zurückgefordert",
    "original-returned": "Original zurückerhalten",
    "originals-released": "Originale zur Vernichtung freigegeben",
    "scan-compared": "Scan geprüft",
    "scan-report-taken": "Meldung der Scanstelle gelesen",
    "delivery-received": "Scanlieferung angenommen",
    "delivery-quarantined": "Scanlieferung in Quarantäne",
    "posting-file-made": "Versandakte erstellt",
    "taken-by-hand": "zur Übergabe von Hand genommen",
    "by-hand-put-back": "Übergabe von Hand zurückgelegt",
    "printed-by-hand": "im Haus gedruckt",
    "posted-by-hand": "von Hand zur Post gegeben",
    "given-to-courier": "dem Boten übergeben",
    "delivery-proven": "Zustellung nachgewiesen",
    "delivery-corrected": "Zustellnachweis berichtigt",
    "delivery-scan-read": "Zustellnachweis geöffnet",
    "canary-handed-over": "Testbrief übergeben",
    "canary-not-sent": "Testbrief nicht übergeben",
    "canary-judged": "Testbrief ausgewertet",
    "canary-accepted": "Antwort auf den Testbrief anerkannt",
    "alarm-settled": "Alarm erledigt",
    "piece-held": "Sendung zurückgehalten",
    "tally-asked": "Abgleich angefordert",
    "trail-read": "Protokoll angesehen",
    "chain-verified": "Protokollkette geprüft",
    "run-certified": "Laufzertifikat ausgestellt",
    "run-finished": "Tageslauf beendet",
    "posting-confirmed": "Aufgabe zur Post bestätigt",
    "posting-exception-proposed": "Ausnahme zur Aufgabe zur Post vorgeschlagen",
    "posting-exception-confirmed": "Ausnahme zur Aufgabe zur Post bestätigt",
    "posting-exception-rejected": "Ausnahme zur Aufgabe zur Post abgelehnt",
    "provider-cancelled": "vom Druckdienstleister zurückgenommen",
    "provider-cancel-refused": "vom Druckdienstleister nicht zurückgenommen",
    "provider-cancel-unknown": "Rücknahme beim Druckdienstleister ungeklärt",
    "diverting": "Umleitung zu einem anderen Dienstleister begonnen",
    "diverted": "zu einem anderen Dienstleister umgeleitet",
    "desk-decided": "Klärung entschieden",
    "desk-proposed": "Klärung vorgeschlagen",
    "desk-confirmed": "Klärung als zweite Person bestätigt",
    "stop-set": "Notbremse gezogen",
    "stop-lifted": "Notbremse gelöst",
    "mailing-begun": "Serienbrief begonnen",
    "mailing-checked": "Serienbrief geprüft",
    "mailing-accepted": "Serienbrief angenommen",
    "mailing-submitted": "Serienbrief eingereicht",
    "mailing-stopped": "Serienbrief abgebrochen",
    "mailing-discarded": "Serienbrief verworfen",
    "mailing-approved": "Serienbrief freigegeben",
    "template-proposed": "Vorlagenversion vorgeschlagen",
    "template-published": "Vorlagenversion veröffentlicht",
    "template-withdrawn": "Vorlagenversion zurückgezogen",
    "provider-tallied": "mit dem Druckdienstleister abgeglichen",
    "cases-imported": "Falldaten übernommen",
    "user-changed": "Benutzer geändert",
    "token-added": "Zugriffsschlüssel ausgestellt",
    "token-revoked": "Zugriffsschlüssel gesperrt",
    "signed-in": "angemeldet",
    "content-deleted": "Inhalt nach Aufbewahrungsregel gelöscht",
    "content-returned": "Inhalt aus der E-Akte zurückgeholt",
    "payloads-deleted": "Wortlaut der Statusmeldungen gelöscht",
    "personal-data-deleted": "personenbezogene Angaben gelöscht",
    "retention-applied": "Aufbewahrungsregeln angewandt",
    "deletion-locked": "Löschsperre gesetzt",
    "deletion-unlocked": "Löschsperre aufgehoben",
    "person-exported": "Auskunft über eine Person erstellt",
}
"""Every action that is audited; a test holds this against the code."""


def action_words(action: str) -> str:
    """What an action is called; the code itself for one of an older or newer version."""
    return ACTIONS.get(action, action)
