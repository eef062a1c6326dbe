"""Deciding: what waits for a person. Letters to approve, letters on the desk, pieces of a posting day.

Only reads; the decisions themselves are made in `approving`, `withholding`, `receiving` and `posting`.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, or_, select, union

from gateway.application.authorising import Actor, actor
from gateway.application.receiving import InboundLine, inbound_list
from gateway.application.services import Services
from gateway.application.showing import LetterView, view_of
from gateway.db.files import InboundState
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, Posting, StatusEvent, Submission
from gateway.db.people import Case, Office, User
from gateway.domain.findings import Severity
from gateway.domain.letter import LetterState
from gateway.domain.permission import Action, may_approve
from gateway.domain.standing import NEEDS_A_PERSON, Standing
from gateway.domain.status import Status
from gateway.domain.submission import SubmissionState
from gateway.domain.timeliness import STALE

MAX_LISTED = 200
"""What a person can look through; the counts of the account are exact."""


@dataclass(frozen=True)
class ApprovalLine:
    """A letter that waits for the user's signature."""

    reference: str
    file_number: str
    office: str
    title: str
    author: str
    submitted_at: datetime | None
    four_eyes: bool
    recipients: int


@dataclass(frozen=True)
class DeskLetter:
    """A letter that needs a person, and what is wrong with it."""

    reference: str
    file_number: str
    office: str
    title: str
    standing: Standing
    author: str
    problems: list[str]


@dataclass(frozen=True)
class Desk:
    """The desk (*Klärungsliste*)."""

    letters: list[DeskLetter]
    inbound: list[InboundLine]


@dataclass(frozen=True)
class PostingPiece:
    """A piece that a provider reported as posted on a day."""

    piece: str
    letter: str
    file_number: str
    office: str
    title: str
    source: str
    confirmed_at: datetime | None
    confirmed_by: str | None


def to_approve(services: Services, login: str) -> list[ApprovalLine]:
    """Letters that this user may sign now, oldest first."""
    with services.db.reading() as session:
        who = actor(session, login)
        rows = session.exec(
            select(Letter, Case, Office, User)
            .join(Case, col(Case.id) == Letter.case_id)
            .join(Office, col(Office.id) == Letter.office_id)
            .join(User, col(User.id) == Letter.author_id)
            .where(Letter.state == LetterState.READY, col(Letter.held_at).is_(None))
            .order_by(col(Letter.submitted_at), col(Letter.id))
        ).all()
        mine = [row for row in rows if _may_sign(who, row[0], row[2], row[3])]
        return [
            ApprovalLine(
                letter.reference,
                case.file_number,
                office.key,
                letter.title,
                author.login,
                letter.submitted_at,
                letter.four_eyes,
                len(session.exec(select(Recipient.id).where(Recipient.letter_id == letter.id)).all()),
            )
            for letter, case, office, author in mine[:MAX_LISTED]
        ]


def desk(services: Services, login: str) -> Desk:
    """Everything that stands still until a person decides, of the offices the user may see."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.READ)
        letters = [
            _desk_letter(view)
            for letter, office in _troubled(session)
            if who.may(Action.READ, office.key)
            and _waits_for_a_person(view := view_of(session, services, letter, office))
        ]
    waiting = [
        line
        for state in (InboundState.DESK, InboundState.QUARANTINE)
        for line in inbound_list(services, login, state=state)
    ]
    return Desk(letters[:MAX_LISTED], waiting)


def desk_size(session: Session, services: Services) -> int:
    """How many letters stand on the desk, of all offices; for figures only."""
    views = (view_of(session, services, letter, office) for letter, office in _troubled(session))
    return sum(map(_waits_for_a_person, views))


def posting_pieces(services: Services, login: str, day: date) -> list[PostingPiece]:
    """The pieces of one reported posting day that the user may see, by piece reference."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.READ)
        rows = session.exec(
            select(Posting, MailPiece, Letter, Case)
            .join(MailPiece, col(MailPiece.id) == Posting.piece_id)
            .join(Recipient, col(Recipient.mail_piece_id) == MailPiece.id)
            .join(Letter, col(Letter.id) == Recipient.letter_id)
            .join(Case, col(Case.id) == Letter.case_id)
            .where(Posting.reported_on == day)
            .order_by(MailPiece.reference, Letter.reference)
        ).all()
        return [
            _posting_piece(session, posting, piece, letter, case, office)
            for posting, piece, letter, case in rows
            if who.may(Action.READ, (office := session.get_one(Office, letter.office_id)).key)
        ]


def _may_sign(who: Actor, letter: Letter, office: Office, author: User) -> bool:
    return who.may(Action.APPROVE, office.key) and may_approve(
        who.roles, author=author.login, approver=who.login, four_eyes=letter.four_eyes
    )


def _troubled(session: Session) -> list[tuple[Letter, Office]]:
    """Letters of which a row says that something went wrong, newest first; what they stand at is decided later."""
    piece = select(col(Recipient.letter_id)).join(MailPiece, col(MailPiece.id) == Recipient.mail_piece_id)
    live = piece.join(Submission, col(Submission.piece_id) == MailPiece.id).where(
        col(Submission.voided_at).is_(None)
    )
    unclear = (SubmissionState.RELEASING, SubmissionState.IN_DOUBT, SubmissionState.REFUSED)
    told = live.join(StatusEvent, col(StatusEvent.submission_id) == Submission.id)
    candidates = union(
        piece.where(col(MailPiece.fault_code).is_not(None)),
        live.where(col(Submission.state).in_(unclear)),
        told.where(col(StatusEvent.status).in_((Status.FAILED, Status.RETURNED))),
    )
    query = (
        select(Letter, Office)
        .join(Office, col(Office.id) == Letter.office_id)
        .where(
            or_(
                col(Letter.state) == LetterState.FAULTY,
                col(Letter.id).in_(candidates),
                col(Letter.hold_reason).endswith(f"({STALE})"),
            )
        )
    )
    return list(session.exec(query.order_by(col(Letter.id).desc())).all())


def _waits_for_a_person(view: LetterView) -> bool:
    """Whether it belongs on the desk, as does what a run held because it would come too late."""
    stale = view.standing is Standing.HELD and (view.hold_reason or "").endswith(f"({STALE})")
    return stale or view.standing in NEEDS_A_PERSON


def _desk_letter(view: LetterView) -> DeskLetter:
    problems = [text for text in (view.note, view.hold_reason) if text]
    for recipient in view.recipients:
        problems += [
            f"{finding.message} ({finding.code})"
            for finding in recipient.findings
            if finding.severity is Severity.ERROR
        ]
        problems += [recipient.problem] if recipient.problem else []
        problems += [event.reason for event in recipient.events[-1:] if event.reason]
    return DeskLetter(
        view.reference,
        view.file_number,
        view.office,
        view.title,
        view.standing,
        view.author,
        list(dict.fromkeys(problems)),
    )


def _posting_piece(
    session: Session, posting: Posting, piece: MailPiece, letter: Letter, case: Case, office: Office
) -> PostingPiece:
    clerk = session.get(User, posting.confirmed_by_id) if posting.confirmed_by_id else None
    return PostingPiece(
        piece.reference,
        letter.reference,
        case.file_number,
        office.key,
        letter.title,
        posting.source,
        posting.confirmed_at,
        clerk.name if clerk else None,
    )
