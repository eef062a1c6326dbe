"""The run's certificate as a PDF (*Laufzertifikat*): what was checked, how, the results, and every piece with its hash.

Drawn row by row, so that a run of a hundred thousand pieces needs no more memory than a short one. No personal data.
"""

import io
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache

from fontTools.ttLib import TTFont as FontToolsFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from gateway.domain.layout import A4_HEIGHT_MM, A4_WIDTH_MM
from gateway.domain.proof import Certificate, RunProof
from gateway.rendering.fonts import FONT_FILES, MM_PER_PT, default_fonts_dir, font_bytes

_REGULAR, _BOLD = "GatewayProof", "GatewayProofBold"
_TOP_MM, _BOTTOM_MM, _LEFT_MM, _RIGHT_MM = 22.0, 20.0, 25.0, 190.0
_PIECE_COLUMNS_MM = (25.0, 44.0, 55.0, 66.0, 152.0)
_FACT_COLUMNS_MM = (25.0, 75.0)
_CHECK_COLUMNS_MM = (25.0, 58.0, 163.0)


@dataclass(frozen=True)
class _Row:
    """A line of the document: texts at their columns."""

    texts: Sequence[str]
    columns_mm: Sequence[float] = (_LEFT_MM,)
    size_pt: float = 9.0
    bold: bool = False
    before_mm: float = 0.0
    rule: bool = False

    @property
    def height_mm(self) -> float:
        return self.size_pt * MM_PER_PT * 1.5


def proof_pdf(proof: RunProof, zone: tzinfo) -> bytes:
    """The document; moments are shown in `zone`. The same input gives the same bytes."""
    _register_fonts()
    target = io.BytesIO()
    canvas = Canvas(
        target,
        pagesize=(A4_WIDTH_MM / MM_PER_PT, A4_HEIGHT_MM / MM_PER_PT),
        invariant=1,
        pageCompression=1,
        initialFontName=_REGULAR,  # type: ignore[arg-type]
        lang="de-DE",
    )
    canvas.setTitle(_title(proof))
    pages = sum(1 for _ in _pages(_rows(proof, zone)))
    for number, rows in enumerate(_pages(_rows(proof, zone)), start=1):
        _draw(canvas, rows)
        _foot(canvas, f"{_title(proof)} · Seite {number} von {pages}")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _title(proof: RunProof) -> str:
    return f"Laufzertifikat · Tageslauf {proof.number} vom {proof.day:%d.%m.%Y}"


def _rows(proof: RunProof, zone: tzinfo) -> Iterator[_Row]:
    yield _Row(["Laufzertifikat"], size_pt=18, bold=True)
    yield _Row([f"Tageslauf {proof.number} vom {proof.day:%d.%m.%Y}"], size_pt=12)
    yield from _result(proof)
    yield from _checks(proof)
    yield from _facts("Womit geprüft wurde", proof.tools, "")
    yield from _facts("Druckprofile", proof.profiles, "Fassung ")
    for certificate in proof.certificates:
        yield from _certificate(certificate, zone)


def _result(proof: RunProof) -> Iterator[_Row]:
    passed = proof.pieces - proof.faulty
    word = "Alle Sendungen haben bestanden." if not proof.faulty else "Nicht alle Sendungen haben bestanden."
    yield _Row([word], size_pt=11, bold=True, before_mm=6)
    for name, value in (
        ("Geprüfte Sendungen", proof.pieces),
        ("davon einwandfrei", passed),
        ("davon zurückgehalten, nicht übergeben", proof.faulty),
        ("Blätter", proof.sheets),
        ("Seiten ohne durchsuchbaren Text", proof.pages_without_text),
    ):
        yield _Row([name, f"{value:,}".replace(",", ".")], (25.0, 100.0))


def _checks(proof: RunProof) -> Iterator[_Row]:
    yield _Row(
        ["Was geprüft wurde", "Wie", "Nicht bestanden"], _CHECK_COLUMNS_MM, bold=True, before_mm=6, rule=True
    )
    for check in proof.checks:
        for index, line in enumerate(textwrap.wrap(check.how, 66)):
            first = index == 0
            texts = [check.title if first else "", line, str(check.failed) if first else ""]
            yield _Row(texts, _CHECK_COLUMNS_MM, size_pt=8.5, before_mm=1.5 if first else 0)


def _facts(title: str, facts: Mapping[str, str], prefix: str) -> Iterator[_Row]:
    yield _Row([title], bold=True, before_mm=6, rule=True)
    for name, value in facts.items():
        yield _Row([name, f"{prefix}{value}"], _FACT_COLUMNS_MM, size_pt=8.5, before_mm=0.7)


def _certificate(certificate: Certificate, zone: tzinfo) -> Iterator[_Row]:
    made = certificate.made_at.astimezone(zone)
    searched = (
        f"gesuchte Nummern: {certificate.looked_for}, zu kurz für eine Suche: {certificate.not_checkable}."
    )
    title = f"Zertifikat {certificate.number} vom {made:%d.%m.%Y, %H:%M} Uhr"
    yield _Row([title], size_pt=10, bold=True, before_mm=8, rule=True)
    yield _Row([f"SHA-256 {certificate.sha256}"], size_pt=8, before_mm=1)
    yield _Row(
        [f"{len(certificate.pieces)} Sendungen, {certificate.faulty} zurückgehalten; {searched}"], size_pt=8
    )
    heads = ["Sendung", "Seiten", "Blätter", "SHA-256 der geprüften Druckkopie", "Ergebnis"]
    yield _Row(heads, _PIECE_COLUMNS_MM, size_pt=7.5, bold=True, before_mm=2)
    for piece in certificate.pieces:
        texts = [piece.reference, str(piece.pages), str(piece.sheets), piece.print_sha256, piece.result_text]
        yield _Row(texts, _PIECE_COLUMNS_MM, size_pt=6.5)


def _pages(rows: Iterator[_Row]) -> Iterator[list[tuple[float, _Row]]]:
    """Rows with their baselines (mm from the top), page by page; a heading is not left alone at the end of one."""
    page: list[tuple[float, _Row]] = []
    y_mm = _TOP_MM
    for row in rows:
        space = row.height_mm + (row.before_mm if page else 0)
        keep = 12.0 if row.bold else 0.0
        if page and y_mm + space + keep > A4_HEIGHT_MM - _BOTTOM_MM:
            yield page
            page, y_mm, space = [], _TOP_MM, row.height_mm
        y_mm += space
        page.append((y_mm, row))
    if page:
        yield page


def _draw(canvas: Canvas, rows: Sequence[tuple[float, _Row]]) -> None:
    for y_mm, row in rows:
        canvas.setFont(_BOLD if row.bold else _REGULAR, row.size_pt)
        for x_mm, text in zip(row.columns_mm, row.texts, strict=True):
            canvas.drawString(x_mm / MM_PER_PT, (A4_HEIGHT_MM - y_mm) / MM_PER_PT, text)
        if row.rule:
            below = (A4_HEIGHT_MM - y_mm - 1.2) / MM_PER_PT
            canvas.setLineWidth(0.5)
            canvas.line(_LEFT_MM / MM_PER_PT, below, _RIGHT_MM / MM_PER_PT, below)


def _foot(canvas: Canvas, text: str) -> None:
    canvas.setFont(_REGULAR, 8)
    canvas.drawString(_LEFT_MM / MM_PER_PT, 12 / MM_PER_PT, text)


@cache
def _register_fonts() -> None:
    """Whole, since ReportLab reads TrueType only and cuts them itself."""
    files = font_bytes(default_fonts_dir())
    for name, file in ((_REGULAR, FONT_FILES["regular"]), (_BOLD, FONT_FILES["bold"])):
        with FontToolsFont(io.BytesIO(files[file]), lazy=True, recalcTimestamp=False) as face:
            face.flavor = None
            for record in face["name"].names:
                record.string = name  # or ReportLab takes it for the cut font of the print copies
            truetype = io.BytesIO()
            face.save(truetype)
        truetype.seek(0)
        pdfmetrics.registerFont(TTFont(name, truetype))
