"""Each rule of the address window finds its own fault and nothing in a sound address."""

import pytest

from gateway.domain.addresses.address import check_lines
from gateway.domain.findings import Finding, Severity

SOUND = ["Frau", "Zoë Łukasz-Đorđević", "c/o Wohnhilfe", "Weseke", "Am Markt 3", "46325 Borken"]
ABROAD = ["Timo Test", "Kerkstraat 1", "7101 AB WINTERSWIJK", "NIEDERLANDE"]


def check(lines: list[str], country: str = "DE") -> list[Finding]:
    return check_lines(
        lines,
        width_mm=lambda text: 2.0 * len(text),
        missing_glyphs=lambda text: "".join(character for character in text if ord(character) > 0x2000),
        country=country,
    )


def codes(lines: list[str], country: str = "DE") -> list[str]:
    return [finding.code for finding in check(lines, country)]


def test_sound_addresses_have_no_findings() -> None:
    assert codes(SOUND) == []
    assert codes(ABROAD, "NL") == []
    assert codes(["Kreis Borken", "46322 Borken"]) == []
    assert codes(["T. Test", "Postfach 11 06 43", "01067 Dresden"]) == []


@pytest.mark.parametrize(
    ("lines", "code", "severity"),
    [
        ([*SOUND[:-1], "Haus 2", SOUND[-1]], "address-too-many-lines", Severity.ERROR),
        (["46325 Borken"], "address-too-few-lines", Severity.ERROR),
        ([], "address-too-few-lines", Severity.ERROR),
        (["W" * 34, "46325 Borken"], "address-line-too-wide", Severity.ERROR),
        (["T. Test", "D-46325 Borken"], "address-country-prefix", Severity.ERROR),
        (["T. Test", "de 46325 Borken"], "address-country-prefix", Severity.ERROR),
        (["T. Test", "4632 Borken"], "address-postcode-invalid", Severity.ERROR),
        (["T. Test", "463255 Borken"], "address-postcode-invalid", Severity.ERROR),
        (["T. Test", "00999 Borken"], "address-postcode-invalid", Severity.ERROR),
        (["T. Test", "99999 Borken"], "address-postcode-invalid", Severity.ERROR),
        (["T. Test", "٤٦٣٢٥ Borken"], "address-postcode-invalid", Severity.ERROR),
        (["T. Test", "Borken"], "address-postcode-invalid", Severity.ERROR),
        (["T. Test", "Am Markt 3", "46325"], "address-no-place", Severity.ERROR),
        (["T. Test", "46325 Borken", "DEUTSCHLAND"], "address-line-after-place", Severity.WARNING),
        (["T. Test", "12345678", "Packstation 101", "46325 Borken"], "address-packstation", Severity.ERROR),
        (["T. 中", "46325 Borken"], "address-character-without-glyph", Severity.ERROR),
        (["T. Test", "", "46325 Borken"], "address-blank-line", Severity.WARNING),
        (["T.\u00ad Test", "46325 Borken"], "address-invisible-character", Severity.WARNING),
        (["Zoe\u0308 Test", "46325 Borken"], "address-not-nfc", Severity.WARNING),
        (["T. Test,", "46325 Borken"], "address-trailing-punctuation", Severity.WARNING),
    ],
)
def test_each_fault_is_named_by_its_own_rule_alone(lines: list[str], code: str, severity: Severity) -> None:
    assert [(finding.code, finding.severity) for finding in check(lines)] == [(code, severity)]


@pytest.mark.parametrize(
    ("lines", "country", "code"),
    [
        (["T. Test", "FRANKREICH"], "FR", "address-too-few-lines"),
        (["T. Test", "F-75001 PARIS", "FRANKREICH"], "FR", "address-country-prefix"),
        (["T. Test", "75001", "FRANKREICH"], "FR", "address-no-place"),
        (["T. Test", "75001 Paris", "FRANKREICH"], "FR", "address-not-in-capitals"),
        (["T. Test", "75001 PARIS", "Frankreich"], "FR", "address-not-in-capitals"),
    ],
)
def test_addresses_abroad_have_their_own_rules(lines: list[str], country: str, code: str) -> None:
    assert codes(lines, country) == [code]


def test_a_postcode_that_officially_begins_with_letters_is_no_country_prefix() -> None:
    assert codes(["T. Test", "Brīvības iela 1", "LV-1010 RĪGA", "LETTLAND"], "LV") == []


def test_every_line_that_is_too_wide_is_named_by_its_number() -> None:
    found = check(["W" * 34, "T. Test", "V" * 40, "46325 Borken"])
    assert [finding.message[:7] for finding in found] == ["Zeile 1", "Zeile 3"]
    assert "68,0 mm" in found[0].message


def test_no_message_quotes_the_address() -> None:
    lines = ["Geheimname,", "W" * 40, "Packstation 101", "中Geheimort", "D-1234 Geheimort", "x", "y"]
    findings = check(lines)
    assert len(findings) >= 5
    assert not any("Geheim" in finding.message or "WWW" in finding.message for finding in findings)
