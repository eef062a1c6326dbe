"""Composing, normalising and placing addresses. Every letter is 2 mm wide here: 33 letters fill a window."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.addresses.address import (
    PostalAddress,
    Zone,
    compose_lines,
    normalise,
    normalise_lines,
    zone,
)
from gateway.facts import load_countries

COUNTRIES = load_countries()
HOME = PostalAddress(street="Butenwall 12", postcode="46325", place="Borken")


def width_mm(text: str) -> float:
    return 2.0 * len(text)


def compose(names: list[str], address: PostalAddress) -> list[str]:
    return compose_lines(names, address, width_mm=width_mm, country_name=COUNTRIES.name)


def test_a_plain_address_has_name_street_and_place() -> None:
    assert compose(["Zoë Łukasz"], HOME) == ["Zoë Łukasz", "Butenwall 12", "46325 Borken"]


def test_care_of_stands_under_the_recipient_and_the_district_above_the_street() -> None:
    address = PostalAddress(
        care_of="Wohnhilfe Westfalen",
        extra="Haus 2",
        district="Weseke",
        street="Am Markt 3",
        postcode="46325",
        place="Borken",
    )
    assert compose(["Timo Test"], address) == [
        "Timo Test",
        "c/o Wohnhilfe Westfalen",
        "Haus 2",
        "Weseke",
        "Am Markt 3",
        "46325 Borken",
    ]


@pytest.mark.parametrize("care_of", ["Wohnhilfe", "c/o Wohnhilfe", " C/O  Wohnhilfe "])
def test_care_of_is_written_once_however_it_came(care_of: str) -> None:
    assert (
        compose(["T"], PostalAddress(care_of=care_of, postcode="46325", place="Borken"))[1] == "c/o Wohnhilfe"
    )


@pytest.mark.parametrize(
    ("po_box", "line"),
    [
        ("110643", "Postfach 11 06 43"),
        ("1 10 64", "Postfach 1 10 64"),
        ("Postfach 99", "Postfach 99"),
        ("7", "Postfach 7"),
    ],
)
def test_a_po_box_is_written_in_pairs_and_replaces_street_and_district(po_box: str, line: str) -> None:
    address = PostalAddress(po_box=po_box, street="Nie 1", district="Nie", postcode="46322", place="Borken")
    assert compose(["Timo Test"], address) == ["Timo Test", line, "46322 Borken"]


def test_abroad_place_and_country_stand_in_capitals_and_the_country_last() -> None:
    address = PostalAddress(street="Kerkstraat 1", postcode="7101 AB", place="Winterswijk", country="NL")
    assert compose(["Łukasz Test"], address)[-2:] == ["7101 AB WINTERSWIJK", "NIEDERLANDE"]
    swiss = PostalAddress(po_box="12", postcode="8001", place="Zürich", country="CH")
    assert compose(["T. Test"], swiss) == ["T. Test", "PO Box 12", "8001 ZÜRICH", "SCHWEIZ"]


def test_a_postcode_keeps_its_leading_zero() -> None:
    assert compose(["T"], PostalAddress(postcode="01067", place="Dresden"))[-1] == "01067 Dresden"


def test_a_long_double_name_wraps_at_a_hyphen_or_blank() -> None:
    lines = compose(["Maximiliane-Friederike von der Hohenfels-Winterscheidt"], HOME)
    assert lines == [
        "Maximiliane-Friederike von der",
        "Hohenfels-Winterscheidt",
        "Butenwall 12",
        "46325 Borken",
    ]
    assert compose(["Mustermannheimer-Beispielhausen-Test"], HOME)[:2] == [
        "Mustermannheimer-Beispielhausen-",
        "Test",
    ]


def test_a_house_number_range_is_never_torn_apart() -> None:
    address = PostalAddress(street="Straße der Deutschen Einheit-12-14", postcode="46325", place="Borken")
    assert "12-14" in compose(["T"], address)[2]


def test_a_line_stays_whole_when_no_line_is_free() -> None:
    wide = "Maximiliane-Friederike von der Hohenfels"
    full = PostalAddress(
        care_of="C", extra="E", district="D", street="Butenwall 12", postcode="46325", place="Borken"
    )
    assert compose([wide], full)[0] == wide


def test_lines_wrap_from_the_top_as_long_as_lines_are_free() -> None:
    wide = "Maximiliane-Friederike von der Hohenfels"
    lines = compose([wide, wide], PostalAddress(extra="E", street="S 1", postcode="46325", place="Borken"))
    assert lines == ["Maximiliane-Friederike von der", "Hohenfels", wide, "E", "S 1", "46325 Borken"]


def test_a_word_wider_than_the_window_is_left_whole() -> None:
    word = "W" * 40
    assert compose([word], HOME)[0] == word


def test_a_lone_salutation_joins_the_name_when_lines_run_out() -> None:
    full = PostalAddress(
        care_of="C", extra="E", district="D", street="Butenwall 12", postcode="46325", place="Borken"
    )
    assert compose(["Frau", "Zoë Test"], full)[0] == "Frau Zoë Test"
    assert compose(["Frau", "Zoë Test"], HOME)[:2] == ["Frau", "Zoë Test"]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Zoe\u0308  Test\t", "Zoë Test"),
        ("Bor\u00adken", "Borken"),
        ("\ufeffAnna\u200b\u00a0Test", "Anna Test"),
        ("Anna\u2028Test", "Anna Test"),
        ("A\ufe0fB\u034fC\x00D\ud800", "ABCD"),
        ("Nguyễn Thị Đorđe", "Nguyễn Thị Đorđe"),
    ],
)
def test_normalising_composes_accents_and_drops_what_nobody_sees(raw: str, clean: str) -> None:
    assert normalise(raw) == clean


def test_blank_lines_are_left_out() -> None:
    assert normalise_lines(["A", " ", "\u200b", "B"]) == ["A", "B"]


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once == once.strip()


WORDS = st.text(st.sampled_from("abcÜß-. '"), max_size=30)
ADDRESSES = st.builds(
    PostalAddress,
    *[st.none() | WORDS] * 4,
    po_box=st.none() | st.from_regex(r"[0-9]{1,6}", fullmatch=True),
    postcode=st.from_regex(r"[0-9]{5}", fullmatch=True),
    place=WORDS.map(lambda word: f"O{word}"),
    country=st.sampled_from(["DE", "NL", "US"]),
)


@given(st.lists(WORDS, min_size=1, max_size=3), ADDRESSES)
def test_composing_and_wrapping_lose_no_letter_and_print_no_blank_line(
    names: list[str], address: PostalAddress
) -> None:
    lines = compose(names, address)
    unwrapped = compose_lines(names, address, width_mm=lambda _: 0.0, country_name=COUNTRIES.name)
    assert "".join(lines).replace(" ", "") == "".join(unwrapped).replace(" ", "")
    assert all(line == normalise(line) and line for line in lines)
    assert len(lines) <= max(6, len(unwrapped))


NAMES = st.lists(st.text("abcÜß", min_size=1, max_size=16), min_size=1, max_size=5).map(" ".join)


@given(NAMES.filter(lambda name: len(name) <= 60))
def test_a_name_of_sixty_letters_always_fits_beside_street_and_place(name: str) -> None:
    lines = compose([name], HOME)
    assert len(lines) <= 6
    assert all(width_mm(line) <= 66 for line in lines)
    assert " ".join(lines) == f"{name} Butenwall 12 46325 Borken"


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("DE", Zone.DOMESTIC),
        ("de", Zone.DOMESTIC),
        ("NL", Zone.EUROPE),
        ("TR", Zone.EUROPE),
        ("US", Zone.WORLD),
    ],
)
def test_the_zone_of_an_address_follows_its_country(country: str, expected: Zone) -> None:
    assert zone(PostalAddress(country=country), COUNTRIES) is expected


@pytest.mark.parametrize(
    ("last_line", "expected"),
    [
        ("46325 Borken", Zone.DOMESTIC),
        ("DEUTSCHLAND", Zone.DOMESTIC),
        ("NIEDERLANDE", Zone.EUROPE),
        ("France", Zone.EUROPE),
        ("GROSSBRITANNIEN", Zone.EUROPE),
        ("Japan", Zone.WORLD),
    ],
)
def test_the_zone_of_lines_follows_the_last_one(last_line: str, expected: Zone) -> None:
    assert zone(["Timo Test", "Straße 1", last_line], COUNTRIES) is expected


def test_no_lines_are_domestic() -> None:
    assert zone([], COUNTRIES) is Zone.DOMESTIC


@pytest.mark.parametrize(
    ("country", "postcode", "place", "expected"),
    [
        ("GB", "SW1A 2AA", "London", ["LONDON", "SW1A 2AA"]),
        ("US", "20500", "Washington DC", ["WASHINGTON DC 20500"]),
        ("CH", "8000", "Zürich", ["8000 ZÜRICH"]),
    ],
)
def test_place_and_postcode_stand_as_their_country_writes_them(
    country: str, postcode: str, place: str, expected: list[str]
) -> None:
    lines = compose_lines(
        ["Zoë Test"],
        PostalAddress(street="Test 1", postcode=postcode, place=place, country=country),
        width_mm=lambda text: float(len(text)),
        country_name=COUNTRIES.name,
        place_order=COUNTRIES.place_order,
    )
    assert lines == ["Zoë Test", "Test 1", *expected, COUNTRIES.name(country).upper()]
