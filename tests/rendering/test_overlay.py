"""The overlay: exact places, vector codes, one embedded font, the same bytes every time."""

import io
from collections.abc import Sequence

import pikepdf
import pytest

from gateway.domain.findings import Box
from gateway.domain.references import SheetCode
from gateway.domain.sheets.layout import PrintProfile
from gateway.providers.profiles import load_profile
from gateway.rendering import reading
from gateway.rendering.codes import read_codes
from gateway.rendering.overlay import stamps
from tests.rendering import pdfs

EPOST = load_profile("epost")
CODES = [SheetCode("7K4M9QXZ", sheet, 3) for sheet in (1, 2, 3)]
PAGE = Box(0, 0, 210, 297)


def overlay(codes: Sequence[SheetCode], profile: PrintProfile) -> bytes:
    """The stamps alone, each on a page of its own."""
    target = io.BytesIO()
    with pikepdf.new() as document:
        for stamp in stamps(document, codes, profile):
            page = document.add_blank_page(page_size=pdfs.A4)
            page.add_resource(stamp, pikepdf.Name.XObject, pikepdf.Name.Stamp)
            page.contents_add(b"/Stamp Do")
        document.save(target, deterministic_id=True)
    return target.getvalue()


def test_each_sheet_has_its_code_and_nothing_leaves_the_boxes() -> None:
    pdf = overlay(CODES, EPOST)
    assert [(code.page, code.text) for code in read_codes(pdf)] == [
        (number, code.encode()) for number, code in enumerate(CODES, start=1)
    ]
    with reading.read(pdf) as document:
        for number in (1, 2, 3):
            own = (EPOST.sheet_code, EPOST.return_code) if number == 1 else (EPOST.sheet_code,)
            assert document.page(number).ink.bounds(PAGE, *own) is None


def test_the_quiet_zone_is_kept_on_every_side() -> None:
    with reading.read(overlay(CODES, EPOST)) as document:
        ink = document.page(2).ink_in(EPOST.sheet_code, 300).bounds(EPOST.sheet_code)
    assert ink is not None
    assert ink.as_list() == pytest.approx([195.5, 280.5, 204.5, 289.5], abs=0.11)


def test_the_piece_reference_stands_on_page_one_in_seven_points() -> None:
    with reading.read(overlay(CODES, EPOST)) as document:
        characters = document.page(1).characters(PAGE)
        assert document.page(2).characters(PAGE) == []
    assert "".join(chr(each.code_point) for each in characters) == "7K4M-9QXZ"
    assert EPOST.return_code.contains(Box(25, 48, characters[-1].box.x1_mm, 49))
    capital_mm = characters[0].box.y1_mm - characters[0].box.y0_mm
    assert capital_mm == pytest.approx(0.714 * 7 * 25.4 / 72, abs=0.05)


def test_its_only_font_is_embedded_and_small() -> None:
    pdf = overlay(CODES, EPOST)
    with reading.read(pdf) as document:
        (font,) = document.page(1).fonts
    assert font.embedded
    with pikepdf.open(io.BytesIO(pdf)) as document:
        stamped = [page.Resources.XObject.Stamp for page in document.pages]
        assert len({stamp.Resources.Font.GatewayCodes.objgen for stamp in stamped}) == 1
    assert len(pdf) < 8_000


def test_the_same_codes_give_the_same_bytes() -> None:
    assert overlay(CODES, EPOST) == overlay(CODES, EPOST)
