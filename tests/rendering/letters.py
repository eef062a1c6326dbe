"""Letters for the rendering tests: one fictional office, one fictional author, and any recipient."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import pypdfium2 as pdfium

from gateway.domain.findings import Box
from gateway.domain.letters.accessible import AccessibleCopy
from gateway.domain.references import reference_from
from gateway.ports.renderer import OfficeValues, RenderRequest
from gateway.rendering import large_print
from gateway.rendering.catalogue import SHARED, Catalogue
from gateway.rendering.fonts import FontMetrics
from gateway.rendering.html import Composer
from gateway.rendering.pdf import STYLE, PdfWriter

NAMES = (
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
)
REFERENCE = reference_from(4_711_004_711)
ADDRESS = ("Frau", "Mareike Terhörst", "Am Mühlenbach 12 a", "46395 Bocholt")
SIX_LINES = (
    "Herrn",
    "Nguyễn Ánh Dũng",
    "c/o Łukasz Wójcik",
    "Ortsteil Đorđević-Öding",
    "Çiğdemstraße 7",
    "46325 Borken",
)
OFFICE = OfficeValues(
    name="Jobcenter Bocholt",
    authority="Kreis Borken – Der Landrat – Jobcenter",
    street="Berliner Platz 1",
    postcode="46395",
    place="Bocholt",
    phone="02871 95-0",
    email="jobcenter@bocholt.example",
    website="www.kreis-borken.example/jobcenter",
    return_line="Kreis Borken · Jobcenter · Berliner Platz 1 · 46395 Bocholt",
    signature_block="Im Auftrag",
)


@cache
def catalogue() -> Catalogue:
    return Catalogue()


@cache
def composer() -> Composer:
    return Composer(catalogue(), FontMetrics())


@cache
def writer() -> PdfWriter:
    return PdfWriter(catalogue().folder / SHARED / STYLE)


def request(name: str = "bewilligungsbescheid", **changes: object) -> RenderRequest:
    """A request for the sample letter of a template, with `changes`."""
    meta = catalogue().get(name).meta
    sample = RenderRequest(
        template=name,
        template_version=meta.version,
        letter_reference=REFERENCE,
        file_number="50.2-JC-2026-004711",
        bg_number="35502BG0004711",
        decision_date=date(2026, 11, 22),
        office=OFFICE,
        author_name="Hendrik Wolters",
        author_phone="02871 95-3417",
        author_room="2.14",
        address_lines=ADDRESS,
        salutation="Sehr geehrte Frau Terhörst,",
        data=meta.sample,
    )
    return replace(sample, **changes)  # type: ignore[arg-type]


def with_data(name: str, **changes: object) -> RenderRequest:
    """A request with some of the sample's fields changed; None removes one."""
    sample: Mapping[str, object] = catalogue().get(name).meta.sample
    merged = {**sample, **changes}
    return request(name, data={key: value for key, value in merged.items() if value is not None})


@cache
def twin_writer() -> PdfWriter:
    shared = catalogue().folder / SHARED
    return PdfWriter(shared / STYLE, shared / large_print.STYLE)


def twin(letter: RenderRequest) -> RenderRequest:
    """The same letter in large print."""
    return replace(letter, accessible_copy=AccessibleCopy.LARGE_PRINT)


@cache
def sample_pdf(name: str, address: Sequence[str] = ADDRESS) -> bytes:
    return render(request(name, address_lines=address))


@cache
def sample_twin_pdf(name: str) -> bytes:
    return render(twin(request(name)))


def render(letter: RenderRequest) -> bytes:
    used = twin_writer() if letter.accessible_copy else writer()
    return used.write(composer().compose(letter))[0]


class Line(NamedTuple):
    """A line of text as it stands on a page: its outline in mm from the top left."""

    text: str
    box: Box


def page_count(pdf: bytes) -> int:
    document = pdfium.PdfDocument(pdf)
    try:
        return len(document)
    finally:
        document.close()


@cache
def lines(pdf: bytes, page: int) -> Sequence[Line]:
    """The lines of a page (from 1) as the eye reads them: from top to bottom, then from left to right."""
    document = pdfium.PdfDocument(pdf)
    try:
        sheet = document[page - 1]
        height = sheet.get_height()
        text = sheet.get_textpage()
        found = [text.get_rect(index) for index in range(text.count_rects())]
        read = [
            Line(
                text.get_text_bounded(*_middle(*rect)).strip(),
                Box(*(_mm(v) for v in (rect[0], height - rect[3], rect[2], height - rect[1]))),
            )
            for rect in found
        ]
        return sorted(read, key=lambda line: (round(line.box.y1_mm), line.box.x0_mm))
    finally:
        document.close()


def _middle(left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
    """Where only this line's letters are: descenders and accents of neighbours reach into the rest."""
    return left, bottom + 0.1 * (top - bottom), right, top - 0.25 * (top - bottom)


def _mm(points: float) -> float:
    return points * 25.4 / 72


def text_of(pdf: bytes) -> str:
    """All text, blanks unified."""
    document = pdfium.PdfDocument(pdf)
    try:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
    finally:
        document.close()


def line_with(found: Sequence[Line], words: str) -> Line:
    """The first line that holds `words`."""
    return next(line for line in found if words in line.text)


def pitches_mm(found: Sequence[Line]) -> list[float]:
    """Distances between the lower edges of lines that follow one another."""
    return [later.box.y1_mm - earlier.box.y1_mm for earlier, later in pairwise(found)]
