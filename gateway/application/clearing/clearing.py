"""Clearing: which letters have a problem that needs a person, seen in the rows, and what is known about each.

Only reads. What may be done about a problem is decided by `gateway.domain.desk.desk`; it is done in `redriving`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select, union

from gateway.application.clearing.gathering import Gathered, gather
from gateway.application.clearing.trouble import Make, Trouble
from gateway.application.letters.addressing import freeze
from gateway.application.letters.service_check import why_not_served
from gateway.application.reads.returned import words_of_task
from gateway.application.reads.silence import left_by_hand_on, what_is_missing
from gateway.application.reads.submissions import awaits_receipt, status_of
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, StatusEvent, Submission
from gateway.db.people import Office, Person
from gateway.domain.desk import desk as rules
from gateway.domain.desk.desk import UNREADABLE, WITHDRAWN, Facts, Problem
from gateway.domain.desk.patience import overdue
from gateway.domain.letters.letter import LetterState
from gateway.domain.letters.uploads import FINISHED_PDF
from gateway.domain.receipt.delivery import Verdict, describe
from gateway.domain.receipt.returning import NEEDLESS, SUSPENDED
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import NextAction, SubmissionState, next_action
from gateway.domain.runs.timeliness import STALE
from gateway.domain.templates.publishing import TEMPLATE_WITHDRAWN
from gateway.errors import AddressInvalid

_PROGRESS = (Status.IN_PRODUCTION, Status.PRINTED, Status.HANDED_TO_POST, Status.DELIVERED)
_UNCLEAR = (SubmissionState.RELEASING, SubmissionState.IN_DOUBT, SubmissionState.REFUSED)
HELD_FOR_THE_DESK = {
    STALE: Problem.TOO_LATE,
    TEMPLATE_WITHDRAWN: Problem.TEMPLATE_WITHDRAWN,
    SUSPENDED: Problem.SUSPENDED,
    NEEDLESS: Problem.NEEDLESS,
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


def troubles_of(
    session: Session, services: Services, letter: Letter, known: Gathered | None = None
) -> list[Trouble]:
    """The problems of a letter that nobody has decided about for good, most pressing first.

    Whoever looks at many letters has gathered what is known of all of them.
    """
    rows = known or gather(session, [row_id(letter)])
    found = [*_of_letter(services, letter, rows)]
    seen = [_look_at(session, services, letter, copy, rows) for copy in rows.copies.get(row_id(letter), ())]
    for recipient, piece, submission, facts in seen:
        others = [other for copy, _, _, other in seen if copy is not recipient]
        whole = replace(facts, others_left=any(not _is_in_the_house(other) for other in others))
        if piece is not None:
            found += _of_copy(session, services, letter, recipient, piece, submission, whole, rows)
    settled = rows.settled.get(row_id(letter), frozenset())
    return sorted((each for each in found if each.key not in settled), key=lambda each: (each.due, each.since))


def facts_of_copies(
    session: Session, services: Services, letter: Letter
) -> list[tuple[Recipient, Submission | None, Facts]]:
    """What is known about each copy of a letter, by recipient number."""
    rows = gather(session, [row_id(letter)])
    return [
        (recipient, submission, facts)
        for recipient, _, submission, facts in (
            _look_at(session, services, letter, copy, rows) for copy in rows.copies.get(row_id(letter), ())
        )
    ]


def _is_in_the_house(facts: Facts) -> bool:
    return facts.fault == WITHDRAWN or rules.may_be_taken_back(facts) or facts.status is Status.CANCELLED


def _of_letter(services: Services, letter: Letter, rows: Gathered) -> Iterator[Trouble]:
    facts = Facts(letter.state, can_be_redrafted=letter.template != FINISHED_PDF)
    if letter.state is LetterState.FAULTY:
        since = letter.submitted_at or letter.created_at
        findings = rows.findings.get(row_id(letter), ())
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
    session: Session, services: Services, letter: Letter, recipient: Recipient, rows: Gathered
) -> tuple[Recipient, MailPiece | None, Submission | None, Facts]:
    piece = rows.pieces.get(recipient.mail_piece_id or 0)
    submission = rows.live.get(recipient.mail_piece_id or 0)
    facts = Facts(
        letter.state,
        fault=piece.fault_code if piece else None,
        can_be_redrafted=letter.template != FINISHED_PDF,
        return_task=(recipient.mail_piece_id or 0) in rows.returned,
    )
    if submission is not None and submission.given_up_at is not None:
        facts = replace(facts, not_served=_why_not_served(session, services, letter, recipient))
    if piece is None or submission is None:
        return recipient, piece, submission, facts
    recovery = _recovery(services, submission)
    settle_time = services.providers[submission.provider].capabilities.settle_time
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
        printed=row_id(submission) in rows.printed,
        alone_in_handover=submission.consignment_id is None
        or rows.together[submission.consignment_id, submission.state] == 1,
        awaits_receipt=awaits_receipt(session, submission, piece),
    )
    return recipient, piece, submission, facts


def _why_not_served(session: Session, services: Services, letter: Letter, recipient: Recipient) -> str:
    """To the present address, as whatever is written anew."""
    try:
        now = freeze(services, session.get_one(Person, recipient.person_id))
    except AddressInvalid:
        return ""  # which is said when somebody tries
    office = session.get_one(Office, letter.office_id).key
    return why_not_served(services, office, letter.template, now["country"], now["address_lines"])


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
    rows: Gathered,
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

    yield from _contradictions(piece, rows, trouble)
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
    yield from _from_proof(piece, submission, rows, trouble)
    yield from _from_reports(session, services, piece, submission, facts, rows, trouble)


def _contradictions(piece: MailPiece, rows: Gathered, trouble: Make) -> Iterator[Trouble]:
    """Progress that was reported on what had been declared void: perhaps it was printed after all."""
    if found := rows.contradicted.get(row_id(piece)):
        event, void = found
        message = (
            f"Zur aufgehobenen Übergabe {void.key} meldet der Druckdienstleister „{event.provider_status}“: "
            "Sie kann doch gedruckt worden sein. Bitte nachfragen."
        )
        yield trouble(Problem.CONTRADICTED, f"{void.key}:{event.id}", event.received_at, message)


def _from_proof(piece: MailPiece, submission: Submission, rows: Gathered, trouble: Make) -> Iterator[Trouble]:
    """What is proven not to have been received."""
    proof, task = rows.proofs.get(row_id(piece)), rows.returned.get(row_id(piece))
    if proof is not None and proof.served is False and not (task and task.action):
        said = describe(proof.kind, proof.outcome, Verdict(False, None))
        yield trouble(
            *(
                Problem.RETURNED,
                f"{submission.key}:proof-{proof.id}",
                proof.recorded_at,
                said,
                words_of_task(task),
            )
        )


def _from_reports(
    session: Session,
    services: Services,
    piece: MailPiece,
    submission: Submission,
    facts: Facts,
    rows: Gathered,
    trouble: Make,
) -> Iterator[Trouble]:
    """What the provider said about it, or has not said in time."""
    if facts.status in {Status.FAILED, Status.RETURNED} and submission.state is SubmissionState.RELEASED:
        event, task = rows.trouble.get((row_id(submission), facts.status)), rows.returned.get(row_id(piece))
        problem = Problem.FAILED if facts.status is Status.FAILED else Problem.RETURNED
        closed = problem is Problem.RETURNED and task is not None and task.action is not None
        if event is not None and not closed:
            words = words_of_task(task) if problem is Problem.RETURNED else None
            yield trouble(problem, f"{submission.key}:{event.id}", event.received_at, event.reason, words)
    if submission.given_up_at and submission.settled_at is None and facts.status is Status.HANDED_TO_POST:
        said = what_is_missing(Problem.NO_END, submission.provider)
        not_served = facts.not_served if facts.can_be_redrafted else ""
        yield trouble(Problem.NO_END, submission.key, submission.given_up_at, said, not_served)
    late = overdue(
        facts,
        provider=submission.provider,
        planned_on=services.day_of(submission.planned_at),
        released_on=services.day_of(submission.released_at) if submission.released_at else None,
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
    due = services.schedule.calendar.add_working_days(services.day_of(since), services.desk.decide_days)
    key = f"{problem.value}:{occasion}"
    if problem in {Problem.LETTER_FAULTY, *HELD_FOR_THE_DESK.values()}:
        key = f"{key}:{since.isoformat()}"
    return Trouble(problem, key, since, tuple(each for each in said if each), facts, due)
