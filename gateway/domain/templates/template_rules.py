"""Rules that a letter template must keep, each one small function with one stable code: the template lint.

A rule sees the template's sample as it reads (`Sample`), and says in German what is missing or wrong. Whether a
template may be published is the conjunction of all rules. Nothing is rendered or read here. Sources: § 33, § 35 and
§ 36 SGB X, § 66 and § 84 SGG, BSG 27.09.2023 B 7 AS 10/22 R, DIN 5008.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from gateway.domain.findings import Finding, Severity
from gateway.domain.templates.template_sample import (
    MONTHS,
    OPERATIVE,
    PARTS,
    REASONS,
    REMEDY_NOTICE,
    SIGNATURE,
    Rule,
    Sample,
    german_date,
)

_MONTH = "|".join(MONTHS)

# Who issues it: § 33 Abs. 3 SGB X


def _authority(sample: Sample) -> Iterator[str]:
    if not sample.on_letterhead(sample.issuer.authority):
        yield (
            "Die erlassende Behörde der Dienststelle steht nicht auf der ersten Seite (§ 33 Abs. 3 SGB X). "
            "Bitte {{ office.authority }} aus der Grundvorlage übernehmen."
        )


def _sender(sample: Sample) -> Iterator[str]:
    if not sample.on_letterhead(*sample.issuer.seat):
        yield (
            "Die Anschrift der Dienststelle steht nicht auf der ersten Seite. Bitte Straße, Postleitzahl und Ort "
            "aus {{ office }} übernehmen."
        )


def _foreign_office(sample: Sample) -> Iterator[str]:
    given = " ".join(sample.given)
    own = {mark.casefold() for mark in sample.issuer.marks}
    for other in sample.others:
        for mark in other.marks:
            if mark.casefold() in own or mark in given or any(mark in value for value in sample.issuer.marks):
                continue
            if mark in sample.letter.whole:
                yield (
                    f"„{mark}“ gehört zu einer anderen Dienststelle und steht fest in der Vorlage. "
                    "Bitte durch {{ office… }} ersetzen."
                )


_OFFICIAL = re.compile(
    r"\b(?:(?:Der|Die) (?:Landrat|Landrätin|(?:Ober)?[Bb]ürgermeister(?:in)?)|Jobcenter (?:im )?[A-ZÄÖÜ]\w+"
    r"|(?:Kreis|Landkreis|Stadt) [A-ZÄÖÜ]\w+)\b"
)


def _fixed_authority(sample: Sample) -> Iterator[str]:
    text = sample.letter.whole
    for known in sorted((*sample.issuer.marks, *sample.given), key=len, reverse=True):
        text = text.replace(known, " ")
        for piece in known.split(" – "):
            text = text.replace(piece, " ") if len(piece) > 4 else text
    for found in dict.fromkeys(_OFFICIAL.findall(text)):
        yield (
            f"„{found}“ steht fest in der Vorlage. Die Behörde kommt immer aus der Dienststelle: "
            "bitte durch {{ office… }} ersetzen."
        )


# What every letter needs


def _file_number(sample: Sample) -> Iterator[str]:
    if not sample.on_letterhead(sample.file_number):
        yield "Das Aktenzeichen steht nicht auf der ersten Seite. Bitte {{ letter.file_number }} aufnehmen."


def _date(sample: Sample) -> Iterator[str]:
    if not sample.on_letterhead(german_date(sample.decision_date)):
        yield "Das Datum des Schreibens steht nicht auf der ersten Seite. Bitte {{ letter.decision_date }} aufnehmen."


def _author(sample: Sample) -> Iterator[str]:
    if sample.author_name not in sample.part(SIGNATURE):
        yield (
            "Der Name fehlt am Ende des Schreibens (§ 33 Abs. 3 SGB X: Unterschrift oder Namenswiedergabe). "
            'Bitte {{ letter.author_name }} im Abschnitt data-part="signature" aufnehmen.'
        )


def _page_numbers(sample: Sample) -> Iterator[str]:
    for number, text in enumerate(sample.pages, start=1):
        if f"Seite {number} von {len(sample.pages)}" not in text:
            yield f"Auf Seite {number} fehlt „Seite {number} von {len(sample.pages)}“."


def _known_parts(sample: Sample) -> Iterator[str]:
    for name in sorted(sample.letter.parts.keys() - PARTS):
        yield f'Der Abschnitt data-part="{name}" ist unbekannt. Bekannt sind: {", ".join(sorted(PARTS))}.'


# What a decision needs


def _operative(sample: Sample) -> Iterator[str]:
    if sample.is_decision and not sample.part(OPERATIVE):
        yield (
            "Der Bescheid hat keinen Verfügungssatz (§ 33 Abs. 1 SGB X). "
            'Bitte den Abschnitt mit data-part="operative" kennzeichnen.'
        )


def _reasons(sample: Sample) -> Iterator[str]:
    if sample.is_decision and not sample.part(REASONS):
        yield (
            "Der Bescheid hat keine Begründung (§ 35 SGB X). "
            'Bitte den Abschnitt mit data-part="reasons" kennzeichnen.'
        )


def _legal_basis(sample: Sample) -> Iterator[str]:
    if sample.is_decision and "§" not in sample.part(OPERATIVE) + sample.part(REASONS):
        yield "Verfügungssatz und Begründung nennen keine Rechtsgrundlage (§ 35 Abs. 1 SGB X)."


def _remedy_flag(sample: Sample) -> Iterator[str]:
    if sample.is_decision != sample.needs_remedy_notice:
        yield (
            "In meta.toml widersprechen sich is_decision und needs_remedy_notice: Jeder Bescheid braucht eine "
            "Rechtsbehelfsbelehrung (§ 36 SGB X), ein anderes Schreiben darf keine haben."
        )


def _remedy_missing(sample: Sample) -> Iterator[str]:
    if sample.is_decision and not sample.part(REMEDY_NOTICE):
        yield (
            "Der Bescheid hat keine Rechtsbehelfsbelehrung (§ 36 SGB X): Die Frist wäre ein Jahr (§ 66 Abs. 2 SGG). "
            'Bitte den Abschnitt data-part="remedy-notice" aus der Grundvorlage übernehmen.'
        )


def _remedy_unneeded(sample: Sample) -> Iterator[str]:
    if not sample.is_decision and (
        sample.part(REMEDY_NOTICE) or "Rechtsbehelfsbelehrung" in sample.letter.whole
    ):
        yield (
            "Das Schreiben ist kein Bescheid, hat aber eine Rechtsbehelfsbelehrung: Sie macht es zum anfechtbaren "
            "Verwaltungsakt. Bitte entfernen, oder is_decision in meta.toml berichtigen."
        )


def _remedy_kind(sample: Sample) -> Iterator[str]:
    if (notice := sample.part(REMEDY_NOTICE)) and not re.search(r"\b(?:Widerspruch|Klage)\b", notice):
        yield "Die Rechtsbehelfsbelehrung nennt den Rechtsbehelf nicht (Widerspruch oder Klage, § 36 SGB X)."


def _remedy_addressee(sample: Sample) -> Iterator[str]:
    if not (notice := sample.part(REMEDY_NOTICE)):
        return
    if re.search(r"\bKlage\b", notice):
        if not re.search(r"\bSozialgericht \w+.*\b\d{5} \w+", notice):
            yield "Die Rechtsbehelfsbelehrung nennt das Sozialgericht und seinen Sitz nicht (§ 36 SGB X)."
    elif any(part not in notice for part in (sample.issuer.authority, *sample.issuer.seat)):
        yield (
            "Die Rechtsbehelfsbelehrung nennt die Behörde der Dienststelle und ihren Sitz nicht (§ 36 SGB X). "
            "Bitte {{ office.authority }} mit Straße, Postleitzahl und Ort aufnehmen."
        )


def _remedy_period(sample: Sample) -> Iterator[str]:
    notice = sample.part(REMEDY_NOTICE)
    if notice and not re.search(r"innerhalb eines Monats nach (?:der )?(?:Bekanntgabe|Zustellung)", notice):
        yield (
            "Die Rechtsbehelfsbelehrung nennt die Frist nicht: „innerhalb eines Monats nach Bekanntgabe“ "
            "(§ 84 Abs. 1, § 87 Abs. 1 SGG)."
        )


def _remedy_written(sample: Sample) -> Iterator[str]:
    if (notice := sample.part(REMEDY_NOTICE)) and "schriftlich" not in notice:
        yield "Die Rechtsbehelfsbelehrung nennt die Schriftform nicht („schriftlich“, § 84 Abs. 1, § 90 SGG)."


def _remedy_record(sample: Sample) -> Iterator[str]:
    if (notice := sample.part(REMEDY_NOTICE)) and "zur Niederschrift" not in notice:
        yield "Die Rechtsbehelfsbelehrung nennt die Erklärung „zur Niederschrift“ nicht (§ 84 Abs. 1, § 90 SGG)."


def _remedy_electronic(sample: Sample) -> Iterator[str]:
    notice = sample.part(REMEDY_NOTICE)
    if notice and re.search(r"\S@\S+\.\w", sample.letterhead) and "elektronisch" not in notice:
        yield (
            "Der Briefkopf nennt eine E-Mail-Adresse, die Rechtsbehelfsbelehrung aber nicht die elektronische Form: "
            "Die Belehrung ist unrichtig, die Frist ein Jahr (BSG B 7 AS 10/22 R)."
        )


# What must not stand in any letter

_DEEMED_DAYS = re.compile(
    r"\b(?:drei|vier|dritten?|vierten?|[34]\.?) Tage?n? nach (?:der |dem |ihrer )?(?:Aufgabe|Absendung)",
    re.IGNORECASE,
)
_DEAD_ORDER = re.compile(
    r"Bei Umzug[^.!]{0,80}(?:zurück|nachsenden|Anschriftenb)|(?:Wenn|Falls) (?:unzustellbar|verzogen)[^.!]{0,40}zurück",
    re.IGNORECASE,
)


def _deemed_days(sample: Sample) -> Iterator[str]:
    if _DEEMED_DAYS.search(sample.letter.whole):
        yield (
            "Die Vorlage druckt, wie viele Tage nach der Aufgabe zur Post der Bescheid als bekannt gegeben gilt. "
            "Das verlangt kein Gesetz, und eine falsche Zahl macht die Belehrung unrichtig: bitte streichen."
        )


def _dead_order(sample: Sample) -> Iterator[str]:
    if _DEAD_ORDER.search(sample.letter.whole) or any(_DEAD_ORDER.search(page) for page in sample.pages):
        yield (
            "Die Vorausverfügung gibt es seit 01.03.2025 nicht mehr; möglich ist nur noch „Nicht nachsenden!“. "
            "Bitte streichen."
        )


# Spelling, DIN 5008

_WRONG_DATES = (
    re.compile(r"\b0\d\. (?:" + _MONTH + r")\b"),
    re.compile(r"\b\d{1,2}\.(?:" + _MONTH + r")\b"),
    re.compile(r"\b\d{1,2}\. (?:Jan|Feb|Mrz|Apr|Jun|Jul|Aug|Sept?|Okt|Nov|Dez)\.? \d{2,4}\b"),
    re.compile(r"\b\d{1,2}\. ?\d{1,2}\. ?\d{2}\b(?!\d|\.)"),
    re.compile(r"(?<!\d)\d\.\d{1,2}\.(?:19|20)\d{2}\b"),
    re.compile(r"(?<![\w-])(?:19|20)\d{2}-\d{2}-\d{2}(?![\w-])"),
    re.compile(r"\b\d{1,2}\. (?:" + _MONTH + r") \d{2}\b(?!\d)"),
)
_AMOUNT = re.compile(r"(?<![\w.,])(-?[\d.,]*\d) ?(EUR|Euro|€)(?!\w)")
_RIGHT_AMOUNT = re.compile(r"-?(?:\d{1,3}(?:\.\d{3})*|\d{1,3})(?:,\d{2})?")
_RAW_AMOUNT = re.compile(r"(?<![\w.,/-])\d{3,}\.\d{2}(?![\w.,/-])")


def _dates(sample: Sample) -> Iterator[str]:
    text = _without(sample.letter.whole, sample.given)
    for found in dict.fromkeys(match.group() for rule in _WRONG_DATES for match in rule.finditer(text)):
        yield f"Das Datum „{found}“ ist falsch geschrieben: „25. August 2026“, in Tabellen „25.08.2026“ (DIN 5008)."


def _money(sample: Sample) -> Iterator[str]:
    text = _without(sample.letter.whole, sample.given)
    wrong = [match.group() for match in _AMOUNT.finditer(text) if not _is_right_amount(match)]
    for found in dict.fromkeys([*wrong, *_RAW_AMOUNT.findall(text)]):
        yield f"Der Betrag „{found}“ ist falsch geschrieben: „1.234,56 EUR“ (DIN 5008)."


def _is_right_amount(match: re.Match[str]) -> bool:
    return bool(_RIGHT_AMOUNT.fullmatch(match[1])) and match[2] == "EUR" and " EUR" in match[0]


def _annexes_colon(sample: Sample) -> Iterator[str]:
    if re.search(r"\bAnlagen?:", sample.letter.whole):
        yield "„Anlage“ und „Anlagen“ stehen ohne Doppelpunkt (DIN 5008)."


def _greeting_comma(sample: Sample) -> Iterator[str]:
    if re.search(r"\b(?:Mit freundlichen Grüßen|Freundliche Grüße|Hochachtungsvoll)[,.!]", sample.letter.whole):
        yield "Die Grußformel steht ohne Satzzeichen (DIN 5008)."


ISSUER_RULES = (
    Rule("template-authority-missing", Severity.ERROR, _authority),
    Rule("template-sender-missing", Severity.ERROR, _sender),
    Rule("template-foreign-office", Severity.ERROR, _foreign_office),
    Rule("template-authority-fixed", Severity.ERROR, _fixed_authority),
    Rule("template-remedy-addressee", Severity.ERROR, _remedy_addressee),
)
"""What must follow the office: asked for two offices."""

RULES = (
    *ISSUER_RULES,
    Rule("template-file-number-missing", Severity.ERROR, _file_number),
    Rule("template-date-missing", Severity.ERROR, _date),
    Rule("template-author-missing", Severity.ERROR, _author),
    Rule("template-page-number-missing", Severity.ERROR, _page_numbers),
    Rule("template-part-unknown", Severity.ERROR, _known_parts),
    Rule("template-operative-part-missing", Severity.ERROR, _operative),
    Rule("template-reasons-missing", Severity.ERROR, _reasons),
    Rule("template-legal-basis-missing", Severity.ERROR, _legal_basis),
    Rule("template-remedy-flag", Severity.ERROR, _remedy_flag),
    Rule("template-remedy-missing", Severity.ERROR, _remedy_missing),
    Rule("template-remedy-unneeded", Severity.ERROR, _remedy_unneeded),
    Rule("template-remedy-kind", Severity.ERROR, _remedy_kind),
    Rule("template-remedy-period", Severity.ERROR, _remedy_period),
    Rule("template-remedy-written", Severity.ERROR, _remedy_written),
    Rule("template-remedy-record", Severity.ERROR, _remedy_record),
    Rule("template-remedy-electronic", Severity.ERROR, _remedy_electronic),
    Rule("template-deemed-days", Severity.ERROR, _deemed_days),
    Rule("template-return-order-dead", Severity.ERROR, _dead_order),
    Rule("template-date-spelling", Severity.ERROR, _dates),
    Rule("template-money-spelling", Severity.ERROR, _money),
    Rule("template-annexes-colon", Severity.ERROR, _annexes_colon),
    Rule("template-greeting-comma", Severity.ERROR, _greeting_comma),
)
"""Every rule; a template that breaks one is not published."""


def check_sample(sample: Sample, rules: Sequence[Rule] = RULES) -> list[Finding]:
    """What the rules have to say about a sample, in their order."""
    return [finding for rule in rules for finding in rule.findings(sample)]


def check_schema(schema: Mapping[str, object]) -> list[Finding]:
    """Every field needs a German title: form and messages are made from it ('template-field-untitled')."""
    return [
        Finding(
            "template-field-untitled",
            Severity.ERROR,
            f"Das Feld „{name}“ in meta.toml hat keine Überschrift (title).",
        )
        for name in _untitled(schema)
    ]


def _untitled(schema: Mapping[str, object], path: str = "") -> Iterator[str]:
    properties = schema.get("properties")
    for name, branch in properties.items() if isinstance(properties, Mapping) else ():
        if not isinstance(branch, Mapping) or not str(branch.get("title", "")).strip():
            yield f"{path}{name}"
        if isinstance(branch, Mapping):
            yield from _untitled(branch, f"{path}{name}.")
    items = schema.get("items")
    if isinstance(items, Mapping):
        yield from _untitled(items, path)


def _without(text: str, given: Sequence[str]) -> str:
    """What the template says, without what the sample's data bring along as free text."""
    for value in sorted(given, key=len, reverse=True):
        if len(value) > 20:
            text = text.replace(" ".join(value.split()), " ")
    return text
