"""The nightly run as a recipe: recover, batch, assemble, certify, hand over. Resumable at any point."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session, case, col, func, select

from gateway.application.access.authorising import SYSTEM, actor, audit
from gateway.application.runs.assembling import assemble
from gateway.application.runs.batching import open_run, plan
from gateway.application.runs.certifying import Certified, certify_waiting
from gateway.application.runs.forecasting import visible_offices
from gateway.application.runs.submitting import HandOverReport, hand_over
from gateway.application.runs.trying import try_out_now
from gateway.application.services import Services
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Run
from gateway.domain.account.standing import OF_FAULT
from gateway.domain.letters.letter import LetterState
from gateway.domain.permission import Action

Progress = Callable[[str, int], None]
"""Told the step and how many are done."""
_IS_FAULTY = col(MailPiece.fault_code).is_not(None) & col(MailPiece.fault_code).not_in(OF_FAULT)
"""It has a fault of its own; what was taken out on purpose has none."""


@dataclass(frozen=True)
class RunReport:
    """What a run did. `faulty` pieces could not be assembled or certified and are on the desk."""

    run: int
    day: date
    letters: int
    batches: int
    pieces: int
    faulty: int
    left_for_next_run: int
    hand_over: HandOverReport
    certificates: tuple[str, ...]
    """Hashes of the certificates that were made; a run that only resumed handing over makes none."""


@dataclass(frozen=True)
class RunLine:
    """A run in a list, in the figures of the offices that somebody may see."""

    day: date
    number: int
    finished_at: datetime | None
    copies: int
    pieces: int
    sheets: int
    postage_eur: Decimal
    faulty: int
    by_hand: bool = False


def run(
    services: Services, *, day: date | None = None, login: str = SYSTEM, progress: Progress | None = None
) -> RunReport:
    """Run now. Without `day` everything approved until this moment goes; with `day`, what its cut-off lets in."""
    if login != SYSTEM:
        with services.db.reading() as session:
            actor(session, login).require(Action.RUN)
    run_id = open_run(services, day or services.today())
    cut_off = cut_off_for(services, day)
    letters = plan(services, run_id, approved_before=cut_off, progress=_step(progress, "batch"))
    assemble(services, day=day or services.today(), progress=_step(progress, "assemble"))
    certificates = certify_waiting(services, progress=_step(progress, "certify"))
    report = hand_over(services, retry_now=True, progress=_step(progress, "hand over"))
    return _finish(services, run_id, letters, certificates, report, login)


def run_due(services: Services) -> list[RunReport]:
    """Whatever runs are due by now and were missed, as the schedule says; two schedulers at once are harmless."""
    with services.locks.try_lock("nightly-run") as held:
        if not held:
            return []
        with services.db.reading() as session:
            last = _last_scheduled(session, services)
            unfinished = session.exec(select(col(Run.day)).where(col(Run.finished_at).is_(None))).first()
        due = services.schedule.due_runs(last, services.clock.now())
        days = sorted({*due, *([unfinished] if unfinished else [])})
        if due:
            try_out_now(services, max(due))
        return [run(services, day=day) for day in days]


def past_runs(services: Services, login: str | None, *, limit: int) -> list[RunLine]:
    """The latest runs, newest first; `login` None is the operator. Raises `NotPermitted`."""
    with services.db.reading() as session:
        offices = visible_offices(session, login)
        rows = session.exec(select(Run).order_by(col(Run.id).desc()).limit(limit)).all()
        return [_run_line(session, row, list(offices)) for row in rows]


def _run_line(session: Session, row: Run, offices: Sequence[int]) -> RunLine:
    query = select(
        func.count(),
        func.sum(MailPiece.sheets),
        func.sum(MailPiece.postage_eur),
        func.count(case((_IS_FAULTY, 1))),
    )
    query = query.select_from(MailPiece).join(Batch, col(Batch.id) == MailPiece.batch_id)
    mine = (Batch.run_id == row.id, col(Batch.office_id).in_(offices))
    pieces, sheets, postage, faulty = session.exec(query.where(*mine)).one()
    copies = (
        select(func.count())
        .select_from(Recipient)
        .join(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
        .join(Batch, col(Batch.id) == MailPiece.batch_id)
    )
    return RunLine(
        day=row.day,
        number=row.number,
        finished_at=row.finished_at,
        copies=session.exec(copies.where(*mine)).one(),
        pieces=pieces,
        sheets=sheets or 0,
        postage_eur=Decimal(postage or 0),
        faulty=faulty,
        by_hand=row.by_hand,
    )


def _last_scheduled(session: Session, services: Services) -> date | None:
    """The last day whose run came at its time; one by hand, earlier on a day, does not replace the evening's."""
    finished = (
        select(Run)
        .where(col(Run.finished_at).is_not(None), ~col(Run.by_hand))
        .order_by(col(Run.day).desc(), col(Run.id).desc())
    )
    for row in session.exec(finished):
        if row.started_at >= services.schedule.run_moment(row.day):
            return row.day
    return None


def _finish(
    services: Services,
    run_id: int,
    letters: int,
    certificates: Sequence[Certified],
    report: HandOverReport,
    login: str,
) -> RunReport:
    with services.db.transaction() as session:
        row = session.get_one(Run, run_id)
        row.finished_at = row.finished_at or services.clock.now()
        pieces = (
            select(func.count())
            .select_from(MailPiece)
            .join(Batch, col(Batch.id) == MailPiece.batch_id)
            .where(Batch.run_id == run_id)
        )
        batches = session.exec(select(func.count()).select_from(Batch).where(Batch.run_id == run_id)).one()
        left = session.exec(
            select(func.count()).select_from(Letter).where(Letter.state == LetterState.APPROVED)
        ).one()
        audit(session, services, login, "run-finished", f"run-{row.day}-{row.number}", letters=letters)
        return RunReport(
            run=row.number,
            day=row.day,
            letters=letters,
            batches=batches,
            pieces=session.exec(pieces).one(),
            faulty=session.exec(pieces.where(_IS_FAULTY)).one(),
            left_for_next_run=left,
            hand_over=report,
            certificates=tuple(each.sha256 for each in certificates),
        )


def cut_off_for(services: Services, day: date | None) -> datetime:
    """The moment before which a letter must be approved to go with a run of `day` (None: now)."""
    return services.schedule.cut_off_moment(day) if day else services.clock.now()


def _step(progress: Progress | None, name: str) -> Callable[[int], None] | None:
    return (lambda done: progress(name, done)) if progress else None
