"""Data for a Bewilligungsbescheid: a household's needs and income, month by month, that add up to the cent.

Fiction with the rates of 2026 (see the facts on amounts); not a computation of anybody's entitlement.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from gateway.testing.households import Household

Row = dict[str, Any]
_CENT = Decimal("0.01")
_ZERO = Decimal("0.00")
_CHILD_BENEFIT = Decimal("259.00")
_CHILD_SUPPLEMENT = Decimal("25.00")
_RATES_BY_AGE = ((6, Decimal("357.00")), (14, Decimal("390.00")), (18, Decimal("471.00")))
_HOT_WATER = {
    Decimal("563.00"): Decimal("12.95"),
    Decimal("506.00"): Decimal("11.64"),
    Decimal("471.00"): Decimal("6.59"),
    Decimal("390.00"): Decimal("4.68"),
    Decimal("357.00"): Decimal("2.86"),
}
_ROLES = {"client": "antragstellende Person", "child": "Kind"}


@dataclass(frozen=True)
class _Person:
    name: str
    role: str
    birth_date: date

    @property
    def is_child(self) -> bool:
        return self.role == "Kind"

    def age_on(self, day: date) -> int:
        had_birthday = (day.month, day.day) >= (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - (0 if had_birthday else 1)


@dataclass(frozen=True)
class _Basis:
    """What stays the same over the whole period."""

    persons: Sequence[_Person]
    rent_share: Decimal
    ancillary_share: Decimal
    heating_share: Decimal
    countable: Decimal
    landlord: str | None

    @property
    def adults(self) -> int:
        return sum(not person.is_child for person in self.persons)

    @property
    def rent_total(self) -> Decimal:
        return (self.rent_share + self.ancillary_share + self.heating_share) * len(self.persons)


def award_data(
    chance: random.Random, home: Household, today: date, *, landlord: str, length: int = 12
) -> dict[str, Any]:
    """`length` months from the next one; a child who turns 6 or 14 in between starts a new calculation."""
    start = _next_month(today)
    persons = _persons(chance, home, today)
    earnings = _earnings(chance, persons[0].name) if chance.random() < 0.6 else None
    basis = _Basis(
        persons=persons,
        rent_share=Decimal(chance.randrange(150, 301, 5)),
        ancillary_share=Decimal(chance.randrange(30, 71, 5)),
        heating_share=Decimal(chance.randrange(25, 61, 5)),
        countable=Decimal(earnings["countable"]) if earnings else _ZERO,
        landlord=landlord if chance.random() < 0.25 else None,
    )
    months = [add_months(start, n) for n in range(length)]
    data: dict[str, Any] = {
        "application_date": (today - timedelta(days=chance.randint(10, 40))).isoformat(),
        "period_from": start.isoformat(),
        "period_to": (add_months(start, length) - timedelta(days=1)).isoformat(),
        "persons": [_person_row(person) for person in persons],
        "housing": _housing(basis),
        "child_benefit": any(person.is_child for person in persons),
        "calculations": [_calculation(basis, span) for span in _spans(basis, months)],
        "payment": {"account_holder": persons[0].name, "iban": fictional_iban(chance)},
    }
    return {**data, "earnings": earnings} if earnings else data


def _persons(chance: random.Random, home: Household, today: date) -> list[_Person]:
    persons = []
    for member in home.members:
        # A child stays below 18 until the period ends: its age here is that of last New Year's Eve, at most.
        age = chance.randint(0, 15) if member.role == "child" else chance.randint(22, 60)
        partner = "Partnerin" if member.form == "frau" else "Partner"
        birth_date = date(today.year - age - 1, chance.randint(1, 12), chance.randint(1, 28))
        persons.append(_Person(member.full_name, _ROLES.get(member.role, partner), birth_date))
    return persons


def _person_row(person: _Person) -> Row:
    return {"name": person.name, "birth_date": person.birth_date.isoformat(), "role": person.role}


def _earnings(chance: random.Random, name: str) -> Row:
    """A small job: taxes and contributions of 19 %, allowances as of § 11b SGB II up to 1,000 EUR."""
    gross = Decimal(chance.randrange(300, 1001, 20))
    net = (gross * Decimal("0.81")).quantize(_CENT, ROUND_HALF_UP)
    allowance = (
        Decimal(100)
        + (min(gross, Decimal(520)) - 100) * Decimal("0.2")
        + max(gross - 520, _ZERO) * Decimal("0.3")
    ).quantize(_CENT, ROUND_HALF_UP)
    return {
        "person": name,
        "gross": money(gross),
        "net": money(net),
        "allowance": money(allowance),
        "countable": money(net - allowance),
    }


def _housing(basis: _Basis) -> Row:
    heads = len(basis.persons)
    return {
        "basic_rent": money(basis.rent_share * heads),
        "ancillary": money(basis.ancillary_share * heads),
        "heating": money(basis.heating_share * heads),
        "total": money(basis.rent_total),
        "shares": heads,
        "limited": False,
    }


def _spans(basis: _Basis, months: Sequence[date]) -> list[list[date]]:
    """Months in a row in which everybody has the same rate."""
    spans: list[list[date]] = []
    for month in months:
        if spans and _rates(basis, spans[-1][0]) == _rates(basis, month):
            spans[-1].append(month)
        else:
            spans.append([month])
    return spans


def _rates(basis: _Basis, month: date) -> list[Decimal]:
    adult = Decimal("563.00") if basis.adults == 1 else Decimal("506.00")
    return [
        next(rate for below, rate in _RATES_BY_AGE if person.age_on(month) < below)
        if person.is_child
        else adult
        for person in basis.persons
    ]


def _calculation(basis: _Basis, months: Sequence[date]) -> Row:
    needs = _needs(basis, months[0])
    sums = [sum((row[n] or _ZERO for _, _, row in needs), _ZERO) for n in range(len(basis.persons))]
    benefit = [_CHILD_BENEFIT if person.is_child else None for person in basis.persons]
    remaining = [total - (own or _ZERO) for total, own in zip(sums, benefit, strict=True)]
    shared = _distributed(basis.countable, remaining)
    claims = [left - (income or _ZERO) for left, income in zip(remaining, shared, strict=True)]
    supplements = [_CHILD_SUPPLEMENT if person.is_child else None for person in basis.persons]
    supplement_total = sum((amount or _ZERO for amount in supplements), _ZERO)
    payout = sum(claims, _ZERO) + supplement_total
    direct = _direct_payments(basis, payout)
    return {
        "valid_from": f"{months[0]:%Y-%m}",
        "valid_to": f"{months[-1]:%Y-%m}",
        "needs": [{"label": label, "basis": law, "amounts": _cells(row)} for label, law, row in needs],
        "needs_sum": _cells(sums),
        "own_income": [{"label": "Kindergeld", "basis": "§ 11 Abs. 1 SGB II", "amounts": _cells(benefit)}]
        if any(benefit)
        else [],
        "remaining": _cells(remaining),
        "shared_income": _cells(shared),
        "claims": _cells(claims),
        "claim_total": money(sum(claims, _ZERO)),
        "supplements": _cells(supplements),
        "supplement_total": money(supplement_total),
        "payout": money(payout),
        "direct_payments": direct,
        "transfer": money(payout - sum((Decimal(entry["amount"]) for entry in direct), _ZERO)),
    }


def _needs(basis: _Basis, month: date) -> list[tuple[str, str, list[Decimal | None]]]:
    rates = _rates(basis, month)
    heads = len(basis.persons)
    housing = "§ 22 Abs. 1 SGB II"
    rows: list[tuple[str, str, list[Decimal | None]]] = [("Regelbedarf", "§§ 20, 23 SGB II", [*rates])]
    if basis.adults == 1 and heads > 1:
        rows.append(_single_parent(basis, rates, month))
    rows += [
        ("Mehrbedarf Warmwasser", "§ 21 Abs. 7 SGB II", [_HOT_WATER[rate] for rate in rates]),
        (f"Grundmiete, Anteil 1/{heads}", housing, [basis.rent_share] * heads),
        (f"Nebenkosten, Anteil 1/{heads}", housing, [basis.ancillary_share] * heads),
        (f"Heizung, Anteil 1/{heads}", housing, [basis.heating_share] * heads),
    ]
    return rows


def _single_parent(
    basis: _Basis, rates: Sequence[Decimal], month: date
) -> tuple[str, str, list[Decimal | None]]:
    ages = [person.age_on(month) for person in basis.persons if person.is_child]
    small = len(ages) == 1 and ages[0] < 7
    several = sum(age < 16 for age in ages) in {2, 3}
    percent = 36 if small or several else min(12 * len(ages), 60)
    amount = (rates[0] * percent / 100).quantize(_CENT, ROUND_HALF_UP)
    return (
        f"Mehrbedarf für Alleinerziehende, {percent} %",
        "§ 21 Abs. 3 SGB II",
        [amount, *[None] * (len(rates) - 1)],
    )


def _distributed(income: Decimal, remaining: Sequence[Decimal]) -> list[Decimal | None]:
    """Income shared by need (§ 9 Abs. 2 Satz 3 SGB II); the last one takes the odd cent."""
    if not income:
        return [None] * len(remaining)
    total = sum(remaining, _ZERO)
    shares = [(income * need / total).quantize(_CENT, ROUND_HALF_UP) for need in remaining[:-1]]
    return [*shares, income - sum(shares, _ZERO)]


def _direct_payments(basis: _Basis, payout: Decimal) -> list[Row]:
    if basis.landlord is None or basis.rent_total > payout:
        return []
    return [{"payee": basis.landlord, "purpose": "Miete und Nebenkosten", "amount": money(basis.rent_total)}]


def _cells(amounts: Sequence[Decimal | None]) -> list[str | None]:
    return [None if amount is None else money(amount) for amount in amounts]


def money(amount: Decimal) -> str:
    """An amount as letter data has it: `1037.19`."""
    return f"{amount:.2f}"


def fictional_iban(chance: random.Random) -> str:
    """A German IBAN with right check digits at a bank code that no bank has (all nines)."""
    account = f"99999999{chance.randrange(10**10):010d}"
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def _next_month(day: date) -> date:
    return add_months(day.replace(day=1), 1)


def add_months(first: date, months: int) -> date:
    """The first of the month that is `months` later (or earlier) than that of `first`."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)
