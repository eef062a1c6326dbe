"""Rows about one person, of every table, found by the foreign keys: a new table needs no word here.

What the tables say of others stays out: copies to other people, their letters, and who of the staff did something.
What is not handed out is named with the reason; a test sees to it that no table is forgotten.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ForeignKey, LargeBinary, Table, and_, or_, select, true
from sqlmodel import Session, SQLModel

_OF_NOBODY = "sagt nichts über eine einzelne Person"
_OF_STAFF = "betrifft nur Beschäftigte der Behörde"
_ELSEWHERE = "steht an anderer Stelle dieser Auskunft"
LEFT_OUT: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("alarm_decision", "batch", "canary", "consignment", "filing_outage", "mailing", "office", "run"),
            *("provider_tally", "tally_finding", "release_list", "destruction_certificate", "run_certificate"),
            *(
                "scan_answer",
                "scan_delivery",
                "scan_outage",
                "scan_quarantine",
                "scan_report",
                "scan_upload",
                "stop",
            ),
            *("sweep_finding", "sweep_round", "template_version", "posting_list", "posting_list_signature"),
            *("audit_departure", "audit_seal"),
        ),
        _OF_NOBODY,
    ),
    **dict.fromkeys(("api_token", "user_account", "user_office", "user_role"), _OF_STAFF),
    **dict.fromkeys(("person", "case_record", "case_member", "case_number", "representative"), _ELSEWHERE),
    "audit_entry": f"{_ELSEWHERE} (Verarbeitung)",
    "content_departure": f"{_ELSEWHERE} (Schreiben)",
    "document": "Prüfsummen von Dokumenten; sie stehen bei dem, was das Dokument ist",
    "profile_check": "Prüfsummen von Dokumenten und Ergebnis ihrer Druckprüfung",
    "piece_certificate": "Prüfsumme der Druckkopie, je Sendung schon genannt",
    "not_bundled": "nennt je zwei Schreiben, auch solche an andere Personen",
    "posting_list_item": "Zeile in der Liste des Dienstleisters; was daraus folgte, steht im Ab-Vermerk",
    "posting_exception": "betrifft Sendungen vieler Personen; was daraus folgte, steht im Ab-Vermerk",
    "posting_exception_basis": "Beleg einer Ausnahme, die Sendungen vieler Personen betrifft",
    "scan_note": "nennt Beschäftigte der Scanstelle; der Vermerk liegt mit dem Scan in der E-Akte",
    "unmatched_report": "Meldungen zu Sendungen, die nicht bekannt sind; zugeordnete sind Statusmeldungen",
    "api_answer": "Zwischenspeicher für wiederholte Anfragen; enthält nur, was auch an anderer Stelle steht",
}
"""Tables that are not handed out row by row, each with the reason."""
ANCHORS = ("person", "case_record", "letter", "recipient", "mail_piece", "inbound_document")
"""Tables of which the caller says which rows are meant; all others are found from there."""
_NOT_PRIVATE = "case_record"
"""Rows may name another case, such as that out of which a scan was taken."""
_WITHOUT: Mapping[str, frozenset[str]] = {
    "posting_record": frozenset({"text"}),  # names who of the staff confirmed
}
_NOT_STAFF = frozenset({"found_by", "received_by"})
"""Ends like the name of a person of the staff, and is none."""


def tables_about_a_person() -> list[Table]:
    """All tables that are handed out row by row: what is not left out, and is or refers to an anchor."""
    found: list[Table] = []
    for table in SQLModel.metadata.sorted_tables:
        known = {*ANCHORS, *(each.name for each in found)}
        if table.name not in LEFT_OUT and (table.name in known or _links(table, known)):
            found.append(table)
    return found


def rows_about(session: Session, meant: Mapping[str, Mapping[int, str]]) -> dict[str, list[dict[str, object]]]:
    """Table → its rows as JSON values. `meant`: for each anchor the ids that are meant, and what people call them."""
    ids: dict[str, Sequence[Any]] = {name: list(meant[name]) for name in ANCHORS}
    told: dict[str, list[dict[str, object]]] = {}
    for table in tables_about_a_person():
        rows = list(_rows(session, table, ids))
        if table.name not in ANCHORS and len(table.primary_key.columns) == 1:
            ids[table.name] = [row[table.primary_key.columns[0].name] for row in rows]
        if rows:
            told[table.name] = [_told(table, row, meant) for row in rows]
    return told


def _rows(session: Session, table: Table, ids: Mapping[str, Sequence[Any]]) -> Sequence[Any]:
    if table.name in ANCHORS:
        which: Any = next(iter(table.primary_key.columns)).in_(ids[table.name])
    else:
        links = _links(table, ids)
        mine = and_(
            true(),
            *(
                column.is_(None) | column.in_(ids[name])
                for column, name in links
                if name in ANCHORS and name != _NOT_PRIVATE
            ),
        )
        which = and_(mine, or_(*(column.in_(ids[name]) for column, name in links)))
    query = select(table).where(which).order_by(*table.primary_key.columns)
    return session.connection().execute(query).mappings().all()


def _links(table: Table, known: Iterable[str]) -> list[tuple[Column[Any], str]]:
    return [
        (column, key.column.table.name)
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name in set(known) and _is_whole_key(key)
    ]


def _is_whole_key(key: ForeignKey) -> bool:
    return key.column.primary_key and len(key.column.table.primary_key.columns) == 1


def _told(table: Table, row: Mapping[str, Any], meant: Mapping[str, Mapping[int, str]]) -> dict[str, object]:
    told: dict[str, object] = {}
    for column in table.columns:
        value = row[column.name]
        anchor = _anchor_of(column)
        if anchor is not None:
            told |= _named(column, anchor, meant, value)
        elif not _is_kept_back(table, column):
            told[column.name] = _plain(value)
    return told


def _named(
    column: Column[Any], anchor: str, meant: Mapping[str, Mapping[int, str]], value: Any
) -> dict[str, object]:
    """What people call the letter, piece or case that a row is about, in place of its number."""
    name = meant[anchor].get(value)
    return {column.name.removesuffix("_id"): name} if name is not None else {}


def _anchor_of(column: Column[Any]) -> str | None:
    """The anchor whose number a column holds, also where it goes there by another table, as paper does by its scan."""
    for key in column.foreign_keys:
        if _is_whole_key(key):
            named = key.column.table.name
            return named if named in ANCHORS else _anchor_of(key.column)
    return None


def _is_kept_back(table: Table, column: Column[Any]) -> bool:
    """Numbers that mean something only here, names of staff, and bytes."""
    name = column.name
    inner = name == "id" or (name.endswith("_id") and bool(column.foreign_keys))
    staff = name == "actor" or (name.endswith(("_by", "_by_id")) and name not in _NOT_STAFF)
    return inner or staff or name in _WITHOUT.get(table.name, ()) or isinstance(column.type, LargeBinary)


def _plain(value: Any) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items() if key != "by"}  # who of the staff
    return value
