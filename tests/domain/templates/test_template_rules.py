"""The template lint: a good letter passes every rule, and every single defect is found by its own rule."""

from dataclasses import replace
from datetime import date

import pytest

from gateway.domain.templates.template_rules import RULES, check_sample, check_schema
from gateway.domain.templates.template_sample import Issuer, LetterText, Sample

ISSUER = Issuer(
    authority="Stadt Musterstadt – Die Bürgermeisterin – Sozialamt",
    name="Sozialamt Musterstadt",
    street="Musterplatz 17",
    postcode="99998",
    place="Musterstadt",
    phone="09999 111-0",
    email="sozialamt@musterstadt.example",
    website="www.musterstadt.example",
    return_line="Stadt Musterstadt · Musterplatz 17 · 99998 Musterstadt",
)
OTHER = Issuer(
    authority="Kreis Probeheim – Der Landrat – Leistungsstelle",
    name="Leistungsstelle Probeheim",
    street="Probeallee 23",
    postcode="99997",
    place="Probeheim",
    phone="08888 222-0",
    email="leistung@probeheim.example",
    website="www.probeheim.example",
    return_line="Kreis Probeheim · Probeallee 23 · 99997 Probeheim",
)
HEAD = (
    "Stadt Musterstadt Die Bürgermeisterin Sozialamt Sozialamt Musterstadt Unser Zeichen MUS-2026-00001 "
    "E-Mail sozialamt@musterstadt.example Datum 20. November 2026 "
    "Stadt Musterstadt – Die Bürgermeisterin – Sozialamt · Sozialamt Musterstadt Musterplatz 17 · 99998 Musterstadt"
)
OPERATIVE = "Wir bewilligen Ihnen ab dem 1. Dezember 2026 monatlich 1.037,19 EUR."
REASONS = "Ihr Anspruch beruht auf § 19 SGB II."
REMEDY = (
    "Rechtsbehelfsbelehrung Gegen diesen Bescheid kann innerhalb eines Monats nach Bekanntgabe Widerspruch erhoben "
    "werden. Der Widerspruch ist schriftlich, in elektronischer Form oder elektronisch oder zur Niederschrift bei "
    "Stadt Musterstadt – Die Bürgermeisterin – Sozialamt, Musterplatz 17, 99998 Musterstadt, einzulegen."
)
CLOSING = "Mit freundlichen Grüßen Im Auftrag Max Beispiel"
COURT = (
    "Gegen diesen Bescheid kann innerhalb eines Monats nach Bekanntgabe Klage beim Sozialgericht Münster, "
    "Alter Steinweg 45, 48143 Münster, schriftlich, elektronisch oder zur Niederschrift erhoben werden."
)


def letter(
    *,
    head: str = HEAD,
    operative: str = OPERATIVE,
    reasons: str = REASONS,
    remedy: str = REMEDY,
    end: str = CLOSING,
) -> LetterText:
    parts = {"operative": operative, "reasons": reasons, "remedy-notice": remedy, "signature": end}
    kept = {name: text for name, text in parts.items() if text}
    return LetterText(" ".join([head, operative, reasons, end, remedy]), kept)


def sample(text: LetterText | None = None, head: str = HEAD) -> Sample:
    text = text or letter(head=head)
    return Sample(
        is_decision=True,
        needs_remedy_notice=True,
        issuer=ISSUER,
        file_number="MUS-2026-00001",
        decision_date=date(2026, 11, 20),
        author_name="Max Beispiel",
        letter=text,
        pages=(f"{head} Seite 1 von 2", "Seite 2 von 2"),
        others=(OTHER,),
    )


def codes(checked: Sample) -> set[str]:
    return {finding.code for finding in check_sample(checked)}


def test_a_good_decision_passes_every_rule() -> None:
    assert check_sample(sample()) == []


def test_a_good_decision_of_the_objection_body_names_the_court() -> None:
    assert check_sample(sample(letter(remedy=COURT))) == []


def test_a_good_letter_that_is_no_decision_passes_without_operative_part_and_remedy() -> None:
    plain = replace(
        sample(letter(operative="", reasons="", remedy="")), is_decision=False, needs_remedy_notice=False
    )
    assert check_sample(plain) == []


DEFECTS: dict[str, Sample] = {
    "template-authority-missing": sample(head=HEAD.replace("Die Bürgermeisterin – ", "")),
    "template-sender-missing": sample(head=HEAD.replace("Musterplatz 17", "")),
    "template-foreign-office": sample(letter(reasons=REASONS + " Bitte melden: leistung@probeheim.example")),
    "template-authority-fixed": sample(letter(reasons=REASONS + " Der Landrat")),
    "template-file-number-missing": sample(head=HEAD.replace("MUS-2026-00001", "")),
    "template-date-missing": sample(head=HEAD.replace("20. November 2026", "")),
    "template-author-missing": sample(letter(end="Mit freundlichen Grüßen Im Auftrag")),
    "template-page-number-missing": replace(sample(), pages=(f"{HEAD} Seite 1 von 2", "zwei")),
    "template-part-unknown": sample(LetterText(letter().whole, {**letter().parts, "reason": "x"})),
    "template-operative-part-missing": sample(letter(operative="", reasons=REASONS)),
    "template-reasons-missing": sample(letter(operative=OPERATIVE + " § 19 SGB II", reasons="")),
    "template-legal-basis-missing": sample(letter(reasons="Weil es so ist.")),
    "template-remedy-flag": replace(sample(), needs_remedy_notice=False),
    "template-remedy-missing": sample(letter(remedy="")),
    "template-remedy-unneeded": replace(sample(), is_decision=False, needs_remedy_notice=False),
    "template-remedy-kind": sample(letter(remedy=REMEDY.replace("Widerspruch", "Einwand"))),
    "template-remedy-addressee": sample(letter(remedy=REMEDY.replace("99998 Musterstadt", ""))),
    "template-remedy-period": sample(letter(remedy=REMEDY.replace("eines Monats", "von vier Wochen"))),
    "template-remedy-written": sample(letter(remedy=REMEDY.replace("schriftlich", "formlos"))),
    "template-remedy-record": sample(letter(remedy=REMEDY.replace("zur Niederschrift", "mündlich"))),
    "template-remedy-electronic": sample(letter(remedy=REMEDY.replace("elektronisch", "e"))),
    "template-deemed-days": sample(
        letter(remedy=REMEDY + " Er gilt am vierten Tag nach der Aufgabe zur Post als bekannt gegeben.")
    ),
    "template-return-order-dead": sample(letter(reasons=REASONS + " Bei Umzug mit neuer Anschrift zurück!")),
    "template-date-spelling": sample(letter(reasons=REASONS + " Termin: 2026-12-10.")),
    "template-money-spelling": sample(letter(reasons=REASONS + " Es sind 1037.19 EUR.")),
    "template-annexes-colon": sample(letter(reasons=REASONS + " Anlagen: Berechnungsbogen")),
    "template-greeting-comma": sample(letter(end="Mit freundlichen Grüßen, Im Auftrag Max Beispiel")),
}


@pytest.mark.parametrize("code", DEFECTS)
def test_a_single_defect_is_found_by_its_own_rule_alone(code: str) -> None:
    assert codes(DEFECTS[code]) == {code}


def test_there_is_a_seeded_defect_for_every_rule() -> None:
    assert {rule.code for rule in RULES} == set(DEFECTS)


def test_a_klage_without_the_seat_of_the_court_is_found() -> None:
    assert codes(sample(letter(remedy=COURT.replace("48143 Münster", "")))) == {"template-remedy-addressee"}


def test_a_letterhead_without_an_e_mail_address_does_not_ask_for_the_electronic_form() -> None:
    head = HEAD.replace("sozialamt@musterstadt.example", "")
    text = letter(head=head, remedy=REMEDY.replace("elektronisch", "e"))
    assert codes(sample(text, head)) == set()


@pytest.mark.parametrize(
    "words", ["vier Tage nach Aufgabe", "am 3. Tag nach der Aufgabe", "dritten Tag nach Absendung"]
)
def test_no_wording_of_the_fiction_is_printed(words: str) -> None:
    assert codes(sample(letter(remedy=f"{REMEDY} Das gilt {words} zur Post."))) == {"template-deemed-days"}


@pytest.mark.parametrize(
    "right",
    [
        "am 25. August 2026", "geboren am 03.04.2019", "Az. 2026-00012-3", "im Dezember 2026", "nach § 41 Abs. 3",
        "1.234,56 EUR", "50 EUR", "0,00 EUR", "1.234.567,89 EUR", "Beträge in EUR", "Telefon 02871 95-3417",
        "Zimmer 2.14", "09:30 Uhr", "10 Prozent",
    ],
)  # fmt: skip
def test_right_spellings_are_no_finding(right: str) -> None:
    assert codes(sample(letter(reasons=f"{REASONS} {right}."))) == set()


@pytest.mark.parametrize(
    "wrong",
    ["05. August 2026", "5.August 2026", "5. Aug. 2026", "5.8.2026", "05.08.26", "5. August 26", "2026-08-05"],
)
def test_wrong_dates_are_found(wrong: str) -> None:
    assert codes(sample(letter(reasons=f"{REASONS} Am {wrong} kam er."))) == {"template-date-spelling"}


@pytest.mark.parametrize(
    "wrong", ["1234,56 EUR", "1.234,5 EUR", "1.234,56 €", "12,50 Euro", "1037.19", "5,00EUR"]
)
def test_wrong_amounts_are_found(wrong: str) -> None:
    assert codes(sample(letter(reasons=f"{REASONS} Das sind {wrong} im Monat"))) == {"template-money-spelling"}


def test_what_the_sample_brings_along_as_free_text_is_not_the_templates_fault() -> None:
    free = "Bitte kommen Sie zum Jobcenter Rhede, das kostet 5 Euro und dauert bis 3.4.2027."
    checked = replace(sample(letter(reasons=f"{REASONS} {free}")), given=(free,))
    assert check_sample(checked) == []


def test_every_field_needs_a_title_in_lists_too() -> None:
    schema = {
        "properties": {
            "good": {"title": "Gut"},
            "bad": {"type": "string"},
            "rows": {"title": "Zeilen", "items": {"properties": {"empty": {"title": " "}}}},
        }
    }
    found = check_schema(schema)
    assert [finding.code for finding in found] == ["template-field-untitled"] * 2
    assert "bad" in found[0].message
    assert "rows.empty" in found[1].message
