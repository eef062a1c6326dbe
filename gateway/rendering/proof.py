"""The run's certificate as a PDF (*Laufzertifikat*): what was checked, how, the results, and every piece with its hash.

No personal data.
"""

import textwrap
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from functools import partial

from gateway.domain.runs.proof import Certificate, RunProof
from gateway.rendering.rows import Row, rows_pdf

_PIECE_COLUMNS_MM = (25.0, 44.0, 55.0, 66.0, 152.0)
_FACT_COLUMNS_MM = (25.0, 75.0)
_CHECK_COLUMNS_MM = (25.0, 58.0, 163.0)


def proof_pdf(proof: RunProof, zone: tzinfo) -> bytes:
    """The document; moments are shown in `zone`. The same input gives the same bytes."""
    return rows_pdf(_title(proof), partial(_rows, proof, zone))


def _title(proof: RunProof) -> str:
    return f"Laufzertifikat · Tageslauf {proof.number} vom {proof.day:%d.%m.%Y}"


def _rows(proof: RunProof, zone: tzinfo) -> Iterator[Row]:
    yield Row(["Laufzertifikat"], size_pt=18, bold=True)
    yield Row([f"Tageslauf {proof.number} vom {proof.day:%d.%m.%Y}"], size_pt=12)
    yield from _result(proof)
    yield from _checks(proof)
    yield from _facts("Womit geprüft wurde", proof.tools, "")
    yield from _facts("Druckprofile", proof.profiles, "Fassung ")
    for certificate in proof.certificates:
        yield from _certificate(certificate, zone)


def _result(proof: RunProof) -> Iterator[Row]:
    passed = proof.pieces - proof.faulty
    word = "Alle Sendungen haben bestanden." if not proof.faulty else "Nicht alle Sendungen haben bestanden."
    yield Row([word], size_pt=11, bold=True, before_mm=6)
    for name, value in (
        ("Geprüfte Sendungen", proof.pieces),
        ("davon einwandfrei", passed),
        ("davon zurückgehalten, nicht übergeben", proof.faulty),
        ("Blätter", proof.sheets),
        ("Seiten ohne durchsuchbaren Text", proof.pages_without_text),
    ):
        yield Row([name, f"{value:,}".replace(",", ".")], (25.0, 100.0))


def _checks(proof: RunProof) -> Iterator[Row]:
    yield Row(
        ["Was geprüft wurde", "Wie", "Nicht bestanden"], _CHECK_COLUMNS_MM, bold=True, before_mm=6, rule=True
    )
    for check in proof.checks:
        for index, line in enumerate(textwrap.wrap(check.how, 66)):
            first = index == 0
            texts = [check.title if first else "", line, str(check.failed) if first else ""]
            yield Row(texts, _CHECK_COLUMNS_MM, size_pt=8.5, before_mm=1.5 if first else 0)


def _facts(title: str, facts: Mapping[str, str], prefix: str) -> Iterator[Row]:
    yield Row([title], bold=True, before_mm=6, rule=True)
    for name, value in facts.items():
        yield Row([name, f"{prefix}{value}"], _FACT_COLUMNS_MM, size_pt=8.5, before_mm=0.7)


def _certificate(certificate: Certificate, zone: tzinfo) -> Iterator[Row]:
    made = certificate.made_at.astimezone(zone)
    searched = (
        f"gesuchte Nummern: {certificate.looked_for}, zu kurz für eine Suche: {certificate.not_checkable}."
    )
    title = f"Zertifikat {certificate.number} vom {made:%d.%m.%Y, %H:%M} Uhr"
    yield Row([title], size_pt=10, bold=True, before_mm=8, rule=True)
    yield Row([f"SHA-256 {certificate.sha256}"], size_pt=8, before_mm=1)
    yield Row(
        [f"{len(certificate.pieces)} Sendungen, {certificate.faulty} zurückgehalten; {searched}"], size_pt=8
    )
    heads = ["Sendung", "Seiten", "Blätter", "SHA-256 der geprüften Druckkopie", "Ergebnis"]
    yield Row(heads, _PIECE_COLUMNS_MM, size_pt=7.5, bold=True, before_mm=2)
    for piece in certificate.pieces:
        texts = [piece.reference, str(piece.pages), str(piece.sheets), piece.print_sha256, piece.result_text]
        yield Row(texts, _PIECE_COLUMNS_MM, size_pt=6.5)
