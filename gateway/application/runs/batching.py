"""The nightly run, first step: which letters go tonight, in which batches, and which share an envelope.

Letters are selected by state and approval time, never by a window: what one run missed, the next one takes. Which
letters share an envelope is decided by `gateway.domain.pieces.bundling`; why one does not is written down with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import tuple_
from sqlalchemy.exc import IntegrityError as ConstraintBroken
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway.application.addresses.suspending import settle_suspension
from gateway.application.letters.timeliness import hold_if_stale
from gateway.application.reads.suspensions import suspended_among
from gateway.application.runs.bundling import (
    add_planned,
    candidates,
    copies_of,
    limits_for,
    planned_envelopes,
)
from gateway.application.runs.capacity import Capacity
from gateway.application.runs.directing import evening_of
from gateway.application.runs.planning import new_piece
from gateway.application.services import Services
from gateway.db.bundling import NotBundled
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, Run
from gateway.db.people import Office
from gateway.domain.letters.letter import LetterState
from gateway.domain.pieces.bundling import Envelopes, Placement
from gateway.domain.pieces.bundling_rules import ALREADY_ASSEMBLED, Candidate
from gateway.domain.pieces.routing import Evening
from gateway.errors import Conflict

CHUNK = 200
"""Letters a transaction: small enough not to keep others waiting, large enough to be quick."""


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
    planned, after = 0, None
    with services.db.reading() as session:
        # Once for the whole run: its volume must not shrink while it is planned.
        due = due_letters(session.get_one(Run, run_id).day, approved_before)
        evening = evening_of(session, services, due, run_id)
    while chunk := _plan_chunk(services, run_id, approved_before, evening, after):
        planned += chunk.planned
        after = chunk.last
        if progress:
            progress(planned)
    with services.db.transaction() as session:
        run = session.get_one(Run, run_id)
        run.planned_at = run.planned_at or services.clock.now()
    return planned


def due_letters(day: date, approved_before: datetime) -> SelectOfScalar[Letter]:
    """What a run of `day` takes, in the order in which it was approved."""
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


@dataclass(frozen=True)
class _Chunk:
    """How many of the letters looked at were planned, and the last one looked at: approval moment and id."""

    planned: int
    last: tuple[datetime | None, int]


def _plan_chunk(
    services: Services,
    run_id: int,
    approved_before: datetime,
    evening: Evening,
    after: tuple[datetime | None, int] | None,
) -> _Chunk | None:
    """Plan the next letters; None if there are none. Some are held, or wait for a provider's next day."""
    with services.db.transaction() as session:
        # Locked, so that two runs at once plan one after the other (PostgreSQL; SQLite lets one write at a time).
        run = session.get_one(Run, run_id, with_for_update=True)
        query = due_letters(run.day, approved_before)
        if after is not None:
            query = query.where(tuple_(col(Letter.approved_at), col(Letter.id)) > after)
        letters = session.exec(query.limit(CHUNK)).all()
        if not letters:
            return None
        last = (letters[-1].approved_at, row_id(letters[-1]))
        in_time = [row_id(each) for each in letters if not hold_if_stale(session, services, each, run.day)]
        going = Capacity(session, services, run.day, evening).take(
            copies_of(session, _reachable(session, services, in_time))
        )
        _plan_letters(session, services, run, going, evening)
        return _Chunk(len(going), last)


def _reachable(session: Session, services: Services, letter_ids: Sequence[int]) -> list[int]:
    """Without those to suspended addresses, which are held."""
    copies = [recipient for _, recipient in copies_of(session, letter_ids)]
    kept_back = {copy.letter_id for copy, _ in suspended_among(session, copies)}
    for letter_id in sorted(kept_back):
        settle_suspension(session, services, session.get_one(Letter, letter_id))
    return [each for each in letter_ids if each not in kept_back]


def _plan_letters(
    session: Session, services: Services, run: Run, letter_ids: Sequence[int], evening: Evening
) -> None:
    copies = copies_of(session, letter_ids)
    envelopes = Envelopes(limits_for(services, run.day), services.bundling)
    pieces: dict[int, int] = {}
    if services.bundling:
        persons = [recipient.person_id for _, recipient in copies]
        planned = planned_envelopes(session, services, row_id(run), persons, evening)
        pieces = add_planned(envelopes, planned)
    for candidate in candidates(session, services, copies, evening):
        placed = _place(session, services, row_id(run), candidate, envelopes, pieces)
        session.get_one(Recipient, candidate.key).mail_piece_id = pieces[candidate.key]
        if placed.veto is not None and placed.beside is not None:
            session.add(
                NotBundled(recipient_id=candidate.key, beside_id=placed.beside.key, code=placed.veto.code)
            )
    for letter_id in letter_ids:
        compare_and_set(
            session,
            Letter,
            letter_id,
            expect={"state": LetterState.APPROVED, "held_at": None},
            state=LetterState.BATCHED,
        )


def _place(
    session: Session,
    services: Services,
    run_id: int,
    candidate: Candidate,
    envelopes: Envelopes,
    pieces: dict[int, int],
) -> Placement:
    """Give a copy its piece: one that has room, or a new one."""
    placed = envelopes.place(candidate)
    if placed.joined:
        first = placed.envelope.members[0]
        try:
            # Nothing changes but the lock on the row: whoever assembles it sees the newcomer, or is seen to be done.
            compare_and_set(
                session,
                MailPiece,
                pieces[first.key],
                expect={"print_sha256": None, "fault_code": None},
                duplex=candidate.duplex,
            )
        except Conflict:
            placed.envelope.members.pop()
            placed.envelope.closed = True
            placed = envelopes.alone(candidate, ALREADY_ASSEMBLED, first)
        else:
            pieces[candidate.key] = pieces[first.key]
            return placed
    piece = new_piece(
        session,
        services,
        run_id=run_id,
        provider=candidate.provider,
        office_id=candidate.office,
        service=candidate.service,
        duplex=candidate.duplex,
    )
    pieces[candidate.key] = row_id(piece)
    return placed
