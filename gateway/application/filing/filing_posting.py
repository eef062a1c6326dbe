"""What the case file is told about the three dates of a piece: decision, hand-over, posting; and the record of posting.

Each entry says what holds by its own record, also when it is filed after another one replaced that.
"""

from datetime import date, datetime

from sqlmodel import Session, select

from gateway.application.reads.posted import assessment
from gateway.application.reads.records import RecordView
from gateway.application.reads.showing import RecipientView
from gateway.application.services import Services
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Posting
from gateway.domain.filing.filing import DueFiling, FilingKind
from gateway.domain.pieces.mailpiece import SERVICE_WORDS
from gateway.domain.receipt.deadlines import Assessment


def posting_metadata(
    session: Session, services: Services, letter: Letter, due: DueFiling, view: RecipientView | None
) -> dict[str, object]:
    """Section 7.5 of the facts for hand-over and posting; nothing for other entries."""
    if view is None or due.kind not in {FilingKind.HAND_OVER, FilingKind.POSTING}:
        return {}
    if due.supplement_no:
        return _of_supplement(view, due.supplement_no)
    if due.basis:
        return {"posting_record_number": due.record_no or 0}
    handed_over = view.handed_over_at
    dates: dict[str, object] = {
        "decision_date": letter.decision_date.isoformat(),
        "hand_over_date": _iso(services.day_of(handed_over) if handed_over else None),
        "sheets": view.sheets or 0,
        "pages": view.pages or 0,
        "service": SERVICE_WORDS[letter.service],
    }
    if due.kind is FilingKind.HAND_OVER:
        return dates
    record = next((each for each in view.records if each.number == due.record_no), None)
    posted_on = record.posted_on if record else view.posting_reported_on
    found = _assessment(session, services, letter, view, posted_on)
    return dates | {
        "posting_date": _iso(posted_on),
        "provisional": "yes" if due.provisional else "no",
        "deemed_notified_on": _iso(found.deemed if found else None),
        "objection_deadline": _iso(found.deadline if found else None),
        "reasons": list(found.reasons) if found else [],
        **(_of_record(record) if record else {"confirmed_by": ""}),
        **_by_hand(view),
    }


def _of_supplement(view: RecipientView, number: int) -> dict[str, object]:
    added = next(each for record in view.records for each in record.supplements if each.number == number)
    return {
        "posting_record_number": added.record_no,
        "franking_id": added.franking_id,
        "tracking_number": added.tracking_number,
        "source": added.source,
        "recorded_by": added.noted_by,
    }


def _by_hand(recipient: RecipientView) -> dict[str, object]:
    """What a person said about a posting of the house's own."""
    hand = recipient.hand
    if hand is None:
        return {}
    return {
        "given_by": hand.given_by or "",
        "carrier": hand.carrier or "",
        "franked_as": hand.product or "",
        "receipt": hand.receipt or "",
        "prints": len(hand.prints),
    }


def _of_record(record: RecordView) -> dict[str, object]:
    return {
        "posting_record": record.text,
        "posting_record_number": record.number,
        "posting_list": record.list_number,
        "confirmed_by": record.confirmed_by,
        "second_person": record.second or "",
        "confirmed_at": record.confirmed_at.isoformat(),
        "how": record.how.value,
        "carrier": record.carrier,
        "delivery_days": record.delivery_days,
        "franking_id": record.franking_id,
    }


def _assessment(
    session: Session, services: Services, letter: Letter, view: RecipientView, posted_on: date | None
) -> Assessment | None:
    """What follows from the day of this entry; of the record in force it is what the letter shows."""
    if posted_on in {None, view.posting_confirmed_on or view.posting_reported_on}:
        return view.assessment if posted_on else None
    recipient = session.exec(
        select(Recipient).where(Recipient.letter_id == letter.id, Recipient.number == view.number)
    ).one()
    posting = session.get(Posting, recipient.mail_piece_id) if recipient.mail_piece_id else None
    if posting is None:
        return None
    as_it_was = Posting(
        piece_id=posting.piece_id,
        reported_on=posted_on or posting.reported_on,
        reported_at=posting.reported_at,
        source=posting.source,
        carrier=posting.carrier,
        delivery_days=posting.delivery_days,
    )
    return assessment(services, letter, recipient, as_it_was)


def _iso(day: date | datetime | None) -> str:
    return day.isoformat() if day else ""
