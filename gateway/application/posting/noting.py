"""Noting: the record of posting (*Ab-Vermerk*) of a piece, written once a person has confirmed.

Every record is a row that nobody changes; a correction is another one. The posting keeps the day of the newest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, func, select

from gateway.application.letters.marking import mark_for_filing
from gateway.application.posting.attesting import Attested
from gateway.application.reads.piece_numbers import numbers_of
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.mail import Posting
from gateway.db.people import User
from gateway.db.postings import PostingException, PostingRecord
from gateway.domain.posting.posting_record import How, Record, record_text
from gateway.domain.receipt.carriers import days_text
from gateway.ports.provider import PieceNumbers

_CHUNK = 500


@dataclass(frozen=True)
class Grounds:
    """Why it may be noted: who confirmed, and where two people answered for it, the exception and the second one."""

    confirmed_by: User
    how: How = How.CHECKED
    exception: PostingException | None = None
    second: User | None = None
    codes: Sequence[str] = ()
    basis: str = ""
    """What the two people handed in, in words with its hash."""
    by_hand: tuple[str, str, str] | None = None
    """Carrier, product and receipt, where somebody of the house gave it to the carrier."""


def note(session: Session, services: Services, noted: Sequence[tuple[Attested, date | None, Grounds]]) -> None:
    """Write the records, put each posting on its day, and have it filed. One step for all of a day."""
    numbers = numbers_of(session, services, [row_id(line.piece) for line, _, _ in noted])
    rows = [
        _row(session, services, line, posted_on, grounds, numbers.get(row_id(line.piece), PieceNumbers()))
        for line, posted_on, grounds in noted
    ]
    session.add_all(rows)
    session.flush()  # a posting may only name a record that is there
    for row in rows:
        posting = session.get_one(Posting, row.piece_id)
        posting.contradicted_at = None
        posting.record_no = row.number
        posting.confirmed_on = row.posted_on
        posting.confirmed_at = row.confirmed_at if row.posted_on else None
        posting.confirmed_by_id = row.confirmed_by_id if row.posted_on else None
        posting.carrier = row.carrier or None
        posting.delivery_days = row.delivery_days or None
    session.flush()
    pieces = [row.piece_id for row in rows]
    for start in range(0, len(pieces), _CHUNK):
        mark_for_filing(session, *pieces[start : start + _CHUNK])


def contradict(session: Session, services: Services, posting: Posting, told: date | None) -> None:
    """Another day than the record in force has was reported or listed: a person has to look, and may correct it."""
    if posting.record_no is not None and told is not None and told != posting.confirmed_on:
        posting.contradicted_at = services.clock.now()
        session.flush()


def set_carrier(services: Services, posting: Posting, named: str) -> None:
    """What is known of the carrier of a posting, and its delivery days by contract on the day."""
    carrier, days = _carrier(services, named, posting.reported_on)
    posting.carrier, posting.delivery_days = carrier or None, days or None


def _row(
    session: Session,
    services: Services,
    line: Attested,
    posted_on: date | None,
    grounds: Grounds,
    numbers: PieceNumbers,
) -> PostingRecord:
    now = services.clock.now()
    by_hand = grounds.by_hand or ("", "", "")
    agreed = services.posting.with_provider(line.provider)
    named = by_hand[0] or (line.listed.carrier if line.listed else "") or agreed.carrier
    carrier, days = _carrier(services, named, posted_on or line.reported_on or services.today())
    product = by_hand[1] or (line.item.product if line.item else "") or line.piece.product or ""
    franking_id = (line.item.franking_id if line.item else "") or numbers.franking_id
    # A list that names another day is no proof of this one.
    listed = line.listed if line.item and line.item.posted_on == posted_on else None
    before = _newest(session, row_id(line.piece)) if line.settled else None
    text = record_text(
        Record(
            piece=line.piece.reference,
            key=line.key,
            posted_on=posted_on,
            list_number=listed.number if listed else by_hand[2],
            provider=line.provider,
            carrier=carrier,
            product=product,
            franking_id=franking_id,
            tracking_number=numbers.tracking_number,
            service=line.piece.service,
            how=grounds.how,
            confirmed_by=grounds.confirmed_by.name,
            confirmed_at=now.astimezone(services.schedule.zone),
            responsible=services.posting.responsible,
            second=grounds.second.name if grounds.second else "",
            reason=grounds.exception.reason if grounds.exception else "",
            basis=grounds.basis,
            codes=grounds.codes,
            corrects=(before.number, before.posted_on) if before else None,
        )
    )
    return PostingRecord(
        piece_id=row_id(line.piece),
        number=before.number + 1 if before else 1,
        posted_on=posted_on,
        how=grounds.how,
        text=text,
        list_id=row_id(listed) if listed else None,
        carrier=carrier,
        delivery_days=days,
        product=product,
        franking_id=franking_id,
        confirmed_by_id=row_id(grounds.confirmed_by),
        confirmed_at=now,
        exception_id=row_id(grounds.exception) if grounds.exception else None,
        second_id=row_id(grounds.second) if grounds.second else None,
    )


def _newest(session: Session, piece_id: int) -> PostingRecord | None:
    newest = select(func.max(PostingRecord.number)).where(PostingRecord.piece_id == piece_id)
    query = select(PostingRecord).where(
        PostingRecord.piece_id == piece_id, PostingRecord.number == newest.scalar_subquery()
    )
    return session.exec(query).one_or_none()


def _carrier(services: Services, named: str, on: date) -> tuple[str, str]:
    """Name and days of a carrier; the name as it was told where no contract is known."""
    known = services.carriers.find(named, on) if named else None
    return (known.name, days_text(known.delivery_days)) if known else (named, "")
