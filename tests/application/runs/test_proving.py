"""What the certificates of a run prove, read by people: true to the document, and nothing personal."""

import io
from dataclasses import replace
from zoneinfo import ZoneInfo

import pikepdf
import pypdfium2
import pytest

from gateway.application.runs.proving import certified_runs, run_proof
from gateway.domain.references import for_people
from gateway.errors import IntegrityError, NotFound, NotPermitted
from gateway.rendering.proof import proof_pdf
from tests.application.runs.test_certifying import certificates
from tests.world import MONDAY, World

BERLIN = ZoneInfo("Europe/Berlin")
PERSONAL = ("Brien", "Đorđe", "Nguyễn", "Dvořák", "Lindenweg", "JC-BOR", "35702")


def text_of(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def test_the_proof_says_what_the_certificate_says(world: World) -> None:
    world.approved("F1")
    world.approved("F2")
    world.evening()
    ((row, document),) = certificates(world)
    proof = run_proof(world.services, "post", MONDAY, 1)
    assert (proof.pieces, proof.faulty, len(proof.checks)) == (3, 0, len(document["checked"]))
    (certificate,) = proof.certificates
    assert certificate.sha256 == row.sha256
    assert [(one.reference, one.print_sha256) for one in certificate.pieces] == [
        (for_people(piece["reference"]), piece["print_sha256"]) for piece in document["pieces"]
    ]
    assert proof.profiles == document["profiles"]
    (line,) = certified_runs(world.services, "post")
    assert (line.day, line.number, line.pieces, line.faulty) == (MONDAY, 1, 3, 0)


def test_it_is_for_those_who_run_or_read_the_whole_house(world: World) -> None:
    world.approved("F1")
    world.evening()
    for login in ("post", "admin", "audit", None):
        assert run_proof(world.services, login, MONDAY, 1).pieces == 1
    assert run_proof(world.services, "anna", MONDAY, 1).pieces == 1  # only her office was in this run
    with pytest.raises(NotPermitted):
        run_proof(world.services, "ahmad", MONDAY, 1)
    assert certified_runs(world.services, "ahmad") == []
    with pytest.raises(NotFound, match="certificate-unknown"):
        run_proof(world.services, "post", MONDAY, 2)


def test_a_changed_document_is_no_proof(world: World) -> None:
    world.approved("F1")
    world.evening()
    ((row, _),) = certificates(world)
    stored = world.settings.data_dir / "documents" / row.sha256[:2] / row.sha256[2:4] / row.sha256
    stored.write_bytes(stored.read_bytes().replace(b"clean", b"clear"))
    with pytest.raises(IntegrityError):
        run_proof(world.services, None, MONDAY, 1)


def test_the_pdf_has_every_piece_and_nothing_personal(world: World) -> None:
    world.approved("F1")
    world.approved("F2")
    world.evening()
    proof = run_proof(world.services, None, MONDAY, 1)
    pdf = proof_pdf(proof, BERLIN)
    assert pdf == proof_pdf(proof, BERLIN)
    text = text_of(pdf)
    for piece in proof.certificates[0].pieces:
        assert piece.reference in text
        assert piece.print_sha256 in text
    assert proof.certificates[0].sha256 in text
    assert "Alle Sendungen haben bestanden" in text
    assert not [word for word in PERSONAL if word in text]


def test_a_long_run_fills_pages_that_are_numbered(world: World) -> None:
    world.approved("F1")
    world.evening()
    proof = run_proof(world.services, None, MONDAY, 1)
    (certificate,) = proof.certificates
    many = replace(proof, certificates=[replace(certificate, pieces=[certificate.pieces[0]] * 700)])
    pdf = proof_pdf(many, BERLIN)
    with pikepdf.open(io.BytesIO(pdf)) as document:
        pages = len(document.pages)
    text = text_of(pdf)
    assert pages > 5
    assert f"Seite {pages} von {pages}" in text
    assert text.count(certificate.pieces[0].print_sha256) == 700
