"""What the codes of the E-POSTBUSINESS interface mean, for people and for the hand-over protocol.

Source: the provider's interface description v2.6.1, Error object. The texts are ours: the provider's own
`description` may quote an address and stays in the raw payload.
"""

from gateway.errors import NotSent, OutcomeUnknown, Refused

DUPLICATE_CODES = frozenset({"E309", "E324"})
"""The provider holds this file name, or these bytes, already: our first attempt may have arrived."""

ACCOUNT_CODES = frozenset({"E001", "E002", "E003", "E004", "E101", "E319", "E320", "E322", "E501"})
"""Nothing is wrong with the letter: it waits until the account or the service is usable again."""

UNCERTAIN_CODES = frozenset({"E315", "E316", "E399", "E900"})
"""Internal faults of the provider. Nothing says that they come before the letter is taken, so we ask."""

TEXTS = {
    "E001": "Die Zugangsdaten werden nicht angenommen. Bitte EKP, Secret und Passwort prüfen.",
    "E002": "Die VendorSubID wird nicht angenommen. Bitte die Konfiguration prüfen.",
    "E003": "Zu viele SMS-Anforderungen; der Zugang ist für 15 Minuten gesperrt.",
    "E004": "Die EKP ist gesperrt. Bitte beim Druckdienstleister klären.",
    "E101": "Die Anmeldung ist abgelaufen.",
    "E201": "Unter diesem Merkmal ist dem Druckdienstleister keine Sendung bekannt.",
    "E203": "Die Anschrift im Fenster weicht von den übergebenen Anschriftdaten ab.",
    "E301": "Das Dokument ist kein PDF.",
    "E302": "In der Freimachungszone der ersten Seite steht Druck. Bitte das Dokument korrigieren.",
    "E303": "Das Dokument ist größer als 20 MB.",
    "E304": "Das Dokument hat zu viele Seiten.",
    "E305": "Das Land ist dem Druckdienstleister nicht bekannt. Bitte die Schreibweise des Landes prüfen.",
    "E306": "Das Format der Empfängeranschrift wird nicht angenommen. Bitte die Anschrift prüfen.",
    "E307": "Die erste Seite liegt quer.",
    "E308": "Eine Seite hat nicht das Format A4.",
    "E309": "Der Dateiname ist dem Druckdienstleister schon bekannt.",
    "E311": "Einschreiben ins Ausland werden nicht angeboten.",
    "E312": "Einschreiben werden nur einseitig gedruckt.",
    "E313": "Die Angaben zur Sendung verletzen das Schema der Schnittstelle.",
    "E314": "Das Deckblatt ist zu groß.",
    "E315": "Bei der Verarbeitung trat beim Druckdienstleister ein Fehler auf.",
    "E316": "Beim Hochladen trat beim Druckdienstleister ein Fehler auf.",
    "E317": "Die Art des Einschreibens ist dem Druckdienstleister nicht bekannt.",
    "E318": "Das Druckzentrum hat die Sendung abgelehnt.",
    "E319": "Die EKP ist noch nicht für das Druckzentrum freigeschaltet. Bitte beim Druckdienstleister klären.",
    "E320": "Das Tageskontingent für Testsendungen ist aufgebraucht.",
    "E322": "Der Status wurde in zu kurzem Abstand abgefragt.",
    "E323": "Das Anschriftfeld der ersten Seite ist leer.",
    "E324": "Ein gleiches Dokument wurde in der letzten Stunde schon übergeben.",
    "E333": "Die Absenderangabe fehlt.",
    "E399": "Der Druckdienstleister meldet einen allgemeinen Fehler.",
    "E501": "Der Dienst ist außer Betrieb.",
    "E601": "Ein angefordertes Zusatzmodul ist nicht verfügbar.",
    "E621": "Für das Warten in der Warteschlange ist mehr als ein Termin angegeben.",
    "E622": "Der Termin in der Warteschlange liegt nicht zwischen 1 und 31 Tagen.",
    "E700": "Die Sendung wurde vor der Produktion abgebrochen.",
    "E900": "Der Druckdienstleister meldet einen nicht näher bestimmten Fehler.",
}


def text_for(code: str) -> str:
    """A German sentence for a code; an unknown one is named."""
    return TEXTS.get(code, f"Der Druckdienstleister meldet den Code {code}.")


def refusal(code: str) -> NotSent | Refused | OutcomeUnknown:
    """What an Error object in answer to a hand-over says about the letter, as a fact."""
    stable = f"epost-{code.lower()}"
    if code in UNCERTAIN_CODES:
        return OutcomeUnknown(stable, f"{text_for(code)} Ob die Sendung angenommen ist, wird nachgefragt.")
    if code in ACCOUNT_CODES:
        return NotSent(stable, f"{text_for(code)} Die Sendungen warten.")
    return Refused(stable, text_for(code))
