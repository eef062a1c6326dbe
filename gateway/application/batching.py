"""The nightly run, first step: which letters go tonight, and in which batches.

Letters are selected by state and approval time, never by a window: what one run missed, the next one takes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError as ConstraintBroken
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway.application.services import Services
from gateway.application.timeliness import hold_if_stale
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Run, Submission
from gateway.db.people import Office
from gateway.domain.letter import LetterState
from gateway.domain.mailpiece import Service
from gateway.domain.submission import SubmissionState

CHUNK = 200
"""Letters a transaction: small enough not to keep others waiting, large enough to be quick."""


@dataclass(frozen=True)
class Forecast:
    """What tonight would be, by office and service."""

    office: str
    service: Service
    letters: int


def open_run(services: Services, day: date) -> int:
    """The id of the run to work on: an unfinished one first, else a new one of `day`."""
    try:
        return _unfinished_or_new(services, day)
    except ConstraintBroken:
        # Another process opened one in the same moment (PostgreSQL; SQLite lets one write at a time): join it.
        return _unfinished_or_new(services, day)


def _unfinished_or_new(services: Services, day: date) -> int:
    with services.db.transaction() as session:
        unfinished = session.exec(select(Run.id).where(col(Run.finished_at).is_(None))).first()
        if unfinished is not None:
            return unfinished
        last = session.exec(select(func.max(Run.number)).where(Run.day == day)).one()
        run = Run(day=day, number=(last or 0) + 1, started_at=services.clock.now())
        session.add(run)
        session.flush()
        return row_id(run)


def plan(
    services: Services, run_id: int, *, approved_before: datetime, progress: Callable[[int], None] | None = None
) -> int:
    """Put every due letter into a batch, as pieces with a planned submission; returns how many letters.

    Each chunk is one transaction, so a kill leaves whole letters either in or out; a repeat takes the rest.
    """
    planned = 0
    while chunk := _plan_chunk(services, run_id, approved_before):
        planned += sum(chunk)
        if progress:
            progress(planned)
    with services.db.transaction() as session:
        run = session.get_one(Run, run_id)
        run.planned_at = run.planned_at or services.clock.now()
    return planned


def forecast(services: Services, *, day: date, approved_before: datetime) -> list[Forecast]:
    """What a run with this cut-off would take, counted now; changes nothing."""
    with services.db.reading() as session:
        due = _due(day, approved_before).subquery()
        rows = session.exec(
            select(Office.key, Letter.service, func.count())
            .join(Letter, col(Letter.office_id) == Office.id)
            .where(col(Letter.id).in_(select(due.c.id)))
            .group_by(col(Office.key), col(Letter.service))
            .order_by(col(Office.key))
        ).all()
        return [Forecast(office, Service(service), count) for office, service, count in rows]


def _due(day: date, approved_before: datetime) -> SelectOfScalar[Letter]:
    return (
        select(Letter)
        .join(Office, col(Letter.office_id) == Office.id)
        .where(
            Letter.state == LetterState.APPROVED,
            col(Letter.held_at).is_(None),
            col(Letter.approved_at) < approved_before,
            Office.starts_on <= day,
        )
        .order_by(col(Letter.approved_at), col(Letter.id))
    )


def _plan_chunk(services: Services, run_id: int, approved_before: datetime) -> list[bool]:
    """Plan the next letters; tells of each whether it goes, or was held because it would come too late."""
    with services.db.transaction() as session:
        # Locked, so that two runs at once plan one after the other (PostgreSQL; SQLite lets one write at a time).
        run = session.get_one(Run, run_id, with_for_update=True)
        letters = session.exec(_due(run.day, approved_before).limit(CHUNK)).all()
        going = [not hold_if_stale(session, services, letter, run.day) for letter in letters]
        for letter, goes in zip(letters, going, strict=True):
            if goes:
                _plan_letter(session, services, run_id, letter)
        return going


def _plan_letter(session: Session, services: Services, run_id: int, letter: Letter) -> None:
    batch_id = _batch(session, run_id, services.provider_name, letter)
    for recipient in session.exec(select(Recipient).where(Recipient.letter_id == letter.id)).all():
        piece = MailPiece(
            reference=services.new_reference(),
            batch_id=batch_id,
            service=letter.service,
            duplex=services.duplex,
        )
        session.add(piece)
        session.flush()
        recipient.mail_piece_id = piece.id
        session.add(
            Submission(
                piece_id=row_id(piece),
                provider=services.provider_name,
                key=f"{piece.reference}-1",
                state=SubmissionState.PLANNED,
                planned_at=services.clock.now(),
            )
        )
    session.flush()
    compare_and_set(
        session,
        Letter,
        row_id(letter),
        expect={"state": LetterState.APPROVED, "held_at": None},
        state=LetterState.BATCHED,
    )


def _batch(session: Session, run_id: int, provider: str, letter: Letter) -> int:
    found = session.exec(
        select(Batch.id).where(
            Batch.run_id == run_id,
            Batch.provider == provider,
            Batch.office_id == letter.office_id,
            Batch.service == letter.service,
        )
    ).first()
    if found is not None:
        return found
    batch = Batch(run_id=run_id, provider=provider, office_id=letter.office_id, service=letter.service)
    session.add(batch)
    session.flush()
    return row_id(batch)
