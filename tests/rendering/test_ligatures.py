"""Ligatures: one glyph that stands for several letters is no overprinting; letters on one another are."""

from functools import cache

import pytest
import weasyprint
from reportlab.pdfgen.canvas import Canvas

from gateway.providers.profiles import load_profile
from gateway.rendering.fonts import FONT_FILES, default_fonts_dir
from gateway.rendering.preflight import preflight
from tests.rendering import pdfs

LINES = ("Frau", "Steffi Griffig-Pfleger", "Schifffahrtsweg 7", "46325 Treffurt")


@cache
def with_ligatures() -> bytes:
    """As a browser or a word processor writes it: ffi is one glyph, and the text layer has its three letters."""
    font = (default_fonts_dir() / FONT_FILES["regular"]).as_uri()
    style = f"""
        @font-face {{ font-family: letter; src: url({font}) }}
        @page {{ size: A4; margin: 0 }}
        p {{ position: absolute; left: 25mm; top: 70mm; margin: 0; font: 9pt/3.8mm letter;
             font-variant-ligatures: common-ligatures }}"""
    html = f"<style>{style}</style><p>{'<br>'.join(LINES)}</p>"
    pdf: bytes = weasyprint.HTML(string=html).write_pdf()
    return pdf


def codes(pdf: bytes) -> set[str]:
    return {finding.code for finding in preflight(pdf, load_profile("epost"), LINES).findings}


def printed(*over: tuple[float, float, str], lines: tuple[str, ...] = LINES) -> bytes:
    """A letter with more text (x, y in mm) over its address."""

    def address(canvas: Canvas) -> None:
        pdfs.address_block(canvas, lines)
        for x_mm, y_mm, words in over:
            pdfs.text(canvas, x_mm, y_mm, words)

    return pdfs.letter(address=address)


def test_an_address_with_ligatures_is_read_letter_by_letter_and_has_no_findings() -> None:
    report = preflight(with_ligatures(), load_profile("epost"), LINES)
    assert (tuple(report.address), list(report.findings)) == (LINES, [])


def test_ligatures_that_are_characters_of_their_own_are_the_same_address() -> None:
    written = ("Frau", "Ste\ufb03 Gri\ufb03g-P\ufb02eger", "Schi\ufb00fahrtsweg 7", "46325 Tre\ufb00urt")
    assert codes(printed(lines=written)) == set()


@pytest.mark.parametrize(("below", "above"), [("f", "\ufb01"), ("i", "\ufb01"), ("o", "e"), ("\ufb00", "m")])
def test_a_letter_printed_on_the_spot_of_another_is_found(below: str, above: str) -> None:
    assert "address-overprinted" not in codes(printed((70, 73, below)))
    assert "address-overprinted" in codes(printed((70, 73, below), (70, 73, above)))
