"""The shipped facts are sound, and a file that contradicts itself is refused by name."""

from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from gateway.domain.receipt.deadlines import Channel, Regime
from gateway.errors import ConfigError
from gateway.facts import (
    holidays_nrw,
    is_holiday_nrw,
    load_countries,
    load_notification_rules,
    load_postage_table,
    work_calendar,
)

NRW_2026 = ["01-01", "04-03", "04-06", "05-01", "05-14", "05-25", "06-04", "10-03", "11-01", "12-25", "12-26"]


def altered(tmp_path: Path, name: str, old: str, new: str) -> Path:
    """A copy of a shipped facts file with the first `old` replaced by `new`."""
    text = resources.files("gateway.facts").joinpath(name).read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_eleven_holidays_of_nrw_are_known() -> None:
    assert holidays_nrw([2026]) == {date.fromisoformat(f"2026-{day}") for day in NRW_2026}


@pytest.mark.parametrize("year", range(2020, 2041))
def test_every_year_has_eleven_holidays_and_none_on_christmas_eve_or_new_years_eve(year: int) -> None:
    days = holidays_nrw([year])
    assert len(days) == 11
    assert not {date(year, 12, 24), date(year, 12, 31)} & days
    assert all(is_holiday_nrw(day) for day in days)


def test_several_years_are_the_union_of_each() -> None:
    assert holidays_nrw(range(2026, 2028)) == holidays_nrw([2026]) | holidays_nrw([2027])
    assert holidays_nrw([]) == frozenset()


def test_a_work_calendar_closes_on_the_configured_days_only() -> None:
    calendar = work_calendar(frozenset({(2, 16)}), range(2026, 2027))
    assert not calendar.is_working_day(date(2026, 2, 16))
    assert calendar.is_working_day(date(2026, 12, 24))
    assert not calendar.is_working_day(date(2026, 6, 4))


def test_every_regime_has_an_answer_for_every_channel() -> None:
    rules = load_notification_rules()
    for regime in Regime:
        channels = {channel for fiction in rules.regimes[regime].fictions for channel in fiction.channels}
        assert channels | set(rules.regimes[regime].proof_rules) == set(Channel)


def test_contract_prices_can_replace_the_shipped_ones(tmp_path: Path) -> None:
    table = load_postage_table(altered(tmp_path, "postage.toml", '"0.95"', '"0.71"'))
    assert str(table.periods[0].products[0].price) == "0.71"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("valid_from = 2025-01-01", "valid_from = 2025-01-02", "Lücke"),
        ("valid_from = 2025-01-01", "valid_from = 2024-12-31", "zugleich"),
        ("days = 3", "tage = 3", "tage"),
        ("days = 3\n", "", "days oder months"),
        ('["electronic"]', '["telegram"]', "telegram"),
        ('"klage"', '"revision"', "revision"),
        ('pzu = "', 'post-abroad2 = "', "post-abroad2"),
        ("[ao]", "[abgabenordnung]", "abgabenordnung"),
    ],
)
def test_notification_rules_that_contradict_themselves_are_refused(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        load_notification_rules(altered(tmp_path, "notification.toml", old, new))
    assert caught.value.code == "facts-invalid"
    assert "notification.toml" in caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('price = "0.95"', 'price = "0.955"', "0.955"),
        ('price = "0.95"', 'price = "viel"', "falsche Angabe"),
        ('price = "0.95"', 'preis = "0.95"', "price"),
        ('envelope = "C4"', 'envelope = "B4"', "B4"),
        ("max_sheets = 8", "max_sheets = 3", "Kompaktbrief"),
        ("[period.service.pzu]", "[period.service.taube]", "taube"),
        ("valid_to = 2026-12-31", "valid_to = 2024-12-31", "valid_to"),
    ],
)
def test_a_price_table_that_contradicts_itself_is_refused(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    with pytest.raises(ConfigError, match=named) as caught:
        load_postage_table(altered(tmp_path, "postage.toml", old, new))
    assert caught.value.code == "facts-invalid"


def test_a_file_that_is_missing_or_no_toml_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "postage.toml"
    broken.write_text("[period", encoding="utf-8")
    for path in (broken, tmp_path / "none.toml"):
        with pytest.raises(ConfigError) as caught:
            load_postage_table(path)
        assert caught.value.code == "facts-unreadable"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("FRANKREICH", "FR"),
        ("France", "FR"),
        ("Großbritannien", "GB"),
        ("GROSSBRITANNIEN", "GB"),
        ("USA", "US"),
        ("États-Unis", "US"),
        ("Deutschland", "DE"),
        ("Holland", "NL"),
        ("46325 Borken", None),
        ("", None),
    ],
)
def test_countries_are_read_in_the_spellings_people_use(line: str, code: str | None) -> None:
    assert load_countries().read(line) == code


def test_every_country_is_read_back_from_its_german_name_in_capitals() -> None:
    countries = load_countries()
    assert len(countries.names) > 240
    assert all(countries.read(name.upper()) == code for code, name in countries.names.items())


def test_unknown_codes_keep_their_letters() -> None:
    assert load_countries().name("zz") == "ZZ"
    assert load_countries().name("hk") == "Hongkong"
