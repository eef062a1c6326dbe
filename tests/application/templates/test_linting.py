"""The template lint on real folders: one good template, and the same with one defect at a time."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from gateway.application.operation.checking import check_templates
from gateway.application.services import Services
from gateway.application.templates.linting import lint
from gateway.application.templates.publishing import publish
from gateway.db.templates import TemplateVersion
from gateway.domain.findings import Finding, has_error
from gateway.errors import Conflict
from gateway.rendering.local import LocalRenderer
from tests.world import ROOT, World

NAME = "probe"
LETTER = """{% extends "_shared/base.html.j2" %}
{% block subject %}<h1>Bescheid</h1>{% endblock %}
{% block content %}
<section data-part="operative"><p>Ihr Antrag vom {{ data.applied|date_de }} wird abgelehnt.</p></section>
<section data-part="reasons"><p>Sie sind nicht hilfebedürftig (§ 9 SGB II): {{ data.income|eur }} EUR.</p></section>
{% if data.remark %}<p>{{ data.remark }}</p>{% endif %}
{% endblock %}
{% block annexes %}<p>Anlagen</p>{% endblock %}
"""
META = """title = "Probebescheid"
legal_basis = "§ 9 SGB II"
is_decision = true
needs_remedy_notice = true
four_eyes = false
service = "standard"
provisional = false

[schema]
type = "object"
title = "Probebescheid"
additionalProperties = false
required = ["applied", "income"]

[schema.properties]
applied = { title = "Antrag vom", type = "string", format = "date" }
income = { title = "Einkommen", type = "string", pattern = '^[0-9]+\\.[0-9]{2}$' }
remark = { title = "Bemerkung", type = "string", default = "" }
"""
SAMPLE = {"applied": "2026-10-19", "income": "1037.19"}
LETTER_FILE, META_FILE, BASE, MODULES, STYLE, LARGE_PRINT = (
    f"{NAME}/letter.html.j2",
    f"{NAME}/meta.toml",
    "_shared/base.html.j2",
    "_shared/modules.toml",
    "_shared/letter.css",
    "_shared/large-print.css",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good template."""
    made = tmp_path / "templates"
    shutil.copytree(ROOT / "letter_templates" / "_shared", made / "_shared")
    (made / NAME).mkdir()
    (made / LETTER_FILE).write_text(LETTER, "utf-8")
    (made / META_FILE).write_text(META, "utf-8")
    (made / NAME / "sample.json").write_text(json.dumps(SAMPLE), "utf-8")
    return made


@pytest.fixture
def renderers() -> Iterator[list[LocalRenderer]]:
    opened: list[LocalRenderer] = []
    yield opened
    for renderer in opened:
        renderer.close()


def with_folder(world: World, folder: Path, renderers: list[LocalRenderer]) -> Services:
    renderers.append(LocalRenderer(folder, workers=0))
    return replace(world.services, renderer=renderers[-1])


def found(services: Services) -> list[Finding]:
    return lint(services, services.renderer.template(NAME))


def test_the_good_template_has_no_fault(world: World, folder: Path, renderers: list[LocalRenderer]) -> None:
    services = with_folder(world, folder, renderers)
    assert found(services) == []
    assert publish(services, "admin", NAME).name == NAME


DEFECTS = [
    ("template-authority-missing", BASE, "<p>{{ office.authority }} · {{ office.name }}</p>", "<p>Behörde</p>"),
    ("template-sender-missing", BASE, "{{ office.postcode }} {{ office.place }}", ""),
    ("template-foreign-office", LETTER_FILE, "abgelehnt.", "abgelehnt. Jobcenter Borken, 02861 000-0"),
    ("template-authority-fixed", LETTER_FILE, "abgelehnt.", "abgelehnt. Der Landrat"),
    ("template-file-number-missing", BASE, "<td>{{ letter.file_number }}</td>", "<td>-</td>"),
    ("template-date-missing", BASE, '</th><td>{{ letter.decision_date|date_de }}</td>', "</th><td>heute</td>"),
    ("template-author-missing", BASE, '<p class="name">{{ letter.author_name }}</p>', ""),
    ("template-page-number-missing", STYLE, '"Seite " counter(page) " von " counter(pages)', '"Seite " counter(page)'),
    ("template-part-unknown", LETTER_FILE, "<h1>Bescheid</h1>", '<h1 data-part="title">Bescheid</h1>'),
    ("template-operative-part-missing", LETTER_FILE, ' data-part="operative"', ""),
    ("template-reasons-missing", LETTER_FILE, ' data-part="reasons"', ""),
    ("template-legal-basis-missing", LETTER_FILE, " (§ 9 SGB II)", ""),
    ("template-remedy-flag", META_FILE, "is_decision = true", "is_decision = false"),
    ("template-remedy-missing", META_FILE, "needs_remedy_notice = true", "needs_remedy_notice = false"),
    ("template-remedy-unneeded", META_FILE, "is_decision = true", "is_decision = false"),
    ("template-remedy-kind", MODULES, "Widerspruch", "Einwand"),
    ("template-remedy-addressee", MODULES, "{{ office.authority }}, {{ office.name }}", "{{ office.name }}"),
    ("template-remedy-period", MODULES, "innerhalb eines Monats nach Bekanntgabe", "bald"),
    ("template-remedy-written", MODULES, "schriftlich, in", "in"),
    ("template-remedy-record", MODULES, "oder zur Niederschrift", "oder mündlich"),
    ("template-remedy-electronic", MODULES, "in elektronischer Form", "in jeder Form"),
    ("template-deemed-days", MODULES, "erhoben werden.", "erhoben werden. Er gilt vier Tage nach Aufgabe als bekannt."),
    ("template-return-order-dead", LETTER_FILE, "abgelehnt.", "abgelehnt. Bei Umzug mit neuer Anschrift zurück!"),
    ("template-date-spelling", LETTER_FILE, "data.applied|date_de", "data.applied"),
    ("template-money-spelling", LETTER_FILE, "data.income|eur", "data.income"),
    ("template-annexes-colon", LETTER_FILE, "<p>Anlagen</p>", "<p>Anlagen: keine</p>"),
    ("template-greeting-comma", BASE, "Mit freundlichen Grüßen", "Mit freundlichen Grüßen,"),
    ("template-field-untitled", META_FILE, 'title = "Bemerkung", ', ""),
    ("template-sample-invalid", f"{NAME}/sample.json", "2026-10-19", "gestern"),
    ("template-name-unknown", LETTER_FILE, "{{ data.remark }}", "{{ data.remak }}"),
    ("template-name-unknown", LETTER_FILE, "{{ data.remark }}", "{{ text('no-such-module') }}"),
    ("template-name-unknown", LETTER_FILE, "{{ data.remark }}", "{{ office.fax }}"),
    ("template-name-unknown", LETTER_FILE, "{{ data.remark }}", "{{ data.remark|no_such_filter }}"),
    ("template-name-unknown", LETTER_FILE, "{{ data.remark }}", "{% if %}"),
    ("template-error", LETTER_FILE, "{{ data.income|eur }}", "{{ data.income|eur }}{{ data['nothing'] }}"),
    ("glyph-missing", LETTER_FILE, "abgelehnt.", "abgelehnt. \u4e2d"),
    ("style-invalid", LARGE_PRINT, "hyphens: none;", "hyphens: nowhere;"),
    ("text-module-missing", MODULES, 'id = "large-print-note"', 'id = "large-print-other"'),
]  # fmt: skip


@pytest.mark.parametrize(("code", "file", "old", "new"), DEFECTS)
def test_a_template_with_one_defect_is_found_out_and_not_published(
    world: World, folder: Path, renderers: list[LocalRenderer], code: str, file: str, old: str, new: str
) -> None:
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), "utf-8")
    services = with_folder(world, folder, renderers)
    findings = found(services)
    assert code in {finding.code for finding in findings}
    assert has_error(findings)
    assert all(finding.message.endswith((".", ")")) for finding in findings)
    with pytest.raises(Conflict, match="template-faulty"):
        publish(services, "admin", NAME)
    with services.db.reading() as session:
        assert session.exec(select(TemplateVersion).where(TemplateVersion.template == NAME)).all() == []


def test_the_check_names_every_template_and_what_is_wrong_with_it(
    world: World, folder: Path, renderers: list[LocalRenderer]
) -> None:
    services = with_folder(world, folder, renderers)
    results = check_templates(services)
    assert [finding.code for finding in results[NAME]] == ["template-not-published"]
    assert check_templates(services, NAME) == results


def test_the_shipped_templates_have_no_fault(world: World) -> None:
    for meta in world.services.renderer.templates():
        assert [finding.code for finding in lint(world.services, meta)] == [], meta.name
