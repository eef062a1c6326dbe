"""The form made from a template's schema: read as typed, rows added and removed, empty parts left out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rendering.catalogue import Catalogue
from gateway.web.schema_form import (
    Field,
    Kind,
    add_row,
    blank,
    build,
    clean,
    fault_of,
    missing,
    read,
    remove_row,
)

TEMPLATES = Path(__file__).resolve().parents[2] / "letter_templates"
NAMES = ("bewilligungsbescheid", "einladung", "mitwirkungsaufforderung")
CATALOGUE = Catalogue()

SMALL: dict[str, Any] = {
    "type": "object",
    "required": ["day", "amount", "rows"],
    "properties": {
        "day": {"title": "Tag", "type": "string", "format": "date"},
        "amount": {"title": "Betrag", "type": "string", "pattern": r"^(0|[1-9][0-9]{0,6})\.[0-9]{2}$"},
        "note": {"title": "Notiz", "type": "string", "maxLength": 400},
        "iban": {"title": "IBAN", "type": "string", "format": "iban"},
        "rows": {
            "title": "Zeilen",
            "type": "array",
            "minItems": 1,
            "items": {
                "title": "Zeile",
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"title": "Name", "type": "string", "minLength": 1},
                    "cells": {
                        "type": "array",
                        "items": {"type": ["string", "null"], "pattern": r"\.[0-9]{2}$"},
                    },
                },
            },
        },
    },
}


def posted(field: Field) -> dict[str, str]:
    """What a browser sends for a form."""
    if field.kind is Kind.ROWS:
        result = {f"{field.name}.#": str(len(field.children))}
    elif field.kind is Kind.GROUP:
        result = {}
    elif field.kind is Kind.CHECKBOX:
        return {field.name: "on"} if field.checked else {}
    else:
        return {field.name: field.value}
    for child in field.children:
        result |= posted(child)
    return result


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_of_a_template_comes_back_from_its_form_as_it_went_in(name: str) -> None:
    meta = CATALOGUE.get(name).meta
    sample = json.loads((TEMPLATES / name / "sample.json").read_text("utf-8"))
    back = clean(meta.schema, read(meta.schema, posted(build(meta.schema, sample, {}))))
    checked = CATALOGUE.get(name)
    assert checked.check(back) == checked.check(sample)


@pytest.mark.parametrize("name", NAMES)
def test_an_untouched_form_says_of_every_required_field_that_it_is_missing(name: str) -> None:
    schema = CATALOGUE.get(name).meta.schema
    empty = missing(schema, clean(schema, read(schema, posted(build(schema, blank(schema), {})))))
    assert set(empty) & {"application_date", "appointment_date", "concerns"}
    assert all(path.split(".")[0] in cast("dict[str, object]", schema["properties"]) for path in empty)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1.037,19", "1037.19"),
        ("1037,1", "1037.10"),
        ("25", "25.00"),
        ("0,05", "0.05"),
        ("1.03", "1.03"),
        ("x", "x"),
    ],
)
def test_money_is_read_as_people_write_it(typed: str, kept: str) -> None:
    assert read(SMALL, {"amount": typed})["amount"] == kept


@given(st.integers(min_value=0, max_value=999_999_999))
def test_every_amount_survives_being_shown_and_read_again(cents: int) -> None:
    amount = f"{cents // 100}.{cents % 100:02d}"
    shown = build(SMALL, {"amount": amount}, {})
    assert read(SMALL, posted(shown))["amount"] == amount


def test_an_iban_is_shown_in_groups_and_read_without_blanks() -> None:
    field = build(SMALL, {"iban": "DE02120300000000202051"}, {}).children[3]
    assert field.value == "DE02 1203 0000 0000 2020 51"
    assert read(SMALL, {"iban": "de02 1203 0000 0000 2020 51"})["iban"] == "DE02120300000000202051"


def test_a_new_row_has_as_many_cells_as_the_row_above_and_none_of_its_words() -> None:
    data = {"rows": [{"name": "Miete", "cells": ["1.00", None, "2.00"]}]}
    assert add_row(SMALL, data, "rows")["rows"][1] == {"name": "", "cells": ["", "", ""]}


def test_the_row_that_was_named_is_removed_and_no_other() -> None:
    data = {"rows": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}
    assert [row["name"] for row in remove_row(SMALL, data, "rows.1")["rows"]] == ["a", "c"]


@pytest.mark.parametrize("path", ["rows.9", "rows", "nothing", "rows.x", "", "day.1", "rows.0.name.2"])
def test_a_path_that_leads_nowhere_changes_nothing(path: str) -> None:
    data = {"day": "2026-12-01", "rows": [{"name": "a", "cells": []}]}
    assert remove_row(SMALL, data, path) == {"day": "2026-12-01", "rows": [{"name": "a", "cells": []}]}
    if path != "rows":
        assert add_row(SMALL, data, path) == data


def test_a_form_cannot_claim_more_rows_than_a_person_would_make() -> None:
    assert len(read(SMALL, {"rows.#": "99999"})["rows"]) == 200
    assert read(SMALL, {"rows.#": "-1"})["rows"] == []


def test_empty_last_rows_are_left_out_and_empty_cells_are_kept_as_nothing() -> None:
    typed = {"rows": [{"name": "a", "cells": ["1.00", ""]}, {"name": "", "cells": [""]}]}
    assert clean(SMALL, typed)["rows"] == [{"name": "a", "cells": ["1.00", None]}]


def test_a_message_finds_its_field() -> None:
    message = "Feld „Name“ (rows.0.name): es fehlt. Bitte berichtigen."
    assert fault_of(message) == ("rows.0.name", "Es fehlt. Bitte berichtigen.")
    assert fault_of("Die Summe „Bedarf“ geht nicht auf.") is None


def fields(field: Field) -> Iterator[Field]:
    yield field
    for child in field.children:
        yield from fields(child)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_a_form_has_a_german_label_and_an_id_of_its_own(name: str) -> None:
    meta = CATALOGUE.get(name).meta
    found = list(fields(build(meta.schema, meta.sample, {})))
    assert len({field.id for field in found}) == len(found)
    assert all(field.title and field.title != field.name.rpartition(".")[2] for field in found[1:])
