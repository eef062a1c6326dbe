"""Fictional households, as hard as real ones: each a pure function of a seed and its number.

Hardness goes round: every kind of address and name that has made trouble somewhere comes back every `len(KINDS)`
households. Nobody here exists.
"""

import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

Fictional = dict[str, list[Any]]
Address = dict[str, str | None]

_FORMS = {"f": "frau", "m": "herr", "d": "divers"}


@cache
def fictional() -> Fictional:
    """The lists of names and places."""
    return tomllib.loads(Path(__file__).with_name("fictional.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Member:
    """A person of a household or its representative. `role`: client, partner, child, guardian, lawyer, authorised."""

    reference: str
    role: str
    form: str
    given_name: str
    family_name: str
    address: Address
    name_lines: tuple[str, ...] | None = None
    accessible_copy: str | None = None

    @property
    def full_name(self) -> str:
        """Given and family name, as a letter writes them."""
        return f"{self.given_name} {self.family_name}".strip()


@dataclass(frozen=True)
class Household:
    """One case: its office (a row of the list), members, and who stands in for them."""

    seed: int
    number: int
    kind: str
    office: tuple[str, ...]
    members: tuple[Member, ...]
    representatives: tuple[Member, ...] = ()
    addressee: str = ""

    @property
    def case_reference(self) -> str:
        """The reference of the case; seed and number can be read back from it."""
        return f"F-{self.seed}-{self.number:05d}"


@dataclass
class _Draft:
    """A household in the making: what the kinds change."""

    chance: random.Random
    seed: int
    number: int
    office: tuple[str, ...]
    client: tuple[str, str, str]
    address: Address
    adults: int = 1
    children: int = 0
    representatives: list[Member] = field(default_factory=list)
    guardian_is_addressee: bool = False
    accessible_copy: str | None = None

    @property
    def reference(self) -> str:
        return f"P-{self.seed}-{self.number:05d}"


def household(seed: int, number: int) -> Household:
    """Household `number` (from 0) of a seed; the same again whenever asked."""
    chance = random.Random(f"household:{seed}:{number}")  # noqa: S311  (fictional data)
    kind = list(KINDS)[number % len(KINDS)]
    office = tuple(chance.choice(fictional()["offices"]))
    draft = _Draft(chance, seed, number, office, _name(chance), _home_address(chance, office))
    KINDS[kind](draft)
    members = _members(draft)
    addressee = draft.representatives[0] if draft.guardian_is_addressee else members[0]
    return Household(
        seed, number, kind, office, members, tuple(draft.representatives), addressee=addressee.reference
    )


def household_of(case_reference: str) -> Household:
    """The household of a case that this factory made. Raises `ValueError` for any other case."""
    parts = case_reference.split("-")
    if len(parts) != 3 or parts[0] != "F" or not (parts[1].isdigit() and parts[2].isdigit()):
        raise ValueError("not a case of the factory")
    return household(int(parts[1]), int(parts[2]))


def _name(chance: random.Random) -> tuple[str, str, str]:
    given, gender = chance.choice(fictional()["given_names"])
    return given, gender, chance.choice(fictional()["family_names"])


def _address(**parts: str | None) -> Address:
    empty: Address = {"care_of": None, "extra": None, "district": None, "street": None, "po_box": None}
    return {**empty, "postcode": "", "place": "", "country": "DE", **parts}


def _home_address(chance: random.Random, office: tuple[str, ...]) -> Address:
    letter = chance.choice(["", "", "", " a", " b"])
    street = f"{chance.choice(fictional()['streets'])} {chance.randint(1, 140)}{letter}"
    return _address(street=street, postcode=office[2], place=office[1])


def _members(draft: _Draft) -> tuple[Member, ...]:
    given, gender, family = draft.client
    members = [
        Member(
            draft.reference,
            "client",
            _FORMS[gender],
            given,
            family,
            draft.address,
            accessible_copy=draft.accessible_copy,
        )
    ]
    if draft.adults == 2:
        other, other_gender, _ = _name(draft.chance)
        members.append(
            Member(f"{draft.reference}-P", "partner", _FORMS[other_gender], other, family, draft.address)
        )
    for n in range(1, draft.children + 1):
        child, child_gender, _ = _name(draft.chance)
        members.append(
            Member(f"{draft.reference}-K{n}", "child", _FORMS[child_gender], child, family, draft.address)
        )
    return tuple(members)


def _single(_draft: _Draft) -> None:
    """One person, a plain address; the names are hard enough."""


def _single_parent(draft: _Draft) -> None:
    draft.children = draft.chance.randint(1, 3)


def _couple(draft: _Draft) -> None:
    draft.adults = 2


def _family(draft: _Draft) -> None:
    draft.adults, draft.children = 2, draft.chance.randint(1, 4)


def _long_name(draft: _Draft) -> None:
    given, gender, family = draft.chance.choice(fictional()["long_names"])
    draft.client = given, gender, family


def _care_of(draft: _Draft) -> None:
    draft.address["care_of"] = draft.chance.choice(fictional()["shelters"])


def _po_box(draft: _Draft) -> None:
    number = str(draft.chance.randint(1000, 999999))
    draft.address = _address(po_box=number, postcode=draft.office[2], place=draft.office[1])


def _district(draft: _Draft) -> None:
    row = draft.chance.choice([office for office in fictional()["offices"] if office[6]])
    draft.office = tuple(row)
    draft.address |= {"district": row[6], "postcode": row[2], "place": row[1]}


def _guardian(draft: _Draft) -> None:
    form, gender, given, family, what = draft.chance.choice(fictional()["guardians"])
    address = _home_address(draft.chance, draft.office)
    lines = (form, f"{given} {family}", what)
    reference = f"{draft.reference}-B"
    draft.representatives.append(
        Member(reference, "guardian", _FORMS[gender], given, family, address, name_lines=lines)
    )


def _guardian_as_addressee(draft: _Draft) -> None:
    _guardian(draft)
    draft.guardian_is_addressee = True


def _lawyer(draft: _Draft) -> None:
    first, second = draft.chance.choice(fictional()["lawyers"])
    address = _home_address(draft.chance, draft.office)
    reference = f"{draft.reference}-R"
    draft.representatives.append(
        Member(reference, "lawyer", "organisation", "", second, address, name_lines=(first, second))
    )


def _abroad(draft: _Draft) -> None:
    country, street, postcode, place = draft.chance.choice(fictional()["abroad"])
    draft.address = _address(street=street, postcode=postcode, place=place, country=country)


def _leading_zero(draft: _Draft) -> None:
    postcode, place = draft.chance.choice(fictional()["leading_zero"])
    draft.address |= {"postcode": postcode, "place": place}


def _six_lines(draft: _Draft) -> None:
    """Form of address, name, c/o, building, street, place: the window is full."""
    given, gender, family = draft.client
    draft.client = given, "f" if gender == "d" else gender, family
    draft.address |= {
        "care_of": draft.chance.choice(fictional()["shelters"]),
        "extra": "Hinterhaus, 3. OG rechts",
    }


def _home(draft: _Draft) -> None:
    home, room = draft.chance.choice(fictional()["homes"])
    draft.address |= {"care_of": home, "extra": room}


def _apostrophe(draft: _Draft) -> None:
    draft.client = "Siobhán", "f", draft.chance.choice(["O’Neill", "D'Angelo"])


def _large_print(draft: _Draft) -> None:
    """Visually impaired: gets each letter in large print, too."""
    draft.accessible_copy = "large-print"


KINDS: dict[str, Callable[[_Draft], None]] = {
    "single": _single,
    "single-parent": _single_parent,
    "long-name": _long_name,
    "couple": _couple,
    "care-of": _care_of,
    "po-box": _po_box,
    "family": _family,
    "district": _district,
    "guardian": _guardian,
    "abroad": _abroad,
    "lawyer": _lawyer,
    "leading-zero": _leading_zero,
    "six-lines": _six_lines,
    "home": _home,
    "guardian-as-addressee": _guardian_as_addressee,
    "apostrophe": _apostrophe,
    "large-print": _large_print,
}
"""Every kind of household, and what makes it hard."""
