"""German words for what was found in scans: how they were recognised, or why they wait for a person."""

from collections.abc import Mapping

SCAN_REMARKS: Mapping[str, str] = {
    "delivery-late": "älter als 24 Stunden",
    "scan-dated-in-future": "Scantag liegt in der Zukunft",
    "scan-received-long-ago": "Eingangstag über ein halbes Jahr vor dem Scan",
    "delivery-sequence-repeated": "Nummer doppelt",
    "delivery-not-only-files": "Ordner oder Verknüpfungen, nicht gelesen",
    "rescan-of-unknown": "Rescan zu Unbekanntem",
}
"""What is odd about a delivery that was taken."""

RETURN_FOUND: Mapping[str, str] = {
    "code": "am Code des Blatts erkannt",
    "window-text": "an der Sendungsnummer im Fenster erkannt",
    "window-picture": "an der Sendungsnummer im Bild des Fensters erkannt",
    "nothing-found": "weder Code noch Sendungsnummer gefunden",
    "several-found": "Nummern mehrerer Sendungen gefunden",
    "not-posted": "die Sendung mit dieser Nummer ist nicht aufgegeben",
    "other-case": "die Scanstelle ordnet es einem anderen Fall zu als die Sendungsnummer",
    "whole-letter": "als Brief erfasst, ist aber unser ganzes Schreiben; vielleicht kam es zurück",
    "part-of-letter": "als Brief erfasst, besteht aber aus Blättern unseres Schreibens; vielleicht kam es zurück",
    "envelope-on-top": "als Brief erfasst, zeigt aber einen Umschlag mit unserer Sendung; vielleicht kam sie zurück",
    "contradicts-proof": "der Zugang dieser Sendung ist nachgewiesen",
    "moved-away": "lag in einem falschen Fall; bitte neu zuordnen",
}
"""How a returned piece was recognised, or why it was not."""

DELIVERY_TOLD: Mapping[str, str] = {
    "told-later": "Der gemeldete Zugang liegt nach der Bekanntgabefiktion: Bestätigt verschiebt er die Frist.",
    "told-without-day": "Der Dienstleister nennt keinen Tag; bitte im Auslieferungsbeleg nachsehen.",
    "told-without-posting": "Ein Tag der Aufgabe zur Post ist nicht gemeldet, es gilt keine Fiktion: Nur der "
    "Auslieferungsbeleg beweist den Zugang.",
    "told-in-time": "Der gemeldete Zugang liegt nicht nach der Bekanntgabefiktion und ändert die Frist nicht.",
}
"""What hangs on a provider's word that registered mail was delivered."""

CERTIFICATE_FOUND: Mapping[str, str] = {
    "to-read": "Auf Papier gekommen; bitte am Bild lesen.",
    "piece-unknown": "Es gibt keine Sendung mit dieser Kennung.",
    "no-proof-awaited": "Die Sendung ging nicht als Postzustellungsauftrag.",
    "contradicts-proof": "Zu dieser Sendung ist schon etwas anderes nachgewiesen.",
    "moved-away": "Lag in einem falschen Fall; bitte neu zuordnen.",
    "hash-differs": "Das Bild ist nicht das, dessen Prüfsumme der Dienstleister nennt.",
    "delivery-outcome-unknown": "Dieses Ergebnis kennt das Gateway nicht.",
    "delivery-day-missing": "Der Tag der Zustellung fehlt.",
    "delivery-day-not-wanted": "Ein Tag der Zustellung, obwohl nicht zugestellt wurde.",
    "delivery-day-in-future": "Der Tag der Zustellung liegt in der Zukunft.",
    "delivery-before-dispatch": "Der Tag der Zustellung liegt vor der Aufgabe zur Post.",
}
"""Why a certificate of service waits for a person."""

MATCHED_BY: Mapping[str, str] = {
    "code": "Code",
    "index": "Erfassung",
    "text": "Text",
    "nothing": "nichts",
}
"""What leads to a case."""
