"""Tables of mass mailings: which column is which field of a template, and what is wrong with a row.

A column is named by its dotted path (`documents.1.title`, entries count from 1) or by the German title of its field.
A finding names row, column and code; it never carries what stands in a cell.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from gateway.domain.templates.cells import Cell, Kind, Schema, Unusable, is_blank, kind_of, typed
from gateway.errors import InputError

Step = str | int

CASE = "case"
"""The column that says for which case a row is: its reference or file number."""
MAX_ENTRIES = 200
"""Entries that a list can have, whatever a header claims."""

_CASE_NAMES = frozenset({CASE, "fall", "aktenzeichen", "file_number"})
_FIELD = re.compile(r"\(([A-Za-z_][A-Za-z0-9_.]*)\): ")


MESSAGES: Mapping[str, str] = {
    "case-missing": "Der Fall fehlt. Bitte Fallnummer oder Aktenzeichen eintragen.",
    "case-unknown": "Diesen Fall gibt es nicht. Bitte Fallnummer oder Aktenzeichen prüfen.",
    "case-not-permitted": "Der Fall gehört zu einer Dienststelle, für die Sie nicht schreiben dürfen.",
    "cell-formula": "In der Zelle steht eine Formel. Bitte als Wert einfügen.",
    "cell-error": "In der Zelle steht ein Fehlerwert. Bitte berichtigen.",
    "cell-not-text": "In der Zelle steht kein Text.",
    "cell-not-date": "Das ist kein Datum. Bitte TT.MM.JJJJ oder JJJJ-MM-TT schreiben.",
    "cell-not-month": "Das ist kein Monat. Bitte MM/JJJJ oder JJJJ-MM schreiben.",
    "cell-not-time": "Das ist keine Uhrzeit. Bitte HH:MM schreiben.",
    "cell-not-money": "Das ist kein Betrag. Bitte mit Komma und höchstens zwei Stellen schreiben, etwa 1.234,50.",
    "cell-not-integer": "Das ist keine ganze Zahl.",
    "cell-not-yes-no": "Bitte „ja“ oder „nein“ schreiben.",
    "cell-not-iban": "Das ist keine IBAN.",
    "entry-gap": "Vor diesem Eintrag ist ein Eintrag leer. Bitte ohne Lücke von links nach rechts füllen.",
    "row-too-long": "Die Zeile hat mehr Zellen als die Kopfzeile Spalten. Bitte die Trennzeichen prüfen.",
    "row-doubled": "Eine frühere Zeile hat denselben Fall und denselben Inhalt.",
    "letter-probably-duplicate": "Ein gleiches Schreiben wurde in diesem Fall in den letzten 14 Tagen erstellt.",
}
"""The German sentence of each code that is found here or by the use case; other findings bring their own."""


@dataclass(frozen=True)
class Leaf:
    """A field of a template that a cell can hold; `None` in its path stands for the number of an entry."""

    path: tuple[str | None, ...]
    title: str
    kind: Kind
    required: bool
    """Whether every row needs it: required itself, and so is everything it lies in."""


@dataclass(frozen=True)
class Column:
    """A column of a table: `path` in the letter's data, entries from 0; empty for the column of the case."""

    name: str
    path: tuple[Step, ...]
    kind: Kind


@dataclass(frozen=True)
class TableFinding:
    """What is wrong with the table as a whole: nothing of it can be accepted."""

    code: str
    message: str


@dataclass(frozen=True)
class RowFinding:
    """What is wrong in a row; `column` None concerns the whole row."""

    column: str | None
    code: str
    message: str

    @classmethod
    def of(cls, column: str | None, code: str) -> "RowFinding":
        """With the sentence that belongs to `code`."""
        return cls(column, code, MESSAGES[code])

    def as_json(self) -> dict[str, str | None]:
        """As it is stored and printed."""
        return {"column": self.column, "code": self.code, "message": self.message}


def leaves(schema: Schema) -> list[Leaf]:
    """All fields of a template that a cell can hold.

    Raises `InputError` ('template-not-flat') if it has lists within lists: nobody fills those in columns.
    """
    return list(_leaves(schema, (), required=True))


def _leaves(schema: Schema, path: tuple[str | None, ...], *, required: bool) -> Iterator[Leaf]:
    if "properties" in schema:
        needed = schema.get("required", ())
        for key, part in schema["properties"].items():
            yield from _leaves(part, (*path, key), required=required and key in needed)
    elif "items" in schema:
        if None in path:
            raise InputError(
                "template-not-flat",
                f"Diese Vorlage lässt sich nicht als Tabelle füllen: „{schema.get('title', path[-1])}“ ist eine Liste "
                "in einer Liste. Bitte diese Schreiben einzeln oder aus dem Fachverfahren erstellen.",
            )
        needed_entry = required and schema.get("minItems", 0) > 0
        yield from _leaves(schema["items"], (*path, None), required=needed_entry)
    else:
        name = next((step for step in reversed(path) if step), "")
        yield Leaf(path, str(schema.get("title", name)), kind_of(schema), required)


def dotted(path: Iterable[Step | None], entry: int = 1) -> str:
    """How a column is called: entries count from 1, and a place that is open becomes `entry`."""
    return ".".join(
        str(entry) if step is None else str(step + 1) if isinstance(step, int) else step for step in path
    )


def header(schema: Schema, names: Sequence[Cell]) -> tuple[list[Column | None], list[TableFinding]]:
    """The columns that a header names, None where it is empty; and what is wrong with it.

    A finding names a column by its position only: a table without a header begins with somebody's data.
    """
    known = leaves(schema)
    columns: list[Column | None] = []
    findings: list[TableFinding] = []
    for number, name in enumerate(names, start=1):
        text = " ".join(str(name).split()) if isinstance(name, str) else ""
        column = _column(known, text)
        if column is None and name not in (None, ""):
            findings.append(_unknown(number))
        elif column is not None and any(one and one.path == column.path for one in columns):
            findings.append(TableFinding("column-doubled", f"Die Spalte „{column.name}“ kommt mehrmals vor."))
        columns.append(column)
    return columns, findings + _missing(known, [one for one in columns if one])


def _unknown(number: int) -> TableFinding:
    return TableFinding(
        "column-unknown",
        f"Spalte {number} der Kopfzeile gehört zu keinem Feld der Vorlage. Bitte den Namen mit der Tabellenvorlage "
        "vergleichen.",
    )


def _missing(known: Sequence[Leaf], columns: Sequence[Column]) -> list[TableFinding]:
    present = {_pattern(column.path) for column in columns}
    names = [CASE] if () not in present else []
    names += [dotted(leaf.path) for leaf in known if leaf.required and leaf.path not in present]
    return [TableFinding("column-missing", f"Die Spalte „{name}“ fehlt.") for name in names]


def _pattern(path: tuple[Step, ...]) -> tuple[str | None, ...]:
    return tuple(None if isinstance(step, int) else step for step in path)


def _column(known: Sequence[Leaf], text: str) -> Column | None:
    if text.casefold() in _CASE_NAMES:
        return Column(CASE, (), Kind.TEXT)
    path = tuple(_step(part) for part in text.split("."))
    for leaf in known:
        if _pattern(path) == leaf.path:
            return Column(dotted(path), path, leaf.kind)
    titled = [leaf for leaf in known if None not in leaf.path and leaf.title.casefold() == text.casefold()]
    if len(titled) == 1:
        only = tuple(step for step in titled[0].path if step is not None)
        return Column(dotted(only), only, titled[0].kind)
    return None


def _step(part: str) -> Step:
    """A field's name, or the number of an entry from 0."""
    if part.isascii() and part.isdigit() and 1 <= int(part[:4]) <= MAX_ENTRIES and len(part) <= 3:
        return int(part) - 1
    return part


def read_row(
    columns: Sequence[Column | None], cells: Sequence[Cell]
) -> tuple[str | None, dict[str, Any], list[RowFinding]]:
    """Case, letter data and findings of one row. Empty cells are absent, so that defaults apply."""
    case: str | None = None
    tree: dict[Step, Any] = {}
    findings: list[RowFinding] = []
    for column, cell in zip_longest(columns, cells):
        if is_blank(cell):
            continue
        if column is None:
            findings.append(RowFinding.of(None, "row-too-long"))
            break
        value = cell if isinstance(cell, Unusable) else typed(column.kind, cell)
        if isinstance(value, Unusable | Kind):
            findings.append(RowFinding.of(column.name, value.value))
        elif column.path:
            _put(tree, column.path, value)
        else:
            case = str(value)
    if case is None and not any(finding.column == CASE for finding in findings):
        findings.append(RowFinding.of(CASE, "case-missing"))
    return case, _finished(tree, (), findings), findings


def _put(tree: dict[Step, Any], path: tuple[Step, ...], value: Any) -> None:
    for step in path[:-1]:
        tree = tree.setdefault(step, {})
    tree[path[-1]] = value


def _finished(tree: Any, path: tuple[Step, ...], findings: list[RowFinding]) -> Any:
    """Entries with numbers become lists; a gap before one is a finding."""
    if not isinstance(tree, dict):
        return tree
    done = {step: _finished(part, (*path, step), findings) for step, part in tree.items()}
    if not any(isinstance(step, int) for step in done):
        return done
    numbers = sorted(done)
    for place, number in enumerate(numbers):
        if place != number:
            findings.append(RowFinding.of(dotted((*path, number)), "entry-gap"))
            break
    return [done[number] for number in numbers]


def field_of(message: str) -> str | None:
    """The column that a `DataInvalid` speaks of, which names its field as `(documents.0.title)`."""
    found = _FIELD.search(message)
    return dotted(int(part) if part.isdigit() else part for part in found[1].split(".")) if found else None
