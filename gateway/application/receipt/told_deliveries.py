"""What providers say about the delivery of registered mail, and what a person makes of it: a proof, or nothing.

A status is a proposal: it enters no deadline by itself. What a person confirms is a proof of receipt like any other;
with the carrier's record it says who took the piece, without it only that the status was believed. Only a receipt
later than the fiction counts (§ 37 Abs. 2 Satz 3 SGB X, § 4 Abs. 2 Satz 2 LZG NRW), so it is the one that is urgent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.reads.finding import require_for_piece
from gateway.application.reads.piece_numbers import numbers_of
from gateway.application.reads.posted import assessment
from gateway.application.reads.returned import not_retracted
from gateway.application.receipt.delivering import Receipt, Scan, prove
from gateway.application.services import Services
from gateway.db.delivery import ToldDeliveryAside
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, Posting, StatusEvent, Submission
from gateway.db.people import Office
from gateway.domain.permission import Action
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.delivery import CARRIERS_RECORDS, DeliveryKind, Outcome, awaited_proof
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import InputError, NotFound
from gateway.ports.provider import PieceNumbers

_SERVICES = [service for service in Service if awaited_proof(service) in CARRIERS_RECORDS]


@dataclass(frozen=True)
class ToldDelivery:
    """A provider's word that a piece was delivered. `letters`: reference and recipient's number of what is in it.

    `on` is the day that it names, None if it names none; `deemed` the day by fiction, None if no posting is known.
    """

    id: int
    piece: str
    letters: Sequence[tuple[str, int]]
    kind: DeliveryKind
    provider: str
    said: str
    tracking_number: str
    on: date | None
    deemed: date | None
    noticed_at: datetime

    @property
    def why(self) -> str:
        """A code: what hangs on it. Only 'told-in-time' changes nothing."""
        if self.on is None:
            return "told-without-day"
        if self.deemed is None:
            return "told-without-posting"
        return "told-later" if self.on > self.deemed else "told-in-time"

    @property
    def counts(self) -> bool:
        """Whether notification and deadline may hang on it."""
        return self.why != "told-in-time"


def told_deliveries(services: Services, login: str, *, everything: bool = False) -> list[ToldDelivery]:
    """What waits for the user's word and may change a deadline, or `everything` that was told; oldest first."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.PROVE_DELIVERY)
        return [each for each in told_to(session, services, who) if everything or each.counts]


def told_about(services: Services, reference: str) -> dict[int, ToldDelivery]:
    """What was told about the pieces of a letter, by the recipient's number. For pages that asked for permission."""
    with services.db.reading() as session:
        query = (
            select(Recipient.number, Recipient.mail_piece_id)
            .join(Letter, col(Letter.id) == Recipient.letter_id)
            .where(Letter.reference == reference, col(Recipient.mail_piece_id).is_not(None))
        )
        pieces = dict(session.exec(query).all())
        return {
            number: _view(session, services, event, piece)
            for number, piece_id in pieces.items()
            for event, piece in _waiting(session, col(MailPiece.id) == piece_id)
        }


def told_to(session: Session, services: Services, who: Actor | None) -> Iterator[ToldDelivery]:
    """What waits for those who prove receipt in every office that it is about; `who` None: all that waits."""
    for event, piece in _waiting(session):
        offices = _offices(session, row_id(piece))
        if who is None or all(who.may(Action.PROVE_DELIVERY, each) for each in offices):
            yield _view(session, services, event, piece)


def confirm_told(
    services: Services,
    login: str,
    event_id: int,
    *,
    outcome: str = "",
    effective_on: date | None = None,
    received_by: str = "",
    scan: Scan | None = None,
) -> date | None:
    """Make it a proof of receipt. With the carrier's record (`scan`) the outcome says who took it, else nobody knows.

    `effective_on` only where the record says another day, or the provider named none. Raises `NotFound`
    ('told-delivery-gone'), `InputError` ('delivery-record-missing', 'delivery-record-unread', or as
    `domain.receipt.delivery.judge`), `NotPermitted`.
    """
    if scan is not None and outcome in {"", Outcome.TOLD}:
        raise InputError(
            "delivery-record-unread",
            "Der Auslieferungsbeleg liegt bei: Bitte als Ergebnis wählen, was er sagt. Es wurde nichts vermerkt.",
        )
    with services.db.transaction() as session:
        event, piece = _open(session, event_id)
        who = actor(session, login)
        require_for_piece(session, who, Action.PROVE_DELIVERY, row_id(piece))
        view = _view(session, services, event, piece)
        receipt = Receipt(
            view.kind,
            outcome or Outcome.TOLD,
            effective_on or view.on,
            received_by=received_by,
            scan=scan,
            data={"told": f"{view.provider}, {event.provider_status}"}
            | ({"tracking_number": view.tracking_number} if view.tracking_number else {}),
        )
        return prove(session, services, who.login, row_id(piece), receipt).effective_on


def put_told_aside(services: Services, login: str, event_id: int, reason: str) -> None:
    """A person says that nothing follows from it; kept, with the reason. Errors as `confirm_told`, 'reason-missing'."""
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        event, piece = _open(session, event_id)
        who = actor(session, login)
        require_for_piece(session, who, Action.PROVE_DELIVERY, row_id(piece))
        session.add(
            ToldDeliveryAside(
                event_id=event_id,
                reason=reason.strip()[:500],
                decided_by=who.login,
                decided_at=services.clock.now(),
            )
        )
        audit(
            *(session, services, who.login, "told-delivery-put-aside"),
            _view(session, services, event, piece).letters[0][0],
            reason=reason.strip()[:500],
            piece=piece.reference,
            event=event_id,
        )


def _waiting(session: Session, *wanted: ColumnElement[bool]) -> Sequence[tuple[StatusEvent, MailPiece]]:
    """The newest word about each piece of which nothing is proven, unless a person put it aside."""
    query = (
        select(StatusEvent, MailPiece)
        .join(Submission, col(Submission.id) == StatusEvent.submission_id)
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .where(
            *wanted,
            StatusEvent.status == Status.DELIVERED,
            Submission.state == SubmissionState.RELEASED,
            Submission.status == Status.DELIVERED,
            col(Submission.voided_at).is_(None),
            col(MailPiece.served).is_(None),
            col(MailPiece.service).in_(_SERVICES),
            ~select(ToldDeliveryAside.event_id).where(ToldDeliveryAside.event_id == StatusEvent.id).exists(),
            not_retracted(),
        )
        .order_by(col(StatusEvent.id))
    )
    newest = {row_id(piece): (event, piece) for event, piece in session.exec(query).all()}
    return list(newest.values())


def _open(session: Session, event_id: int) -> tuple[StatusEvent, MailPiece]:
    found = _waiting(session, col(StatusEvent.id) == event_id)
    if not found:
        raise NotFound("told-delivery-gone", "Diese Meldung wartet nicht mehr. Bitte die Liste neu laden.")
    return found[0]


def _view(session: Session, services: Services, event: StatusEvent, piece: MailPiece) -> ToldDelivery:
    piece_id = row_id(piece)
    query = (
        select(Letter, Recipient)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .where(Recipient.mail_piece_id == piece_id)
        .order_by(col(Letter.id), col(Recipient.number))
    )
    copies = session.exec(query).all()
    posting = session.get(Posting, piece_id)
    found = assessment(services, *copies[0], posting) if posting else None
    numbers = numbers_of(session, services, [piece_id]).get(piece_id, PieceNumbers())
    return ToldDelivery(
        id=row_id(event),
        piece=piece.reference,
        letters=[(letter.reference, recipient.number) for letter, recipient in copies],
        kind=awaited_proof(piece.service) or DeliveryKind.DELIVERY_RECORD,
        provider=event.provider,
        said=event.reason or event.provider_status,
        tracking_number=numbers.tracking_number,
        on=event.delivered_on,
        deemed=found.deemed if found else None,
        noticed_at=event.received_at,
    )


def _offices(session: Session, piece_id: int) -> Sequence[str]:
    query = (
        select(Office.key)
        .join(Letter, col(Letter.office_id) == Office.id)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
    )
    return session.exec(query.where(Recipient.mail_piece_id == piece_id).distinct()).all()
