"""Posting: the provider reports a day, a named clerk confirms it; only the posting day starts the four-day rule."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.application.authorising import actor, audit
from gateway.application.outcomes import mark_for_filing
from gateway.application.services import Services
from gateway.application.tracking import live_submission, status_of
from gateway.db.by_hand import ByHand
from gateway.db.delivery import DeliveryProof
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, Posting, StatusEvent, Submission
from gateway.domain.by_hand import HandChannel
from gateway.domain.deadlines import Assessment, Channel, Dispatch, assess
from gateway.domain.delivery import DeliveryKind, channel_of_proof
from gateway.domain.mailpiece import Service
from gateway.domain.permission import Action
from gateway.domain.status import Status
from gateway.errors import NotFound


@dataclass(frozen=True)
class PostingDay:
    """What a provider reported for one day: how many pieces, how many of them a clerk has confirmed."""

    day: date
    pieces: int
    confirmed: int


def posting_days(services: Services, login: str) -> list[PostingDay]:
    """Every day for which a posting was reported, newest first."""
    with services.db.reading() as session:
        actor(session, login).require(Action.READ)
        days: dict[date, list[bool]] = {}
        for reported_on, confirmed_on in session.exec(
            select(col(Posting.reported_on), col(Posting.confirmed_on))
        ).all():
            days.setdefault(reported_on, []).append(confirmed_on is not None)
        return [PostingDay(day, len(seen), sum(seen)) for day, seen in sorted(days.items(), reverse=True)]


def confirm(services: Services, login: str, day: date) -> list[str]:
    """Confirm the day's report: every reported piece not confirmed yet; returns their references.

    A piece of which the provider said afterwards that it could not be made is left out.

    The clerk's name goes with it into the file (BSG B 4 AS 37/08 R: without a note on the posting day in the
    file there is no fiction). Repeating it changes nothing.
    """
    with services.db.transaction() as session:
        who = actor(session, login)
        who.require(Action.CONFIRM_POSTING)
        postings = session.exec(select(Posting).where(Posting.reported_on == day)).all()
        if not postings:
            raise NotFound(
                "posting-none-reported", f"Für den {day:%d.%m.%Y} ist keine Aufgabe zur Post gemeldet."
            )
        confirmed = []
        for posting in postings:
            if posting.confirmed_on is None and not was_withdrawn(session, posting.piece_id):
                posting.confirmed_on = posting.reported_on
                posting.confirmed_at = services.clock.now()
                posting.confirmed_by_id = who.id
                mark_for_filing(session, posting.piece_id)
                confirmed.append(session.get_one(MailPiece, posting.piece_id).reference)
        if confirmed:
            audit(session, services, who.login, "posting-confirmed", day.isoformat(), pieces=confirmed)
        return confirmed


def assessment(
    services: Services,
    letter: Letter,
    recipient: Recipient,
    posting: Posting | None,
    *,
    proof: DeliveryProof | None = None,
    hand: ByHand | None = None,
    returned: bool = False,
) -> Assessment | None:
    """Deemed notification and objection deadline of one recipient's piece; None while nothing is known of it.

    `proof` is the proof of receipt in force; `hand` how it left by hand, if it did.
    """
    sent = posting.confirmed_on or posting.reported_on if posting else hand.left_on if hand else None
    received = proof.effective_on if proof else None
    if sent is None and proof is None:
        return None
    dispatch = Dispatch(
        channel=_channel(letter, recipient, proof, hand),
        # A reported posting that is later than the proven receipt is wrong; the receipt is not.
        dispatched_on=min(sent, received) if sent and received else sent,
        received_on=received,
        returned=returned or (proof is not None and proof.served is False),
        remedy=letter.remedy if letter.is_decision else None,
        remedy_notice_ok=letter.has_remedy_notice,
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


def was_withdrawn(session: Session, piece_id: int) -> bool:
    """Whether the provider reported a posting and then that the piece was not made: it was not posted."""
    piece = session.get_one(MailPiece, piece_id)
    return status_of(session, live_submission(session, piece_id), piece) in {Status.FAILED, Status.CANCELLED}


def returned_at(session: Session, submission: Submission | None) -> datetime | None:
    """When a provider said that the piece came back, if it did and its receipt is not proven."""
    if submission is None or session.get_one(MailPiece, submission.piece_id).served:
        return None
    event = session.exec(
        select(StatusEvent)
        .where(StatusEvent.submission_id == submission.id, StatusEvent.status == Status.RETURNED)
        .order_by(col(StatusEvent.occurred_at))
    ).first()
    return event.occurred_at if event else None
