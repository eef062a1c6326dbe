"""The cover of a posting file: everything that it says stands on the paper."""

from datetime import UTC, datetime

import pypdfium2

from gateway.domain.account.evidence import Part, PostingFile, Section
from gateway.domain.sheets.layout import MM_PER_PT
from gateway.rendering.evidence import cover_pdf
from gateway.rendering.rows import RIGHT_MM
from tests.world import pdf_text

LONG = "Kette der Siegel bis zum nächsten Anker; von Einträgen zu anderen Schreiben nur die Prüfsumme"

HASH = f"Freigegebenes Dokument: SHA-256 {'d4' * 32}"


def test_long_words_about_a_file_are_broken_and_do_not_run_off_the_paper() -> None:
    file = PostingFile(
        letter="X9ED-D1RR",
        title="Bewilligungsbescheid über Leistungen zur Sicherung des Lebensunterhalts mit einem langen Titel",
        file_number="JC-BOR-2026-00017",
        made_at=datetime(2026, 11, 19, 7, tzinfo=UTC),
        made_by="post",
        sections=[Section("Schreiben", ["Verfasst von Anna Werk (anna). " * 9, HASH, "W" * 200])],
        parts=[Part("kette.json", LONG, b"{}"), Part("belegpost-1.pdf", "Beleg", b"%PDF")],
    )
    cover = cover_pdf(file, UTC)
    assert LONG in " ".join(pdf_text(cover).split())
    assert HASH in " ".join(pdf_text(cover).split()), "a hash is not broken"
    with pypdfium2.PdfDocument(cover) as document:
        for page in document:
            text = page.get_textpage()
            edges = [text.get_charbox(number)[2] for number in range(text.count_chars())]
            assert max(edges) * MM_PER_PT <= RIGHT_MM + 0.1
