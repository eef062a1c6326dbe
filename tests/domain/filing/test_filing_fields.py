"""The vocabulary of the case file is complete: what is asked for is a field, or it is said why not."""

from gateway.domain.filing.filing_fields import FIELDS, NOT_KNOWN

ASKED_FOR = {
    "item_id": "item_id",
    "aktenzeichen": "file_number",
    "bg_nummer": "bg_number",
    "vorgang": "process",
    "dokumenttyp": "document_type",
    "betreff": "subject",
    "datum_des_schreibens": "date_of_letter",
    "postausgangsdatum": "posting_date",
    "bekanntgabe_fiktion": "deemed_notified_on",
    "fristende": "objection_deadline",
    "rbb_version": "remedy_notice",
    "template_id@version": "template_version",
    "bearbeiter": "caseworker",
    "federfuehrung": "responsible_office",
    "empfaenger": "recipient",
    "anschrift_zeilen": "address_lines",
    "seiten": "pages",
    "blatt": "sheets",
    "produkt": "product",
    "frankier_id": "franking_id",
    "provider_letter_id": "provider_reference",
    "charge_id": "batch",
    "status": "kind",
    "sha256": "sha256",
    "verknuepfung": "answers",
}
OPEN = {"vertraulichkeit", "medium", "pdf/a-level"}


def test_what_is_asked_for_is_a_field_or_it_is_said_why_not() -> None:
    assert set(ASKED_FOR.values()) <= FIELDS.keys()
    assert NOT_KNOWN.keys() == OPEN
    assert not set(ASKED_FOR) & OPEN


def test_no_two_fields_read_alike() -> None:
    assert len(set(FIELDS.values())) == len(FIELDS)
