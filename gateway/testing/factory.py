"""Fictional cases in the import format, and letter data for them: for the demo, trainings, tests and load runs.

The same seed gives the same document. Nobody in it exists; offices are the municipalities of the Kreis Borken
with invented streets and numbers.
"""

import random
import unicodedata
from datetime import date
from typing import Any

from gateway.testing.households import Household, Member, fictional, household
from gateway.testing.letters import letter_data

__all__ = ["cases_document", "letter_data"]

_SPELLED_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l"}
AUTHORITY = "Kreis Borken – Der Landrat – Jobcenter"


def cases_document(seed: int, cases: int, starts_on: date) -> dict[str, Any]:
    """A document of the schema cases/1 with all 17 offices, their users, and `cases` cases.

    `starts_on` is the day from which the offices use the gateway.
    """
    households = [household(seed, number) for number in range(cases)]
    people = [member for one in households for member in (*one.members, *one.representatives)]
    return {
        "schema": "cases/1",
        "source": "Fachverfahren SGB II",
        "offices": [_office(row, starts_on) for row in fictional()["offices"]],
        "users": _users(seed),
        "persons": [_person(member) for member in people],
        "cases": [_case(one) for one in households],
    }


def _office(row: list[str], starts_on: date) -> dict[str, Any]:
    key, place, postcode, code, dialling_code, street, _district = row
    short = place.removesuffix(" (Westf.)")
    return {
        "key": key,
        "name": f"Jobcenter {short}",
        "authority": AUTHORITY,
        "street": street,
        "postcode": postcode,
        "place": place,
        "phone": f"{dialling_code} 000-0",
        "email": f"{key}@example.org",
        "website": "www.example.org",
        "return_line": f"Jobcenter {short} · {street} · {postcode} {short}",
        "signature_block": "Im Auftrag",
        "cost_centre": f"JC{code}01",
        "provider_account": "default",
        "processor_legal_basis": "§ 80 SGB X i. V. m. § 51 SGB II",
        "starts_on": starts_on.isoformat(),
    }


def _users(seed: int) -> list[dict[str, Any]]:
    chance = random.Random(f"users:{seed}")  # noqa: S311  (fictional data)
    users = []
    for row in fictional()["offices"]:
        for role in ("caseworker", "approver"):
            users.append(_user(chance, row, role))
    users.append(_login("poststelle.kreis", "Petra Päßler", "post_room", "02861 000-700", "K.07"))
    users.append(_login("verwaltung.kreis", "Volker Grüßgott", "administrator", "02861 000-710", "K.08"))
    users.append(_login("revision.kreis", "Rainer Prüfling", "auditor", "02861 000-720", "K.09"))
    return users


def _user(chance: random.Random, office: list[str], role: str) -> dict[str, Any]:
    given = chance.choice(["Katrin", "Jörn", "Süheyla", "Mechthild", "Paweł", "Renée", "Clemens", "Özlem"])
    family = chance.choice(
        ["Brandt", "Höing", "Wißing", "Ebbers-Schröer", "Kemal", "Lütke", "Tönnies", "Vörding"]
    )
    number = chance.randint(10, 99)
    login = f"{_ascii(given)[0]}.{_ascii(family)}.{office[0]}{'2' if role == 'approver' else ''}"
    user = _login(
        login, f"{given} {family}", role, f"{office[4]} 000-{number}", f"{chance.randint(0, 3)}.{number}"
    )
    return {**user, "offices": [office[0]]}


def _login(login: str, name: str, role: str, phone: str, room: str) -> dict[str, Any]:
    return {"login": login, "name": name, "roles": [role], "offices": [], "phone": phone, "room": room}


def _ascii(text: str) -> str:
    text = "".join(_SPELLED_OUT.get(character, character) for character in text.lower())
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(character for character in plain if character.isalnum())


def _person(member: Member) -> dict[str, Any]:
    title, given = (
        ("Dr.", member.given_name[4:]) if member.given_name.startswith("Dr. ") else (None, member.given_name)
    )
    return {
        "reference": member.reference,
        "form": member.form,
        "title": title,
        "given_name": given,
        "family_name": member.family_name,
        "name_lines": list(member.name_lines) if member.name_lines else None,
        "accessible_copy": member.accessible_copy,
        "address": dict(member.address),
    }


def _case(one: Household) -> dict[str, Any]:
    number = one.seed % 10 * 10_000 + one.number + 1
    return {
        "reference": one.case_reference,
        "file_number": f"JC-{one.office[3]}-2026-{number:05d}",
        "bg_number": f"35702//{number:07d}",
        "office": one.office[0],
        "members": [member.reference for member in one.members],
        "addressee": one.addressee,
        "representatives": [
            {"person": member.reference, "for": one.members[0].reference, "kind": member.role}
            for member in one.representatives
        ],
    }
