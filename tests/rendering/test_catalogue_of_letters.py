"""The catalogue as its readers need it: complete notices, the right day's wording, proven figures, whole tables."""

import io
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from gateway.domain.references import decode_reply_code
from gateway.errors import DataInvalid, RenderError
from gateway.providers.profiles import load_profile
from gateway.rendering.catalogue import SHARED, Catalogue, default_templates_dir
from gateway.rendering.fonts import FontMetrics
from gateway.rendering.html import MODULES, Composer, visible_text
from gateway.rendering.pictures import picture
from gateway.rendering.preflight import preflight
from gateway.testing.households import Household, household
from gateway.testing.letters import letter_data
from tests.rendering import letters
from tests.rendering.letters import line_with, lines, page_count

DECISIONS = [name for name in letters.NAMES if letters.catalogue().get(name).meta.is_decision]
OTHERS = [name for name in letters.NAMES if name not in DECISIONS]
WITH_SLIP = ["anhoerung", "antwortbogen", "mitwirkungsaufforderung"]
AMOUNT = re.compile(r"^-?[0-9]+\.[0-9]{2}$")
TODAY = date(2026, 11, 20)


def sample(name: str, **changes: Any) -> dict[str, Any]:
    return {**deepcopy(dict(letters.catalogue().get(name).meta.sample)), **changes}


def html(name: str, **changes: Any) -> str:
    return letters.composer().compose(letters.request(name, data=sample(name, **changes)))


def shown(name: str, **changes: Any) -> str:
    return " ".join(visible_text(html(name, **changes)).split())


def refused(name: str, data: Mapping[str, Any]) -> DataInvalid:
    with pytest.raises(DataInvalid) as caught:
        letters.catalogue().get(name).check(data)
    return caught.value


class _Parts(HTMLParser):
    """The text of every element with `data-part`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, str] = {}
        self._open: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("br", "img", "meta"):
            self._open.append((tag, dict(attrs).get("data-part")))

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for _, part in self._open:
            if part:
                self.found[part] = " ".join(f"{self.found.get(part, '')} {data}".split())


def parts(source: str) -> dict[str, str]:
    reader = _Parts()
    reader.feed(source)
    return reader.found


# Parts and notices


@pytest.mark.parametrize("name", letters.NAMES)
def test_a_machine_finds_what_is_decided_why_and_by_whom(name: str) -> None:
    found = parts(html(name))
    assert len(found["operative"]) > 60
    assert len(found["reasons"]) > 60
    assert "Hendrik Wolters" in found["signature"]


@pytest.mark.parametrize("name", OTHERS)
def test_a_letter_that_decides_nothing_has_no_remedy_notice(name: str) -> None:
    assert "remedy-notice" not in parts(html(name))


@pytest.mark.parametrize("name", [name for name in DECISIONS if name != "widerspruchsbescheid"])
def test_a_decision_names_remedy_authority_with_seat_period_and_form(name: str) -> None:
    notice = parts(html(name))["remedy-notice"]
    for part in (
        "innerhalb eines Monats nach Bekanntgabe Widerspruch",
        "schriftlich",
        "in elektronischer Form nach",
        "zur Niederschrift bei Kreis Borken – Der Landrat – Jobcenter, Jobcenter Bocholt, Berliner Platz 1",
        "46395 Bocholt",
    ):
        assert part in notice.replace("\u00a0", " ")


def test_the_decision_on_an_objection_names_the_court() -> None:
    notice = parts(html("widerspruchsbescheid"))["remedy-notice"].replace("\u00a0", " ")
    for part in (
        "Gegen den Bescheid vom 21. September 2026 in der Gestalt dieses Widerspruchsbescheides",
        "innerhalb eines Monats nach Bekanntgabe des Widerspruchsbescheides Klage",
        "beim Sozialgericht Münster",
        "48165 Münster",
        "schriftlich, in elektronischer Form nach § 65a",
        "zur Niederschrift",
    ):
        assert part in notice
    assert "Widerspruch ist" not in notice


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_SLIP)
def test_a_reply_slip_stands_on_the_front_of_a_sheet_and_finds_its_letter(name: str) -> None:
    pdf = letters.sample_pdf(name)
    pages = page_count(pdf)
    assert pages % 2 == 1
    seen = Image.open(io.BytesIO(picture(pdf, pages, 200))).convert("L")
    assert [decode_reply_code(code.text) for code in zxingcpp.read_barcodes(seen)] == [letters.REFERENCE]
    assert "Antwortbogen" in parts(html(name))["reply-slip"]


# Wording of the right day


@pytest.mark.parametrize(
    ("first", "last", "named"),
    [
        ("2026-05", "2026-06", "über Bürgergeld nach dem"),
        ("2026-06", "2026-07", "über Bürgergeld und Grundsicherungsgeld nach dem"),
        ("2026-07", "2026-08", "über Grundsicherungsgeld nach dem"),
    ],
)
def test_a_recovery_names_the_benefit_as_it_was_called_in_its_months(first: str, last: str, named: str) -> None:
    data = sample("aufhebung_erstattung")
    data |= {"period_from": f"{first}-01", "period_to": f"{last}-28", "months": data["months"][:2]}
    data["months"][0]["month"], data["months"][1]["month"] = first, last
    data |= {"refund_sums": ["584.63", "254.72"], "refund_total": "839.35"}
    assert named in shown("aufhebung_erstattung", **data)


def before_a_reduction(breach_date: str) -> dict[str, Any]:
    data = sample("anhoerung", kind="Minderung wegen Meldeversäumnis")
    del data["recovery"]
    return {**data, "breach": {"breach_date": breach_date, "summons_date": "2026-06-01"}}


@pytest.mark.parametrize(("day", "percent"), [("2026-06-30", "um 10 Prozent"), ("2026-07-01", "um 30 Prozent")])
def test_the_day_of_the_breach_chooses_the_law_and_not_the_day_of_the_letter(day: str, percent: str) -> None:
    request = letters.request("anhoerung", data=before_a_reduction(day), decision_date=date(2026, 7, 20))
    assert percent in visible_text(letters.composer().compose(request)).replace("\u00a0", " ")


@pytest.mark.parametrize(("day", "percent"), [("2026-06-30", "10 Prozent"), ("2026-07-01", "30 Prozent")])
def test_a_summons_warns_of_the_law_on_the_day_of_the_appointment(day: str, percent: str) -> None:
    request = letters.request(
        "einladung", data=sample("einladung", appointment_date=day), decision_date=date(2026, 6, 5)
    )
    text = visible_text(letters.composer().compose(request)).replace("\u00a0", " ")
    assert percent in text
    assert "Bürgergeld" in text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(default_templates_dir(), tmp_path / "letter_templates"))


def composer_in(folder: Path) -> Callable[[str], str]:
    catalogue = Catalogue(folder)
    composer = Composer(catalogue, FontMetrics())

    def compose(name: str) -> str:
        version = catalogue.get(name).meta.version
        return composer.compose(replace(letters.request(name), template_version=version))

    return compose


@pytest.mark.parametrize("call", ["text('benefit', '2026-07')", "text('benefit-then')"])
def test_a_module_asked_with_the_wrong_day_is_an_error(folder: Path, call: str) -> None:
    (folder / "einladung" / "letter.html.j2").write_text(f"<main>{{{{ {call} }}}}</main>", "utf-8")
    with pytest.raises(RenderError, match="text-module-misused"):
        composer_in(folder)("einladung")


def test_a_module_with_an_unknown_selector_cannot_be_used(folder: Path) -> None:
    path = folder / SHARED / MODULES
    path.write_text(path.read_text("utf-8").replace('"breach_date"', '"full_moon"'), "utf-8")
    with pytest.raises(RenderError, match="text-modules-unusable"):
        composer_in(folder)("einladung")


def test_a_template_that_is_not_provisional_needs_no_provisional_wording(folder: Path) -> None:
    path = folder / SHARED / MODULES
    modules = path.read_text("utf-8").split("[[module]]")
    path.write_text("[[module]]".join(text for text in modules if "provisional = true" not in text), "utf-8")
    compose = composer_in(folder)
    for template in letters.catalogue().all():
        if not template.meta.provisional:
            compose(template.meta.name)
    for name in ("einladung", "widerspruchsbescheid"):
        with pytest.raises(RenderError, match="text-module-missing"):
            compose(name)


def test_a_template_whose_shared_part_is_missing_is_named(folder: Path) -> None:
    (folder / SHARED / "figures.toml").unlink()
    catalogue = Catalogue(folder)
    with pytest.raises(RenderError, match=r"template-unusable.*figures\.toml fehlt"):
        catalogue.get("bewilligungsbescheid")


# Figures


def cells(value: object, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The place of every amount."""
    if isinstance(value, str) and AMOUNT.match(value):
        yield place
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from cells(item, (*place, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from cells(item, (*place, position))


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("aufhebung_erstattung", None),
        ("aenderungsbescheid", "comparison"),
        ("aenderungsbescheid", "calculations"),
        ("vorlaeufige_bewilligung", "calculations"),
        ("ablehnung", "balance"),
    ],
)
def test_no_figure_can_be_a_cent_off(name: str, field: str | None) -> None:
    places = [place for place in cells(sample(name)) if field in (None, place[0])]
    assert len(places) > 6
    for place in places:
        data: Any = sample(name)
        here = data
        for step in place[:-1]:
            here = here[step]
        here[place[-1]] = f"{float(here[place[-1]]) + 0.01:.2f}"
        assert refused(name, data).code == "sum-wrong", place


def test_a_month_that_is_left_out_of_a_recovery_is_found() -> None:
    data = sample("aufhebung_erstattung")
    data["months"][1]["month"] = "2026-07"
    assert refused("aufhebung_erstattung", data).code == "months-incomplete"


def test_less_than_fifty_euros_are_not_taken_back() -> None:
    assert (
        "refund_total"
        in refused("aufhebung_erstattung", sample("aufhebung_erstattung", refund_total="49.99")).message
    )


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("aufhebung_erstattung", {"ground": "§ 48: Änderung nicht mitgeteilt"}, "fault"),
        ("anhoerung", {"kind": "Minderung wegen Meldeversäumnis"}, "breach"),
        ("ablehnung", {"balance": None}, "balance"),
        ("versagung", {"scope": "teilweise"}, "scope_detail"),
        ("widerspruchsbescheid", {"granted_part": ""}, "granted_part"),
        ("widerspruchsbescheid", {"costs": "nicht", "representative_needed": False}, "costs"),
    ],
)
def test_what_the_law_asks_of_this_case_is_asked_for(name: str, changes: dict[str, Any], field: str) -> None:
    data = {key: value for key, value in sample(name, **changes).items() if value is not None}
    error = refused(name, data)
    assert error.code == "data-invalid"
    assert f"({field})" in error.message


def test_a_change_shows_each_difference_with_its_sign() -> None:
    text = letters.text_of(letters.sample_pdf("aenderungsbescheid"))
    assert "697,85 829,72 +131,87" in text
    assert "1.062,19 1.258,19 +196,00" in text


# Hard cases


def family() -> Household:
    """A large household in which everybody has a name of sixty characters."""
    found = next(one for one in (household(1, n) for n in range(200)) if len(one.members) > 4)
    names = [f"von Schulze-Westerhoff-Große-Brinkhaus-{n}" for n in range(len(found.members))]
    members = (
        replace(member, given_name="Anna-Katharina-Elisa", family_name=name)
        for member, name in zip(found.members, names, strict=True)
    )
    return replace(found, members=tuple(members))


@pytest.mark.parametrize("name", letters.NAMES)
def test_letters_of_the_factory_are_written_without_a_gap(name: str) -> None:
    for number in range(12):
        data = letter_data(name, {"reference": household(3, number).case_reference}, seed=number, today=TODAY)
        text = visible_text(letters.composer().compose(letters.request(name, data=data)))
        assert " ." not in text.replace("\n", " ").replace("  ", "")
        assert "None" not in text


def long_recovery(months: int) -> dict[str, Any]:
    """The sample's first month, again and again."""
    data = sample("aufhebung_erstattung")
    spans = [f"{2025 + n // 12}-{n % 12 + 1:02d}" for n in range(months)]
    data["months"] = [{**data["months"][0], "month": month} for month in spans]
    sums = [float(amount) * months for amount in data["months"][0]["refund"]]
    data |= {"period_from": f"{spans[0]}-01", "period_to": f"{spans[-1]}-28"}
    data |= {"refund_sums": [f"{amount:.2f}" for amount in sums], "refund_total": f"{sum(sums):.2f}"}
    return data


def test_a_long_table_repeats_its_head_and_tears_no_month_apart() -> None:
    pdf = letters.render(letters.request("aufhebung_erstattung", data=long_recovery(20)))
    full = [[line.text for line in lines(pdf, page)] for page in range(1, page_count(pdf) + 1)]
    tables = [texts for texts in full if "zusammen" in texts]
    assert len(tables) >= 3
    for texts in tables:
        assert "Monat und Person" in texts
        months = sum(bool(re.match(r"^[^\W\d]+\s*20[0-9]{2}$", text)) for text in texts)
        assert months == texts.count("zusammen")


@pytest.mark.slow
@pytest.mark.parametrize("name", letters.NAMES)
def test_no_heading_stands_alone_at_the_foot_of_a_page(name: str) -> None:
    """A heading is followed by text on its page."""
    source = html(name)
    headings = {" ".join(found.split()) for found in re.findall(r"<h[23][^>]*>([^<]+)</h[23]>", source)}
    pdf = letters.sample_pdf(name)
    for page in range(1, page_count(pdf) + 1):
        body = [line.text.replace("\u00a0", " ") for line in lines(pdf, page) if 20 < line.box.y0_mm < 270]
        assert not body or body[-1] not in headings


@pytest.mark.slow
@pytest.mark.parametrize("name", letters.NAMES)
def test_long_names_and_six_lines_pass_preflight(name: str) -> None:
    address = (
        "Frau",
        "Steffi-Katharina-Elisabeth von Schulze-",
        "Westerhoff-Große-Brinkhaus-Middendorf",
        "c/o Łukasz Wójcik, Hinterhaus",
        "Çiğdemstraße 7",
        "46325 Borken",
    )
    home = family()
    case = {"reference": home.case_reference}
    for seed in range(3):
        data = renamed(letter_data(name, case, seed=seed, today=TODAY), home)
        pdf = letters.render(letters.request(name, data=data, address_lines=address))
        report = preflight(pdf, load_profile("epost"), address)
        assert [finding.code for finding in report.findings] == []
        assert tuple(report.address) == address
        assert line_with(lines(pdf, page_count(pdf)), f"Seite {page_count(pdf)} von {page_count(pdf)}")


def renamed(data: dict[str, Any], home: Household) -> dict[str, Any]:
    """The data with the long names of `home` for the persons of a letter."""
    for person, member in zip(data.get("persons", ()), home.members, strict=False):
        person["name"] = member.full_name
    return data
