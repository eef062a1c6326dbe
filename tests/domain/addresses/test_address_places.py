"""Postcode and place: what is surely wrong is said, and nothing that people rightly write is called wrong."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.addresses.address import HOME_COUNTRY, check_lines
from gateway.domain.addresses.address_places import NO_PLACES, Places
from gateway.domain.findings import Finding, Severity
from gateway.facts import load_places
from gateway.testing.factory import cases_document
from tests.world import MONDAY, ROOT

KREIS = tomllib.loads((ROOT / "gateway/testing/fictional.toml").read_text("utf-8"))["offices"]
PLACES = load_places()
SMALL = Places({"46325": ("Borken",), "48143": ("Münster",), "46395": ("Bocholt",)})


def check(lines: list[str], country: str = HOME_COUNTRY, places: Places = PLACES) -> list[Finding]:
    return check_lines(
        lines,
        width_mm=lambda text: float(len(text)),
        missing_glyphs=lambda _: "",
        country=country,
        places=places,
    )


def codes(*lines: str, country: str = HOME_COUNTRY) -> list[str]:
    return [finding.code for finding in check(list(lines), country)]


def test_the_list_knows_the_postcodes_of_the_country() -> None:
    assert len(PLACES.names) > 8000
    assert PLACES.of("46325") == ("Borken",)


def test_no_municipality_of_the_kreis_and_no_ortsteil_is_called_wrong_however_it_is_written() -> None:
    assert len(KREIS) == 17
    for _, place, postcode, _, _, _, district in KREIS:
        plain = place.removesuffix(" (Westf.)")
        for written in (place, plain, plain.upper(), f"{plain}/Westf.", f"{plain} i. Westf."):
            assert not PLACES.contradicts(postcode, written), (postcode, written)
        if district:
            for written in (district, f"{plain}-{district}", f"{plain} ({district})", f"{district}, {plain}"):
                assert not PLACES.contradicts(postcode, written), (postcode, written)


def test_no_fictional_person_has_a_place_that_does_not_match() -> None:
    for person in cases_document(1, 120, MONDAY)["persons"]:
        address = person["address"]
        if address["country"] == HOME_COUNTRY:
            assert not PLACES.contradicts(address["postcode"], address["place"]), address


@given(st.sampled_from([(code, name) for code, names in PLACES.names.items() for name in names]))
def test_what_the_list_says_itself_is_never_called_wrong(entry: tuple[str, str]) -> None:
    postcode, place = entry
    assert not PLACES.contradicts(postcode, place)
    assert not PLACES.contradicts(postcode, place.upper())


@pytest.mark.parametrize(
    ("postcode", "place"),
    [
        ("48143", "Münster (Westf.)"),
        ("48143", "Muenster"),
        ("48165", "Münster-Hiltrup"),
        ("60311", "Frankfurt a. M."),
        ("60311", "Frankfurt/Main"),
        ("06108", "Halle a.d. Saale"),
        ("45468", "Mülheim a.d.R."),
        ("53757", "St. Augustin"),
        ("53757", "Sankt Augustin"),
        ("78112", "St. Georgen i. Schw."),
        ("61348", "Bad Homburg v.d.H."),
        ("26121", "Oldenburg (Oldb)"),
        ("10115", "Berlin-Mitte"),
        ("46446", "Emmerich"),
        ("46325", "Burlo"),
    ],
)
def test_abbreviations_and_ortsteile_are_tolerated(postcode: str, place: str) -> None:
    assert PLACES.of(postcode)
    assert not PLACES.contradicts(postcode, place)


@pytest.mark.parametrize(
    "line",
    ["46325 Bocholt", "46325 Berlin", "46325 Borkn", "46325 Bokren", "46325 Borkenn", "48143 Munster"],
)
def test_a_place_that_lies_elsewhere_or_is_misspelt_is_a_warning(line: str) -> None:
    (finding,) = check(["T. Test", "Am Markt 3", line])
    assert (finding.code, finding.severity) == ("place-does-not-match-postcode", Severity.WARNING)
    assert PLACES.of(line[:5])[0] in finding.message


def test_postcodes_that_the_list_does_not_know_are_believed() -> None:
    assert codes("T. Test", "Postfach 11 06 43", "46322 Borken") == []
    assert codes("T. Test", "Am Markt 3", "99998 Musterdorf") == []
    assert not NO_PLACES.contradicts("46325", "Bocholt")


@given(st.text(), st.text())
def test_any_text_is_judged_without_an_error(postcode: str, place: str) -> None:
    assert SMALL.contradicts(postcode, place) in {True, False}
    assert SMALL.contradicts("46325", place) in {True, False}


def test_a_large_recipient_needs_no_street_and_is_named_as_one() -> None:
    (finding,) = check(["Kreis Borken", "46322 Borken"])
    assert (finding.code, finding.severity) == ("address-large-recipient", Severity.INFO)
    assert codes("Firma", "Kreis Borken", "46322 Borken") == ["address-large-recipient"]


def test_without_a_street_nobody_but_a_large_recipient_gets_post() -> None:
    assert codes("Frau", "Zoë Test", "46325 Borken") == ["address-no-street"]
    assert codes("Zoë Test", "46325 Borken") == ["address-no-street"]
    assert codes("Zoë Test", "Schloss Test", "46325 Borken") == [], "not every house has a number"


@pytest.mark.parametrize(
    ("country", "lines"),
    [
        ("GB", ["Zoë Test", "10 Test Street", "LONDON", "SW1A 2AA", "VEREINIGTES KÖNIGREICH"]),
        ("IE", ["Zoë Test", "1 Test Quay", "DUBLIN 1", "D01 F5P2", "IRLAND"]),
        ("ZA", ["Zoë Test", "1 Test Road", "CAPE TOWN", "8001", "SÜDAFRIKA"]),
        ("US", ["Zoë Test", "1600 Test Avenue NW", "WASHINGTON DC 20500", "VEREINIGTE STAATEN"]),
        ("CA", ["Zoë Test", "1 Test St", "OTTAWA ON K1A 0B1", "KANADA"]),
        ("LV", ["Zoë Test", "Testa iela 1", "RIGA, LV-1010", "LETTLAND"]),
        ("SG", ["Zoë Test", "1 Test Road", "SINGAPORE 238801", "SINGAPUR"]),
        ("NL", ["Zoë Test", "Teststraat 1", "7101 AB WINTERSWIJK", "NIEDERLANDE"]),
    ],
)
def test_place_and_postcode_may_stand_as_their_country_writes_them(country: str, lines: list[str]) -> None:
    assert codes(*lines, country=country) == []


def test_a_place_above_its_postcode_must_be_in_capitals_too() -> None:
    lines = ("Zoë Test", "10 Test Street", "London", "SW1A 2AA", "VEREINIGTES KÖNIGREICH")
    assert codes(*lines, country="GB") == ["address-not-in-capitals"]


def test_abroad_a_postcode_without_a_place_is_still_a_fault() -> None:
    assert codes("Zoë Test", "8001", "SÜDAFRIKA", country="ZA") == ["address-no-place"]
