"""Which text column of which table is emptied by which rule, and why the others stay: for the *Löschkonzept* (CON.6).

Read by `gateway retention columns`; a test sees to it that no text column of any table is forgotten.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

from sqlalchemy import JSON, Column, Enum, LargeBinary, String
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from gateway import db
from gateway.domain.retention import Kind

Reason = TypeVar("Reason")


def _each(why: Reason, **columns: str) -> dict[str, Reason]:
    """The same of each column, written as table="column column"."""
    return {f"{table}.{column}": why for table, names in columns.items() for column in names.split()}


def _named(why: str, columns: str) -> dict[str, str]:
    return dict.fromkeys(columns.split(), why)


EMPTIED: Mapping[str, tuple[Kind, str]] = {
    **_each(
        (Kind.PERSONAL, "mit dem Schreiben"),
        letter="data note hold_reason service_reason title",
        recipient="address_lines salutation copy_for",
        letter_finding="message",
        letter_enclosure="title",
        signed_companion="title",
        requested_item="title reason",
        desk_decision="reason source",
    ),
    **_each(
        (Kind.PERSONAL, "mit dem letzten Schreiben der Sendung"),
        mail_piece="fault_message",
        submission="error_message",
        status_event="reason",
        delivery_proof="received_by handed_by place reason",
        posting_record="text",
        posting_supplement="source",
        posting_exception="reason note",
        posting_exception_basis="source",
        by_hand="reason",
        hand_print="reason",
        returned_mail="fiction_reason action_reason",
        return_notice="new_address",
        told_delivery_aside="reason",
    ),
    **_each(
        (Kind.PERSONAL, "mit dem Scan"),
        inbound_document="sender",
        inbound_move="reason",
        inbound_keyed="return_reason new_address outcome place served_by",
    ),
    **_each(
        (Kind.PERSONAL, "wenn das Papier vernichtet oder im Haus ist"),
        original_hold="reason lift_reason",
        original_recall="reason",
        original_event="note",
    ),
    **_each(
        (Kind.PERSONAL, "wenn nichts mehr hier ist, wovon sie handelt, und nichts mehr gilt"),
        deletion_lock="reason",
        stop="reason lift_reason",
        alarm_decision="reason",
        scan_quarantine="reason",
        canary="reason",
        address_suspension="lift_reason",
        return_notice="settled_reason",
        certificate_notice="settled_reason",
        audit_entry="reason",
        audit_seal="reason_salt",
    ),
    **_each(
        (Kind.RAW_PAYLOAD, "mit den Dokumenten des Schreibens; ohne Sendung ab Eingang"),
        status_event="raw",
        unmatched_report="raw reason",
    ),
    **_each(
        (
            Kind.MASTER_DATA,
            "wenn das Fachverfahren sie nicht mehr nennt und nichts aus ihren Fällen mehr hier ist",
        ),
        person="title given_name family_name name_lines care_of extra district street po_box postcode place",
    ),
    **_each((Kind.TRANSFER_NOTE, "nach dem Scan"), scan_note="content said"),
    **_each((Kind.MAILING, "mit der Tabelle, oder sobald der Entwurf geschrieben ist"), mailing_row="data"),
    **_each((Kind.API_ANSWER, "mit der Antwort"), api_answer="effect body"),
}
"""Column → its rule, and when that is."""

_REFERENCE = "Kennzeichen, Schlüssel oder Nummer; ohne die Zeilen, zu denen sie führt, sagt sie nichts"
_HASH = "Prüfsumme; sie ist der Nachweis"
_CODE = "Wert aus einer festen Liste, oder Befund des Programms ohne Angaben zu Personen"
_STAFF = "Kennung Beschäftigter, die gehandelt haben (Art. 5 Abs. 2 DSGVO)"
_HOUSE = "Angabe über Behörde, Dienstleister oder Vorlage, nicht über eine Person im Verfahren"
_PROOF = "Nachweis von Aufgabe und Zugang (§ 40 Abs. 1 SGB II, § 45 Abs. 3 Satz 3 SGB X)"
_BY_NAME: Mapping[str, str] = {
    **_named(
        _REFERENCE,
        "key reference provider dedup_key provider_reference number subject document_key name document_id delivery"
        " external_id handle follow_up problem alarm",
    ),
    **_named(
        _CODE,
        "code codes kind error_code fault_code finding_code fault findings found product carrier delivery_days country"
        " outcome provider_status template template_version version found_by perhaps box_mm service_options",
    ),
}
"""Why a column stays whose name says so, in whatever table."""
KEPT: Mapping[str, str] = {
    **_each(
        _STAFF,
        audit_entry="actor",
        original_event="actor",
        user_account="login name phone room password_hash",
    ),
    **_each(
        _PROOF,
        by_hand="given_by receipt",
        delivery_proof="data",
        posting="source",
        posting_record="franking_id",
        posting_supplement="franking_id tracking_number",
        posting_list_item="franking_id",
        posting_list="contract",
    ),
    **_each(
        _HOUSE,
        office="authority street postcode place phone email website return_line signature_block cost_centre"
        " provider_account processor_legal_basis",
        filing_outage="case_file error_message",
        scan_outage="error_message",
        document="versions",
        canary="answer differences",
        template_version="title note legal_release withdrawal_reason",
        mailing="title offices",
        profile_check="profile",
        scan_quarantine="message folder",
        api_token="scopes",  # noqa: S106 - a table
        destruction_certificate="container seal process level",
        stop="value",
    ),
    **_each(
        _REFERENCE,
        case_record="file_number bg_number",
        inbound_document="source box batch replaces_named",
        scan_delivery="source",
        scan_upload="source answer",
        scan_report="source",
        scan_quarantine="source fingerprint",
        scan_answer="source",
        scan_outage="source",
        release_list="source",
        original_recall="source shipment",
        destruction_certificate="source",
        content_departure="confirmed_as",
        sweep_round="position",
        address_suspension="address_key",
    ),
    **_each(
        _CODE,
        letter="healed_from",
        audit_entry="action",
        inbound_document="match_reason document_class quality",
        inbound_proposal="reason",
    ),
    "audit_entry.details": "Kennzeichen und Prüfsummen; der Eintrag geht nach der Regel audit-entry",
    "scan_answer.content": "Quittung oder Rückmeldung an die Scanstelle: Nummern, Prüfsummen und Befunde",
    "scan_report.content": "Vernichtungsnachweis im Wortlaut: Nummern, Tage und wer an der Scanstelle unterschrieb",
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
    if column in _BY_NAME:
        return _BY_NAME[column]
    raise KeyError(name)
