"""Fictional cases are as hard as real ones, importable, and their letters add up."""

import json
import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.application.access.importing import CasesFile
from gateway.application.letters.addressing import name_lines
from gateway.bootstrap import AddressType
from gateway.db.people import Person
from gateway.domain.addresses.address import PostalAddress, compose_lines
from gateway.domain.addresses.address_rules import check_lines
from gateway.facts import load_countries, load_places
from gateway.rendering.catalogue import Catalogue
from gateway.rendering.fonts import FontMetrics
from gateway.testing.factory import cases_document, letter_data
from gateway.testing.households import KINDS, household, household_of

STARTS_ON = date(2026, 11, 2)
TODAY = date(2026, 11, 20)
TEMPLATES = [
    "ablehnung",
    "aenderungsbescheid",
    "anhoerung",
    "antwortbogen",
    "aufhebung_erstattung",
    "bewilligungsbescheid",
    "eingangsbestaetigung",
    "einladung",
    "mitwirkungsaufforderung",
    "versagung",
    "vorlaeufige_bewilligung",
    "widerspruchsbescheid",
]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return cases_document(1, 200, STARTS_ON)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue()


def addresses(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [person["address"] for person in document["persons"]]


def full_names(document: dict[str, Any]) -> list[str]:
    return [f"{person['given_name']} {person['family_name']}" for person in document["persons"]]


def test_the_same_seed_gives_the_same_document_and_another_seed_another() -> None:
    first = json.dumps(cases_document(1, 30, STARTS_ON))

    assert first == json.dumps(cases_document(1, 30, STARTS_ON))
    assert first != json.dumps(cases_document(2, 30, STARTS_ON))


def test_more_cases_begin_with_the_same_cases() -> None:
    assert cases_document(1, 50, STARTS_ON)["cases"][:20] == cases_document(1, 20, STARTS_ON)["cases"]


def test_the_import_takes_the_document(document: dict[str, Any]) -> None:
    parsed = CasesFile.model_validate(document)

    assert len(parsed.offices) == 17
    assert len(parsed.cases) == 200


def test_references_are_unique_and_lead_somewhere(document: dict[str, Any]) -> None:
    persons = [person["reference"] for person in document["persons"]]
    offices = {office["key"] for office in document["offices"]}
    logins = [user["login"] for user in document["users"]]
    numbers = [case["file_number"] for case in document["cases"]]

    assert len(set(persons)) == len(persons)
    assert len(set(logins)) == len(logins)
    assert len(set(numbers)) == len(numbers)
    for case in document["cases"]:
        assert case["office"] in offices
        assert case["addressee"] in persons
        assert set(case["members"]) <= set(persons)
        assert {entry["person"] for entry in case["representatives"]} <= set(persons)


def test_every_office_has_someone_to_write_and_someone_to_approve(document: dict[str, Any]) -> None:
    for office in document["offices"]:
        roles = {
            role for user in document["users"] if office["key"] in user["offices"] for role in user["roles"]
        }
        assert {"caseworker", "approver"} <= roles


def test_nobody_can_be_reached(document: dict[str, Any]) -> None:
    for entry in [*document["offices"], *document["users"]]:
        assert " 000-" in entry["phone"]
    for office in document["offices"]:
        assert office["email"].endswith("@example.org")


def test_cost_centres_fit_the_provider(document: dict[str, Any]) -> None:
    for office in document["offices"]:
        assert re.fullmatch(r"[0-9A-Za-z]{1,8}", office["cost_centre"])


def test_every_kind_of_hardness_comes_with_the_first_twenty_five_cases() -> None:
    small = cases_document(7, 25, STARTS_ON)
    found = addresses(small)

    assert {household(7, n).kind for n in range(25)} == set(KINDS)
    for name in ("care_of", "extra", "district", "po_box"):
        assert any(address[name] for address in found), name
    assert any(address["country"] != "DE" for address in found)
    assert any(address["postcode"].startswith("0") and address["country"] == "DE" for address in found)
    assert {entry["kind"] for case in small["cases"] for entry in case["representatives"]} == {
        "guardian",
        "lawyer",
    }
    assert any(case["addressee"] not in case["members"] for case in small["cases"])
    assert max(map(len, full_names(small))) == 60
    assert any(apostrophe in name for name in full_names(small) for apostrophe in "’'")


def test_names_have_the_characters_of_din_91379(document: dict[str, Any]) -> None:
    letters = set("".join(full_names(document)))

    assert set("äöüßŁëŞễřĐ’") <= letters


def test_the_letter_font_has_every_character(document: dict[str, Any]) -> None:
    text = json.dumps(document, ensure_ascii=False)

    assert FontMetrics().missing(text) == ""


def window(person: dict[str, Any]) -> list[str]:
    """The lines of a person's window, and nothing wrong with them."""
    font = AddressType(FontMetrics())
    row = Person(**{key: value for key, value in person.items() if key != "address"}, **person["address"])
    lines = compose_lines(
        name_lines(row),
        PostalAddress(**person["address"]),
        width_mm=font.width_mm,
        country_name=load_countries().name,
        place_order=load_countries().place_order,
    )
    findings = check_lines(
        lines,
        width_mm=font.width_mm,
        missing_glyphs=font.missing_glyphs,
        country=person["address"]["country"],
        places=load_places(),
    )
    assert findings == [], (person["reference"], findings)
    return lines


def test_every_address_fits_the_window_and_some_fill_it(document: dict[str, Any]) -> None:
    heights = [len(window(person)) for person in document["persons"]]

    assert max(heights) == 6
    assert min(heights) == 3


def test_names_of_sixty_characters_wrap_and_lose_nothing(document: dict[str, Any]) -> None:
    long = [
        person
        for person, name in zip(document["persons"], full_names(document), strict=True)
        if len(name) == 60
    ]

    assert long
    for person in long:
        above = window(person)[:-2]
        name = f"{person['given_name']} {person['family_name']}"
        assert "".join("".join(above).split()).endswith("".join(name.split()))


def test_a_case_leads_back_to_its_household() -> None:
    one = household(3, 12)

    assert household_of(one.case_reference) == one
    with pytest.raises(ValueError, match="factory"):
        household_of("F-2026-00001-x")


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6), number=st.integers(0, 500), today=st.dates(date(2026, 7, 1), date(2028, 12, 31))
)
def test_every_letter_keeps_its_schema_and_adds_up(
    catalogue: Catalogue, seed: int, number: int, today: date
) -> None:
    case = {"reference": household(seed % 50, number).case_reference}

    for template in TEMPLATES:
        data = letter_data(template, case, seed=seed, today=today)
        assert catalogue.get(template).check(data)


def test_a_letter_names_the_people_of_its_case(document: dict[str, Any]) -> None:
    names = dict(
        zip((person["reference"] for person in document["persons"]), full_names(document), strict=True)
    )

    for case in document["cases"][:40]:
        data = letter_data("bewilligungsbescheid", case, seed=1, today=TODAY)
        assert [person["name"] for person in data["persons"]] == [names[member] for member in case["members"]]


def test_letters_differ_by_seed_and_are_the_same_for_the_same(document: dict[str, Any]) -> None:
    case = document["cases"][0]
    for template in TEMPLATES:
        first = letter_data(template, case, seed=1, today=TODAY)
        assert first == letter_data(template, case, seed=1, today=TODAY)
        assert any(first != letter_data(template, case, seed=seed, today=TODAY) for seed in range(2, 6))


def test_the_repository_has_no_template_without_data(catalogue: Catalogue) -> None:
    assert sorted(template.meta.name for template in catalogue.all()) == TEMPLATES
