"""Offices, users, persons and cases, as line-of-business software and administrators know them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel, UniqueConstraint

from gateway.db.types import choice, json_value, moment
from gateway.domain.letters.accessible import AccessibleCopy
from gateway.domain.permission import Role


class PersonForm(StrEnum):
    """How a person is addressed."""

    FRAU = "frau"
    HERR = "herr"
    DIVERS = "divers"
    ORGANISATION = "organisation"


class RepresentativeKind(StrEnum):
    """For what a representative stands in (§ 13 SGB X; a guardian is a *Betreuer*, § 1823 BGB)."""

    GUARDIAN = "guardian"
    LAWYER = "lawyer"
    AUTHORISED = "authorised"


class Office(SQLModel, table=True):
    """A *Dienststelle*: its letterhead, its account at the provider, and the day it joins the gateway."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str
    authority: str
    """Issuing authority as it stands in the letter (§ 33 Abs. 3 SGB X)."""
    street: str
    postcode: str
    place: str
    phone: str
    email: str
    website: str
    return_line: str
    signature_block: str
    cost_centre: str = Field(max_length=8)
    provider_account: str
    processor_legal_basis: str
    """Why a processor may be used (§ 80 SGB X); another one for SGB XII than for SGB II."""
    starts_on: date
    """No letter of this office leaves before this day."""


class User(SQLModel, table=True):
    """A person who works with the gateway."""

    __tablename__ = "user_account"

    id: int | None = Field(default=None, primary_key=True)
    login: str = Field(unique=True)
    name: str
    phone: str = ""
    room: str = ""
    password_hash: str | None = None
    active: bool = True


class UserRole(SQLModel, table=True):
    """A role of a user."""

    __tablename__ = "user_role"
    __table_args__ = (UniqueConstraint("user_id", "role"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id")
    role: Role = choice(Role, "user_role_known")


class UserOffice(SQLModel, table=True):
    """An office in which a user acts."""

    __tablename__ = "user_office"

    user_id: int = Field(foreign_key="user_account.id", primary_key=True)
    office_id: int = Field(foreign_key="office.id", primary_key=True)


class Person(SQLModel, table=True):
    """A person or organisation with its present postal address; letters freeze what they use of it."""

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True)
    form: PersonForm = choice(PersonForm, "person_form_known")
    title: str | None = None
    given_name: str = ""
    family_name: str = Field(index=True)
    name_lines: list[str] | None = json_value(optional=True)
    care_of: str | None = None
    extra: str | None = None
    district: str | None = None
    street: str | None = None
    po_box: str | None = None
    postcode: str
    place: str
    country: str = "DE"
    accessible_copy: AccessibleCopy | None = choice(AccessibleCopy, "person_copy_known", optional=True)
    """In which form the person gets a copy of each letter, if asked for (§ 9 BGG NRW)."""
    updated_at: datetime = moment()
    named_at: datetime | None = moment(optional=True)
    """When an import last named the person, to the day; its data may be as before."""
    emptied_at: datetime | None = moment(optional=True)
    """When name and address left by their rule; None again once the person is named."""


class Case(SQLModel, table=True):
    """A *Fall* with its file number (*Aktenzeichen*) and BG-Nummer."""

    __tablename__ = "case_record"

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True)
    file_number: str = Field(unique=True)
    bg_number: str = Field(index=True)
    office_id: int = Field(foreign_key="office.id", index=True)
    addressee_id: int = Field(foreign_key="person.id")
    """Who receives the letters of the case (§ 38 SGB II)."""
    updated_at: datetime = moment()


class CaseNumber(SQLModel, table=True):
    """A number under which a case is found in texts: its file number or BG number in normal form.

    By it a scan finds its case with one look into an index, however many cases there are.
    """

    __tablename__ = "case_number"

    number: str = Field(primary_key=True)
    """As `domain.inbound.file_numbers.normalise_file_number` makes it; several cases may have the same."""
    case_id: int = Field(foreign_key="case_record.id", primary_key=True, index=True)


class CaseMember(SQLModel, table=True):
    """A person of the Bedarfsgemeinschaft."""

    __tablename__ = "case_member"

    case_id: int = Field(foreign_key="case_record.id", primary_key=True)
    person_id: int = Field(foreign_key="person.id", primary_key=True)


class Representative(SQLModel, table=True):
    """Who receives letters beside or instead of a member: guardian, lawyer, authorised person."""

    __table_args__ = (UniqueConstraint("case_id", "person_id", "for_person_id"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case_record.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    for_person_id: int = Field(foreign_key="person.id")
    kind: RepresentativeKind = choice(RepresentativeKind, "representative_kind_known")


class AuditEntry(SQLModel, table=True):
    """Who did what, when, to what, why; appended in the same transaction as the change itself.

    Holds references, never personal content.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index(
            "audit_entry_with_reason",
            "subject",
            sqlite_where=text("reason <> ''"),
            postgresql_where=text("reason <> ''"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = moment(index=True)
    actor: str
    action: str
    subject: str = Field(index=True)
    reason: str = ""
    details: dict[str, Any] = json_value()
