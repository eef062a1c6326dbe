"""Whether and when a piece was posted, and what follows for the deadline."""

from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.application.reads.records import delivery_plan
from gateway.application.reads.returned import not_retracted, returned_of
from gateway.application.reads.submissions import live_submission, status_of
from gateway.application.services import Services
from gateway.db.by_hand import ByHand
from gateway.db.delivery import DeliveryProof
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, Posting, StatusEvent, Submission
from gateway.domain.pieces.mailpiece import Service
from gateway.domain.receipt.deadlines import Assessment, Channel, Dispatch, assess
from gateway.domain.receipt.delivery import DeliveryKind, Outcome, channel_of_proof
from gateway.domain.receipt.returning import ReturnFiction
from gateway.domain.runs.by_hand import HandChannel
from gateway.domain.runs.status import NOT_MADE, Status


def assessment(
    services: Services,
    letter: Letter,
    recipient: Recipient,
    posting: Posting | None,
    *,
    proof: DeliveryProof | None = None,
    hand: ByHand | None = None,
    fiction: ReturnFiction | None = None,
) -> Assessment | None:
    """Deemed notification and objection deadline of one recipient's piece; None while nothing is known of it.

    `proof` is the proof of receipt in force; `hand` how it left by hand, if it did; `fiction` what was decided about
    a piece that came back.
    """
    sent = day_in_force(posting) if posting else hand.left_on if hand else None
    received = proof.effective_on if proof else None
    if sent is None and (proof is None or proof.outcome == Outcome.TOLD):
        return None  # a status on the web founds no notification where no day of posting is on record
    dispatch = Dispatch(
        channel=_channel(letter, recipient, proof, hand),
        # A reported posting that is later than the proven receipt is wrong; the receipt is not.
        dispatched_on=min(sent, received) if sent and received else sent,
        received_on=received,
        returned=proof is not None and proof.served is False,
        fiction=None if proof is not None else fiction,
        remedy=letter.remedy if letter.is_decision else None,
        remedy_notice_ok=letter.has_remedy_notice,
        delivery=delivery_plan(posting) if posting else None,
        unrecorded=True,
    )
    return assess(dispatch, services.notification, services.is_holiday)


def _channel(letter: Letter, recipient: Recipient, proof: DeliveryProof | None, hand: ByHand | None) -> Channel:
    if proof is not None:
        return channel_of_proof(proof.kind, recipient.country)
    if hand is not None and hand.channel is HandChannel.COURIER:
        return channel_of_proof(DeliveryKind.COURIER, recipient.country)
    return channel_of(letter.service, recipient.country)


def channel_of(service: Service, country: str) -> Channel:
    """How a service counts in law; Einwurf-Einschreiben is an ordinary letter with evidence."""
    if country != "DE":
        return Channel.POST_ABROAD
    return {
        Service.UEBERGABE: Channel.EINSCHREIBEN_UEBERGABE,
        Service.RUECKSCHEIN: Channel.RUECKSCHEIN,
        Service.PZU: Channel.PZU,
    }.get(service, Channel.POST_INLAND)


def day_in_force(posting: Posting) -> date | None:
    """The confirmed day, else the reported one; None if the record in force says that it was not posted."""
    return None if was_revoked(posting) else posting.confirmed_on or posting.reported_on


def was_revoked(posting: Posting) -> bool:
    """Whether the record in force says that it was not posted."""
    return posting.record_no is not None and posting.confirmed_on is None


def was_withdrawn(session: Session, piece_id: int) -> bool:
    """Whether the provider reported a posting and then that the piece was not made: it was not posted.

    Unless two people answered afterwards for its having been posted: then it stands otherwise.
    """
    return status_of(live_submission(session, piece_id)) in NOT_MADE


def fiction_of(session: Session, submission: Submission | None) -> ReturnFiction | None:
    """Whether a piece that came back counts as notified; None if it did not, or its receipt is proven."""
    if submission is None or returned_at(session, submission) is None:
        return None
    returned = returned_of(session, submission.piece_id)
    return returned.fiction if returned else ReturnFiction.DISPUTED


def returned_at(session: Session, submission: Submission | None) -> datetime | None:
    """When a provider said that the piece came back, if it did and its receipt is not proven."""
    if submission is None or session.get_one(MailPiece, submission.piece_id).served:
        return None
    event = session.exec(
        select(StatusEvent)
        .where(
            StatusEvent.submission_id == submission.id,
            StatusEvent.status == Status.RETURNED,
            not_retracted(),
        )
        .order_by(col(StatusEvent.occurred_at))
    ).first()
    return event.occurred_at if event else None
