"""Accepting a mass mailing: drafts for its good rows, then their submission, in chunks that each commit.

A row and its letter come into being in one transaction, so a break doubles nothing, and the rows say where to go on.
All or nothing is what it says until the first letter is submitted: if a draft cannot be written, all are cancelled.
"""

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import update
from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.letters.drafting import draft, submit_in
from gateway.application.mailings.mailing import count_rows, find_mailing, require_author
from gateway.application.mailings.mailing_rows import Progress
from gateway.application.services import Services
from gateway.application.templates.versions import newest
from gateway.db.engine import compare_and_set
from gateway.db.letters import Letter
from gateway.db.mailings import Mailing, MailingRow
from gateway.db.people import Case, Office, User
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.mailing import UNDER_WAY, MailingState, RowState
from gateway.domain.permission import Action
from gateway.domain.templates.table import RowFinding
from gateway.errors import Conflict, InputError, NotFound, NotPermitted

CHUNK = 200
"""Letters a transaction."""

_LEFT_OUT = (InputError, NotPermitted, NotFound, Conflict)
"""What may have changed for a row since it was checked."""


def accept(services: Services, login: str, mailing_id: int, *, only_good: bool = False) -> None:
    """Decide that letters are written; `carry_on` writes them. Only who handed in the table decides.

    Raises `Conflict`: 'mailing-has-findings' unless `only_good` leaves the faulty rows out, 'mailing-empty' if no row
    is good, 'mailing-not-checked', 'mailing-of-somebody-else', 'template-not-published'.
    """
    with services.db.transaction() as session:
        mailing = find_mailing(session, mailing_id)
        who = require_author(session, mailing, login)
        newest(session, services, mailing.template)
        _require_acceptable(mailing, only_good=only_good)
        compare_and_set(
            session,
            Mailing,
            mailing_id,
            expect={"state": MailingState.CHECKED},
            state=MailingState.DRAFTING,
            only_good=only_good,
            accepted_at=services.clock.now(),
        )
        subject = f"mailing:{mailing_id}"
        audit(session, services, who.login, "mailing-accepted", subject, only_good=only_good)


def _require_acceptable(mailing: Mailing, *, only_good: bool) -> None:
    if mailing.state is not MailingState.CHECKED:
        raise Conflict(
            "mailing-not-checked",
            "Der Serienbrief ist noch nicht geprüft oder schon angenommen oder verworfen.",
        )
    if mailing.rows == mailing.faulty:
        raise Conflict("mailing-empty", "Die Tabelle hat keine fehlerfreie Zeile. Bitte berichtigen.")
    if mailing.faulty and not only_good:
        raise Conflict(
            "mailing-has-findings",
            f"{mailing.faulty} von {mailing.rows} Zeilen haben Befunde. Bitte die Tabelle berichtigen und neu "
            "einreichen, oder ausdrücklich nur die fehlerfreien Zeilen annehmen.",
        )


def under_way(services: Services) -> list[int]:
    """Mailings that were accepted and are not yet submitted, oldest first."""
    with services.db.reading() as session:
        found = select(Mailing.id).where(col(Mailing.state).in_(UNDER_WAY)).order_by(col(Mailing.id))
        return [number for number in session.exec(found).all() if number is not None]


def carry_on(services: Services, mailing_id: int, *, progress: Progress | None = None) -> None:
    """Write what is missing of an accepted mailing, and submit it. Resumable; two at once take turns."""
    steps = {MailingState.DRAFTING: _draft_chunk, MailingState.SUBMITTING: _submit_chunk}
    while True:
        with services.db.transaction() as session:
            # Locked on PostgreSQL; on SQLite a write transaction is alone anyway.
            locked = select(Mailing).where(Mailing.id == mailing_id).with_for_update()
            mailing = session.exec(locked).one()
            if mailing.state not in steps:
                return
            who = actor(session, session.get_one(User, mailing.author_id).login)
            steps[mailing.state](session, services, who, mailing)
            session.flush()
            counts = count_rows(session, mailing_id) if progress else {}
        if progress:
            progress(counts.get(RowState.DRAFTED, 0) + 2 * counts.get(RowState.SUBMITTED, 0))


def _draft_chunk(session: Session, services: Services, who: Actor, mailing: Mailing) -> None:
    rows = _next_rows(session, mailing, RowState.GOOD)
    if not rows:
        mailing.state = MailingState.SUBMITTING
        return
    for row in rows:
        fault = _try(session, row, partial(_draft, session, services, who, mailing, row))
        row.data = None
        if fault and not mailing.only_good:
            _stop(session, services, who, mailing)
            return


def _draft(session: Session, services: Services, who: Actor, mailing: Mailing, row: MailingRow) -> None:
    case = session.get_one(Case, row.case_id)
    who.require(Action.WRITE_LETTER, session.get_one(Office, case.office_id).key)
    meta = newest(session, services, mailing.template)
    data = row.data or {}
    services.renderer.validate(meta.name, data, meta.version)
    row.letter_id = draft(session, services, who, case, meta, data).id
    row.state = RowState.DRAFTED


def _submit_chunk(session: Session, services: Services, who: Actor, mailing: Mailing) -> None:
    rows = _next_rows(session, mailing, RowState.DRAFTED)
    if not rows:
        mailing.state = MailingState.DONE
        audit(session, services, who.login, "mailing-submitted", f"mailing:{mailing.id}")
    for row in rows:
        letter = session.get_one(Letter, row.letter_id)
        row.state = RowState.SUBMITTED
        if letter.state is LetterState.DRAFT:  # else somebody took this one into their own hands
            reference, repeat = letter.reference, mailing.accept_repeat
            _try(
                session,
                row,
                partial(submit_in, session, services, who, reference, accept_duplicate=repeat),
            )


def _next_rows(session: Session, mailing: Mailing, state: RowState) -> Sequence[MailingRow]:
    found = select(MailingRow).where(MailingRow.mailing_id == mailing.id, MailingRow.state == state)
    return session.exec(found.order_by(col(MailingRow.number)).limit(CHUNK)).all()


def _try(session: Session, row: MailingRow, work: Callable[[], None]) -> bool:
    """Do `work` for one row; what it raises becomes the row's finding, and leaves nothing else behind."""
    try:
        with session.begin_nested():
            work()
    except _LEFT_OUT as error:
        row.state = RowState.FAULTY
        row.findings = [RowFinding(None, error.code, error.message).as_json()]
        return True
    return False


def _stop(session: Session, services: Services, who: Actor, mailing: Mailing) -> None:
    """All or nothing: cancel every draft, delete the data of the rest."""
    mailing.state = MailingState.STOPPED
    session.flush()
    written = select(MailingRow.letter_id).where(
        MailingRow.mailing_id == mailing.id, MailingRow.state == RowState.DRAFTED
    )
    session.execute(
        update(Letter)
        .where(col(Letter.id).in_(written), col(Letter.state) == LetterState.DRAFT)
        .values(
            state=LetterState.CANCELLED,
            cancelled_at=services.clock.now(),
            note=f"Serienbrief {mailing.id} wurde nicht vollständig.",
        )
    )
    session.execute(update(MailingRow).where(col(MailingRow.mailing_id) == mailing.id).values(data=None))
    audit(session, services, who.login, "mailing-stopped", f"mailing:{mailing.id}")
