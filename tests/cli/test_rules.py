"""The commands that only calculate, as scripts use them."""

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gateway.cli.rules import register
from gateway.errors import DataInvalid, InputError


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    register(app)
    return app


def run(app: typer.Typer, *arguments: str, stdin: str | bytes = "", exit_code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments, input=stdin)
    assert result.exit_code == exit_code, result.output
    assert result.stderr == "" or exit_code == 2
    return result.stdout


def error_of(app: typer.Typer, *arguments: str, stdin: str | bytes = "") -> InputError:
    result = CliRunner().invoke(app, arguments, input=stdin)
    assert isinstance(result.exception, InputError)
    return result.exception


def check_json(app: typer.Typer, addresses: object, *, exit_code: int = 0) -> Any:
    return json.loads(run(app, "address", "check", "--json", stdin=json.dumps(addresses), exit_code=exit_code))


def test_deadlines_prints_iso_dates_and_reasons(app: typer.Typer) -> None:
    found = json.loads(
        run(
            app,
            "deadlines",
            "--channel=post-inland",
            "--dispatched=2026-02-27",
            "--remedy=widerspruch",
            "--json",
        )
    )
    reasons = found.pop("reasons")
    assert found == {
        "deemed": "2026-03-03",
        "effective": "2026-03-03",
        "raw_end": "2026-04-03",
        "deadline": "2026-04-07",
        "disputed": False,
    }
    assert any("§ 64 Abs. 3 SGG" in reason for reason in reasons)


def test_deadlines_without_a_date_are_null(app: typer.Typer) -> None:
    found = json.loads(
        run(
            app,
            "deadlines",
            "--channel=post-inland",
            "--dispatched=2026-06-08",
            "--returned",
            "--remedy=klage",
            "--json",
        )
    )
    assert [found[name] for name in ("deemed", "effective", "raw_end", "deadline")] == [None] * 4


def test_deadlines_take_every_option_of_the_interface(app: typer.Typer) -> None:
    arguments = ["--channel=pzu", "--received=2026-06-12", "--no-remedy-notice", "--remedy=widerspruch"]
    found = json.loads(run(app, "deadlines", *arguments, "--json"))
    assert (found["deemed"], found["deadline"]) == (None, "2027-06-14")
    ao = ["--channel=post-inland", "--dispatched=2026-03-10", "--regime=ao"]
    assert json.loads(run(app, "deadlines", *ao, "--json"))["deemed"] == "2026-03-16"


def test_deadlines_in_german_name_the_last_day(app: typer.Typer) -> None:
    text = run(app, "deadlines", "--channel=post-inland", "--dispatched=2026-02-27", "--remedy=widerspruch")
    assert "Letzter Tag der Frist     07.04.2026" in text
    assert "§ 37 Abs. 2 Satz 1 SGB X" in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["deadlines", "--channel=pigeon", "--dispatched=2026-02-27"],
        ["deadlines", "--channel=pzu", "--dispatched=27.02.2026"],
        ["deadlines", "--dispatched=2026-02-27"],
        ["postage", "--sheets=viele"],
        ["postage", "--sheets=1", "--inserts-g=schwer"],
        ["postage", "--sheets=1", "--service=taube"],
    ],
)
def test_wrong_usage_ends_with_two_and_prints_no_result(app: typer.Typer, arguments: list[str]) -> None:
    assert run(app, *arguments, "--json", exit_code=2) == ""


def test_a_missing_day_of_dispatch_is_an_input_error(app: typer.Typer) -> None:
    assert error_of(app, "deadlines", "--channel=post-inland").code == "deadline-dispatch-missing"


def test_postage_prints_weight_envelope_product_and_price(app: typer.Typer) -> None:
    found = json.loads(run(app, "postage", "--sheets=3", "--on=2026-11-20", "--json"))
    assert found == {"grams": 19.97, "envelope": "C6/5", "product": "Standardbrief", "price_eur": "0.95"}


def test_postage_takes_every_option_of_the_interface(app: typer.Typer) -> None:
    options = ["--sheets=2", "--inserts-g=1,5", "--service=uebergabe", "--country=nl", "--on=2025-01-01"]
    found = json.loads(run(app, "postage", *options, "--json"))
    assert (found["grams"], found["price_eur"]) == (16.48, "4.95")


def test_postage_in_german_uses_decimal_commas(app: typer.Typer) -> None:
    text = run(app, "postage", "--sheets=9", "--on=2026-11-20")
    assert "64,91 g" in text
    assert "1,80 EUR" in text


def test_postage_without_known_prices_is_an_input_error(app: typer.Typer) -> None:
    assert error_of(app, "postage", "--sheets=1", "--on=2027-01-01").code == "postage-date-not-covered"
    assert error_of(app, "postage", "--sheets=1", "--country=ZZ").code == "country-unknown"


def test_address_check_judges_each_address_of_a_list(app: typer.Typer) -> None:
    found = check_json(
        app,
        [
            ["Zoë  Łukasz", "Am Markt 3", "46325 Borken"],
            ["Nguyễn Test", "Kerkstraat 1", "7101 AB WINTERSWIJK", "NIEDERLANDE"],
            ["T. Test", "5th Avenue 1", "10001 NEW YORK", "USA"],
        ],
    )
    assert found[0] == {
        "lines": ["Zoë Łukasz", "Am Markt 3", "46325 Borken"],
        "zone": "domestic",
        "findings": [],
    }
    assert [address["zone"] for address in found] == ["domestic", "europe", "world"]


def test_address_check_ends_with_one_if_an_address_cannot_stand_in_a_window(app: typer.Typer) -> None:
    seven = ["Frau", "Zoë Test", "c/o W", "Haus 2", "Weseke", "Am Markt 3", "46325 Borken"]
    (found,) = check_json(app, [seven], exit_code=1)
    assert [set(finding) for finding in found["findings"]] == [{"code", "severity", "message"}]
    assert found["findings"][0]["code"] == "address-too-many-lines"


def test_address_check_measures_in_the_font_of_the_letter(app: typer.Typer) -> None:
    narrow, wide = "i" * 60, "W" * 30
    found = check_json(
        app, [[narrow, "Am Markt 3", "46325 Borken"], [wide, "Am Markt 3", "46325 Borken"]], exit_code=1
    )
    assert found[0]["findings"] == []
    assert found[1]["findings"][0]["code"] == "address-line-too-wide"


def test_address_check_knows_the_letters_of_din_91379_and_refuses_others(app: typer.Typer) -> None:
    latin = ["Şahin Dvořák-Đorđe", "Nguyễn Thị Ŵ 3", "46325 Borken"]
    assert check_json(app, [latin])[0]["findings"] == []
    (found,) = check_json(app, [["王小明", "46325 Borken"]], exit_code=1)
    assert found["findings"][0]["code"] == "address-character-without-glyph"


def test_a_warning_alone_is_no_failure(app: typer.Typer) -> None:
    (found,) = check_json(app, [["Zoe\u0308 Test", "", "Am Markt 3", "46325 Borken"]])
    assert found["lines"] == ["Zoë Test", "Am Markt 3", "46325 Borken"]
    assert [finding["severity"] for finding in found["findings"]] == ["warning", "warning"]


def test_a_place_that_lies_elsewhere_is_a_warning_that_names_the_places_of_the_postcode(
    app: typer.Typer,
) -> None:
    (found,) = check_json(app, [["Zoë Test", "Am Markt 3", "46325 Bocholt"]])
    ((finding),) = found["findings"]
    assert (finding["code"], finding["severity"]) == ("place-does-not-match-postcode", "warning")
    assert "Borken" in finding["message"]
    right = [["Zoë Test", "Am Markt 3", "46325 Borken"], ["Kreis Test", "Postfach 11 06", "46322 Borken"]]
    assert [one["findings"] for one in check_json(app, right)] == [[], []]


def test_plain_lines_are_one_address(app: typer.Typer) -> None:
    text = run(app, "address", "check", stdin="Zoë Test\nAm Markt 3\n46325 Borken\n")
    assert "Zone: Inland" in text
    assert "Keine Befunde." in text
    (found,) = json.loads(run(app, "address", "check", "--json", stdin="Zoë Test\r\n46325 Borken\r\n"))
    assert found["lines"] == ["Zoë Test", "46325 Borken"]


def test_no_input_is_an_address_without_lines(app: typer.Typer) -> None:
    assert "address-too-few-lines" in run(app, "address", "check", stdin="", exit_code=1)


@pytest.mark.parametrize(
    ("stdin", "code"),
    [
        ("[[", "address-input-not-json"),
        ('{"lines": []}', "address-input-wrong-shape"),
        ('["Zoë Test"]', "address-input-wrong-shape"),
        ("[[1]]", "address-input-wrong-shape"),
        (b"\xff\xfe", "address-input-not-utf8"),
    ],
)
def test_input_that_cannot_be_read_is_an_error_with_a_code(
    app: typer.Typer, stdin: str | bytes, code: str
) -> None:
    found = error_of(app, "address", "check", "--json", stdin=stdin)
    assert isinstance(found, DataInvalid)
    assert found.code == code
