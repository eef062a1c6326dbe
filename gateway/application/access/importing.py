"""Taking over offices, users, persons and cases from line-of-business software, idempotent by their references."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlmodel import Session, SQLModel, select

from gateway.application.access.authorising import actor, audit
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.people import (
    Case,
    CaseMember,
    CaseNumber,
    Office,
    Person,
    PersonForm,
    Representative,
    RepresentativeKind,
    User,
    UserOffice,
    UserRole,
)
from gateway.domain.addresses.address import normalise
from gateway.domain.inbound.file_numbers import normalise_file_number
from gateway.domain.letters.accessible import AccessibleCopy
from gateway.domain.permission import Action, Role
from gateway.errors import DataInvalid


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class OfficeEntry(_Part):
    """An office, by its key."""

    key: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    name: str
    authority: str
    street: str
    postcode: str
    place: str
    phone: str
    email: str
    website: str
    return_line: str
    signature_block: str
    cost_centre: str = Field(pattern=r"^[0-9a-zA-Z]{1,8}$")
    provider_account: str = "default"
    processor_legal_basis: str
    starts_on: date


class UserEntry(_Part):
    """A user, by login."""

    login: str = Field(min_length=1)
    name: str
    roles: list[Role]
    offices: list[str] = []
    phone: str = ""
    room: str = ""


class AddressEntry(_Part):
    """A postal address; street or Postfach."""

    care_of: str | None = None
    extra: str | None = None
    district: str | None = None
    street: str | None = None
    po_box: str | None = None
    postcode: str
    place: str
    country: str = Field("DE", pattern=r"^[A-Z]{2}$")


class PersonEntry(_Part):
    """A person or organisation, by reference."""

    reference: str = Field(min_length=1)
    form: PersonForm
    title: str | None = None
    given_name: str = ""
    family_name: str
    name_lines: list[str] | None = None
    accessible_copy: AccessibleCopy | None = None
    """Which copy the person gets with each letter (§ 9 BGG NRW); None if none was asked for."""
    address: AddressEntry


class RepresentativeEntry(_Part):
    """Who stands in for whom."""

    person: str
    for_: str = Field(alias="for")
    kind: RepresentativeKind


class CaseEntry(_Part):
    """A case, by reference."""

    reference: str = Field(min_length=1)
    file_number: str
    bg_number: str
    office: str
    members: list[str]
    addressee: str
    representatives: list[RepresentativeEntry] = []


class CasesFile(_Part):
    """The whole file."""

    schema_: Literal["cases/1"] = Field(alias="schema")
    source: str
    offices: list[OfficeEntry] = []
    users: list[UserEntry] = []
    persons: list[PersonEntry] = []
    cases: list[CaseEntry] = []


def import_cases(
    services: Services, document: Mapping[str, Any], *, login: str | None = None
) -> dict[str, int]:
    """Take the whole document over, or nothing; returns counts by kind and whether new or changed.

    `login` None is the operator at the command line, who owns the machine. Raises `DataInvalid` with the path of
    the first entry at fault, never with its value.
    """
    file = _parse(document)
    counts: Counter[str] = Counter()
    with services.db.transaction() as session:
        if login is not None:
            actor(session, login).require(Action.IMPORT_CASES)
        for office in file.offices:
            _upsert(session, Office, "key", office.model_dump(), counts, "offices")
        for user in file.users:
            _take_user(session, user, counts)
        for person in file.persons:
            _take_person(session, services, person, counts)
        for case in file.cases:
            _take_case(session, services, case, counts)
        audit(session, services, login or "operator", "cases-imported", file.source, counts=dict(counts))
    return dict(counts)


def _parse(document: Mapping[str, Any]) -> CasesFile:
    try:
        return CasesFile.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = "/".join(str(part) for part in first["loc"])
        raise DataInvalid(
            "import-invalid", f"Die Importdatei ist an der Stelle {path} ungültig: {first['msg']}."
        ) from None


def _upsert(
    session: Session,
    model: type[SQLModel],
    key: str,
    values: Mapping[str, Any],
    counts: Counter[str],
    kind: str,
) -> SQLModel:
    found = session.exec(select(model).where(getattr(model, key) == values[key])).one_or_none()
    row = found or model(**values)
    changed = found is not None and any(getattr(found, name) != value for name, value in values.items())
    if found is None or changed:
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
        session.flush()
        counts[f"{kind}_{'changed' if changed else 'new'}"] += 1
    else:
        counts[f"{kind}_unchanged"] += 1
    return row


def _take_user(session: Session, user: UserEntry, counts: Counter[str]) -> None:
    values = user.model_dump(include={"login", "name", "phone", "room"})
    row = _upsert(session, User, "login", values, counts, "users")
    set_roles(session, row_id(row), user.roles, user.offices)


def set_roles(session: Session, user_id: int, roles: Sequence[Role], offices: Sequence[str]) -> None:
    """Give a user exactly these roles and offices."""
    for role in session.exec(select(UserRole).where(UserRole.user_id == user_id)).all():
        session.delete(role)
    for membership in session.exec(select(UserOffice).where(UserOffice.user_id == user_id)).all():
        session.delete(membership)
    session.flush()
    session.add_all(UserRole(user_id=user_id, role=role) for role in dict.fromkeys(roles))
    session.add_all(
        UserOffice(user_id=user_id, office_id=_lookup(session, Office, "key", key))
        for key in dict.fromkeys(offices)
    )
    session.flush()


def _take_person(session: Session, services: Services, person: PersonEntry, counts: Counter[str]) -> None:
    values = person.model_dump(exclude={"address"}) | person.address.model_dump()
    clean = {name: _clean(value) for name, value in values.items()}
    found = session.exec(select(Person).where(Person.reference == person.reference)).one_or_none()
    if found is None or any(getattr(found, name) != value for name, value in clean.items()):
        clean["updated_at"] = services.clock.now()
    row = _upsert(session, Person, "reference", clean, counts, "persons")
    _note_named(session, services, row_id(row))


def _note_named(session: Session, services: Services, person_id: int) -> None:
    """Who is named is needed; once a day does."""
    person, now = session.get_one(Person, person_id), services.clock.now()
    if person.named_at is None or person.named_at <= now - timedelta(days=1) or person.emptied_at is not None:
        person.named_at, person.emptied_at = now, None


def _clean(value: Any) -> Any:
    """Text in NFC without invisible characters, as the letter font needs it."""
    if isinstance(value, list):
        return [normalise(line) for line in value]
    return normalise(value) if isinstance(value, str) and not isinstance(value, StrEnum) else value


def _take_case(session: Session, services: Services, case: CaseEntry, counts: Counter[str]) -> None:
    values: dict[str, Any] = {
        "reference": case.reference,
        "file_number": case.file_number,
        "bg_number": case.bg_number,
        "office_id": _lookup(session, Office, "key", case.office),
        "addressee_id": _lookup(session, Person, "reference", case.addressee),
    }
    holder = session.exec(select(Case.reference).where(Case.file_number == case.file_number)).one_or_none()
    if holder not in {None, case.reference}:
        raise DataInvalid(
            "import-file-number-taken",
            f"Das Aktenzeichen des Falls „{case.reference}“ gehört schon zum Fall „{holder}“.",
        )
    found = session.exec(select(Case).where(Case.reference == case.reference)).one_or_none()
    if found is None or any(getattr(found, name) != value for name, value in values.items()):
        values["updated_at"] = services.clock.now()
    case_id = row_id(_upsert(session, Case, "reference", values, counts, "cases"))
    _replace_numbers(session, case_id, case)
    _replace_people(session, case_id, case)


def _replace_numbers(session: Session, case_id: int, case: CaseEntry) -> None:
    """What a scan finds the case by."""
    wanted = {normalise_file_number(number) for number in (case.file_number, case.bg_number)} - {""}
    for known in session.exec(select(CaseNumber).where(CaseNumber.case_id == case_id)).all():
        if known.number not in wanted:
            session.delete(known)
        wanted.discard(known.number)
    session.add_all([CaseNumber(number=number, case_id=case_id) for number in sorted(wanted)])


def _replace_people(session: Session, case_id: int, case: CaseEntry) -> None:
    for member in session.exec(select(CaseMember).where(CaseMember.case_id == case_id)).all():
        session.delete(member)
    for representative in session.exec(select(Representative).where(Representative.case_id == case_id)).all():
        session.delete(representative)
    session.flush()
    for reference in dict.fromkeys(case.members):
        session.add(CaseMember(case_id=case_id, person_id=_lookup(session, Person, "reference", reference)))
    for entry in {(entry.person, entry.for_): entry for entry in case.representatives}.values():
        session.add(
            Representative(
                case_id=case_id,
                person_id=_lookup(session, Person, "reference", entry.person),
                for_person_id=_lookup(session, Person, "reference", entry.for_),
                kind=entry.kind,
            )
        )
    session.flush()


def _lookup(session: Session, model: type[Office | Person], key: str, value: str) -> int:
    found = session.exec(select(model).where(getattr(model, key) == value)).one_or_none()
    if found is None:
        kind = "Die Dienststelle" if model is Office else "Die Person"
        raise DataInvalid(
            "import-reference-unknown", f"{kind} „{value}“ ist weder in der Datei noch vorhanden."
        )
    return row_id(found)
