"""From request to HTML: the sandbox, text modules by date, filters, glyphs, and what fits the window."""

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from gateway.domain.validity import fault_in
from gateway.errors import AddressInvalid, RenderError
from gateway.ports.renderer import RenderRequest
from gateway.rendering.catalogue import SHARED, Catalogue, default_templates_dir
from gateway.rendering.fonts import FontMetrics
from gateway.rendering.html import (
    MODULES,
    Composer,
    date_de,
    eur,
    iban,
    keep_together,
    month_de,
    read_modules,
    visible_text,
    weekday,
)
from tests.rendering import letters

NAMED_BY_BENEFIT_MONTH = ("anhoerung", "aufhebung_erstattung", "widerspruchsbescheid")
"""They speak of a benefit of the past, or not at all."""


def text(request: RenderRequest) -> str:
    return " ".join(visible_text(letters.composer().compose(request)).split())


def compose_with(tmp_path: Path, source: str) -> str:
    """The HTML of an invitation whose template is `source`."""
    folder = Path(shutil.copytree(default_templates_dir(), tmp_path / "letter_templates"))
    (folder / "einladung" / "letter.html.j2").write_text(source, "utf-8")
    catalogue = Catalogue(folder)
    version = catalogue.get("einladung").meta.version
    return Composer(catalogue, FontMetrics()).compose(
        replace(letters.request("einladung"), template_version=version)
    )


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1037.19", "1.037,19"),
        ("25.00", "25,00"),
        ("1234567.80", "1.234.567,80"),
        (None, "–"),
        ("-5.00", "-5,00"),
    ],
)
def test_money_is_written_as_germans_write_it(amount: str | None, shown: str) -> None:
    assert eur(amount) == shown


def test_dates_are_written_out_and_do_not_break() -> None:
    assert date_de("2026-11-02") == "2.\u00a0November\u00a02026"
    assert month_de("2027-03") == "März\u00a02027"
    assert weekday(date(2026, 11, 22)) == "Sonntag"


def test_an_iban_stands_in_groups_of_four() -> None:
    assert iban("DE02120300000000202051").replace("\u00a0", " ") == "DE02 1203 0000 0000 2020 51"


@pytest.mark.parametrize(
    ("day", "term", "other"),
    [
        (date(2026, 6, 30), "Bürgergeld", "Grundsicherungsgeld"),
        (date(2026, 7, 1), "Grundsicherungsgeld", "Bürgergeld"),
    ],
)
@pytest.mark.parametrize("name", [name for name in letters.NAMES if name not in NAMED_BY_BENEFIT_MONTH])
def test_the_benefit_is_called_what_it_was_called_on_the_decision_date(
    name: str, day: date, term: str, other: str
) -> None:
    shown = text(letters.request(name, decision_date=day))
    assert term in shown
    assert other not in shown


def test_a_date_without_a_text_module_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(RenderError, match=r"text-module-missing.*31\.12\.2022"):
        text(letters.request(decision_date=date(2022, 12, 31)))


def test_text_modules_have_neither_gap_nor_overlap() -> None:
    for modules in read_modules(default_templates_dir() / SHARED / MODULES).values():
        assert fault_in(modules) is None


def test_the_consequences_of_the_new_law_are_marked_provisional() -> None:
    modules = read_modules(default_templates_dir() / SHARED / MODULES)["appointment-consequences"]
    assert [module.provisional for module in modules] == [False, True]


@pytest.mark.parametrize("name", ["bewilligungsbescheid", "einladung"])
def test_the_remedy_notice_is_complete(name: str) -> None:
    shown = text(letters.request(name))
    notice = shown[shown.index("Rechtsbehelfsbelehrung") :]
    for part in (
        "innerhalb eines Monats nach Bekanntgabe Widerspruch",
        "schriftlich",
        "in elektronischer Form nach § 36a Absatz 2",
        "schriftformersetzend nach § 36a Absatz 2a SGB I und § 9a Absatz 5",
        "zur Niederschrift bei Kreis Borken – Der Landrat – Jobcenter",
        "Berliner Platz 1, 46395 Bocholt",
    ):
        assert part in notice
    assert "Tage" not in notice  # the deemed day of notification is not named: a wrong one costs eleven months


def test_a_letter_that_decides_nothing_has_no_remedy_notice() -> None:
    assert "Rechtsbehelfsbelehrung" not in text(letters.request("mitwirkungsaufforderung"))


@pytest.mark.parametrize(("consequence", "verb"), [("Versagung", "versagen"), ("Entziehung", "entziehen")])
def test_the_consequence_of_not_cooperating_is_the_one_of_the_case(consequence: str, verb: str) -> None:
    shown = text(letters.with_data("mitwirkungsaufforderung", consequence=consequence))
    assert f"ganz oder teilweise {verb}" in shown
    assert "§ 66 Absatz 1 SGB I" in shown
    assert "14. Dezember 2026" in shown


def test_values_are_escaped() -> None:
    html = letters.composer().compose(letters.with_data("einladung", topic="<script>alert(1)</script> & mehr"))
    assert "<script>" not in html
    assert "<script>alert(1)</script> & mehr" in visible_text(html)


def test_a_copy_says_for_whom_it_is() -> None:
    assert "Ausfertigung für die Betreuerin" in text(
        letters.request(copy_for="Ausfertigung für die Betreuerin")
    )


def test_a_single_person_is_not_called_a_community() -> None:
    sample = letters.catalogue().get("bewilligungsbescheid").meta.sample
    calculation = {
        **sample["calculations"][0],  # type: ignore[index]
        "needs": [{"label": "Regelbedarf", "basis": "§ 20 SGB II", "amounts": ["563.00"]}],
        "needs_sum": ["563.00"],
        "own_income": [],
        "remaining": ["563.00"],
        "shared_income": [None],
        "claims": ["563.00"],
        "claim_total": "563.00",
        "supplements": [None],
        "supplement_total": "0.00",
        "payout": "563.00",
        "transfer": "563.00",
    }
    shown = text(
        letters.with_data(
            "bewilligungsbescheid",
            persons=sample["persons"][:1],  # type: ignore[index]
            calculations=[calculation],
            housing=None,
            earnings=None,
            child_benefit=None,
        )
    )
    assert "mit Ihnen in einer Bedarfsgemeinschaft lebenden Personen werden" not in shown
    assert "Einkommen nach §§ 11 bis 11b SGB II ist nicht zu berücksichtigen" in shown


def test_a_character_without_a_glyph_names_code_point_and_field_but_not_the_text() -> None:
    with pytest.raises(RenderError) as caught:
        text(letters.with_data("einladung", topic="Gespräch mit 王小明"))
    assert caught.value.code == "glyph-missing"
    assert "U+738B, U+5C0F, U+660E" in caught.value.message
    assert "Worum es in dem Gespräch geht" in caught.value.message
    assert "王" not in caught.value.message


def test_a_character_without_a_glyph_in_the_address_is_found_too() -> None:
    with pytest.raises(RenderError, match=r"glyph-missing.*U\+1F600"):
        text(letters.request(address_lines=("Frau", "Zoë \U0001f600", "Weg 1", "46325 Borken")))


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("46325 Borken",), "address-line-count"),
        (("1", "2", "3", "4", "5", "6", "7"), "address-line-count"),
        (("Frau", "M" * 40, "46325 Borken"), "address-line-too-wide"),
    ],
)
def test_an_address_that_does_not_fit_is_refused_and_never_cut(lines: tuple[str, ...], code: str) -> None:
    with pytest.raises(AddressInvalid) as caught:
        text(letters.request(address_lines=lines))
    assert caught.value.code == code
    assert "MMM" not in caught.value.message


def test_a_return_line_shrinks_before_it_is_refused() -> None:
    def sized(return_line: str) -> str:
        html = letters.composer().compose(
            letters.request(office=replace(letters.OFFICE, return_line=return_line))
        )
        return html.split('class="return-line" style="font-size: ')[1].split("pt")[0]

    assert sized("Kreis Borken · Jobcenter · 46325 Borken") == "7.0"
    assert sized("Kreis Borken · Jobcenter Gronau · Neustr. 31 · 48599 Gronau") == "6.5"
    with pytest.raises(RenderError, match="return-line-too-wide"):
        sized("Kreis Borken · Der Landrat · Jobcenter Gronau · Neustraße 31 · 48599 Gronau (Westfalen)")


@pytest.mark.parametrize(
    "source",
    [
        "{{ data.no_such_field }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ data.clear() }}",
        "{% include '../../pyproject.toml' %}",
        "{% include '/etc/hostname' %}",
        "{% if %}",
    ],
)
def test_the_sandbox_lets_a_template_neither_out_nor_past_a_missing_field(tmp_path: Path, source: str) -> None:
    with pytest.raises(RenderError, match="template-error"):
        compose_with(tmp_path, source)


def test_references_to_law_do_not_break_but_the_address_stays_as_it_is() -> None:
    html = keep_together(
        "<p>Haus § 5</p><main>§ 60 Absatz 1 Satz 2 SGB II am 19. Oktober, z. B. 12 % von 5 EUR</main>"
    )
    assert "Haus § 5" in html
    assert (
        "§\u00a060 Absatz\u00a01 Satz\u00a02 SGB\u00a0II am 19.\u00a0Oktober, z.\u00a0B. 12\u00a0% von 5\u00a0EUR"
        in html
    )
