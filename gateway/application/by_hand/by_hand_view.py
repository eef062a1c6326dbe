"""What waits to be done by hand: to be printed here, to be posted or handed over, to be heard of from a courier.

Only reads. A caseworker sees the pieces of their offices, the post room all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlmodel import Session, col, func, or_, select

from gateway.application.access.authorising import Actor, actor
from gateway.application.runs.replanning import copies_in
from gateway.application.services import Services
from gateway.db.by_hand import ByHand, HandPrint
from gateway.db.engine import row_id
from gateway.db.mail import MailPiece, Submission
from gateway.db.people import Case, Office
from gateway.domain.permission import Action
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.runs.by_hand import BY_HAND, REGISTERED, HandChannel, HandStep, step_of
from gateway.domain.runs.submission import SubmissionState


@dataclass(frozen=True)
class LetterInIt:
    """A letter in the envelope."""

    reference: str
    title: str
    file_number: str


@dataclass(frozen=True)
class ByHandLine:
    """One piece and what it waits for. `due` is the day by whose end that should be done."""

    piece: str
    letters: Sequence[LetterInIt]
    office: str
    step: HandStep
    wanted: HandChannel
    reason: str
    asked_by: str
    asked_at: datetime
    due: date
    late: bool
    service: Service
    sheets: int | None
    product: str | None
    postage_eur: Decimal | None
    needs_receipt: bool
    """The post gives a receipt for it, whose number must be recorded."""
    prints: int
    carrier: str | None
    left_at: datetime | None
    fault: str | None
    """Why it cannot be printed; it is on the desk then."""


def waiting_by_hand(services: Services, login: str) -> list[ByHandLine]:
    """Everything that waits for a person, the most pressing first. Raises `NotPermitted`."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.BY_HAND)
        rows = session.exec(
            select(Submission, MailPiece)
            .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
            .outerjoin(ByHand, col(ByHand.piece_id) == MailPiece.id)
            .where(
                Submission.provider == BY_HAND,
                col(Submission.state).in_((SubmissionState.PLANNED, SubmissionState.RELEASED)),
                col(MailPiece.served).is_(None),
                or_(col(ByHand.channel).is_(None), col(ByHand.channel) == HandChannel.COURIER),
            )
        ).all()
        lines = [_line(session, services, who, submission, piece) for submission, piece in rows]
    return sorted((line for line in lines if line is not None), key=lambda line: (line.due, line.asked_at))


def _line(
    session: Session, services: Services, who: Actor, submission: Submission, piece: MailPiece
) -> ByHandLine | None:
    """None if the user has nothing to do with one of its letters."""
    copies = copies_in(session, row_id(piece))
    offices = {session.get_one(Office, letter.office_id).key for _, letter in copies}
    if not copies or not all(who.may(Action.BY_HAND, office) for office in offices):
        return None
    hand = session.get(ByHand, piece.id)
    since = (hand.left_on if hand else None) or services.day_of(submission.released_at or submission.planned_at)
    due = services.schedule.calendar.add_working_days(since, 1)
    prints = select(func.count()).select_from(HandPrint).where(HandPrint.piece_id == piece.id)
    return ByHandLine(
        piece=piece.reference,
        letters=[
            LetterInIt(letter.reference, letter.title, session.get_one(Case, letter.case_id).file_number)
            for _, letter in copies
        ],
        office=", ".join(sorted(offices)),
        step=step_of(submission.state, hand.channel if hand else None),
        wanted=hand.wanted if hand else HandChannel.POST,
        reason=hand.reason if hand else "umgeleitet",
        asked_by=hand.asked_by if hand else "",
        asked_at=hand.asked_at if hand else submission.planned_at,
        due=due,
        late=services.today() > due,
        service=piece.service,
        sheets=piece.sheets,
        product=piece.product,
        postage_eur=piece.postage_eur,
        needs_receipt=piece.service in REGISTERED,
        prints=session.exec(prints).one(),
        carrier=hand.carrier if hand else None,
        left_at=hand.left_at if hand else None,
        fault=f"{piece.fault_message} ({piece.fault_code})" if piece.fault_code else None,
    )
