"""Handing over: plan → stage → release → find. Never lost, never printed twice.

The intent is committed before the external effect, the outcome after it; nothing external happens inside an open
transaction. A lock that dies with its holder is held from reading the state to writing the outcome, so that a
paused process cannot wake up and release what another has recovered. What may follow is decided by
`gateway.domain.submission.next_action`, and by nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlmodel import Session, col, select

from gateway.application.services import Services
from gateway.db.certificates import PieceCertificate
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Submission
from gateway.db.people import Office
from gateway.domain.submission import NextAction, SubmissionState, next_action
from gateway.errors import AlreadyReleased, IntegrityError, NotFound, NotSent, OutcomeUnknown, Refused
from gateway.ports.provider import PrintPiece, Provider, Sender

_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(hours=1)
_UNFINISHED = (
    SubmissionState.PLANNED,
    SubmissionState.STAGED,
    SubmissionState.RELEASING,
    SubmissionState.IN_DOUBT,
)


@dataclass
class HandOverReport:
    """What one pass did. `waiting` says why the pass stopped early, as a code, if it did."""

    released: int = 0
    refused: int = 0
    in_doubt: int = 0
    waiting: int = 0
    stopped_by: str | None = None
    messages: list[str] = field(default_factory=list)


def hand_over(
    services: Services, *, retry_now: bool = False, progress: Callable[[int], None] | None = None
) -> HandOverReport:
    """Move every unfinished submission as far as the facts allow, one at a time; resumable after a kill.

    A piece is handed over only with a clean certificate of the very bytes (`gateway.application.certifying`).
    When a provider cannot be reached, the pass stops for it: its letters wait, and the report says so.
    `retry_now` ignores the waiting time after an earlier failure, as a run started by a person does.
    """
    report = HandOverReport()
    unreachable: set[str] = set()
    for done, (submission_id, provider) in enumerate(_unfinished(services, retry_now=retry_now), start=1):
        if provider in unreachable:
            report.waiting += 1
            continue
        try:
            _move(services, submission_id, report)
        except NotSent as fact:
            unreachable.add(provider)
            report.waiting += 1
            report.stopped_by = fact.code
            report.messages.append(fact.message)
        except (IntegrityError, NotFound) as fault:
            # Raised only when the stored bytes are read, which is always before anything leaves the house.
            _write_fault(services, submission_id, fault)
            report.waiting += 1
            report.messages.append(fault.message)
        if progress:
            progress(done)
    return report


def _unfinished(services: Services, *, retry_now: bool) -> list[tuple[int, str]]:
    with services.db.reading() as session:
        query = (
            select(Submission.id, Submission.provider)
            .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
            .join(PieceCertificate, col(PieceCertificate.piece_id) == MailPiece.id)
            .where(
                col(Submission.state).in_(_UNFINISHED),
                col(PieceCertificate.print_sha256) == MailPiece.print_sha256,
                col(PieceCertificate.clean),
            )
            .order_by(col(Submission.id))
        )
        if not retry_now:
            due = col(Submission.next_attempt_at).is_(None) | (
                col(Submission.next_attempt_at) <= services.clock.now()
            )
            query = query.where(due)
        return [(found, provider) for found, provider in session.exec(query).all() if found is not None]


def _move(services: Services, submission_id: int, report: HandOverReport) -> None:
    """Take one submission through its next steps under its lock. Raises `NotSent` when the provider is away."""
    with services.locks.try_lock(f"submission-{submission_id}") as held:
        if not held:
            return
        while True:
            submission = _read(services, submission_id)
            provider = services.providers[submission.provider]
            step = _STEPS.get(_next(services, submission, provider))
            if step is None or not step(services, submission, provider, report):
                _count(_read(services, submission_id), report)
                return


def _next(services: Services, submission: Submission, provider: Provider) -> NextAction:
    facts = provider.capabilities
    return next_action(
        submission.state,
        guard=facts.guard,
        now=services.clock.now(),
        releasing_at=submission.releasing_at,
        settle_time=facts.settle_time,
        key_lifetime=facts.key_lifetime,
    )


def _stage(services: Services, submission: Submission, provider: Provider, _report: HandOverReport) -> bool:
    piece = print_piece(services, submission)
    try:
        handle = provider.stage(piece)
    except NotSent as fact:
        _postpone(services, submission, SubmissionState.PLANNED, fact)
        raise
    except Refused as fact:
        _write(services, submission, SubmissionState.REFUSED, fact, releasing_at=services.clock.now())
        return False
    _write(services, submission, SubmissionState.STAGED, handle=handle, staged_at=services.clock.now())
    return True


def _release(services: Services, submission: Submission, provider: Provider, _report: HandOverReport) -> bool:
    piece = print_piece(services, submission)
    _write(services, submission, SubmissionState.RELEASING, releasing_at=services.clock.now())
    releasing = _read(services, row_id(submission))
    try:
        reference = provider.release(submission.handle or submission.key, piece)
    except NotSent as fact:
        _postpone(services, releasing, SubmissionState.STAGED, fact)
        raise
    except Refused as fact:
        _write(services, releasing, SubmissionState.REFUSED, fact)
    except AlreadyReleased as fact:
        _write_released(services, releasing, fact.provider_reference)
    except OutcomeUnknown as fact:
        _write(services, releasing, SubmissionState.IN_DOUBT, fact)
    else:
        _write_released(services, releasing, reference)
    return False


def _look_up(services: Services, submission: Submission, provider: Provider, report: HandOverReport) -> bool:
    """Ask by our key. Found: it is released. Not there after the settle time: it never arrived, so release again."""
    try:
        found = provider.find(submission.key)
    except (NotSent, OutcomeUnknown) as fact:
        _postpone(services, submission, submission.state, fact)
        raise NotSent(fact.code, fact.message) from None
    if found is None:
        _write(services, submission, SubmissionState.STAGED, staged_at=services.clock.now())
        return True
    if found.count > 1:
        report.messages.append(f"Der Druckdienstleister kennt {submission.key} {found.count}-mal.")
    _write_released(services, submission, found.provider_reference, copies=found.count)
    return False


_STEPS: dict[NextAction, Callable[[Services, Submission, Provider, HandOverReport], bool]] = {
    NextAction.STAGE: _stage,
    NextAction.RELEASE: _release,
    NextAction.LOOK_UP: _look_up,
}


def print_piece(services: Services, submission: Submission) -> PrintPiece:
    """The piece as the provider gets it: the proven bytes and what the envelope needs."""
    with services.db.reading() as session:
        piece = session.get_one(MailPiece, submission.piece_id)
        recipient = _recipient(session, submission.piece_id)
        batch = session.get_one(Batch, piece.batch_id)
        office = session.get_one(Office, batch.office_id)
    sha256 = piece.print_sha256 or ""
    return PrintPiece(
        key=submission.key,
        pdf=services.blobs.get(sha256),
        sha256=sha256,
        pages=piece.pages or 0,
        duplex=piece.duplex,
        colour=False,
        service=piece.service,
        address_lines=tuple(recipient.address_lines),
        sender=Sender(office.name, office.street, office.postcode, office.place),
        cost_centre=office.cost_centre,
        batch=piece.batch_id,
    )


def _recipient(session: Session, piece_id: int) -> Recipient:
    of_piece = select(Recipient).where(Recipient.mail_piece_id == piece_id).order_by(col(Recipient.id))
    return session.exec(of_piece.limit(1)).one()


def _read(services: Services, submission_id: int) -> Submission:
    with services.db.reading() as session:
        return session.get_one(Submission, submission_id)


def _write(
    services: Services,
    submission: Submission,
    state: SubmissionState,
    fact: Refused | OutcomeUnknown | None = None,
    **values: object,
) -> None:
    with services.db.transaction() as session:
        compare_and_set(
            session,
            Submission,
            row_id(submission),
            expect={"state": submission.state},
            state=state,
            error_code=fact.code if fact else None,
            error_message=fact.message if fact else None,
            next_attempt_at=None,
            **values,
        )


def _write_released(services: Services, submission: Submission, reference: str, copies: int = 1) -> None:
    with services.db.transaction() as session:
        compare_and_set(
            session,
            Submission,
            row_id(submission),
            expect={"state": submission.state},
            state=SubmissionState.RELEASED,
            provider_reference=reference,
            released_at=services.clock.now(),
            error_code="provider-holds-several" if copies > 1 else None,
            error_message=f"{copies} Exemplare beim Druckdienstleister" if copies > 1 else None,
            next_attempt_at=None,
        )
        mark_for_filing(session, submission.piece_id)


def _postpone(
    services: Services, submission: Submission, state: SubmissionState, fact: NotSent | OutcomeUnknown
) -> None:
    """Certainly not done: back to where it was, with the next attempt visible (doubling, jitter, cap)."""
    wait = min(_FIRST_RETRY * 2 ** min(submission.attempts, 10), _LONGEST_RETRY)
    wait *= 0.75 + services.random_bits(8) / 512
    named = fact.retry_after_s if isinstance(fact, NotSent) else None
    with services.db.transaction() as session:
        compare_and_set(
            session,
            Submission,
            row_id(submission),
            expect={"state": submission.state},
            state=state,
            attempts=submission.attempts + 1,
            next_attempt_at=services.clock.now() + max(wait, timedelta(seconds=named or 0)),
            error_code=fact.code,
            error_message=fact.message,
        )


def _write_fault(services: Services, submission_id: int, fault: IntegrityError | NotFound) -> None:
    with services.db.transaction() as session:
        submission = session.get_one(Submission, submission_id)
        submission.error_code = fault.code
        submission.error_message = fault.message
        submission.next_attempt_at = services.clock.now() + _LONGEST_RETRY


def mark_for_filing(session: Session, piece_id: int) -> None:
    """A new fact about a piece belongs in the case file of each of its letters."""
    letters = select(Recipient.letter_id).where(Recipient.mail_piece_id == piece_id)
    for letter in session.exec(select(Letter).where(col(Letter.id).in_(letters))).all():
        letter.filing_due = True


def _count(submission: Submission, report: HandOverReport) -> None:
    if submission.state is SubmissionState.RELEASED:
        report.released += 1
    elif submission.state is SubmissionState.REFUSED:
        report.refused += 1
    elif submission.state in {SubmissionState.IN_DOUBT, SubmissionState.RELEASING}:
        report.in_doubt += 1
