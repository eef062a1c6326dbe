"""Records of posting of a piece as they stand, with the numbers that came later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.db.mail import Posting
from gateway.db.people import User
from gateway.db.postings import PostingList, PostingRecord, PostingSupplement
from gateway.domain.posting.posting_record import How
from gateway.domain.receipt.carriers import DeliveryPlan, read_days


@dataclass(frozen=True)
class SupplementView:
    """A number that came later, to which record it was added, and whose word it is."""

    number: int
    record_no: int
    franking_id: str
    tracking_number: str
    source: str
    noted_by: str
    noted_at: datetime
    emptied_at: datetime | None
    """When the source left by its rule of retention."""

    @property
    def said(self) -> str:
        """The numbers in German words."""
        named = [("Frankier-ID", self.franking_id), ("Sendungsnummer", self.tracking_number)]
        return ", ".join(f"{name} {value}" for name, value in named if value)


def supplements_of(session: Session, piece_id: int | None) -> Sequence[PostingSupplement]:
    """All supplements of a piece, the first one first."""
    query = select(PostingSupplement).where(PostingSupplement.piece_id == piece_id)
    return session.exec(query.order_by(col(PostingSupplement.number))).all()


def supplement_views(session: Session, piece_id: int | None) -> list[SupplementView]:
    """The same, to be shown."""
    return [
        SupplementView(**each.model_dump(exclude={"id", "piece_id"}))
        for each in supplements_of(session, piece_id)
    ]


EMPTIED = "Der Wortlaut dieses Ab-Vermerks steht in der Akte; hier wurde er nach Ablauf seiner Frist gelöscht."
"""Shown instead of a text that left with the reasons in it (`application.emptying_pieces`)."""


@dataclass(frozen=True)
class RecordView:
    """A record of posting; `posted_on` None says that the piece was not posted after all."""

    number: int
    posted_on: date | None
    how: How
    text: str
    list_number: str
    carrier: str
    delivery_days: str
    product: str
    franking_id: str
    confirmed_by: str
    second: str | None
    confirmed_at: datetime
    emptied_at: datetime | None
    """When the text left by its rule of retention; then `text` says only that."""
    supplements: Sequence[SupplementView] = ()
    """Numbers that came after it was written."""


def delivery_plan(posting: Posting) -> DeliveryPlan | None:
    """The carrier's days as they were kept with the posting; None if no contract was known."""
    if posting.carrier is None or posting.delivery_days is None:
        return None
    return DeliveryPlan(posting.carrier, read_days(posting.delivery_days))


def records_of(session: Session, piece_id: int | None) -> list[RecordView]:
    """All records of a piece, the first one first."""
    if piece_id is None:
        return []
    rows = session.exec(
        select(PostingRecord, PostingList)
        .join(PostingList, col(PostingList.id) == PostingRecord.list_id, isouter=True)
        .where(PostingRecord.piece_id == piece_id)
        .order_by(col(PostingRecord.number))
    ).all()
    added = supplement_views(session, piece_id) if rows else []
    return [_view(session, record, listed, added) for record, listed in rows]


def _view(
    session: Session, record: PostingRecord, listed: PostingList | None, added: Sequence[SupplementView]
) -> RecordView:
    return RecordView(
        number=record.number,
        posted_on=record.posted_on,
        how=record.how,
        text=record.text or EMPTIED,
        list_number=listed.number if listed else "",
        carrier=record.carrier,
        delivery_days=record.delivery_days,
        product=record.product,
        franking_id=record.franking_id,
        confirmed_by=session.get_one(User, record.confirmed_by_id).name,
        second=session.get_one(User, record.second_id).name if record.second_id else None,
        confirmed_at=record.confirmed_at,
        emptied_at=record.emptied_at,
        supplements=[each for each in added if each.record_no == record.number],
    )
