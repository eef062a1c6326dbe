"""Data for decisions other than the plain award: provisional, changed, taken back, refused, and on an objection.

Fiction whose sums are right; not a computation of anybody's entitlement.
"""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from gateway.testing.award import add_months, award_data, fictional_iban, money
from gateway.testing.households import Household, fictional
from gateway.testing.wording import german_date

_ZERO = Decimal("0.00")


def provisional_award(chance: random.Random, home: Household, today: date) -> dict[str, Any]:
    """Six months, because wages vary or an answer of another authority is awaited."""
    ground, point, evidence = chance.choice(_OPEN_POINTS)
    award = award_data(chance, home, today, landlord=_landlord(chance), length=6)
    return {**award, "ground": ground, "open_point": point, "evidence": list(evidence)}


_OPEN_POINTS = (
    (
        "Höhe des Anspruchs noch offen (Nummer 2)",
        "Der Lohn schwankt von Monat zu Monat. Der Berechnung liegt der Durchschnitt der letzten drei Monate zugrunde.",
        ("Gehaltsabrechnungen des ganzen Bewilligungszeitraums",),
    ),
    (
        "Höhe des Anspruchs noch offen (Nummer 2)",
        "Die selbständige Tätigkeit hat gerade begonnen. Der Berechnung liegt Ihre Schätzung zugrunde.",
        ("Betriebseinnahmen und Betriebsausgaben, abschließende Angaben", "Kontoauszüge des Geschäftskontos"),
    ),
    (
        "Voraussetzungen noch nicht abschließend festgestellt (Nummer 1)",
        "Über Ihren Antrag auf eine Rente wegen Erwerbsminderung hat die Rentenversicherung noch nicht entschieden.",
        (),
    ),
)


def _landlord(chance: random.Random) -> str:
    return f"Hausverwaltung {chance.choice(fictional()['family_names'])}"


def change(chance: random.Random, home: Household, today: date) -> dict[str, Any]:
    """A new calculation beside what was paid so far."""
    award = award_data(chance, home, today, landlord=_landlord(chance), length=chance.randint(2, 9))
    del award["application_date"]
    better = chance.random() < 0.5
    starts = date.fromisoformat(award["period_from"])
    heard = {} if better else {"hearing_date": (today - timedelta(days=20)).isoformat()}
    return {
        **award,
        **heard,
        "granted_on": (today - timedelta(days=chance.randint(30, 150))).isoformat(),
        "direction": "zu Ihren Gunsten" if better else "für die Zukunft, zu Ihren Ungunsten",
        "change_date": starts.isoformat(),
        "change": f"{chance.choice(_BETTER if better else _WORSE)} (ab {german_date(starts)}).",
        "comparison": [_compared(chance, row, better=better) for row in award["calculations"]],
    }


_BETTER = ("Die Miete ist gestiegen", "Die Vorauszahlung für Heizung wurde erhöht")
_WORSE = ("Die Miete ist gesunken", "Die Vorauszahlung für Nebenkosten wurde gesenkt")


def _compared(chance: random.Random, calculation: dict[str, Any], *, better: bool) -> dict[str, Any]:
    after = [
        Decimal(claim) + Decimal(extra or "0.00")
        for claim, extra in zip(calculation["claims"], calculation["supplements"], strict=True)
    ]
    steps = [min(Decimal(chance.randint(500, 9000)) / 100, amount) for amount in after]
    before = [new - step if better else new + step for new, step in zip(after, steps, strict=True)]
    return {
        "before": _texts(before),
        "after": _texts(after),
        "change": _texts([new - old for new, old in zip(after, before, strict=True)]),
        "before_total": money(sum(before, _ZERO)),
        "after_total": money(sum(after, _ZERO)),
        "change_total": money(sum(after, _ZERO) - sum(before, _ZERO)),
    }


def _texts(amounts: Sequence[Decimal]) -> list[str]:
    return [money(amount) for amount in amounts]


def recovery(chance: random.Random, home: Household, today: date) -> dict[str, Any]:
    """Two to eight past months, for everybody of the household."""
    count = chance.randint(2, 8)
    starts = add_months(today.replace(day=1), -count)
    granted = [Decimal(chance.randint(30_000, 70_000)) / 100 for _ in home.members]
    months = [_month(chance, add_months(starts, n), granted) for n in range(count)]
    sums = [sum((Decimal(month["refund"][p]) for month in months), _ZERO) for p in range(len(granted))]
    ground, facts, fault = chance.choice(_GROUNDS)
    return {
        "granted_on": (starts - timedelta(days=chance.randint(5, 90))).isoformat(),
        "period_from": starts.isoformat(),
        "period_to": (today.replace(day=1) - timedelta(days=1)).isoformat(),
        "ground": ground,
        "facts": f"{facts} Das hat das Jobcenter am {german_date(today - timedelta(days=30))} erfahren.",
        "fault": fault,
        "known_on": (today - timedelta(days=30)).isoformat(),
        "hearing_date": (today - timedelta(days=24)).isoformat(),
        "statement": chance.choice(
            ["", "Ihre Angaben wurden berücksichtigt; sie ändern die Berechnung nicht."]
        ),
        "persons": [{"name": one.full_name, "minor": one.role == "child"} for one in home.members],
        "months": months,
        "refund_sums": _texts(sums),
        "refund_total": money(sum(sums, _ZERO)),
        "due_date": (today + timedelta(days=45)).isoformat(),
        "payment": {
            "payee": "Kreiskasse Borken",
            "iban": fictional_iban(chance),
            "reference": f"5022.{chance.randrange(10**7):07d}.{chance.randrange(10)}",
        },
    }


def _month(chance: random.Random, first: date, granted: Sequence[Decimal]) -> dict[str, Any]:
    due = [(amount * chance.randint(30, 80) / 100).quantize(Decimal("0.01")) for amount in granted]
    refund = [whole - rest for whole, rest in zip(granted, due, strict=True)]
    lists = {"granted": granted, "due": due, "refund": refund}
    return {
        "month": f"{first:%Y-%m}",
        **{name: _texts(amounts) for name, amounts in lists.items()},
        **{f"{name}_sum": money(sum(amounts, _ZERO)) for name, amounts in lists.items()},
    }


_GROUNDS = (
    ("§ 48: Einkommen oder Vermögen erzielt", "Es wird Lohn aus einer neuen Arbeit erzielt.", ""),
    (
        "§ 48: Änderung nicht mitgeteilt",
        "Eine Person ist aus dem Haushalt ausgezogen.",
        "Im Merkblatt und im Bescheid steht, dass ein Auszug sofort mitzuteilen ist. Das musste sich Ihnen aufdrängen.",
    ),
    (
        "§ 45: unrichtige oder unvollständige Angaben",
        "Ein zweites Konto war im Antrag nicht angegeben.",
        "Im Antrag war nach allen Konten gefragt. Die Frage wurde mit einem Konto beantwortet.",
    ),
)


def refusal(chance: random.Random, home: Household, today: date) -> dict[str, Any]:
    """A refusal; for income with the balance that shows it."""
    applied = today - timedelta(days=chance.randint(15, 50))
    ground, facts = chance.choice(_REFUSALS)
    data = {
        "application_date": applied.isoformat(),
        "period_from": applied.replace(day=1).isoformat(),
        "ground": ground,
        "facts": facts,
    }
    if ground.startswith("Einkommen"):
        return {**data, "balance": _balance(chance, home)}
    if ground.startswith("Zeit"):
        before = add_months(applied.replace(day=1), -2)
        end = applied.replace(day=1) - timedelta(days=1)
        return {**data, "period_from": before.isoformat(), "period_to": end.isoformat()}
    return data


_REFUSALS = (
    ("Einkommen deckt den Bedarf", "Das Einkommen ergibt sich aus den Abrechnungen der letzten drei Monate."),
    (
        "Vermögen deckt den Bedarf",
        "Nach Ihren Angaben übersteigt das Guthaben auf Ihren Konten die Freibeträge.",
    ),
    (
        "Ausbildung schließt den Anspruch aus",
        "Sie studieren seit dem Wintersemester und wohnen nicht bei den Eltern.",
    ),
    ("Altersgrenze erreicht", "Nach dem Rentenbescheid beziehen Sie eine Regelaltersrente."),
    (
        "Zeit vor dem Antrag",
        "Ein früherer Antrag ist nicht eingegangen; einen Nachweis haben Sie nicht vorgelegt.",
    ),
)


def _balance(chance: random.Random, home: Household) -> dict[str, Any]:
    needs = [
        (f"Regelbedarf {one.full_name}"[:80], "§ 20 SGB II", Decimal(chance.choice([357, 390, 471, 506])))
        for one in home.members
    ]
    needs.append(("Unterkunft und Heizung", "§ 22 Abs. 1 SGB II", Decimal(chance.randrange(480, 900, 10))))
    total = sum((amount for *_, amount in needs), _ZERO)
    surplus = Decimal(chance.randint(100, 60_000)) / 100
    return {
        "needs": [{"label": name, "basis": law, "amount": money(amount)} for name, law, amount in needs],
        "needs_sum": money(total),
        "incomes": [
            {
                "label": "Erwerbseinkommen nach Abzug der Freibeträge",
                "basis": "§§ 11 bis 11b SGB II",
                "amount": money(total + surplus),
            }
        ],
        "incomes_sum": money(total + surplus),
        "surplus": money(surplus),
    }


def withholding(chance: random.Random, _home: Household, today: date) -> dict[str, Any]:
    """A refusal or withdrawal for want of cooperation, after an earlier request."""
    refused = chance.random() < 0.7
    asked = today - timedelta(days=chance.randint(30, 50))
    subject = asked - timedelta(days=chance.randint(10, 30))
    partly = chance.random() < 0.3
    next_month = add_months(today.replace(day=1), 1)
    return {
        "kind": "Versagung" if refused else "Entziehung",
        "subject_date": subject.isoformat(),
        "from_date": (subject.replace(day=1) if refused else next_month).isoformat(),
        "scope": "teilweise" if partly else "ganz",
        "scope_detail": "Bedarfe für Unterkunft und Heizung (§ 22 SGB II)." if partly else "",
        "request_date": asked.isoformat(),
        "request_deadline": (asked + timedelta(days=21)).isoformat(),
        "missing": chance.sample(_MISSING, chance.randint(1, len(_MISSING))),
        "answer": chance.choice(["", "Auf die Aufforderung ist nur ein Teil der Unterlagen eingegangen."]),
        "discretion": chance.choice(_DISCRETION),
    }


_MISSING = (
    "Kontoauszüge der letzten drei Monate für alle Konten",
    "Mietvertrag mit allen Seiten",
    "Nachweis über die Kündigung Ihrer Arbeit",
    "Letzte Nebenkostenabrechnung",
)
_DISCRETION = (
    "Ein milderes Mittel ist nicht ersichtlich: Ohne die Unterlagen bleibt offen, ob Hilfebedürftigkeit besteht.",
    "Die Unterlagen lassen sich leicht beschaffen, und die Frist wurde bereits einmal verlängert.",
)


def objection(chance: random.Random, _home: Household, today: date) -> dict[str, Any]:
    """A decision on an objection: refused, inadmissible, or partly granted."""
    contested = today - timedelta(days=chance.randint(60, 120))
    outcome = chance.choice(
        ["zurückgewiesen", "zurückgewiesen", "als unzulässig verworfen", "teilweise stattgegeben"]
    )
    late = outcome == "als unzulässig verworfen"
    objected = contested + timedelta(days=chance.randint(45, 55) if late else chance.randint(6, 28))
    partly = outcome == "teilweise stattgegeben"
    amount = chance.randrange(20, 90, 5)
    return {
        "contested_on": contested.isoformat(),
        "objection_date": objected.isoformat(),
        "objection_reference": f"W {chance.randint(1, 900)}/{today:%y}",
        "outcome": outcome,
        "granted_part": f"Der Bescheid vom {german_date(contested)} wird geändert: Es werden weitere {amount},00 EUR "
        "monatlich für Unterkunft und Heizung bewilligt."
        if partly
        else "",
        "costs": chance.choice(["zu einem Drittel", "zur Hälfte"]) if partly else "nicht",
        "representative_needed": partly and chance.random() < 0.5,
        "facts": f"Gegen den Bescheid vom {german_date(contested)} haben Sie am {german_date(objected)} Widerspruch "
        "erhoben. Sie wenden sich gegen die Höhe der anerkannten Kosten der Unterkunft.",
        "considerations": _CONSIDERATIONS[outcome],
    }


_CONSIDERATIONS = {
    "zurückgewiesen": "Die Kosten der Unterkunft sind in der angemessenen Höhe anerkannt (§ 22 Absatz 1 SGB II). Eine "
    "Wohnung zu diesem Preis war nach den Unterlagen verfügbar.",
    "als unzulässig verworfen": "Der Widerspruch ist nach Ablauf der Frist von einem Monat eingegangen (§ 84 Absatz 1 "
    "SGG). Gründe für eine Wiedereinsetzung in den vorigen Stand sind nicht vorgetragen (§ 67 SGG).",
    "teilweise stattgegeben": "Der Bescheid ist von einem überholten Wert für die angemessenen Kosten ausgegangen. "
    "Soweit Sie darüber hinaus höhere Kosten geltend machen, sind diese nicht angemessen (§ 22 Absatz 1 SGB II).",
}
