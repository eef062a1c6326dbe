"""Reading for people and programs: one letter with everything known about it, lists, and the desk.

Only reads. Role and office are asked here as everywhere; what a user may not see is not found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from sqlmodel import Session, col, select

from gateway.application.access.authorising import actor
from gateway.application.reads.companions import signed_companions
from gateway.application.reads.finding import find_letter
from gateway.application.reads.finding_view import FindingView, findings_of
from gateway.application.reads.history import (
    EventView,
    HandView,
    ProofView,
    events_of,
    hand_view,
    handed_over_at,
    problem_of,
    proof_views,
)
from gateway.application.reads.piece_numbers import numbers_of
from gateway.application.reads.posted import assessment, fiction_of, was_withdrawn
from gateway.application.reads.proofs import proof_in_force
from gateway.application.reads.records import RecordView, records_of
from gateway.application.reads.requests import RequestView, request_of
from gateway.application.reads.returned import ReturnState, replaces, return_state, written_anew
from gateway.application.reads.submissions import live_submission, status_of
from gateway.application.services import Services
from gateway.db.by_hand import ByHand
from gateway.db.engine import row_id
from gateway.db.letters import Approval, Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Posting, Run
from gateway.db.people import Case, Office, User
from gateway.db.retention import LetterRetention
from gateway.domain.account.standing import Standing, standing_of_copy, standing_of_letter
from gateway.domain.letters.accessible import TWIN_TITLES, CompanionKind
from gateway.domain.permission import Action
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.deadlines import Assessment
from gateway.domain.retention import sentences_of_leaving
from gateway.ports.provider import PieceNumbers


@dataclass(frozen=True)
class RecipientView:
    """One recipient's copy: its document, its piece, its dates."""

    number: int
    copy_for: str | None
    address_lines: Sequence[str]
    document_sha256: str | None
    approved_sha256: str | None
    twin: str | None
    """What the accessible copy is called that goes with the letter; None if none was asked for."""
    twin_sha256: str | None
    approved_twin_sha256: str | None
    print_sha256: str | None
    piece: str | None
    standing: Standing
    pages: int | None
    sheets: int | None
    product: str | None
    key: str | None
    provider: str | None
    provider_reference: str | None
    numbers: PieceNumbers
    """The carrier's, as far as the provider said them."""
    run_day: date | None
    handed_over_at: datetime | None
    posting_reported_on: date | None
    """As it was reported, whatever became of it; `posted_on` is what stands."""
    posting_confirmed_on: date | None
    posting_confirmed_by: str | None
    carrier: str | None
    records: Sequence[RecordView]
    """Records of posting, the first one first; the last one is in force."""
    assessment: Assessment | None
    problem: str | None
    """Code and message of what went wrong last, if anything did."""
    next_attempt_at: datetime | None
    events: Sequence[EventView]
    proofs: Sequence[ProofView]
    """Records about its receipt, oldest first."""
    hand: HandView | None
    """How it goes by hand, if it does."""
    came_back: ReturnState | None
    """What is known and decided about its coming back, if it did."""
    written_anew: Sequence[str]
    """Letters in its place, where nobody told its end."""
    findings: Sequence[FindingView]

    @property
    def posted_on(self) -> date | None:
        """The day that stands: of the record in force, else as reported; None if it was not posted after all."""
        return None if self.not_posted else self.posting_confirmed_on or self.posting_reported_on

    @property
    def not_posted(self) -> bool:
        """Whether the record of posting in force says that it was not posted after all."""
        return bool(self.records) and self.records[-1].posted_on is None

    @property
    def proof(self) -> ProofView | None:
        """What is proven about the receipt, if anything is."""
        return self.proofs[-1] if self.proofs and self.proofs[-1].served is not None else None

    @property
    def provisional(self) -> bool:
        """Whether the dates rest on nothing but a report."""
        return self.posting_reported_on is not None and not self.records and self.proof is None


@dataclass(frozen=True)
class LetterView:
    """One letter with everything known about it."""

    reference: str
    case: str
    file_number: str
    office: str
    title: str
    template: str
    template_version: str
    state: str
    standing: Standing
    author: str
    approved_by: str | None
    decision_date: date
    created_at: datetime
    submitted_at: datetime | None
    approved_at: datetime | None
    held_at: datetime | None
    hold_reason: str | None
    cancelled_at: datetime | None
    note: str | None
    service: Service
    service_reason: str | None
    service_options: Sequence[str]
    four_eyes: bool
    is_decision: bool
    data: dict[str, Any]
    recipients: Sequence[RecipientView]
    replaces: str | None = None
    """The letter that this one replaces: it came back, or nobody told its end."""
    left: LetterRetention | None = None
    """What of it left by the rules of retention, and when; None: nothing."""
    request: RequestView | None = None
    """What it asks for, and what of that came."""


def letter_view(services: Services, login: str | None, reference: str) -> LetterView:
    """One letter; `login` None is the operator at the command line. Raises `NotFound` or `NotPermitted`."""
    with services.db.reading() as session:
        letter, office = find_letter(session, reference)
        if login is not None:
            actor(session, login).require(Action.READ, office.key)
        return view_of(session, services, letter, office)


def view_of(session: Session, services: Services, letter: Letter, office: Office) -> LetterView:
    """A letter and its recipients, without asking for permission: for use cases that did."""
    case = session.get_one(Case, letter.case_id)
    query = select(Recipient).where(Recipient.letter_id == letter.id).order_by(col(Recipient.number))
    recipients = [_recipient_view(session, services, letter, each) for each in session.exec(query).all()]
    standing = standing_of_letter(
        letter.state, held=letter.held_at is not None, pieces=[view.standing for view in recipients]
    )
    return LetterView(
        reference=letter.reference,
        case=case.reference,
        file_number=case.file_number,
        office=office.key,
        title=letter.title,
        template=letter.template,
        template_version=letter.template_version,
        state=letter.state.value,
        standing=standing,
        author=session.get_one(User, letter.author_id).login,
        approved_by=_approver(session, letter),
        decision_date=letter.decision_date,
        created_at=letter.created_at,
        submitted_at=letter.submitted_at,
        approved_at=letter.approved_at,
        held_at=letter.held_at,
        hold_reason=letter.hold_reason,
        cancelled_at=letter.cancelled_at,
        note=letter.note,
        service=letter.service,
        service_reason=letter.service_reason,
        service_options=letter.service_options or (),
        four_eyes=letter.four_eyes,
        is_decision=letter.is_decision,
        data=letter.data,
        recipients=recipients,
        replaces=replaces(session, row_id(letter)),
        left=session.get(LetterRetention, letter.id),
        request=request_of(session, services, letter),
    )


def left_sentences(left: LetterRetention, zone: tzinfo) -> list[str]:
    """What left of a letter by the rules of retention, in German."""
    moments = (left.payloads_left_at, left.emptied_at)
    days = [at.astimezone(zone).date() if at else None for at in moments]
    return sentences_of_leaving(left.content_left_at.astimezone(zone).date(), *days)


def piece_standing(session: Session, letter: Letter, recipient: Recipient) -> Standing:
    """Where one recipient's copy stands."""
    piece = session.get(MailPiece, recipient.mail_piece_id) if recipient.mail_piece_id else None
    submission = live_submission(session, recipient.mail_piece_id)
    return standing_of_copy(
        letter.state,
        held=letter.held_at is not None,
        has_piece=piece is not None,
        fault=piece.fault_code if piece else None,
        submission=submission.state if submission else None,
        status=status_of(submission),
    )


def _recipient_view(
    session: Session, services: Services, letter: Letter, recipient: Recipient
) -> RecipientView:
    piece = session.get(MailPiece, recipient.mail_piece_id) if recipient.mail_piece_id else None
    submission = live_submission(session, recipient.mail_piece_id)
    posting = session.get(Posting, recipient.mail_piece_id) if recipient.mail_piece_id else None
    approval = session.exec(
        select(Approval).where(Approval.recipient_id == recipient.id, Approval.signing == recipient.signing)
    ).one_or_none()
    clerk = session.get(User, posting.confirmed_by_id) if posting and posting.confirmed_by_id else None
    twins = signed_companions(session, row_id(recipient), CompanionKind.TWIN)
    return RecipientView(
        number=recipient.number,
        copy_for=recipient.copy_for,
        address_lines=recipient.address_lines,
        document_sha256=recipient.document_sha256,
        approved_sha256=approval.document_sha256 if approval else None,
        twin=TWIN_TITLES[recipient.accessible_copy] if recipient.accessible_copy else None,
        twin_sha256=recipient.twin_sha256,
        approved_twin_sha256=twins[0].document_sha256 if twins else None,
        print_sha256=piece.print_sha256 if piece else None,
        piece=piece.reference if piece else None,
        standing=piece_standing(session, letter, recipient),
        pages=piece.pages if piece else None,
        sheets=piece.sheets if piece else None,
        product=piece.product if piece else None,
        key=submission.key if submission else None,
        provider=submission.provider if submission else None,
        provider_reference=submission.provider_reference if submission else None,
        run_day=_run_day(session, piece),
        handed_over_at=handed_over_at(session, submission),
        posting_reported_on=posting.reported_on if posting and not posting.exception_id else None,
        posting_confirmed_on=posting.confirmed_on if posting else None,
        posting_confirmed_by=clerk.name if clerk else None,
        carrier=posting.carrier if posting else None,
        records=records_of(session, recipient.mail_piece_id) if posting else (),
        assessment=None
        if posting is not None and was_withdrawn(session, posting.piece_id)
        else assessment(
            *(services, letter, recipient, posting),
            proof=proof_in_force(session, piece),
            hand=session.get(ByHand, recipient.mail_piece_id) if recipient.mail_piece_id else None,
            fiction=fiction_of(session, submission),
        ),
        problem=problem_of(piece, submission),
        next_attempt_at=submission.next_attempt_at if submission else None,
        numbers=numbers_of(session, services, [row_id(piece)]).get(row_id(piece), PieceNumbers())
        if piece
        else PieceNumbers(),
        events=events_of(session, submission),
        proofs=proof_views(session, recipient.mail_piece_id) if piece else (),
        hand=hand_view(session, recipient.mail_piece_id),
        came_back=return_state(session, recipient.mail_piece_id, row_id(letter)),
        written_anew=written_anew(session, row_id(letter), recipient.number),
        findings=findings_of(session, row_id(recipient)),
    )


def _approver(session: Session, letter: Letter) -> str | None:
    query = (
        select(User.login)
        .join(Approval, col(Approval.approved_by_id) == User.id)
        .join(Recipient, col(Recipient.id) == Approval.recipient_id)
        .where(Recipient.letter_id == letter.id, Recipient.signing == Approval.signing)
    )
    return session.exec(query.limit(1)).first()


def _run_day(session: Session, piece: MailPiece | None) -> date | None:
    if piece is None:
        return None
    return session.get_one(Run, session.get_one(Batch, piece.batch_id).run_id).day
