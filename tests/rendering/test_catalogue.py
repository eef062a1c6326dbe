"""The catalogue: versions, schemas, proofs, and messages that name a field and never its value."""

import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway.errors import DataInvalid, NotFound, RenderError
from gateway.rendering.catalogue import Catalogue, default_templates_dir, nfc
from tests.rendering import letters


def sample(name: str = "bewilligungsbescheid") -> dict[str, Any]:
    return deepcopy(dict(letters.catalogue().get(name).meta.sample))


def refused(data: dict[str, Any], name: str = "bewilligungsbescheid") -> DataInvalid:
    with pytest.raises(DataInvalid) as caught:
        letters.catalogue().get(name).check(data)
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_templates_dir(), tmp_path / "letter_templates"))


def test_all_templates_are_there_and_their_samples_pass() -> None:
    assert tuple(template.meta.name for template in letters.catalogue().all()) == letters.NAMES
    for template in letters.catalogue().all():
        template.check(template.meta.sample)


def test_decisions_carry_a_remedy_notice_and_open_law_is_provisional() -> None:
    by_name = {template.meta.name: template.meta for template in letters.catalogue().all()}
    assert {name for name, meta in by_name.items() if not meta.is_decision} == {
        "anhoerung",
        "antwortbogen",
        "eingangsbestaetigung",
        "mitwirkungsaufforderung",
    }
    assert all(meta.needs_remedy_notice == meta.is_decision for meta in by_name.values())
    assert [name for name, meta in by_name.items() if meta.provisional] == [
        "ablehnung",
        "anhoerung",
        "einladung",
        "widerspruchsbescheid",
    ]
    assert by_name["bewilligungsbescheid"].four_eyes


def titled(schema: dict[str, Any]) -> None:
    """Every property has a German title, since the form is made from it."""
    for field in schema.get("properties", {}).values():
        assert field.get("title")
        titled(field)
    if isinstance(schema.get("items"), dict):
        titled(schema["items"])


def test_schemas_are_plain_and_every_field_has_a_title() -> None:
    for template in letters.catalogue().all():
        schema = dict(template.meta.schema)
        Draft202012Validator.check_schema(schema)
        assert "$ref" not in json.dumps(schema)
        titled(schema)


@pytest.mark.parametrize("changed", ["einladung/letter.html.j2", "einladung/meta.toml", "_shared/modules.toml"])
def test_any_byte_a_letter_is_made_of_changes_its_version(folder: Path, changed: str) -> None:
    before = Catalogue(folder).get("einladung").meta.version
    path = folder / changed
    path.write_bytes(path.read_bytes() + b"\n")
    assert Catalogue(folder).get("einladung").meta.version != before


def test_another_template_does_not_change_the_version(folder: Path) -> None:
    before = Catalogue(folder).get("einladung").meta.version
    (folder / "mitwirkungsaufforderung" / "letter.html.j2").write_text("changed", "utf-8")
    assert Catalogue(folder).get("einladung").meta.version == before


def test_a_letter_written_with_an_older_version_is_not_rendered_with_a_newer_one() -> None:
    with pytest.raises(RenderError, match="template-changed"):
        letters.catalogue().get_version("einladung", "0" * 16)


def test_an_unknown_template_is_not_found() -> None:
    with pytest.raises(NotFound, match="template-unknown"):
        letters.catalogue().get("rechnung")


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("einladung/meta.toml", "title = 'x'"),
        ("einladung/meta.toml", "title = "),
        ("einladung/sample.json", "{"),
        ("einladung/letter.html.j2", None),
    ],
)
def test_a_template_that_cannot_be_used_is_named(folder: Path, path: str, new: str | None) -> None:
    if new is None:
        (folder / path).unlink()
    else:
        (folder / path).write_text(new, "utf-8")
    catalogue = Catalogue(folder)
    with pytest.raises(RenderError, match=r"template-unusable.*einladung"):
        catalogue.get("einladung")
    assert "mitwirkungsaufforderung" in {template.meta.name for template in catalogue.all()}


def test_a_missing_field_is_named_with_its_german_title() -> None:
    data = sample()
    del data["payment"]["iban"]
    error = refused(data)
    assert error.code == "data-invalid"
    assert "IBAN" in error.message
    assert "payment.iban" in error.message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("application_date",), "19.10.2026"),
        (("application_date",), "2026-02-30"),
        (("payment", "iban"), "DE02120300000000202052"),
        (("payment", "iban"), "DE02 1203 0000 0000 2020 51"),
        (("calculations", 0, "payout"), "1.062,19"),
        (("calculations", 0, "payout"), 1062.19),
        (("persons", 1, "role"), "Geheimnis"),
        (("persons", 1, "name"), ""),
        (("housing", "shares"), 0),
    ],
)
def test_a_value_that_breaks_the_schema_is_refused_and_never_shown(
    path: tuple[str | int, ...], value: object
) -> None:
    data: Any = sample()
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    error = refused(data)
    assert error.code == "data-invalid"
    assert ".".join(map(str, path)) in error.message
    assert not str(value) or str(value) not in error.message.replace(".".join(map(str, path)), "")


def test_an_unknown_field_is_refused() -> None:
    assert refused({**sample(), "extra": "Mareike"}).code == "data-invalid"


@pytest.mark.parametrize(
    ("path", "title"),
    [
        (("needs_sum", 0), "Summe Bedarf"),
        (("remaining", 1), "Verbleibender Bedarf"),
        (("claims", 0), "Anspruch"),
        (("claim_total",), "Anspruch aller Personen"),
        (("supplement_total",), "Sofortzuschlag"),
        (("payout",), "Zahlbetrag"),
        (("transfer",), "Überweisung auf das Konto"),
    ],
)
def test_every_figure_of_the_calculation_is_proven(path: tuple[str | int, ...], title: str) -> None:
    data = sample()
    place: Any = data["calculations"][0]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "7.77"
    error = refused(data)
    assert error.code == "sum-wrong"
    assert "7.77" not in error.message
    # A wrong figure breaks its own sum, or the one that is built upon it, whichever is proven first.
    assert "Summe „" in error.message
    if path == (path[0],):
        assert title in error.message


def test_housing_and_earnings_are_proven_too() -> None:
    data = sample()
    data["housing"]["total"] = "691.00"
    assert "Unterkunft" in refused(data).message
    data = sample()
    data["earnings"]["countable"] = "431.00"
    assert "Erwerbseinkommen" in refused(data).message


def test_direct_payments_must_be_taken_off_the_transfer() -> None:
    data = sample()
    data["calculations"][0]["direct_payments"] = [
        {"payee": "Vermieter", "purpose": "Miete", "amount": "600.00"}
    ]
    assert refused(data).code == "sum-wrong"
    data["calculations"][0]["transfer"] = "462.19"
    letters.catalogue().get("bewilligungsbescheid").check(data)


def test_an_amount_without_a_person_is_refused() -> None:
    data = sample()
    data["persons"].pop()
    assert refused(data).code == "columns-unequal"


def test_a_month_without_a_calculation_is_refused() -> None:
    data = sample()
    data["calculations"][0]["valid_to"] = "2027-10"
    assert refused(data).code == "months-incomplete"


def test_decomposed_umlauts_are_composed() -> None:
    assert nfc({"a": ["Terho\u0308rst"]}) == {"a": ["Terhörst"]}


def test_absent_optional_fields_get_their_defaults() -> None:
    data = sample("mitwirkungsaufforderung")
    del data["reasons"]
    checked = letters.catalogue().get("mitwirkungsaufforderung").check(data)
    assert checked["reasons"] == ""
    assert [document["detail"] for document in checked["documents"]][-1] == ""  # type: ignore[attr-defined]
