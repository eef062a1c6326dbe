"""Which text column of which table is emptied by which rule, and why the others stay: for the *Löschkonzept* (CON.6).

Read by `gateway retention columns`; a test sees to it that no text column of any table is forgotten.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import JSON, Column, Enum, LargeBinary, String
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from gateway import db
from gateway.domain.retention import Kind

EMPTIED: Mapping[str, tuple[Kind, str]] = {
    **dict.fromkeys(
        (
            *("letter.data", "letter.note", "letter.hold_reason", "letter.service_reason", "letter.title"),
            *(
                "recipient.address_lines",
                "recipient.salutation",
                "recipient.copy_for",
                "letter_finding.message",
            ),
            *(
                "letter_enclosure.title",
                "signed_companion.title",
                "requested_item.title",
                "requested_item.reason",
            ),
            *("desk_decision.reason", "desk_decision.source"),
        ),
        (Kind.PERSONAL, "mit dem Schreiben"),
    ),
    **dict.fromkeys(
        (
            *("mail_piece.fault_message", "submission.error_message", "status_event.reason"),
            *("delivery_proof.received_by", "delivery_proof.handed_by", "delivery_proof.place"),
            *("delivery_proof.reason", "posting_record.text", "posting_supplement.source"),
            *("posting_exception.reason", "posting_exception.note", "posting_exception_basis.source"),
            *(
                "by_hand.reason",
                "hand_print.reason",
                "returned_mail.fiction_reason",
                "returned_mail.action_reason",
            ),
            *("return_notice.new_address", "told_delivery_aside.reason"),
        ),
        (Kind.PERSONAL, "mit dem letzten Schreiben der Sendung"),
    ),
    **dict.fromkeys(
        (
            *("inbound_document.sender", "inbound_move.reason", "inbound_keyed.return_reason"),
            *("inbound_keyed.new_address", "inbound_keyed.outcome", "inbound_keyed.place"),
            "inbound_keyed.served_by",
        ),
        (Kind.PERSONAL, "mit dem Scan"),
    ),
    **dict.fromkeys(
        (
            *("original_hold.reason", "original_hold.lift_reason", "original_recall.reason"),
            "original_event.note",
        ),
        (Kind.PERSONAL, "wenn das Papier vernichtet oder im Haus ist"),
    ),
    **dict.fromkeys(
        (
            *("deletion_lock.reason", "stop.reason", "stop.lift_reason", "alarm_decision.reason"),
            *("scan_quarantine.reason", "canary.reason", "address_suspension.lift_reason"),
            *("return_notice.settled_reason", "certificate_notice.settled_reason"),
            *("audit_entry.reason", "audit_seal.reason_salt"),
        ),
        (Kind.PERSONAL, "wenn nichts mehr hier ist, wovon sie handelt, und nichts mehr gilt"),
    ),
    **dict.fromkeys(
        ("status_event.raw", "unmatched_report.raw", "unmatched_report.reason"),
        (Kind.RAW_PAYLOAD, "mit den Dokumenten des Schreibens; ohne Sendung ab Eingang"),
    ),
    **dict.fromkeys(
        (
            *("person.title", "person.given_name", "person.family_name", "person.name_lines", "person.care_of"),
            *("person.extra", "person.district", "person.street", "person.po_box", "person.postcode"),
            "person.place",
        ),
        (
            Kind.MASTER_DATA,
            "wenn das Fachverfahren sie nicht mehr nennt und nichts aus ihren Fällen mehr hier ist",
        ),
    ),
    **dict.fromkeys(("scan_note.content", "scan_note.said"), (Kind.TRANSFER_NOTE, "nach dem Scan")),
    "mailing_row.data": (Kind.MAILING, "mit der Tabelle, oder sobald der Entwurf geschrieben ist"),
    **dict.fromkeys(("api_answer.effect", "api_answer.body"), (Kind.API_ANSWER, "mit der Antwort")),
}
"""Column → its rule, and when that is."""

_REFERENCE = "Kennzeichen, Schlüssel oder Nummer; ohne die Zeilen, zu denen sie führt, sagt sie nichts"
_HASH = "Prüfsumme; sie ist der Nachweis"
_CODE = "Wert aus einer festen Liste, oder Befund des Programms ohne Angaben zu Personen"
_STAFF = "Kennung Beschäftigter, die gehandelt haben (Art. 5 Abs. 2 DSGVO)"
_HOUSE = "Angabe über Behörde, Dienstleister oder Vorlage, nicht über eine Person im Verfahren"
_PROOF = "Nachweis von Aufgabe und Zugang (§ 40 Abs. 1 SGB II, § 45 Abs. 3 Satz 3 SGB X)"
_REFERENCE_NAMES = frozenset(
    {
        *(
            "key",
            "reference",
            "provider",
            "dedup_key",
            "provider_reference",
            "number",
            "subject",
            "document_key",
        ),
        *("name", "document_id", "delivery", "external_id", "handle", "follow_up", "problem", "alarm"),
    }
)
_CODE_NAMES = frozenset(
    {
        *("code", "codes", "kind", "error_code", "fault_code", "finding_code", "fault", "findings", "found"),
        *("product", "carrier", "delivery_days", "country", "outcome", "provider_status", "template"),
        *("template_version", "version", "found_by", "perhaps", "box_mm", "service_options"),
    }
)
KEPT: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("audit_entry.actor", "original_event.actor", "user_account.login", "user_account.name"),
            *("user_account.phone", "user_account.room", "user_account.password_hash"),
        ),
        _STAFF,
    ),
    "by_hand.given_by": _PROOF,
    **dict.fromkeys(
        (
            *("by_hand.receipt", "delivery_proof.data", "posting.source", "posting_record.franking_id"),
            *("posting_supplement.franking_id", "posting_supplement.tracking_number"),
            *("posting_list_item.franking_id", "posting_list.contract"),
        ),
        _PROOF,
    ),
    **dict.fromkeys(("case_record.file_number", "case_record.bg_number"), _REFERENCE),
    **dict.fromkeys(
        (
            *("office.authority", "office.street", "office.postcode", "office.place", "office.phone"),
            *("office.email", "office.website", "office.return_line", "office.signature_block"),
            *("office.cost_centre", "office.provider_account", "office.processor_legal_basis"),
            *("filing_outage.case_file", "filing_outage.error_message", "document.versions", "canary.answer"),
            *("canary.differences", "template_version.title", "template_version.note", "mailing.title"),
            *("template_version.legal_release", "template_version.withdrawal_reason", "profile_check.profile"),
            *("scan_quarantine.message", "scan_quarantine.folder", "api_token.scopes", "mailing.offices"),
            *("destruction_certificate.container", "destruction_certificate.seal", "stop.value"),
            *("destruction_certificate.process", "destruction_certificate.level"),
        ),
        _HOUSE,
    ),
    "scan_answer.content": "Quittung oder Rückmeldung an die Scanstelle: Nummern, Prüfsummen und Befunde",
    "scan_report.content": "Vernichtungsnachweis im Wortlaut: Nummern, Tage und wer an der Scanstelle unterschrieb",
    "letter.healed_from": _CODE,
    "audit_entry.details": "Kennzeichen und Prüfsummen; der Eintrag geht nach der Regel audit-entry",
    "audit_entry.action": _CODE,
    "inbound_document.match_reason": _CODE,
    "inbound_proposal.reason": _CODE,
    **dict.fromkeys(
        (
            *("inbound_document.source", "inbound_document.box", "inbound_document.batch"),
            *(
                "inbound_document.replaces_named",
                "scan_delivery.source",
                "scan_upload.source",
                "scan_report.source",
            ),
            *("scan_quarantine.source", "scan_answer.source", "release_list.source", "original_recall.source"),
            *("destruction_certificate.source", "original_recall.shipment", "scan_upload.answer"),
            *("content_departure.confirmed_as", "sweep_round.position", "scan_quarantine.fingerprint"),
            "address_suspension.address_key",
        ),
        _REFERENCE,
    ),
    **dict.fromkeys(("inbound_document.document_class", "inbound_document.quality"), _CODE),
}
"""Column → why it stays, where its name does not say so by itself."""


@dataclass(frozen=True)
class ColumnRule:
    """A text column, the rule that empties it (None: it stays), and when, or why not, in German."""

    column: str
    kind: Kind | None
    why: str


def column_rules() -> list[ColumnRule]:
    """Every text column of every table, in the order of the tables. Raises `KeyError` for one that nobody judged."""
    return [
        ColumnRule(name, *EMPTIED[name]) if name in EMPTIED else ColumnRule(name, None, _why_kept(name))
        for name in text_columns()
    ]


def text_columns() -> Iterator[str]:
    """Columns that can hold words or payloads: what only takes values of a list, days and numbers cannot."""
    for module in iter_modules(db.__path__, f"{db.__name__}."):
        import_module(module.name)
    for table in SQLModel.metadata.sorted_tables:
        yield from (f"{table.name}.{column.name}" for column in table.columns if _holds_text(column))


def _holds_text(column: Column[object]) -> bool:
    return isinstance(column.type, String | AutoString | JSON | LargeBinary) and not isinstance(
        column.type, Enum
    )


def _why_kept(name: str) -> str:
    _, column = name.split(".")
    if name in KEPT:
        return KEPT[name]
    if column.endswith("_by"):
        return _STAFF
    if column.endswith("sha256"):
        return _HASH
    if column in _REFERENCE_NAMES:
        return _REFERENCE
    if column in _CODE_NAMES:
        return _CODE
    raise KeyError(name)
