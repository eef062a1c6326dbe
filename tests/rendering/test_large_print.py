"""The twin in large print: every word of the letter and no other, at 16 pt, in a window that shows the address only."""

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import pytest
import tinyhtml5  # type: ignore[import-untyped]

from gateway.domain.findings import Box, Severity
from gateway.providers.profiles import load_profile
from gateway.rendering import reading
from gateway.rendering.fonts import FontMetrics
from gateway.rendering.inspection import page_texts
from gateway.rendering.large_print import read_out_wide_tables
from gateway.rendering.preflight import preflight
from tests.rendering import letters

CAP_HEIGHT_MM = 16 * 0.714 * 25.4 / 72
"""Of the letter font at 16 pt."""
FIRST_LINE_MM = 113.0
PAGE = Box(0, 0, 210, 297)
CONTACT_MM = (269.0, 145.0)
"""From which y, up to which x the contact lines of the letterhead stand on page 1."""


def body(html: str) -> Element:
    """What is read as text, without the note that only a twin has."""
    main: Element = tinyhtml5.parse(html, namespace_html_elements=False).find(".//main")
    for note in main.findall("div[@class='twin-note']"):
        main.remove(note)
    return main


def words(element: Element) -> list[str]:
    return re.findall(r"\w+", " ".join(element.itertext()))


def text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def figures(main: Element) -> list[Element]:
    """Tables of figures, and what stands in their place, in order."""
    classes = ("figures", "read-out")
    return [one for one in main.iter() if (one.get("class") or " ").split()[:1] in [[name] for name in classes]]


def without_figures(main: Element) -> list[str]:
    found = words(main)
    for one in figures(main):
        part = words(one)
        start = next(n for n in range(len(found)) if found[n : n + len(part)] == part)
        del found[start : start + len(part)]
    return found


def said_by_table(table: Element) -> Iterator[tuple[str, ...]]:
    """Caption, name of the rows, groups, and each value with row and column."""
    if (caption := table.find("caption")) is not None:
        yield (text(caption),)
    columns = [text(cell) for cell in table.findall("thead/tr/th")]
    yield (columns[0],)
    for row in table.findall("tbody/tr"):
        cells = [text(cell) for cell in row]
        if row.get("class") == "group":
            yield (cells[0],)
        else:
            yield from ((cells[0], name, value) for name, value in zip(columns[1:], cells[1:], strict=True))


def said_in_words(read_out: Element) -> Iterator[tuple[str, ...]]:
    for part in read_out:
        if part.tag == "p":
            yield (text(part),)
            continue
        name = part.find("p")
        assert name is not None
        for item in part.findall("ul/li"):
            column, _, value = text(item).rpartition(": ")
            yield text(name), column, value


@pytest.mark.parametrize("name", letters.NAMES)
def test_a_twin_says_what_its_letter_says_and_nothing_else(name: str) -> None:
    request = letters.request(name)
    letter = body(letters.composer().compose(request))
    twin = body(letters.composer().compose(letters.twin(request)))
    assert without_figures(twin) == without_figures(letter)
    for table, same in zip(figures(letter), figures(twin), strict=True):
        if same.tag == "table":
            assert words(same) == words(table)
        else:
            assert list(said_in_words(same)) == list(said_by_table(table))


@pytest.mark.parametrize("name", letters.NAMES)
def test_no_word_of_a_twin_is_lost_or_divided_in_print(name: str) -> None:
    html = letters.composer().compose(letters.twin(letters.request(name)))
    printed = Counter(re.findall(r"\w+", " ".join(page_texts(letters.sample_twin_pdf(name)))))
    assert not Counter(words(body(html))) - printed


@pytest.mark.parametrize("name", letters.NAMES)
def test_everything_that_is_read_as_text_is_at_least_16_pt_high(name: str) -> None:
    with reading.read(letters.sample_twin_pdf(name)) as document:
        for number in range(1, letters.page_count(letters.sample_twin_pdf(name)) + 1):
            for character in document.page(number).characters(PAGE):
                box = character.box
                letterhead = number == 1 and (
                    box.y0_mm < FIRST_LINE_MM or (box.y0_mm > CONTACT_MM[0] and box.x0_mm < CONTACT_MM[1])
                )
                if chr(character.code_point) in "BDEFHIKLMNPRTZ" and not letterhead:
                    assert box.y1_mm - box.y0_mm > CAP_HEIGHT_MM - 0.1, (number, box)


@pytest.mark.parametrize("profile", ["epost", "letterxpress", "pingen", "sftp"])
@pytest.mark.parametrize("name", letters.NAMES)
def test_a_twin_passes_the_same_preflight_as_its_letter(name: str, profile: str) -> None:
    report = preflight(letters.sample_twin_pdf(name), load_profile(profile), letters.ADDRESS)
    assert [one for one in report.findings if one.severity is Severity.ERROR] == []
    assert tuple(report.address) == letters.ADDRESS


def test_a_twin_says_that_it_is_one_and_starts_no_new_period() -> None:
    first = page_texts(letters.sample_twin_pdf("widerspruchsbescheid"))[0]
    assert "Abschrift in Großdruck" in first
    assert "keine neue Frist" in first
    assert "Abschrift" not in " ".join(page_texts(letters.sample_pdf("widerspruchsbescheid")))


def test_the_pages_of_a_twin_are_counted_for_itself() -> None:
    pages = page_texts(letters.sample_twin_pdf("bewilligungsbescheid"))
    for number, page in enumerate(pages, start=1):
        assert f"Seite {number} von {len(pages)}" in page


def test_the_same_request_gives_the_same_twin_and_never_the_letter() -> None:
    request = letters.request("einladung")
    assert letters.render(letters.twin(request)) == letters.sample_twin_pdf("einladung")
    assert letters.render(request) != letters.sample_twin_pdf("einladung")


def table(columns: int, value: str = "1.037,19", markup: str = "Zahlbetrag") -> str:
    heads = "".join(f'<th scope="col" class="amount">Spalte {number}</th>' for number in range(columns))
    cells = f"<td>{value}</td>" * columns
    return (
        f'<table class="figures"><thead><tr><th scope="col">Monat</th>{heads}</tr></thead>'
        f'<tbody><tr class="sum"><th scope="row">{markup}</th>{cells}</tr></tbody></table>'
    )


def test_a_table_stays_one_as_long_as_its_words_fit_at_16_pt() -> None:
    metrics = FontMetrics()
    assert read_out_wide_tables(table(3), metrics) == table(3)
    assert "<table" not in read_out_wide_tables(table(7), metrics)
    assert "<table" not in read_out_wide_tables(
        table(2, value="1.037,19 EUR je Monat und Person im Haushalt"), metrics
    )


def test_markup_and_escaped_characters_of_cells_stay_what_they_are() -> None:
    inner = "<strong>5&nbsp;&lt;&#8239;6</strong> &amp; mehr"
    read = read_out_wide_tables(table(7, markup=inner), FontMetrics())
    assert f"<p>{inner}</p>" in read
    assert re.search(r'<div class="row sum">', read)
    assert "<li>Spalte 6: 1.037,19</li>" in read
