"""Searching: cases by file number, BG-Nummer or name, one case with all that belongs to it, and letters by filters.

Only reads. What belongs to an office in which the user does not act is not found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, exists, func, or_, select

from gateway.application.access.authorising import Actor, actor, readable_offices
from gateway.application.letters.addressing import freeze, name_lines
from gateway.application.reads.finding import find_case
from gateway.application.reads.suspensions import SuspensionView, suspension_views
from gateway.application.services import Services
from gateway.application.views.listing import (
    LetterLine,
    escape,
    lines_of,
    list_letters,
    rows_of_letters,
    text_matches,
)
from gateway.db.columns import columns
from gateway.db.engine import row_id
from gateway.db.files import InboundDocument
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece
from gateway.db.people import (
    Case,
    CaseMember,
    Office,
    Person,
    PersonForm,
    Representative,
    RepresentativeKind,
)
from gateway.domain.account.standing import OF_FAULT, Standing
from gateway.domain.letters.letter import LetterState
from gateway.domain.permission import Action
from gateway.errors import AddressInvalid

_MAX_SCANNED = 2_000
"""Letters looked at for one page of a list; a rare standing is then searched page by page."""


@dataclass(frozen=True)
class CaseLine:
    """A case in a list."""

    reference: str
    file_number: str
    bg_number: str
    office: str
    addressee: str
    persons: int


@dataclass(frozen=True)
class CasePage:
    """A page of cases; `next_offset` is where the next one begins, None on the last."""

    lines: list[CaseLine]
    next_offset: int | None


@dataclass(frozen=True)
class PersonView:
    """A person of a case. `address_lines` are those of the window; `problem` says why there are none."""

    reference: str
    name: str
    address_lines: list[str]
    problem: str | None
    suspended: SuspensionView | None = None
    """Whether mail to the person at this address came back and nothing goes there."""


@dataclass(frozen=True)
class RepresentativeView:
    """Who receives letters for a member, and whether a copy goes there unless somebody says otherwise."""

    person: PersonView
    for_name: str
    kind: RepresentativeKind
    gets_copies: bool


@dataclass(frozen=True)
class InboundView:
    """An inbound document of a case."""

    id: int
    received_on: date
    document_class: str
    pages: int
    reason: str


@dataclass(frozen=True)
class CaseView:
    """One case with everything that belongs to it."""

    reference: str
    file_number: str
    bg_number: str
    office: str
    office_name: str
    addressee: PersonView
    members: list[PersonView]
    representatives: list[RepresentativeView]
    letters: list[LetterLine]
    inbound: list[InboundView]
    may_write: bool


@dataclass(frozen=True)
class LetterPage:
    """A page of letters, newest first; `next_before` continues the list, None at its end."""

    lines: list[LetterLine]
    next_before: int | None


@dataclass(frozen=True)
class LetterFilter:
    """What a list of letters is narrowed to; days are decision dates, both included."""

    standing: Standing | None = None
    office: str | None = None
    text: str = ""
    first_day: date | None = None
    last_day: date | None = None


def list_cases(services: Services, login: str, *, text: str = "", limit: int = 50, after: int = 0) -> CasePage:
    """Cases that the user may see, by file number; `text` is part of a number or of a member's family name."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.READ)
        query = (
            select(Case, Office, Person)
            .join(Office, col(Office.id) == Case.office_id)
            .join(Person, col(Person.id) == Case.addressee_id)
            .where(col(Office.key).in_(readable_offices(session, who)))
        )
        if text.strip():
            query = query.where(_case_matches(text.strip()))
        rows = session.exec(query.order_by(Case.file_number).offset(after).limit(limit + 1)).all()
        members = _members(session, [row_id(case) for case, *_ in rows[:limit]])
        lines = [_case_line(case, office, person, members) for case, office, person in rows[:limit]]
        return CasePage(lines, after + limit if len(rows) > limit else None)


def case_view(services: Services, login: str, reference: str) -> CaseView:
    """One case; raises `NotFound` or `NotPermitted`."""
    with services.db.reading() as session:
        who = actor(session, login)
        case, office = find_case(session, reference)
        who.require(Action.READ, office.key)
        members = session.exec(
            select(Person)
            .join(CaseMember, col(CaseMember.person_id) == Person.id)
            .where(CaseMember.case_id == case.id)
            .order_by(Person.reference)
        ).all()
        return CaseView(
            reference=case.reference,
            file_number=case.file_number,
            bg_number=case.bg_number,
            office=office.key,
            office_name=office.name,
            addressee=_person(services, session, who, session.get_one(Person, case.addressee_id)),
            members=[_person(services, session, who, person) for person in members],
            representatives=_representatives(services, session, who, case),
            letters=list_letters(services, login, case=case.reference),
            inbound=_inbound(session, case),
            may_write=who.may(Action.WRITE_LETTER, office.key),
        )


def find_letters(
    services: Services, login: str, wanted: LetterFilter, *, limit: int = 50, before: int | None = None
) -> LetterPage:
    """Letters that the user may see, newest first. `before` is `next_before` of the page before."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.READ)
        conditions = _conditions(wanted, readable_offices(session, who))
        lines: list[LetterLine] = []
        for _ in range(_MAX_SCANNED // limit):
            rows = _letters(session, conditions, before, limit)
            for (letter, *_), line in zip(rows, lines_of(session, rows), strict=True):
                if len(lines) == limit:
                    return LetterPage(lines, before)
                before = row_id(letter)
                if wanted.standing in {None, line.standing}:
                    lines.append(line)
            if len(rows) < limit:
                return LetterPage(lines, None)
        return LetterPage(lines, before)


def my_offices(services: Services, login: str) -> dict[str, str]:
    """Offices whose letters the user may see: key → name."""
    with services.db.reading() as session:
        keys = readable_offices(session, actor(session, login))
        rows = session.exec(select(Office).where(col(Office.key).in_(keys)).order_by(Office.name)).all()
        return {office.key: office.name for office in rows}


def full_name(person: Person) -> str:
    """A person's name on one line, as lists show it."""
    if person.form is PersonForm.ORGANISATION:
        return " ".join(name_lines(person))
    return " ".join(part for part in (person.title, person.given_name, person.family_name) if part)


def _members(session: Session, cases: Sequence[int]) -> Mapping[int, int]:
    """How many persons each case has."""
    query = select(CaseMember.case_id, func.count()).where(col(CaseMember.case_id).in_(cases))
    return dict(session.exec(query.group_by(col(CaseMember.case_id))).all())


def _case_line(case: Case, office: Office, addressee: Person, members: Mapping[int, int]) -> CaseLine:
    return CaseLine(
        case.reference,
        case.file_number,
        case.bg_number,
        office.key,
        full_name(addressee),
        members.get(row_id(case), 0),
    )


def _case_matches(text: str) -> ColumnElement[bool]:
    """SQLite compares letters beyond ASCII by their exact case, so a name is tried in its usual spellings."""
    spellings = [f"%{escape(word)}%" for word in {text, text.lower(), text.upper(), text.title()}]
    named = exists().where(
        col(CaseMember.case_id) == Case.id,
        col(CaseMember.person_id) == Person.id,
        or_(*(col(Person.family_name).ilike(word, escape="\\") for word in spellings)),
    )
    numbers = (col(Case.file_number), col(Case.bg_number), col(Case.reference))
    return or_(named, *(number.ilike(f"%{escape(text)}%", escape="\\") for number in numbers))


def _person(services: Services, session: Session, who: Actor, person: Person) -> PersonView:
    try:
        lines, problem = list(freeze(services, person)["address_lines"]), None
    except AddressInvalid as error:
        lines, problem = [], error.message
    at = [(row_id(person), lines, person.country)] if lines else []
    suspended = next(iter(suspension_views(session, who, at)), None)
    return PersonView(person.reference, full_name(person), lines, problem, suspended)


def _representatives(services: Services, session: Session, who: Actor, case: Case) -> list[RepresentativeView]:
    rows = session.exec(
        select(Representative).where(Representative.case_id == case.id).order_by(col(Representative.id))
    ).all()
    return [
        RepresentativeView(
            person=_person(services, session, who, session.get_one(Person, row.person_id)),
            for_name=full_name(session.get_one(Person, row.for_person_id)),
            kind=row.kind,
            gets_copies=row.kind in {RepresentativeKind.GUARDIAN, RepresentativeKind.LAWYER},
        )
        for row in rows
    ]


def _inbound(session: Session, case: Case) -> list[InboundView]:
    rows = session.exec(
        select(InboundDocument)
        .where(InboundDocument.case_id == case.id)
        .order_by(col(InboundDocument.id).desc())
    ).all()
    return [
        InboundView(row_id(row), row.received_on, row.document_class, row.pages, row.match_reason)
        for row in rows
    ]


def _letters(
    session: Session, conditions: list[ColumnElement[bool]], before: int | None, limit: int
) -> Sequence[Any]:
    query = rows_of_letters().where(*conditions)
    if before is not None:
        query = query.where(col(Letter.id) < before)
    rows: Sequence[Any] = session.execute(query.order_by(col(Letter.id).desc()).limit(limit)).all()
    return rows


def _conditions(wanted: LetterFilter, offices: list[str]) -> list[ColumnElement[bool]]:
    conditions = [col(Office.key).in_(offices), *_state_conditions(wanted.standing)]
    if wanted.office:
        conditions.append(col(Office.key) == wanted.office)
    if wanted.first_day:
        conditions.append(col(Letter.decision_date) >= wanted.first_day)
    if wanted.last_day:
        conditions.append(col(Letter.decision_date) <= wanted.last_day)
    if text := wanted.text.strip():
        conditions.append(text_matches(text))
    return conditions


def _in_a_held_piece() -> Any:
    """Letters of which a piece was taken out of its hand-over and waits; few, and found by an index."""
    codes = [code for code, held in OF_FAULT.items() if held is Standing.HELD]
    copies = columns(Recipient.letter_id).join(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
    return copies.where(col(MailPiece.fault_code).in_(codes))


def _state_conditions(standing: Standing | None) -> list[ColumnElement[bool]]:
    """What the letter's own row says about a standing; the rest is decided from its pieces."""
    if standing is None:
        return []
    if standing is Standing.HELD:
        return [or_(col(Letter.held_at).is_not(None), col(Letter.id).in_(_in_a_held_piece()))]
    own = [LetterState(standing.value)] if standing.value in set(LetterState) else []
    return [col(Letter.state).in_([*own, LetterState.BATCHED])]
