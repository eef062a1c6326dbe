"""Data for letters that decide nothing: hearing, receipt, questions on a reply slip."""

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from gateway.testing.award import add_months, money
from gateway.testing.households import Household
from gateway.testing.wording import german_date, working_day


def hearing(chance: random.Random, home: Household, today: date) -> dict[str, Any]:
    """A hearing before a recovery or before a reduction for a missed appointment."""
    deadline = working_day(today + timedelta(days=chance.randint(26, 33))).isoformat()
    if chance.random() < 0.5:
        return {"deadline": deadline, **_before_recovery(chance, home, today)}
    missed = working_day(today - timedelta(days=chance.randint(5, 20)))
    return {
        "kind": "Minderung wegen Meldeversäumnis",
        "facts": f"Zu dem Termin am {german_date(missed)} sind Sie nicht erschienen. {chance.choice(_SILENCE)}",
        "deadline": deadline,
        "breach": {
            "breach_date": missed.isoformat(),
            "summons_date": (missed - timedelta(days=chance.randint(15, 25))).isoformat(),
        },
    }


_SILENCE = (
    "Eine Nachricht von Ihnen liegt nicht vor.",
    "Am selben Tag haben Sie angerufen und keinen Grund genannt.",
)


def _before_recovery(chance: random.Random, home: Household, today: date) -> dict[str, Any]:
    start = add_months(today.replace(day=1), -chance.randint(2, 6))
    name = home.members[0].full_name
    return {
        "kind": "Aufhebung und Erstattung",
        "facts": f"Uns ist am {german_date(today - timedelta(days=8))} bekannt geworden, dass {name} seit dem "
        f"{german_date(start)} arbeitet. Dieses Einkommen war bei der Bewilligung nicht berücksichtigt.",
        "recovery": {
            "granted_on": (start - timedelta(days=chance.randint(10, 60))).isoformat(),
            "law": "§ 48 SGB X",
            "period_from": start.isoformat(),
            "period_to": (today.replace(day=1) - timedelta(days=1)).isoformat(),
            "amount": money(Decimal(chance.randint(8_000, 240_000)) / 100),
            "fault": chance.choice(["", "Sie haben die Arbeitsaufnahme nicht mitgeteilt."]),
        },
    }


def receipt(chance: random.Random, _home: Household, today: date) -> dict[str, Any]:
    """A receipt for papers; sometimes some are still missing."""
    titles = chance.sample(_PAPERS, chance.randint(2, len(_PAPERS)))
    split = chance.randint(1, len(titles))
    applied = today - timedelta(days=chance.randint(3, 20))
    data: dict[str, Any] = {
        "concerns": chance.choice(["Ihr Antrag", "Ihre Unterlagen", "Ihr Weiterbewilligungsantrag"]),
        "applied_on": applied.isoformat(),
        "received": [
            {"title": title, "received_on": applied.isoformat(), "pages": chance.randint(1, 24)}
            for title in titles[:split]
        ],
        "missing": titles[split:],
        "next_step": chance.choice(["Wir prüfen Ihre Unterlagen der Reihe nach.", ""]),
    }
    until = working_day(today + timedelta(days=21)).isoformat()
    return {**data, "missing_until": until} if titles[split:] else data


_PAPERS = (
    "Hauptantrag mit Anlage zu den Kosten der Unterkunft",
    "Kontoauszüge der letzten drei Monate",
    "Mietvertrag mit allen Seiten",
    "Gehaltsabrechnungen der letzten drei Monate",
    "Bescheid über Kindergeld",
    "Nachweis über Ihre Krankenversicherung",
)


def questions(chance: random.Random, _home: Household, today: date) -> dict[str, Any]:
    """Some questions to answer on a reply slip."""
    concerns, request, reasons = chance.choice(_TOPICS)
    return {
        "concerns": concerns,
        "request": request,
        "reasons": reasons,
        "deadline": working_day(today + timedelta(days=chance.randint(18, 28))).isoformat(),
        "questions": [
            {"question": question, "answer": answer}
            for question, answer in chance.sample(_QUESTIONS, chance.randint(2, len(_QUESTIONS)))
        ],
    }


_TOPICS = (
    (
        "Angaben zu Ihrer Wohnung",
        "Sie haben uns mitgeteilt, dass sich Ihre Wohnung ändert. Bitte beantworten Sie uns dazu einige Fragen.",
        "Die Angaben brauchen wir, um die Kosten der Unterkunft und Heizung festzustellen (§ 22 SGB II).",
    ),
    (
        "Angaben zu Ihrem Einkommen",
        "Für die Berechnung Ihrer Leistungen fehlen uns einige Angaben zu Ihrer neuen Arbeit.",
        "Die Angaben brauchen wir, um Ihr Einkommen zu berechnen (§§ 11 bis 11b SGB II).",
    ),
)
_QUESTIONS = (
    ("Ab wann gilt die Änderung?", "eine Zeile"),
    ("Leben noch alle bisher genannten Personen in Ihrem Haushalt?", "ja oder nein"),
    ("Was hat sich sonst geändert?", "drei Zeilen"),
    ("Neuer Vertrag, alle Seiten", "liegt bei"),
    ("Ist Ihre Bankverbindung unverändert?", "ja oder nein"),
)
