"""Print profiles: the provider's zones as data, validated when they are read."""

from datetime import date
from importlib.resources import files

import pytest

from gateway.domain.findings import Box
from gateway.errors import ConfigError, NotFound
from gateway.providers.profiles import load_profile, parse_profile, profile_names

EPOST_TEXT = files("gateway.providers.profiles").joinpath("epost.toml").read_text("utf-8")


def test_the_epost_profile_has_the_zones_of_the_providers_drawing() -> None:
    profile = load_profile("epost")
    assert (profile.name, profile.max_sheets, profile.max_bytes) == ("epost", 94, 20_000_000)
    assert profile.version
    assert profile.printable == Box(12, 2, 208, 295)
    assert profile.franking_band.y1_mm - profile.franking_band.y0_mm == 16
    assert profile.recipient.y1_mm - profile.recipient.y0_mm == 21


def test_the_profiles_of_all_four_providers_are_there_and_valid() -> None:
    assert profile_names() == ["epost", "letterxpress", "pingen", "sftp"]
    assert {load_profile(name).name for name in profile_names()} == set(profile_names())


def test_a_profile_holds_from_its_day_on_and_no_sooner() -> None:
    assert load_profile("epost", date(2025, 1, 1)).valid_from == date(2025, 1, 1)
    with pytest.raises(NotFound) as early:
        load_profile("epost", date(2024, 12, 31))
    assert early.value.code == "profile-not-valid-yet"


def test_more_than_eight_sheets_travel_in_c4_which_always_shows_less() -> None:
    epost = load_profile("epost")
    assert (epost.envelope_for(8).name, epost.envelope_for(9).name) == ("C6/5", "C4")
    assert epost.envelope_for(500).name == "C4"
    assert epost.always_visible(8).y1_mm == 90
    assert epost.always_visible(9).y1_mm == 85


def test_what_could_leak_is_that_of_the_largest_envelope_with_two_millimetres_more() -> None:
    assert load_profile("epost").leak_area == Box(0, 45, 112, 114)


@pytest.mark.parametrize("name", ["unbekannt", "", "../epost", "epost.toml", "__init__"])
def test_an_unknown_profile_is_not_found_and_the_known_ones_are_named(name: str) -> None:
    with pytest.raises(NotFound) as unknown:
        load_profile(name)
    assert unknown.value.code == "profile-unknown"
    assert "epost" in unknown.value.message


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("max_sheets = 94\n# SW", "# SW", "max_sheets"),
        ("max_sheets = 94\n# SW", "max_sheets = 0\n# SW", "größer als 0"),
        ('name = "C4"\nmax_sheets = 94', 'name = "C4"\nmax_sheets = 93', "Umschläge"),
        ('name = "C4"', 'name = "C3"', "C3"),
        ('pdf_a = "1b"', 'pdf_a = "9z"', "9z"),
        ('transparency = "forbidden"', "", "transparency"),
        ("valid_from = 2025-01-01", 'valid_from = "bald"', "bald"),
        ("version =", "versio =", "versio"),
        ("recipient = [23.0, 69.0, 108.0, 90.0]", "recipient = [23.0, 69.0, 108.0]", "unpack"),
        ("recipient = [23.0, 69.0, 108.0, 90.0]", "recipient = [108.0, 69.0, 23.0, 90.0]", "kein Rechteck"),
        ("recipient = [23.0, 69.0, 108.0, 90.0]", "recipient = [23.0, 60.0, 108.0, 90.0]", "Frankierband"),
        ("sheet_code = [194.0, 279.0, 206.0, 291.0]", "sheet_code = [1.0, 279.0, 11.0, 291.0]", "bedruckbaren"),
        ("sheet_code = [194.0, 279.0, 206.0, 291.0]", "sheet_code = [20.0, 92.0, 32.0, 104.0]", "Fenster"),
        ("return_code = [25.0, 45.5, 40.5, 50.5]", "return_code = [25.0, 70, 40.5, 75]", "Absenderzeile"),
        ("[zones_mm]", "[zones_mm]\nsurprise = [1, 2, 3, 4]", "surprise"),
        ("[limits]", "[limits", "Expected"),
    ],
)
def test_a_broken_profile_is_refused_and_says_why(old: str, new: str, reason: str) -> None:
    assert old in EPOST_TEXT
    with pytest.raises(ConfigError) as invalid:
        parse_profile("epost", EPOST_TEXT.replace(old, new))
    assert invalid.value.code == "profile-invalid"
    assert reason in invalid.value.message
