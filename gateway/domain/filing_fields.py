"""What is said about an entry of the case file: our names for it, and how people read them.

One vocabulary for every case-file system: an adapter maps these names to those of its system, by configuration. It
covers what a *Sozialakte* keeps about a document (xdomea DokumentType, § 2 Abs. 2 EGovG NRW); what the gateway does
not know is in `NOT_KNOWN`, with the reason.
"""

from collections.abc import Mapping

FIELDS: Mapping[str, str] = {
    "item_id": "Kennzeichen",
    "title": "Titel",
    "kind": "Vorgang",
    "occurred_at": "Zeitpunkt",
    "document_key": "Dokument",
    "sha256": "SHA-256",
    "file_number": "Aktenzeichen",
    "bg_number": "BG-Nummer",
    "office": "Dienststelle",
    "process": "Fall",
    "document_type": "Dokumenttyp",
    "subject": "Betreff",
    "date_of_letter": "Datum des Schreibens",
    "letter": "Schreiben",
    "signing": "Fassung",
    "template_version": "Vorlage",
    "remedy_notice": "Rechtsbehelfsbelehrung",
    "caseworker": "Bearbeitung",
    "responsible_office": "Federführung",
    "recipient": "Empfänger Nr.",
    "address_lines": "Anschrift",
    "pages": "Seiten",
    "piece": "Sendung",
    "sheets": "Blatt",
    "product": "Produkt",
    "provider": "Druckdienstleister",
    "provider_reference": "Auftrag beim Druckdienstleister",
    "batch": "Tageslauf",
    "print_sha256": "SHA-256 des Druckexemplars",
    "decision_date": "Datum der Entscheidung",
    "hand_over_date": "Übergeben am",
    "posting_date": "Aufgabe zur Post am",
    "provisional": "Vorläufig",
    "posting_record": "Ab-Vermerk",
    "posting_record_number": "Ab-Vermerk Nr.",
    "posting_list": "Einlieferungsliste",
    "confirmed_by": "Bestätigt von",
    "second_person": "Zweite Person",
    "confirmed_at": "Bestätigt um",
    "how": "Art der Bestätigung",
    "delivery_days": "Laufzeit in Tagen",
    "franking_id": "Frankierkennung",
    "deemed_notified_on": "Gilt als bekannt gegeben am",
    "objection_deadline": "Rechtsbehelfsfrist bis",
    "reasons": "Herleitung",
    "given_by": "Abgegeben durch",
    "carrier": "Zusteller",
    "franked_as": "Frankiert als",
    "receipt": "Belegnummer",
    "prints": "Drucke im Haus",
    "proof": "Zugangsnachweis",
    "outcome": "Ergebnis",
    "served": "Zugegangen",
    "effective_on": "Zugang am",
    "received_at": "Zugang um",
    "place": "Ort",
    "handed_by": "Übergeben durch",
    "received_by": "Empfangen von",
    "recorded_by": "Vermerkt von",
    "correction_reason": "Grund der Berichtigung",
    "received_on": "Eingang",
    "answers": "Antwort auf Schreiben",
    "match": "Zuordnung",
}
"""Canonical name → German label. Values are texts, numbers, or lists of texts; dates as YYYY-MM-DD."""

NOT_KNOWN: Mapping[str, str] = {
    "vertraulichkeit": "set by the authority for all its letters: a constant of the case-file system",
    "medium": "likewise: 'hybrid' for what was posted, by agreement with the archive",
    "pdf/a-level": "stands in the document itself (XMP), where a validator reads it",
}
"""What section 7.5 of the facts asks for, too, and why it is not among the fields."""
