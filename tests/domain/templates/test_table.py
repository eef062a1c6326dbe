"""Columns and cells of a table, as people write them."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.templates.cells import Cell, Kind, Unusable, typed
from gateway.domain.templates.table import MESSAGES, Column, RowFinding, field_of, header, leaves, read_row
from gateway.domain.templates.table_sample import sample_table
from gateway.errors import InputError

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["deadline", "amount", "documents"],
    "properties": {
        "deadline": {"title": "Frist bis", "type": "string", "format": "date"},
        "amount": {"title": "Betrag", "type": "string", "pattern": r"^[0-9]+\.[0-9]{2}$"},
        "urgent": {"title": "Eilt", "type": "boolean", "default": False},
        "housing": {
            "title": "Wohnung",
            "type": "object",
            "required": ["rooms"],
            "properties": {"rooms": {"title": "Zimmer", "type": "integer"}},
        },
        "documents": {
            "title": "Unterlagen",
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["title"],
                "properties": {
                    "title": {"title": "Unterlage", "type": "string"},
                    "detail": {"title": "Erläuterung", "type": "string"},
                },
            },
        },
    },
}
NAMES = [
    "Aktenzeichen",
    "Frist bis",
    "amount",
    "urgent",
    "housing.rooms",
    "documents.1.title",
    "documents.2.title",
]


def columns(names: list[Cell]) -> list[Column | None]:
    found, findings = header(SCHEMA, names)
    assert not findings
    return found


def codes(findings: list[RowFinding]) -> list[tuple[str | None, str]]:
    return [(finding.column, finding.code) for finding in findings]


def test_a_row_becomes_case_and_letter_data() -> None:
    cells: list[Cell] = ["JC-1", "1.2.2027", "1.234,5", "ja", 3.0, " Mietvertrag ", "Ausweis"]
    case, data, findings = read_row(columns([*NAMES]), cells)
    assert case == "JC-1"
    assert not findings
    assert data == {
        "deadline": "2027-02-01",
        "amount": "1234.50",
        "urgent": True,
        "housing": {"rooms": 3},
        "documents": [{"title": "Mietvertrag"}, {"title": "Ausweis"}],
    }


def test_empty_cells_are_absent_so_that_defaults_apply() -> None:
    _, data, findings = read_row(columns([*NAMES]), ["JC-1", date(2027, 2, 1), 5, None, "", "Mietvertrag"])
    assert data == {"deadline": "2027-02-01", "amount": "5.00", "documents": [{"title": "Mietvertrag"}]}
    assert not findings


def test_every_unreadable_cell_of_a_row_is_found_at_once_and_never_repeated() -> None:
    cells: list[Cell] = [
        Unusable.FORMULA,
        "31.02.2027",
        "fünf",
        "vielleicht",
        "drei",
        Unusable.ERROR,
        "",
        "zu viel",
    ]
    _, _, findings = read_row(columns([*NAMES]), cells)
    assert codes(findings) == [
        ("case", "cell-formula"),
        ("deadline", "cell-not-date"),
        ("amount", "cell-not-money"),
        ("urgent", "cell-not-yes-no"),
        ("housing.rooms", "cell-not-integer"),
        ("documents.1.title", "cell-error"),
        (None, "row-too-long"),
    ]
    assert not any(word in str(findings) for word in ("fünf", "vielleicht", "drei", "31.02", "zu viel"))


def test_a_gap_before_an_entry_is_found_at_the_entry() -> None:
    _, _, findings = read_row(columns([*NAMES]), ["JC-1", "1.2.2027", "5,00", None, None, None, "Ausweis"])
    assert codes(findings) == [("documents.2", "entry-gap")]


def test_a_row_without_a_case_says_so() -> None:
    assert codes(read_row(columns([*NAMES]), ["", "1.2.2027", "5,00"])[2]) == [("case", "case-missing")]


def test_a_header_names_each_field_once_and_all_that_are_needed() -> None:
    _, findings = header(SCHEMA, ["deadline", "Frist bis", "Max Beispiel", "", "documents.1.title"])
    assert [finding.code for finding in findings] == [
        "column-doubled",
        "column-unknown",
        "column-missing",
        "column-missing",
    ]
    assert "Max Beispiel" not in str(findings)
    assert "Spalte 3" in findings[1].message
    assert {finding.message for finding in findings[2:]} == {
        "Die Spalte „case“ fehlt.",
        "Die Spalte „amount“ fehlt.",
    }


@pytest.mark.parametrize(
    "name", ["documents.0.title", "documents.title", "documents.1", "documents.9999.title"]
)
def test_what_names_no_field_is_unknown(name: str) -> None:
    assert "column-unknown" in [finding.code for finding in header(SCHEMA, [name])[1]]


def test_lists_in_lists_cannot_be_a_table() -> None:
    nested = {"properties": {"a": {"title": "Tafel", "items": {"items": {"type": "string"}}}}}
    with pytest.raises(InputError, match="template-not-flat") as caught:
        leaves(nested)
    assert "Liste" in caught.value.message


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (Kind.DATE, "2027-02-01", "2027-02-01"),
        (Kind.DATE, datetime.combine(date(2027, 2, 1), time()), "2027-02-01"),
        (Kind.DATE, datetime.combine(date(2027, 2, 1), time(9)), Kind.DATE),
        (Kind.DATE, "1.2.27", Kind.DATE),
        (Kind.DATE, 44000, Kind.DATE),
        (Kind.MONTH, "3/2027", "2027-03"),
        (Kind.MONTH, "2027-13", Kind.MONTH),
        (Kind.MONTH, date(2027, 3, 1), "2027-03"),
        (Kind.TIME, "9:30 Uhr", "09:30"),
        (Kind.TIME, time(9, 30), "09:30"),
        (Kind.TIME, "24:00", Kind.TIME),
        (Kind.MONEY, "1.234,50 €", "1234.50"),
        (Kind.MONEY, "1234.50", "1234.50"),
        (Kind.MONEY, "1.234", "1234.00"),
        (Kind.MONEY, "12.5", Kind.MONEY),
        (Kind.MONEY, "1,234.50", Kind.MONEY),
        (Kind.MONEY, 0.1 + 0.2, "0.30"),
        (Kind.MONEY, 1.005, Kind.MONEY),
        (Kind.MONEY, float("inf"), Kind.MONEY),
        (Kind.MONEY, float("nan"), Kind.MONEY),
        (Kind.INTEGER, "007", 7),
        (Kind.INTEGER, True, Kind.INTEGER),
        (Kind.INTEGER, 2.5, Kind.INTEGER),
        (Kind.YES_NO, "Nein", False),
        (Kind.YES_NO, 1, True),
        (Kind.TEXT, 46325, "46325"),
        (Kind.TEXT, 46325.0, "46325"),
        (Kind.TEXT, date(2027, 2, 1), "01.02.2027"),
        (Kind.TEXT, True, Kind.TEXT),
        (Kind.IBAN, "de02 1203 0000 0000 2020 51", "DE02120300000000202051"),
    ],
)
def test_a_cell_means_what_people_mean(kind: Kind, cell: Cell, value: object) -> None:
    assert typed(kind, cell) == value


@given(st.decimals(min_value=0, max_value=9_999_999, places=2))
def test_money_survives_every_way_of_writing_it(amount: Decimal) -> None:
    plain = f"{amount:.2f}"
    german = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    for cell in (plain, german, german.replace(".", ""), float(amount)):
        assert typed(Kind.MONEY, cell) == plain


@given(st.sampled_from(Kind), st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.datetimes()))
def test_no_cell_makes_the_reading_fail(kind: Kind, cell: Cell) -> None:
    typed(kind, cell)


def test_a_field_in_a_message_is_named_as_its_column() -> None:
    assert field_of("Feld „Unterlage“ (documents.0.title): es fehlt.") == "documents.1.title"
    assert field_of("Die Summe „Anspruch“ (Stelle 0, 1) geht nicht auf.") is None


def test_the_sample_table_can_be_read_back() -> None:
    letter = {
        "deadline": "2027-02-01",
        "amount": "5.00",
        "urgent": True,
        "documents": [{"title": "A", "detail": "B"}, {"title": "C"}],
    }
    names, cells = sample_table(SCHEMA, letter)
    assert "01.02.2027" in cells
    assert read_row(columns([*names]), cells)[1:] == (letter, [])


def test_every_code_of_a_cell_has_its_sentence() -> None:
    assert {member.value for enum in (Kind, Unusable) for member in enum} <= MESSAGES.keys()
