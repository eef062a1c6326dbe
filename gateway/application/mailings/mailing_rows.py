"""Checking the rows of a table chunk by chunk: case, data, addresses, doubles. In constant memory; writes no letter."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor
from gateway.application.letters.addressing import freeze
from gateway.application.letters.drafting import content_hash
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter
from gateway.db.mailings import Mailing, MailingRow
from gateway.db.people import Case, Office, Person, Representative, RepresentativeKind
from gateway.domain.letters.letter import DUPLICATE_WINDOW, LetterState
from gateway.domain.letters.mailing import MailingState, RowState
from gateway.domain.permission import Action
from gateway.domain.templates.cells import Cell, is_blank
from gateway.domain.templates.table import CASE, Column, RowFinding, field_of, read_row
from gateway.errors import AddressInvalid, DataInvalid
from gateway.ports.renderer import TemplateMeta
from gateway.ports.tables import Table

CHUNK = 500
"""Rows that are checked together: a handful of queries and one short write a chunk."""

Progress = Callable[[int], None]


@dataclass
class _Row:
    """A row while it is checked."""

    number: int
    case: str | None
    data: dict[str, Any]
    findings: list[RowFinding]
    case_id: int | None = None
    content: str | None = None


@dataclass(frozen=True)
class Check:
    """What the rows of one table are checked against."""

    services: Services
    who: Actor
    meta: TemplateMeta
    mailing_id: int
    accept_repeat: bool
    offices: set[str] = field(default_factory=set)


def check_all(
    check: Check, table: Table, columns: Sequence[Column | None], progress: Progress | None
) -> tuple[int, int]:
    """Checks chunk by chunk; returns how many rows there are, and how many of them are faulty."""
    rows = faulty = 0
    for chunk in _chunks(_numbered(columns, table.rows)):
        with check.services.db.reading() as session:
            _find_cases(session, check, chunk)
            for row in chunk:
                _check_data(check, row)
            _check_addresses(session, check, chunk)
            _find_doubles(session, check, chunk)
        rows += len(chunk)
        faulty += sum(bool(row.findings) for row in chunk)
        with check.services.db.transaction() as session:
            still = {"state": MailingState.CHECKING}  # it may have been discarded meanwhile
            compare_and_set(session, Mailing, check.mailing_id, expect=still, rows=rows, faulty=faulty)
            session.execute(insert(MailingRow), [_stored(check, row) for row in chunk])
        if progress:
            progress(rows)
    return rows, faulty


def _numbered(columns: Sequence[Column | None], rows: Iterable[Sequence[Cell]]) -> Iterator[_Row]:
    for number, cells in enumerate(rows, start=2):
        if not all(map(is_blank, cells)):
            yield _Row(number, *read_row(columns, cells))


def _chunks(rows: Iterator[_Row]) -> Iterator[list[_Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _stored(check: Check, row: _Row) -> dict[str, Any]:
    good = not row.findings
    return {
        "mailing_id": check.mailing_id,
        "number": row.number,
        "state": RowState.GOOD if good else RowState.FAULTY,
        "case_id": row.case_id,
        "content_sha256": row.content,
        "data": row.data if good else None,
        "findings": None if good else [finding.as_json() for finding in row.findings],
    }


def _find_cases(session: Session, check: Check, chunk: list[_Row]) -> None:
    names = {row.case for row in chunk if row.case}
    rows = session.exec(
        select(Case, Office.key)
        .join(Office, col(Office.id) == Case.office_id)
        .where(col(Case.reference).in_(names) | col(Case.file_number).in_(names))
    ).all()
    known = {
        name: (row_id(case), office) for case, office in rows for name in (case.file_number, case.reference)
    }
    for row in chunk:
        if row.case is None:
            continue
        if row.case not in known:
            row.findings.append(RowFinding.of(CASE, "case-unknown"))
            continue
        case_id, office = known[row.case]
        if check.who.may(Action.WRITE_LETTER, office):
            row.case_id = case_id
            check.offices.add(office)
        else:
            row.findings.append(RowFinding.of(CASE, "case-not-permitted"))


def _check_data(check: Check, row: _Row) -> None:
    """Against schema and sums, unless a cell was unreadable anyway: then what follows from it would only confuse."""
    if any(finding.column != CASE for finding in row.findings):
        return
    try:
        check.services.renderer.validate(check.meta.name, row.data)
    except DataInvalid as error:
        row.findings.append(RowFinding(field_of(error.message), error.code, error.message))
        return
    if row.case_id is not None:
        row.content = content_hash(row.case_id, check.meta.name, row.data)


def _check_addresses(session: Session, check: Check, chunk: list[_Row]) -> None:
    faults: dict[int, list[RowFinding]] = {}
    people = _recipients(session, {row.case_id for row in chunk if row.case_id is not None})
    for case_id, persons in people.items():
        for person in persons:
            try:
                freeze(check.services, person)
            except AddressInvalid as error:
                faults.setdefault(case_id, []).append(RowFinding(CASE, error.code, error.message))
    for row in chunk:
        row.findings += faults.get(row.case_id or 0, [])


def _recipients(session: Session, cases: set[int]) -> Mapping[int, list[Person]]:
    """Everybody who gets a letter of these cases, as `drafting` chooses them."""
    addressees = session.exec(
        select(Case.id, Person).join(Person, col(Person.id) == Case.addressee_id).where(col(Case.id).in_(cases))
    ).all()
    copies = session.exec(
        select(Representative.case_id, Person)
        .join(Person, col(Person.id) == Representative.person_id)
        .where(
            col(Representative.case_id).in_(cases),
            col(Representative.kind).in_([RepresentativeKind.GUARDIAN, RepresentativeKind.LAWYER]),
        )
    ).all()
    people: dict[int, list[Person]] = {}
    for case_id, person in [*addressees, *copies]:
        if case_id is not None and person not in people.setdefault(case_id, []):
            people[case_id].append(person)
    return people


def _find_doubles(session: Session, check: Check, chunk: list[_Row]) -> None:
    contents = {row.content for row in chunk if row.content}
    before = session.exec(
        select(MailingRow.content_sha256).where(
            MailingRow.mailing_id == check.mailing_id, col(MailingRow.content_sha256).in_(contents)
        )
    ).all()
    lately = set() if check.accept_repeat else _written_lately(session, check.services, contents)
    seen = set(before)
    for row in chunk:
        if row.content in seen and row.content:
            row.findings.append(RowFinding.of(None, "row-doubled"))
        elif row.content in lately:
            row.findings.append(RowFinding.of(None, "letter-probably-duplicate"))
        seen.add(row.content)


def _written_lately(session: Session, services: Services, contents: set[str]) -> set[str]:
    since = services.clock.now() - DUPLICATE_WINDOW
    found = select(Letter.content_sha256).where(
        col(Letter.content_sha256).in_(contents),
        Letter.state != LetterState.CANCELLED,
        col(Letter.submitted_at) > since,
    )
    return set(session.exec(found).all())
