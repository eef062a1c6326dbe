"""Checking the table of a mass mailing: every row before anything is written, its findings kept row by row.

Reads the file once, in constant memory: what a later step needs of a good row is kept with the row, until its letter
is written. Nothing here writes a letter.
"""

import hashlib
from typing import BinaryIO

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError as RowExists
from sqlmodel import Session, col, func, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.mailings.mailing_rows import Check, Progress, check_all
from gateway.application.services import Services
from gateway.application.templates.versions import newest
from gateway.db.engine import compare_and_set, row_id
from gateway.db.mailings import Mailing, MailingRow
from gateway.db.people import User
from gateway.domain.findings import Severity
from gateway.domain.letters.mailing import REPLACEABLE, WITHOUT_LETTERS, MailingState, RowState
from gateway.domain.permission import Action
from gateway.domain.templates.table import TableFinding, header, leaves
from gateway.errors import Conflict, InputError, NotFound


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
    with services.db.reading() as session:
        meta = newest(session, services, template)
    leaves(meta.schema)
    sha256 = _sha256(file)
    try:
        with services.db.transaction() as session:
            who = actor(session, login)
            who.require(Action.WRITE_LETTER)
            earlier = _earlier(session, services, who, sha256, template, accept_repeat=accept_repeat)
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
        rows, faulty = (0, 0) if faults else check_all(check, table, columns, progress)
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


def _earlier(
    session: Session, services: Services, who: Actor, sha256: str, template: str, *, accept_repeat: bool
) -> int:
    """How many mailings of this file there were; mine that were never accepted give way to the new one."""
    same = select(Mailing).where(Mailing.file_sha256 == sha256, Mailing.template == template)
    mailings = session.exec(same).all()
    for mailing in mailings:
        if mailing.state in REPLACEABLE and mailing.author_id == who.id:
            session.execute(delete(MailingRow).where(col(MailingRow.mailing_id) == mailing.id))
            mailing.state = MailingState.DISCARDED
        elif mailing.state not in WITHOUT_LETTERS and not accept_repeat:
            author = session.get_one(User, mailing.author_id).login
            day = services.day_of(mailing.created_at)
            raise _repeated(f"am {day:%d.%m.%Y} von {author} (Serienbrief {mailing.id})")
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


def _check(services: Services, mailing_id: int) -> Check:
    with services.db.reading() as session:
        mailing = find_mailing(session, mailing_id)
        who = actor(session, session.get_one(User, mailing.author_id).login)
        meta = newest(session, services, mailing.template)
        return Check(services, who, meta, mailing_id, mailing.accept_repeat)


def count_rows(session: Session, mailing_id: int) -> dict[RowState, int]:
    """How many rows are in which state."""
    counted = (
        select(MailingRow.state, func.count())
        .where(MailingRow.mailing_id == mailing_id)
        .group_by(MailingRow.state)
    )
    return {RowState(state): number for state, number in session.exec(counted).all()}
