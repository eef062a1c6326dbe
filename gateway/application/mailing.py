"""Checking the table of a mass mailing: every row before anything is written, its findings kept row by row.

Reads the file once, in constant memory: what a later step needs of a good row is kept with the row, until its letter
is written. Nothing here writes a letter.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError as RowExists
from sqlmodel import Session, col, func, select

from gateway.application.addressing import freeze
from gateway.application.authorising import Actor, actor, audit
from gateway.application.drafting import content_hash
from gateway.application.publishing import require_published
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter
from gateway.db.mailings import Mailing, MailingRow
from gateway.db.people import Case, Office, Person, Representative, RepresentativeKind, User
from gateway.domain.findings import Severity
from gateway.domain.letter import DUPLICATE_WINDOW, LetterState
from gateway.domain.mailing import REPLACEABLE, WITHOUT_LETTERS, MailingState, RowState
from gateway.domain.permission import Action
from gateway.domain.table import (
    CASE,
    Cell,
    Column,
    RowFinding,
    TableFinding,
    field_of,
    header,
    is_blank,
    leaves,
    read_row,
)
from gateway.errors import AddressInvalid, Conflict, DataInvalid, InputError, NotFound
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
class _Check:
    """What the rows of one table are checked against."""

    services: Services
    who: Actor
    meta: TemplateMeta
    mailing_id: int
    accept_repeat: bool
    offices: set[str] = field(default_factory=set)


def check_table(
    services: Services,
    login: str,
    file: BinaryIO,
    *,
    template: str,
    accept_repeat: bool = False,
    progress: Progress | None = None,
) -> int:
    """Check every row of `file` and keep the findings; returns the number of the mailing, ready to be accepted.

    `accept_repeat` says that the same file a second time, and second letters within 14 days, are intended.
    Raises `Conflict` ('mailing-repeated', 'template-not-published'), `NotPermitted`, and `InputError` as
    `TableReader.read` and `header` do ('template-not-flat').
    """
    mailing_id = begin(services, login, file, template=template, accept_repeat=accept_repeat)
    check_rows(services, mailing_id, file, progress=progress)
    return mailing_id


def begin(services: Services, login: str, file: BinaryIO, *, template: str, accept_repeat: bool = False) -> int:
    """Take the file on, if it is no repetition; its rows are still to be checked. See `check_table`."""
    meta = services.renderer.template(template)
    leaves(meta.schema)
    sha256 = _sha256(file)
    try:
        with services.db.transaction() as session:
            who = actor(session, login)
            who.require(Action.WRITE_LETTER)
            require_published(session, meta)
            earlier = _earlier(session, who, sha256, template, accept_repeat=accept_repeat)
            mailing = Mailing(
                file_sha256=sha256,
                template=template,
                title=meta.title,
                repetition=earlier,
                author_id=who.id,
                state=MailingState.CHECKING,
                accept_repeat=accept_repeat,
                offices=[],
                findings=[],
                created_at=services.clock.now(),
            )
            session.add(mailing)
            session.flush()
            audit(session, services, who.login, "mailing-begun", f"mailing:{mailing.id}", template=template)
            return row_id(mailing)
    except RowExists:
        raise _repeated("gerade eben") from None


def check_rows(
    services: Services, mailing_id: int, file: BinaryIO, *, progress: Progress | None = None
) -> None:
    """Check the rows of a mailing that was begun. A file that cannot be read on leaves nothing behind."""
    check = _check(services, mailing_id)
    try:
        table = services.tables.read(file)
        columns, faults = header(check.meta.schema, next(table.rows, ()))
        rows, faulty = (0, 0) if faults else _check_all(check, table, columns, progress)
    except InputError as error:
        _drop(services, mailing_id, frozenset({MailingState.CHECKING}), error)
        raise
    if not faults and not rows:
        faults = [TableFinding("table-empty", "Die Tabelle hat keine Zeile unter der Kopfzeile.")]
    notes = [_as_finding(note.code, note.message, note.severity) for note in table.findings]
    with services.db.transaction() as session:
        compare_and_set(
            session,
            Mailing,
            mailing_id,
            expect={"state": MailingState.CHECKING},
            state=MailingState.CHECKED,
            offices=sorted(check.offices),
            findings=[_as_finding(fault.code, fault.message) for fault in faults] + notes,
            rows=rows,
            faulty=faulty,
        )
        subject = f"mailing:{mailing_id}"
        audit(session, services, check.who.login, "mailing-checked", subject, rows=rows, faulty=faulty)


def discard(services: Services, login: str, mailing_id: int) -> None:
    """Give up a mailing that was never accepted; its rows and their data are deleted."""
    with services.db.reading() as session:
        mailing = find_mailing(session, mailing_id)
        require_author(session, mailing, login)
    if mailing.state not in REPLACEABLE:
        raise Conflict("mailing-accepted", "Der Serienbrief ist schon angenommen oder verworfen.")
    _drop(services, mailing_id, REPLACEABLE)


def find_mailing(session: Session, mailing_id: int) -> Mailing:
    """A mailing by its number; raises `NotFound` ('mailing-unknown')."""
    mailing = session.get(Mailing, mailing_id)
    if mailing is None:
        raise NotFound("mailing-unknown", f"Den Serienbrief {mailing_id} gibt es nicht.")
    return mailing


def require_author(session: Session, mailing: Mailing, login: str) -> Actor:
    """The actor, who must be the one for whose offices the rows were checked; raises `Conflict`."""
    who = actor(session, login)
    who.require(Action.WRITE_LETTER)
    if mailing.author_id != who.id:
        raise Conflict(
            "mailing-of-somebody-else",
            "Über einen Serienbrief entscheidet, wer die Tabelle eingereicht hat; für andere ist sie nicht geprüft.",
        )
    return who


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(1 << 20):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


def _earlier(session: Session, who: Actor, sha256: str, template: str, *, accept_repeat: bool) -> int:
    """How many mailings of this file there were; mine that were never accepted give way to the new one."""
    same = select(Mailing).where(Mailing.file_sha256 == sha256, Mailing.template == template)
    mailings = session.exec(same).all()
    for mailing in mailings:
        if mailing.state in REPLACEABLE and mailing.author_id == who.id:
            session.execute(delete(MailingRow).where(col(MailingRow.mailing_id) == mailing.id))
            mailing.state = MailingState.DISCARDED
        elif mailing.state not in WITHOUT_LETTERS and not accept_repeat:
            author = session.get_one(User, mailing.author_id).login
            raise _repeated(f"am {mailing.created_at:%d.%m.%Y} von {author} (Serienbrief {mailing.id})")
    return len(mailings)


def _repeated(when: str) -> Conflict:
    return Conflict(
        "mailing-repeated",
        f"Diese Datei wurde für diese Vorlage schon eingereicht: {when}. Ist ein zweites Mal gewollt, bitte "
        "ausdrücklich bestätigen.",
    )


def _drop(
    services: Services, mailing_id: int, states: frozenset[MailingState], error: InputError | None = None
) -> None:
    values = {"findings": [_as_finding(error.code, error.message)]} if error else {}
    with services.db.transaction() as session:
        compare_and_set(
            session, Mailing, mailing_id, expect={"state": states}, state=MailingState.DISCARDED, **values
        )
        session.execute(delete(MailingRow).where(col(MailingRow.mailing_id) == mailing_id))
        mailing = session.get_one(Mailing, mailing_id)
        author = session.get_one(User, mailing.author_id).login
        audit(session, services, author, "mailing-discarded", f"mailing:{mailing_id}")


def _as_finding(code: str, message: str, severity: Severity = Severity.ERROR) -> dict[str, str]:
    return {"code": code, "severity": severity.value, "message": message}


def _check(services: Services, mailing_id: int) -> _Check:
    with services.db.reading() as session:
        mailing = find_mailing(session, mailing_id)
        who = actor(session, session.get_one(User, mailing.author_id).login)
        meta = services.renderer.template(mailing.template)
        return _Check(services, who, meta, mailing_id, mailing.accept_repeat)


def _check_all(
    check: _Check, table: Table, columns: Sequence[Column | None], progress: Progress | None
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


def _stored(check: _Check, row: _Row) -> dict[str, Any]:
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


def _find_cases(session: Session, check: _Check, chunk: list[_Row]) -> None:
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


def _check_data(check: _Check, row: _Row) -> None:
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


def _check_addresses(session: Session, check: _Check, chunk: list[_Row]) -> None:
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
        .distinct()
    ).all()
    people: dict[int, list[Person]] = {}
    for case_id, person in [*addressees, *copies]:
        if case_id is not None and person not in people.setdefault(case_id, []):
            people[case_id].append(person)
    return people


def _find_doubles(session: Session, check: _Check, chunk: list[_Row]) -> None:
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


def count_rows(session: Session, mailing_id: int) -> dict[RowState, int]:
    """How many rows are in which state."""
    counted = (
        select(MailingRow.state, func.count())
        .where(MailingRow.mailing_id == mailing_id)
        .group_by(MailingRow.state)
    )
    return {RowState(state): number for state, number in session.exec(counted).all()}
