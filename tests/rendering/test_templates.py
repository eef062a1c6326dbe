"""The letters as they stand on paper: places in mm, read from the PDF, and what a citizen finds there."""

import io
from functools import cache

import pytest
import zxingcpp
from PIL import Image

from gateway.domain.findings import Box
from gateway.domain.references import decode_reply_code
from gateway.providers.profiles import load_profile
from gateway.rendering.pictures import picture
from gateway.rendering.preflight import preflight
from tests.rendering import letters
from tests.rendering.letters import line_with, lines, page_count, pitches_mm, sample_pdf, text_of

EPOST = load_profile("epost")
TALL = ("Frau", "Ẫnh Ễva Ğül", "Ändorfer Straße 12", "46325 Borken")


@cache
def seen(pdf: bytes, page: int, dpi: int) -> Image.Image:
    return Image.open(io.BytesIO(picture(pdf, page, dpi))).convert("L")


def ink(pdf: bytes, page: int, box: Box, dpi: int = 100) -> int:
    """Dark pixels in a box."""
    scale = dpi / 25.4
    part = seen(pdf, page, dpi).crop(
        (box.x0_mm * scale, box.y0_mm * scale, box.x1_mm * scale, box.y1_mm * scale)
    )
    return sum(count for shade, count in enumerate(part.histogram()) if shade < 200)


OFTEN = frozenset({"bewilligungsbescheid", "einladung", "mitwirkungsaufforderung"})
"""They share their layout with all others, so the others are looked at in the slow part."""


@pytest.fixture(
    params=[pytest.param(name, marks=[] if name in OFTEN else [pytest.mark.slow]) for name in letters.NAMES]
)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# The window


@pytest.mark.parametrize("address", [letters.ADDRESS, letters.SIX_LINES, TALL])
def test_the_address_stands_line_by_line_in_the_recipient_zone(address: tuple[str, ...]) -> None:
    name = "einladung"
    pdf = sample_pdf(name, address)
    found = [line for line in lines(pdf, 1) if 60 < line.box.y1_mm < 100 and line.box.x0_mm < 110]
    assert tuple(line.text for line in found) == address
    assert all(line.box.x0_mm == pytest.approx(25, abs=0.5) for line in found)
    assert all(line.box.x1_mm <= 91 for line in found)
    assert all(EPOST.recipient.contains(line.box, tolerance_mm=0.1) for line in found)
    pitch = 3.4 if len(address) == 6 else 3.8
    assert (found[-1].box.y0_mm - found[0].box.y0_mm) / (len(found) - 1) == pytest.approx(pitch, abs=0.3)


def test_the_return_line_leaves_room_for_the_piece_reference(name: str) -> None:
    line = line_with(lines(sample_pdf(name), 1), letters.OFFICE.return_line)
    assert line.box.x0_mm >= 41
    assert EPOST.return_line.contains(line.box)
    assert not EPOST.return_code.overlaps(line.box)


@pytest.mark.parametrize("zone", ["franking_band", "return_code", "sheet_code"])
def test_what_others_print_on_stays_empty(name: str, zone: str) -> None:
    pdf = sample_pdf(name)
    for page in range(1, page_count(pdf) + 1) if zone == "sheet_code" else (1,):
        assert ink(pdf, page, getattr(EPOST, zone)) == 0


def test_nothing_but_address_and_return_line_can_show_through_a_window(name: str) -> None:
    pdf = sample_pdf(name)
    assert ink(pdf, 1, Box(0, 45, 109.5, 46)) == 0
    assert ink(pdf, 1, Box(0, 90.5, 109.5, 114)) == 0


# The rest of form B


def test_the_information_block_stands_where_din_5008_puts_it(name: str) -> None:
    found = lines(sample_pdf(name), 1)
    for label in ("Unser Zeichen", "BG-Nummer", "Auskunft erteilt", "Telefon", "Zimmer", "Datum"):
        box = line_with(found, label).box
        assert box.x0_mm == pytest.approx(125, abs=0.5)
        assert box.y0_mm >= 50
        assert box.y1_mm <= 100
    assert all(line.box.x1_mm <= 200 for line in found)


def test_the_letterhead_stands_above_the_window(name: str) -> None:
    head = [line for line in lines(sample_pdf(name), 1) if line.box.y1_mm < 45]
    assert {"Kreis Borken", "Der Landrat", "Jobcenter", "Jobcenter Bocholt"} <= {line.text for line in head}
    assert all(line.box.y0_mm >= 10 and line.box.y1_mm <= 42 for line in head)


def test_every_page_stays_within_the_margins_and_the_printable_area(name: str) -> None:
    pdf = sample_pdf(name)
    for page in range(1, page_count(pdf) + 1):
        for line in lines(pdf, page):
            assert EPOST.printable.contains(line.box)
            assert line.box.x0_mm >= 24.5
            assert line.box.y1_mm <= 291
            assert line.box.x1_mm <= 190.5 or (page == 1 and line.box.y1_mm < 100)


def test_every_page_says_which_of_how_many_it_is_and_follow_ups_say_of_which_letter(name: str) -> None:
    pdf = sample_pdf(name)
    pages = page_count(pdf)
    for page in range(1, pages + 1):
        found = lines(pdf, page)
        assert line_with(found, f"Seite {page} von {pages}")
        if page > 1:
            head = line_with(found, "50.2-JC-2026-004711")
            assert "22. November 2026" in head.text.replace("\u00a0", " ")
            assert head.box.y1_mm < 20


def test_no_fold_mark_is_printed(name: str) -> None:
    assert ink(sample_pdf(name), 1, Box(0, 0, 24, 297)) == 0


def test_body_text_is_ten_points_and_not_crowded(name: str) -> None:
    body = [line for line in lines(sample_pdf(name), 1) if 125 < line.box.y0_mm < 270]
    close = [pitch for pitch in pitches_mm(body) if 2.5 < pitch < 8]
    assert close
    assert min(close) >= 3.5


# What the citizen finds


def test_the_grant_is_three_pages_with_the_calculation_on_its_own() -> None:
    pdf = sample_pdf("bewilligungsbescheid")
    assert page_count(pdf) == 3
    third = lines(pdf, 3)
    assert line_with(third, "Anlage zum Bescheid").box.y0_mm < 40
    assert "Rechtsbehelfsbelehrung" not in " ".join(line.text for line in third)


def test_the_grant_shows_every_month_and_the_figures_of_the_data() -> None:
    shown = text_of(sample_pdf("bewilligungsbescheid"))
    assert shown.count("1.037,19 25,00 1.062,19") == 12
    for month in ("Dezember 2026", "Januar 2027", "November 2027"):
        assert f"{month} 697,85 339,34" in shown
    for figure in (
        "988,51 739,68",
        "988,51 480,68",
        "290,66 141,34",
        "67,56 –",
        "– 259,00",
        "Zahlbetrag 1.062,19",
    ):
        assert figure in shown
    assert "DE02 1203 0000 0000 2020 51" in shown


def test_amounts_stand_in_straight_columns() -> None:
    third = lines(sample_pdf("bewilligungsbescheid"), 3)
    edges = {
        round(line_with(third, amount).box.x1_mm, 1) for amount in ("739,68", "480,68", "141,34", "339,34")
    }
    assert max(edges) - min(edges) < 0.4


def test_the_grant_holds_what_the_law_asks_of_a_decision() -> None:
    shown = text_of(sample_pdf("bewilligungsbescheid"))
    for part in (
        "Kreis Borken – Der Landrat – Jobcenter",  # issuing authority, § 33 Abs. 3 SGB X
        "Im Auftrag Hendrik Wolters",  # name instead of signature
        "entscheide ich wie folgt",  # operative part, § 33 Abs. 1 SGB X
        "3. Begründung",  # § 35 SGB X
        "§ 9 Absatz 2 Satz 3 SGB II",
        "§ 41 Absatz 3 SGB II",
        "§ 60 Absatz 1 Satz 1 Nummer 2 SGB I",
        "Rechtsbehelfsbelehrung",  # § 36 SGB X
        "Anlage Berechnungsbogen",
    ):
        assert part in shown


def test_five_persons_get_a_second_table_and_nobody_is_lost() -> None:
    sample = letters.catalogue().get("bewilligungsbescheid").meta.sample
    first = sample["calculations"][0]  # type: ignore[index]
    wide = {
        key: [value[0], *[value[1]] * 4]
        if isinstance(value, list) and not isinstance(value[0], dict)
        else value
        for key, value in first.items()
    }
    for rows in ("needs", "own_income"):
        wide[rows] = [{**row, "amounts": [row["amounts"][0], *[row["amounts"][1]] * 4]} for row in first[rows]]
    wide |= {"claim_total": "2055.21", "supplement_total": "100.00", "payout": "2155.21", "transfer": "2155.21"}
    child = {"birth_date": "2018-02-09", "role": "Kind"}
    persons = [sample["persons"][0], *({**child, "name": f"Kind Nummer{n} Terhörst"} for n in range(1, 5))]  # type: ignore[index]
    pdf = letters.render(
        letters.with_data(
            "bewilligungsbescheid", persons=persons, calculations=[wide], housing=None, earnings=None
        )
    )
    shown = text_of(pdf)
    assert all(shown.count(f"Nummer{n}") >= 3 for n in range(1, 5))
    assert shown.count("2.155,21") == 13
    assert all(
        EPOST.printable.contains(line.box)
        for page in range(1, page_count(pdf) + 1)
        for line in lines(pdf, page)
    )


def test_the_reply_slip_stands_on_a_sheet_of_its_own_and_finds_its_letter() -> None:
    pdf = sample_pdf("mitwirkungsaufforderung")
    pages = page_count(pdf)
    assert pages % 2 == 1  # the front of a sheet, also when printed on both sides
    codes = zxingcpp.read_barcodes(seen(pdf, pages, 200))
    assert [decode_reply_code(code.text) for code in codes] == [letters.REFERENCE]
    slip = " ".join(line.text for line in lines(pdf, pages))
    assert "Kontoauszüge der letzten drei Monate" in slip
    assert "Unterschrift" in slip


def test_a_short_request_still_puts_its_slip_on_the_front_of_a_sheet() -> None:
    pdf = letters.render(
        letters.with_data("mitwirkungsaufforderung", documents=[{"title": "Mietvertrag"}], reasons=None)
    )
    assert page_count(pdf) % 2 == 1


def test_the_invitation_says_when_where_and_why() -> None:
    shown = text_of(sample_pdf("einladung"))
    for part in (
        "Donnerstag, 10. Dezember 2026",
        "09:30 Uhr",
        "§ 309 Absatz 2 SGB III",
        "Rechtsfolgenbelehrung",
    ):
        assert part in shown


# What the run would say


@pytest.mark.slow
@pytest.mark.parametrize("address", [letters.ADDRESS, letters.SIX_LINES, TALL])
def test_preflight_finds_nothing_and_reads_the_address_back(name: str, address: tuple[str, ...]) -> None:
    report = preflight(sample_pdf(name, address), EPOST, address)
    assert [finding.code for finding in report.findings] == []
    assert tuple(report.address) == address
