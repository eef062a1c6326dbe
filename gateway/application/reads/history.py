"""What happened to a piece, as people and programs see it: statements of the provider, by hand, proofs of receipt.

Only reads; permission is asked by whoever shows it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.application.reads.proofs import proofs_of
from gateway.application.reads.returned import not_retracted
from gateway.db.by_hand import ByHand, HandPrint
from gateway.db.delivery import DeliveryProof
from gateway.db.mail import MailPiece, StatusEvent, Submission
from gateway.domain.desk.desk import WITHDRAWN
from gateway.domain.receipt.delivery import DeliveryKind, Verdict, describe
from gateway.domain.runs.by_hand import BY_HAND, HandChannel
from gateway.domain.runs.status import Status

RETRACTED = "zurückgenommen: der Scan gehörte zu einem anderen Fall"
"""What is told of a statement that turned out to be about another piece."""


@dataclass(frozen=True)
class EventView:
    """A statement of the provider."""

    occurred_at: datetime
    status: Status
    provider_status: str
    reason: str | None


@dataclass(frozen=True)
class ProofView:
    """A record about the receipt of a piece; the last one holds, unless it says that nothing is proven."""

    number: int
    """Counts from 1; each corrects the one before."""
    kind: DeliveryKind
    outcome: str
    said: str
    """What it says, in one German line without names."""
    served: bool | None
    effective_on: date | None
    occurred_at: datetime | None
    place: str | None
    handed_by: str | None
    received_by: str | None
    document_sha256: str | None
    data: Mapping[str, object]
    reason: str | None
    """Why it corrects the one before."""
    recorded_by: str
    recorded_at: datetime
    emptied_at: datetime | None
    """When names, place and reason left by their rule of retention."""


@dataclass(frozen=True)
class PrintView:
    """One print in the house; every one after the first has a reason."""

    number: int
    printed_by: str
    printed_at: datetime
    reason: str | None


@dataclass(frozen=True)
class HandView:
    """A piece's way out by hand: the wish, the prints, and how it left; `channel` is None while it is in the house."""

    wanted: HandChannel
    reason: str
    asked_by: str
    asked_at: datetime
    prints: Sequence[PrintView]
    channel: HandChannel | None
    left_on: date | None
    left_at: datetime | None
    given_by: str | None
    carrier: str | None
    product: str | None
    receipt: str | None
    recorded_by: str | None
    recorded_at: datetime | None


def hand_view(session: Session, piece_id: int | None) -> HandView | None:
    """How a piece goes by hand, if anybody asked for that."""
    row = session.get(ByHand, piece_id) if piece_id is not None else None
    if row is None:
        return None
    prints = session.exec(
        select(HandPrint).where(HandPrint.piece_id == piece_id).order_by(col(HandPrint.number))
    ).all()
    return HandView(
        prints=[PrintView(each.number, each.printed_by, each.printed_at, each.reason) for each in prints],
        **row.model_dump(exclude={"piece_id"}),
    )


def handed_over_at(session: Session, submission: Submission | None) -> datetime | None:
    """When somebody outside the house got the piece, to print or to carry it.

    Of a posting by hand only the day is known, and it is no hand-over to a print provider.
    """
    if submission is None or submission.provider != BY_HAND:
        return submission.released_at if submission else None
    row = session.get(ByHand, submission.piece_id)
    return row.left_at if row and row.channel is HandChannel.COURIER else None


def events_of(session: Session, submission: Submission | None) -> list[EventView]:
    """What the provider said, in the order in which it happened."""
    if submission is None:
        return []
    rows = session.exec(
        select(StatusEvent, not_retracted())
        .where(StatusEvent.submission_id == submission.id)
        .order_by(col(StatusEvent.occurred_at), col(StatusEvent.id))
    ).all()
    return [
        EventView(row.occurred_at, row.status, row.provider_status, row.reason if holds else RETRACTED)
        for row, holds in rows
    ]


def proof_views(session: Session, piece_id: int | None) -> Sequence[ProofView]:
    """All records about the receipt of a piece, oldest first."""
    return tuple(_proof(number, row) for number, row in enumerate(proofs_of(session, piece_id), start=1))


def _proof(number: int, row: DeliveryProof) -> ProofView:
    return ProofView(
        number=number,
        said=describe(row.kind, row.outcome, Verdict(row.served, row.effective_on)),
        **row.model_dump(exclude={"id", "piece_id", "supersedes_id"}),
    )


def problem_of(piece: MailPiece | None, submission: Submission | None) -> str | None:
    """Code and message of what went wrong last with a piece, if anything did."""
    if piece and piece.fault_code and piece.fault_code != WITHDRAWN:
        return ": ".join(filter(None, (piece.fault_code, piece.fault_message)))
    if submission and submission.error_code:
        return ": ".join(filter(None, (submission.error_code, submission.error_message)))
    return None
