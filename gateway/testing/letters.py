"""Letter data for factory-made cases: varied, plausible, and adding up.

Only for demonstrations and tests: rates and shares are simplified, no entitlement is computed here. The figures
of real letters come from line-of-business software.
"""

import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from gateway.testing import decisions, notices
from gateway.testing.award import award_data
from gateway.testing.households import Household, fictional, household_of
from gateway.testing.wording import german_date, working_day

Maker = Callable[[random.Random, Household, date], dict[str, Any]]


def letter_data(template: str, case: Mapping[str, Any], *, seed: int, today: date) -> dict[str, Any]:
    """Data for a letter of `template` in a case of `cases_document`, as if written on `today`.

    Raises `KeyError` for a template that this factory does not know, `ValueError` for a case that is not its own.
    """
    home = household_of(case["reference"])
    chance = random.Random(f"letter:{template}:{case['reference']}:{seed}")  # noqa: S311  (fictional data)
    return _MAKERS[template](chance, home, today)


def _invitation(chance: random.Random, home: Household, today: date) -> dict[str, Any]:
    _key, place, postcode, _code, _dialling, street, _district = home.office
    return {
        "appointment_date": working_day(today + timedelta(days=chance.randint(18, 30))).isoformat(),
        "appointment_time": f"{chance.randint(8, 15):02d}:{chance.choice([0, 15, 30, 45]):02d}",
        "place": f"Jobcenter, {street}, {postcode} {place}, Zimmer {chance.randint(0, 3)}.{chance.randint(1, 30):02d}",
        "contact": chance.choice(["", "", "Herr Wißing", "Frau Höing"]),
        "purpose": chance.choice(_PURPOSES),
        "topic": chance.choice(_TOPICS),
        "bring": chance.sample(_BRING, chance.randint(1, len(_BRING))),
    }


_PURPOSES = (
    "Berufsberatung",
    "Vermittlung in Ausbildung oder Arbeit",
    "Vorbereitung aktiver Arbeitsförderungsleistungen",
    "Vorbereitung von Entscheidungen im Leistungsverfahren",
    "Prüfung des Vorliegens der Voraussetzungen für den Leistungsanspruch",
)
_TOPICS = (
    "Wir möchten mit Ihnen über Ihre berufliche Situation und über freie Stellen in der Region sprechen.",
    "Wir möchten Ihren Kooperationsplan besprechen und klären, welche Weiterbildung für Sie in Frage kommt.",
    "Wir möchten mit Ihnen klären, welche Unterlagen für Ihren Antrag noch fehlen und wie Sie sie bekommen.",
)
_BRING = (
    "Ihren Personalausweis oder Reisepass",
    "Ihren aktuellen Lebenslauf",
    "Ihre Bewerbungen der letzten drei Monate",
    "Ihre Zeugnisse und Nachweise über Kurse",
)


def _request(chance: random.Random, _home: Household, today: date) -> dict[str, Any]:
    applied = today - timedelta(days=chance.randint(10, 40))
    documents = [
        {"title": title, **({"detail": detail} if detail else {})}
        for title, detail in chance.sample(_DOCUMENTS, chance.randint(2, len(_DOCUMENTS)))
    ]
    return {
        "concerns": f"Ihr Antrag vom {german_date(applied)}",
        "deadline": working_day(today + timedelta(days=chance.randint(21, 28))).isoformat(),
        "consequence": chance.choice(["Versagung", "Versagung", "Entziehung"]),
        "documents": documents,
        "reasons": chance.choice(_REASONS),
    }


_DOCUMENTS = (
    ("Kontoauszüge der letzten drei Monate", "lückenlos und für alle Konten"),
    ("Mietvertrag und letzte Nebenkostenabrechnung", "alle Seiten, mit den Unterschriften beider Seiten"),
    ("Gehaltsabrechnungen der letzten drei Monate", ""),
    ("Bescheid über Kindergeld", ""),
    ("Heizkostenabrechnung des vergangenen Jahres", "auch wenn sie ein Guthaben ausweist"),
    ("Nachweis über Ihre Krankenversicherung", ""),
)
_REASONS = (
    "Die Kontoauszüge brauchen wir, um Ihr Einkommen und Vermögen zu prüfen (§§ 11 und 12 SGB II).",
    "Die Unterlagen brauchen wir, um die Kosten der Unterkunft und Heizung festzustellen (§ 22 SGB II).",
    "",
)


def _award(chance: random.Random, home: Household, today: date) -> dict[str, Any]:
    return award_data(
        chance, home, today, landlord=f"Hausverwaltung {chance.choice(fictional()['family_names'])}"
    )


_MAKERS: dict[str, Maker] = {
    "ablehnung": decisions.refusal,
    "aenderungsbescheid": decisions.change,
    "anhoerung": notices.hearing,
    "antwortbogen": notices.questions,
    "aufhebung_erstattung": decisions.recovery,
    "bewilligungsbescheid": _award,
    "eingangsbestaetigung": notices.receipt,
    "einladung": _invitation,
    "mitwirkungsaufforderung": _request,
    "versagung": decisions.withholding,
    "vorlaeufige_bewilligung": decisions.provisional_award,
    "widerspruchsbescheid": decisions.objection,
}
