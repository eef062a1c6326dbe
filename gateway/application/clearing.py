"""Clearing: which letters have a problem that needs a person, seen in the rows, and what is known about each.

Only reads. What may be done about a problem is decided by `gateway.domain.desk`; it is done in `redriving`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select, union

from gateway.application.coming_back import is_closed, returned_of, task_words
from gateway.application.delivering import proof_in_force
from gateway.application.replanning import in_consignment
from gateway.application.services import Services
from gateway.application.silence import left_by_hand_on, what_is_missing
from gateway.application.tracking import awaits_receipt, live_submission, status_of
from gateway.application.trouble import Make, Trouble
from gateway.db.desk import DecisionState, DeskDecision
from gateway.db.engine import row_id
from gateway.db.letters import Letter, LetterFinding, Recipient
from gateway.db.mail import MailPiece, StatusEvent, Submission
from gateway.domain import desk as rules
from gateway.domain.delivery import Verdict, describe
from gateway.domain.desk import UNREADABLE, WITHDRAWN, DeskAction, Facts, Problem
from gateway.domain.findings import Severity
from gateway.domain.letter import LetterState
from gateway.domain.publishing import TEMPLATE_WITHDRAWN
from gateway.domain.returning import SUSPENDED
from gateway.domain.status import Status
from gateway.domain.submission import NextAction, SubmissionState, next_action
from gateway.domain.timeliness import STALE
from gateway.domain.uploads import FINISHED_PDF

_PROGRESS = (Status.IN_PRODUCTION, Status.PRINTED, Status.HANDED_TO_POST, Status.DELIVERED)
_PRINTED = (Status.PRINTED, Status.HANDED_TO_POST, Status.DELIVERED)
_UNCLEAR = (SubmissionState.RELEASING, SubmissionState.IN_DOUBT, SubmissionState.REFUSED)
HELD_FOR_THE_DESK = {
    STALE: Problem.TOO_LATE,
    TEMPLATE_WITHDRAWN: Problem.TEMPLATE_WITHDRAWN,
    SUSPENDED: Problem.SUSPENDED,
}
"""Codes at the end of a hold reason that say that the gateway held the letter, and which problem that is."""


def troubled_letters(session: Session, services: Services) -> Sequence[int]:
    """Letters of which a row says that something may be wrong, newest first; `troubles_of` decides."""
    piece = select(col(Recipient.letter_id)).join(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
    submitted = piece.join(Submission, col(Submission.piece_id) == MailPiece.id)
    live = submitted.where(col(Submission.voided_at).is_(None))
    told = submitted.join(StatusEvent, col(StatusEvent.submission_id) == Submission.id)
    candidates = union(
        piece.where(col(MailPiece.fault_code).is_not(None), col(MailPiece.fault_code) != WITHDRAWN),
        piece.where(col(MailPiece.served).is_(False)),
        live.where(or_(col(Submission.state).in_(_UNCLEAR), col(Submission.error_code).is_not(None))),
        live.where(*_silent(services)),
        told.where(col(StatusEvent.status).in_((Status.FAILED, Status.RETURNED))),
        told.where(col(Submission.voided_at).is_not(None), col(StatusEvent.status).in_(_PROGRESS)),
    )
    reasons = (col(Letter.hold_reason).endswith(f"({code})") for code in HELD_FOR_THE_DESK)
    query = select(Letter.id).where(
        or_(col(Letter.state) == LetterState.FAULTY, col(Letter.id).in_(candidates), *reasons)
    )
    return [found for found in session.exec(query.order_by(col(Letter.id).desc())).all() if found]


def _silent(services: Services) -> tuple[ColumnElement[bool], ...]:
    """Not handed over, or not settled, since before today: whether that is too long depends on the calendar."""
    midnight = datetime.combine(services.today(), time(0), services.schedule.zone)
    planned = col(Submission.state).in_((SubmissionState.PLANNED, SubmissionState.STAGED))
    open_there = (col(Submission.state) == SubmissionState.RELEASED) & col(Submission.settled_at).is_(None)
    return (
        (planned & (col(Submission.planned_at) < midnight))
        | (open_there & (col(Submission.released_at) < midnight)),
    )


def troubles_of(session: Session, services: Services, letter: Letter) -> list[Trouble]:
    """The problems of a letter that nobody has decided about for good, most pressing first."""
    found = [*_of_letter(session, services, letter)]
    seen = [_look_at(session, services, letter, recipient) for recipient in _copies(session, letter)]
    for recipient, piece, submission, facts in seen:
        others = [other for copy, _, _, other in seen if copy is not recipient]
        known = replace(facts, others_left=any(not _is_in_the_house(other) for other in others))
        if piece is not None:
            found += _of_copy(session, services, letter, recipient, piece, submission, known)
    settled = _settled(session, row_id(letter))
    return sorted((each for each in found if each.key not in settled), key=lambda each: (each.due, each.since))


def facts_of_copies(
    session: Session, services: Services, letter: Letter
) -> list[tuple[Recipient, Submission | None, Facts]]:
    """What is known about each copy of a letter, by recipient number."""
    return [
        (recipient, submission, facts)
        for recipient, _, submission, facts in (
            _look_at(session, services, letter, recipient) for recipient in _copies(session, letter)
        )
    ]


def _copies(session: Session, letter: Letter) -> Sequence[Recipient]:
    query = select(Recipient).where(Recipient.letter_id == letter.id)
    return session.exec(query.order_by(col(Recipient.number))).all()


def _is_in_the_house(facts: Facts) -> bool:
    return facts.fault == WITHDRAWN or rules.may_be_taken_back(facts) or facts.status is Status.CANCELLED


def _settled(session: Session, letter_id: int) -> set[str]:
    query = select(DeskDecision.problem).where(
        DeskDecision.letter_id == letter_id,
        DeskDecision.state == DecisionState.DONE,
        DeskDecision.action == DeskAction.ACKNOWLEDGE,
    )
    return set(session.exec(query).all())


def _of_letter(session: Session, services: Services, letter: Letter) -> Iterator[Trouble]:
    facts = Facts(letter.state, can_be_redrafted=letter.template != FINISHED_PDF)
    if letter.state is LetterState.FAULTY:
        since = letter.submitted_at or letter.created_at
        findings = session.exec(
            select(LetterFinding)
            .join(Recipient, col(Recipient.id) == LetterFinding.recipient_id)
            .where(Recipient.letter_id == letter.id, LetterFinding.severity == Severity.ERROR)
        ).all()
        said = [letter.note] if letter.note else []
        said += [f"{finding.message} ({finding.code})" for finding in findings]
        yield _trouble(services, Problem.LETTER_FAULTY, letter.reference, since, said, facts)
    elif letter.held_at and _is_held_for_the_desk(letter):
        said = [letter.hold_reason or ""]
        problem = next(found for code, found in HELD_FOR_THE_DESK.items() if said[0].endswith(f"({code})"))
        yield _trouble(services, problem, letter.reference, letter.held_at, said, facts)


def _is_held_for_the_desk(letter: Letter) -> bool:
    why = tuple(f"({code})" for code in HELD_FOR_THE_DESK)
    return letter.state is not LetterState.CANCELLED and (letter.hold_reason or "").endswith(why)


def _look_at(
    session: Session, services: Services, letter: Letter, recipient: Recipient
) -> tuple[Recipient, MailPiece | None, Submission | None, Facts]:
    piece = session.get(MailPiece, recipient.mail_piece_id) if recipient.mail_piece_id else None
    submission = live_submission(session, recipient.mail_piece_id)
    facts = Facts(
        letter.state,
        fault=piece.fault_code if piece else None,
        can_be_redrafted=letter.template != FINISHED_PDF,
        return_task=returned_of(session, recipient.mail_piece_id) is not None,
    )
    if piece is None or submission is None:
        return recipient, piece, submission, facts
    recovery = _recovery(services, submission)
    settle_time = services.providers[submission.provider].capabilities.settle_time
    told = session.exec(
        select(StatusEvent.id)
        .where(StatusEvent.submission_id == submission.id, col(StatusEvent.status).in_(_PRINTED))
        .limit(1)
    ).first()
    facts = replace(
        facts,
        submission=submission.state,
        status=status_of(submission),
        error=submission.error_code,
        recovery=recovery,
        lookups_exhausted=rules.lookups_exhausted(
            recovery,
            releasing_at=submission.releasing_at,
            now=services.clock.now(),
            settle_time=settle_time,
        ),
        printed=told is not None,
        alone_in_handover=in_consignment(session, submission) == 1,
        awaits_receipt=awaits_receipt(session, submission, piece),
    )
    return recipient, piece, submission, facts


def _recovery(services: Services, submission: Submission) -> NextAction:
    can = services.providers[submission.provider].capabilities
    return next_action(
        submission.state,
        guard=can.guard,
        now=services.clock.now(),
        releasing_at=submission.releasing_at,
        settle_time=can.settle_time,
        key_lifetime=can.key_lifetime,
    )


def _of_copy(
    session: Session,
    services: Services,
    letter: Letter,
    recipient: Recipient,
    piece: MailPiece,
    submission: Submission | None,
    facts: Facts,
) -> Iterator[Trouble]:
    def trouble(problem: Problem, occasion: object, since: datetime, *said: str | None) -> Trouble:
        made = _trouble(
            services, problem, f"{letter.reference}/{recipient.number}:{occasion}", since, said, facts
        )
        return replace(
            made,
            number=recipient.number,
            piece_id=row_id(piece),
            submission_id=submission.id if submission else None,
            provider=submission.provider if submission else None,
        )

    yield from _contradictions(session, piece, trouble)
    if submission is None or facts.fault == WITHDRAWN or letter.state is not LetterState.BATCHED:
        return
    said = f"{submission.error_message} ({submission.error_code})" if submission.error_code else None
    asked = submission.releasing_at or submission.planned_at
    if facts.fault is not None:
        message = f"{piece.fault_message} ({facts.fault})"
        problem = HELD_FOR_THE_DESK.get(facts.fault, Problem.PIECE_FAULTY)
        yield trouble(problem, f"{submission.key}:{facts.fault}", submission.planned_at, message)
    elif submission.state is SubmissionState.REFUSED:
        yield trouble(Problem.REFUSED, submission.key, asked, said)
    elif submission.state in {SubmissionState.RELEASING, SubmissionState.IN_DOUBT}:
        yield trouble(Problem.IN_DOUBT, f"{submission.key}:{asked.isoformat()}", asked, said)
    elif facts.error in UNREADABLE:
        yield trouble(Problem.UNREADABLE, submission.key, submission.planned_at, said)
    elif facts.error == Problem.SEVERAL:
        yield trouble(Problem.SEVERAL, submission.key, submission.released_at or asked, said)
    elif facts.error == Problem.CANCEL_UNKNOWN and facts.status is not Status.CANCELLED:
        yield trouble(Problem.CANCEL_UNKNOWN, submission.key, submission.released_at or asked, said)
    yield from _from_proof(session, piece, submission, trouble)
    yield from _from_reports(session, services, piece, submission, facts, trouble)


def _contradictions(session: Session, piece: MailPiece, trouble: Make) -> Iterator[Trouble]:
    """Progress that was reported on what had been declared void: perhaps it was printed after all."""
    query = (
        select(StatusEvent, Submission)
        .join(Submission, col(Submission.id) == StatusEvent.submission_id)
        .where(
            Submission.piece_id == piece.id,
            col(Submission.voided_at).is_not(None),
            col(StatusEvent.status).in_(_PROGRESS),
            col(StatusEvent.received_at) >= Submission.voided_at,
        )
    )
    for event, void in session.exec(query.order_by(col(StatusEvent.id)).limit(1)).all():
        message = (
            f"Zur aufgehobenen Übergabe {void.key} meldet der Druckdienstleister „{event.provider_status}“: "
            "Sie kann doch gedruckt worden sein. Bitte nachfragen."
        )
        yield trouble(Problem.CONTRADICTED, f"{void.key}:{event.id}", event.received_at, message)


def _from_proof(session: Session, piece: MailPiece, submission: Submission, trouble: Make) -> Iterator[Trouble]:
    """What is proven not to have been received."""
    proof = proof_in_force(session, piece)
    if proof is not None and proof.served is False and not is_closed(session, row_id(piece)):
        said = describe(proof.kind, proof.outcome, Verdict(False, None))
        yield trouble(
            *(
                Problem.RETURNED,
                f"{submission.key}:proof-{proof.id}",
                proof.recorded_at,
                said,
                task_words(session, row_id(piece)),
            )
        )


def _from_reports(
    session: Session,
    services: Services,
    piece: MailPiece,
    submission: Submission,
    facts: Facts,
    trouble: Make,
) -> Iterator[Trouble]:
    """What the provider said about it, or has not said in time."""
    if facts.status in {Status.FAILED, Status.RETURNED} and submission.state is SubmissionState.RELEASED:
        event = session.exec(
            select(StatusEvent)
            .where(StatusEvent.submission_id == submission.id, StatusEvent.status == facts.status)
            .order_by(col(StatusEvent.id))
        ).first()
        problem = Problem.FAILED if facts.status is Status.FAILED else Problem.RETURNED
        closed = problem is Problem.RETURNED and is_closed(session, row_id(piece))
        if event is not None and not closed:
            task = task_words(session, row_id(piece)) if problem is Problem.RETURNED else None
            yield trouble(problem, f"{submission.key}:{event.id}", event.received_at, event.reason, task)
    late = rules.overdue(
        facts,
        provider=submission.provider,
        planned_on=_day(services, submission.planned_at),
        released_on=_day(services, submission.released_at) if submission.released_at else None,
        left_on=left_by_hand_on(session, submission),
        today=services.today(),
        rules=services.desk,
        calendar=services.schedule.calendar,
    )
    if late is not None:
        since = submission.released_at or submission.planned_at
        said = what_is_missing(late.problem, submission.provider)
        made = trouble(late.problem, f"{submission.key}:{late.period}", since, said)
        yield replace(made, due=late.due)


def _trouble(
    services: Services,
    problem: Problem,
    occasion: str,
    since: datetime,
    said: Sequence[str | None],
    facts: Facts,
) -> Trouble:
    due = services.schedule.calendar.add_working_days(_day(services, since), services.desk.decide_days)
    key = f"{problem.value}:{occasion}"
    if problem in {Problem.LETTER_FAULTY, *HELD_FOR_THE_DESK.values()}:
        key = f"{key}:{since.isoformat()}"
    return Trouble(problem, key, since, tuple(each for each in said if each), facts, due)


def _day(services: Services, moment: datetime) -> date:
    return moment.astimezone(services.schedule.zone).date()
