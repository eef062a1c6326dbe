"""Leaving by hand: a named person says how a printed piece left the house, and that is its own Ab-Vermerk or receipt.

Posted: the day counts as confirmed, since the person who says so took it to the carrier (BSG B 4 AS 37/08 R). Handed
over in person: proof of receipt in the same moment. Given to a courier: no fiction, proven by his receipt only.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, audit
from gateway.application.by_hand.taking_by_hand import open_piece
from gateway.application.letters.marking import mark_for_filing
from gateway.application.posting.attesting import attested_pieces
from gateway.application.posting.noting import Grounds, note
from gateway.application.receipt.delivering import Receipt, Scan, prove
from gateway.application.services import Services
from gateway.application.tracking.tracking import append
from gateway.db.by_hand import ByHand, HandPrint
from gateway.db.engine import row_id
from gateway.db.mail import MailPiece, Posting, Submission
from gateway.db.people import User
from gateway.domain.posting.posting_record import How
from gateway.domain.receipt.delivery import DeliveryKind
from gateway.domain.runs.by_hand import BY_HAND, HandChannel, Leaving, check_leaving
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict, InputError
from gateway.ports.provider import StatusReport


@dataclass(frozen=True)
class Handing:
    """Who took a piece in hand, and how that is proven. `signed`: the receipt is acknowledged in writing."""

    outcome: str
    received_by: str
    signed: bool
    place: str = ""
    scan: Scan | None = None


def post(services: Services, login: str, piece_reference: str, leaving: Leaving) -> date:
    """Record that a printed piece was given to a carrier; returns the posting day, which is confirmed by this user.

    Raises what `domain.runs.by_hand.check_leaving` raises, `Conflict` ('by-hand-not-printed', 'by-hand-already-left').
    """
    with services.db.transaction() as session:
        who, piece, submission, hand = _open(session, services, login, piece_reference)
        _leave(session, services, who, piece, hand, leaving, None)
        _report(session, services, submission, leaving, None, posted_on=leaving.left_on)
        posting = session.get_one(Posting, row_id(piece))
        posting.source = ", ".join(filter(None, (leaving.carrier, leaving.product, leaving.receipt)))
        session.flush()
        [line] = attested_pieces(session, services, [piece.reference])
        clerk = session.get_one(User, who.id)
        own = (leaving.carrier or "", leaving.product or "", leaving.receipt or "")
        note(session, services, [(line, posting.reported_on, Grounds(clerk, How.BY_HAND, by_hand=own))])
        audit(
            *(session, services, who.login, "posted-by-hand", piece.reference),
            day=leaving.left_on.isoformat(),
            product=leaving.product,
            receipt=leaving.receipt,
        )
        return leaving.left_on


def hand_over_in_person(
    services: Services, login: str, piece_reference: str, given_by: str, at: datetime, handing: Handing
) -> date:
    """Record that somebody of the house gave it to the addressee, who acknowledged that; returns the day.

    Raises `InputError` ('by-hand-not-acknowledged', 'by-hand-receiver-missing' and what the rules raise), `Conflict`.
    """
    _require_acknowledged(handing)
    leaving = Leaving(HandChannel.IN_PERSON, services.day_of(at), given_by)
    with services.db.transaction() as session:
        who, piece, _, hand = _open(session, services, login, piece_reference)
        _leave(session, services, who, piece, hand, leaving, at)
        session.flush()
        receipt = _receipt(DeliveryKind.IN_PERSON, handing, at, leaving.left_on, given_by)
        prove(session, services, who.login, row_id(piece), receipt)
        return leaving.left_on


def give_to_courier(
    services: Services, login: str, piece_reference: str, leaving: Leaving, at: datetime
) -> None:
    """Record that a courier has it; until he brings a receipt nothing is notified."""
    with services.db.transaction() as session:
        who, piece, submission, hand = _open(session, services, login, piece_reference)
        _leave(session, services, who, piece, hand, leaving, at)
        session.flush()
        _report(session, services, submission, leaving, at, posted_on=None)
        audit(
            *(session, services, who.login, "given-to-courier", piece.reference),
            at=at.isoformat(),
            receipt=leaving.receipt,
        )


def courier_reports(
    services: Services, login: str, piece_reference: str, at: datetime | None, handing: Handing
) -> date | None:
    """Record what the courier's receipt says; returns the day of receipt, None if nobody got it.

    Raises `Conflict` ('by-hand-no-courier'), `InputError` ('by-hand-receiver-missing' and what the rules raise).
    """
    with services.db.transaction() as session:
        who, piece, _, hand = open_piece(session, services, login, piece_reference)
        if hand.channel is not HandChannel.COURIER:
            raise Conflict("by-hand-no-courier", "Diese Sendung hat kein Kurier.")
        if handing.outcome.startswith("handed") and not handing.received_by.strip():
            raise _receiver_missing()
        day = services.day_of(at) if at else None
        receipt = _receipt(DeliveryKind.COURIER, handing, at, day, hand.carrier or "", hand.receipt)
        return prove(session, services, who.login, row_id(piece), receipt).effective_on


def _open(
    session: Session, services: Services, login: str, piece_reference: str
) -> tuple[Actor, MailPiece, Submission, ByHand]:
    """A piece that was printed and is still in the house."""
    who, piece, submission, hand = open_piece(session, services, login, piece_reference)
    if hand.channel is not None:
        raise Conflict(
            "by-hand-already-left", "Zu dieser Sendung ist schon vermerkt, wie sie das Haus verließ."
        )
    if submission.state is not SubmissionState.RELEASED:
        raise Conflict(
            "by-hand-not-printed",
            "Die Sendung ist noch nicht gedruckt. Bitte erst das geprüfte Druckexemplar hier drucken.",
        )
    return who, piece, submission, hand


def _leave(
    session: Session,
    services: Services,
    who: Actor,
    piece: MailPiece,
    hand: ByHand,
    leaving: Leaving,
    at: datetime | None,
) -> None:
    check_leaving(
        leaving,
        piece.service,
        printed_on=_printed_on(session, services, row_id(piece)),
        today=services.today(),
    )
    if at is not None and at > services.clock.now():
        raise InputError(
            "by-hand-day-in-future", "Der Zeitpunkt liegt in der Zukunft. Bitte erst danach vermerken."
        )
    hand.channel, hand.left_on, hand.left_at = leaving.channel, leaving.left_on, at
    hand.given_by = leaving.given_by.strip()
    hand.carrier, hand.product = leaving.carrier.strip() or None, leaving.product.strip() or None
    hand.receipt = leaving.receipt.strip() or None
    hand.recorded_by, hand.recorded_at = who.login, services.clock.now()
    mark_for_filing(session, row_id(piece))


def _report(
    session: Session,
    services: Services,
    submission: Submission,
    leaving: Leaving,
    at: datetime | None,
    *,
    posted_on: date | None,
) -> None:
    """The same statement that a provider would make. Of a posting only the day is known: noon stands for it."""
    noon = datetime.combine(leaving.left_on, time(12), services.schedule.zone)
    report = StatusReport(
        key=submission.key,
        provider_reference=submission.key,
        status=Status.HANDED_TO_POST,
        provider_status="dem Kurier übergeben" if posted_on is None else "im Haus frankiert und aufgegeben",
        occurred_at=at or min(noon, services.clock.now()),
        dedup_key=f"{submission.key}:left",
        raw={"channel": leaving.channel.value, "product": leaving.product, "receipt": leaving.receipt},
        posted_on=posted_on,
    )
    append(session, services, BY_HAND, report)
    session.flush()


def _receipt(
    kind: DeliveryKind,
    handing: Handing,
    at: datetime | None,
    day: date | None,
    handed_by: str,
    number: str | None = None,
) -> Receipt:
    return Receipt(
        kind=kind,
        outcome=handing.outcome,
        effective_on=day,
        occurred_at=at,
        place=handing.place,
        handed_by=handed_by,
        received_by=handing.received_by,
        scan=handing.scan,
        data={"order": number} if number else {},
    )


def _require_acknowledged(handing: Handing) -> None:
    if not handing.received_by.strip():
        raise _receiver_missing()
    if not handing.signed:
        raise InputError(
            "by-hand-not-acknowledged",
            "Ohne unterschriebene Empfangsbestätigung ist die Übergabe nicht nachgewiesen. Bitte unterschreiben "
            "lassen.",
        )


def _receiver_missing() -> InputError:
    return InputError("by-hand-receiver-missing", "Bitte angeben, wer die Sendung entgegengenommen hat.")


def _printed_on(session: Session, services: Services, piece_id: int) -> date:
    query = select(HandPrint.printed_at).where(HandPrint.piece_id == piece_id).order_by(col(HandPrint.number))
    return services.day_of(session.exec(query.limit(1)).one())
