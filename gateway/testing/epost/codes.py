"""The interface's Error object and its German texts, as the provider's description (v2.6.1) gives them."""

from datetime import datetime

from gateway.testing.epost.clock import wire_time

TEXTS = {
    "E001": "Die Zugangsdaten sind ungültig.",
    "E101": "Das Token ist abgelaufen.",
    "E201": "Zu dem Suchkriterium wurde keine Sendung gefunden.",
    "E203": "Die Adress-Metadaten stimmen nicht mit der Anschrift im Dokument überein.",
    "E301": "Die Datei ist kein PDF.",
    "E302": "Der Sperrbereich für die digitale Freimachung ist bedruckt.",
    "E303": "Die Datei ist größer als 20 MB.",
    "E304": "Die Sendung hat mehr als 94 Seiten.",
    "E305": "Das Land ist unbekannt.",
    "E306": "Das Format der Empfängeradresse ist ungültig.",
    "E307": "Die erste Seite ist im Querformat.",
    "E308": "Das Dokument enthält Seiten, die nicht DIN A4 sind.",
    "E309": "Der Dateiname wurde bereits verwendet.",
    "E311": "Einschreiben ins Ausland sind nicht möglich.",
    "E312": "Einschreiben können nicht duplex gedruckt werden.",
    "E313": "Verletzung des Letter-Schemas",
    "E317": "Die Art des Einschreibens ist unbekannt.",
    "E318": "Die Sendung wurde vom Druckzentrum abgelehnt.",
    "E322": "Die Statusabfrage erfolgte zu schnell.",
    "E323": "Der Bereich der Empfängeradresse ist leer.",
    "E324": "Die Sendung wurde innerhalb der letzten Stunde bereits eingeliefert",
    "E333": "Die Absenderadresse fehlt.",
    "E399": "Allgemeiner Fehler.",
    "E501": "Das System ist inaktiv.",
    "E601": "Das Plug-in ist nicht freigeschaltet.",
    "E621": "Es ist mehr als ein Termin angegeben.",
    "E622": "Der Termin liegt nicht zwischen 1 und 31 Tagen.",
    "E700": "Die Sendung wurde abgebrochen.",
    "I501": "Das System ist aktiv.",
}
_LEVELS = {"E": "Error", "W": "Warning", "I": "Info"}


class Reject(Exception):
    """The request is declined with an Error object."""

    def __init__(self, code: str, status: int = 400, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.detail = detail


def error_object(code: str, moment: datetime, detail: str = "") -> dict[str, object]:
    """`{level, code, description, date}`."""
    text = TEXTS.get(code, "Nicht näher bestimmte Meldung.")
    return {
        "level": _LEVELS[code[0]],
        "code": code,
        "description": f"{text.rstrip('.')}: {detail}" if detail else text,
        "date": wire_time(moment),
    }
