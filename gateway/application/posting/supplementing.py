"""Supplementing the record of posting (*Ab-Vermerk*): numbers of the carrier's that came after it was written.

The record stays as it was; each number that it does not name is a row beside it, from a provider's statement, its
list, or a person who read it somewhere.
"""

import re
from collections.abc import Sequence

from sqlmodel import Session, col, select

from gateway.application.access.authorising import SYSTEM, actor, audit
from gateway.application.letters.marking import mark_for_filing
from gateway.application.reads.records import supplements_of
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.mail import MailPiece, Posting, Submission
from gateway.db.postings import PostingRecord, PostingSupplement
from gateway.domain.permission import Action
from gateway.domain.references import for_people
from gateway.errors import Conflict, InputError, NotFound
from gateway.ports.provider import PieceNumbers

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,59}", re.ASCII)
_LONGEST_SOURCE = 200


def supplement(
    session: Session, services: Services, piece_id: int, numbers: PieceNumbers, source: str, who: str = SYSTEM
) -> PostingSupplement | None:
    """Add what the record in force does not name, in the caller's transaction; None if it names all, or is none."""
    posting = session.get(Posting, piece_id, with_for_update=True)
    if posting is None or posting.record_no is None:
        return None
    query = select(PostingRecord).where(
        PostingRecord.piece_id == piece_id, PostingRecord.number == posting.record_no
    )
    record = session.exec(query).one()
    earlier = supplements_of(session, piece_id)
    new = PieceNumbers(
        _unnamed("Frankier-ID", numbers.franking_id, record.text, [each.franking_id for each in earlier]),
        _unnamed("Sendungsnummer", numbers.tracking_number, record.text, [e.tracking_number for e in earlier]),
    )
    if new == PieceNumbers():
        return None
    row = PostingSupplement(
        piece_id=piece_id,
        record_no=record.number,
        number=len(earlier) + 1,
        franking_id=new.franking_id,
        tracking_number=new.tracking_number,
        source=source,
        noted_by=who,
        noted_at=services.clock.now(),
    )
    session.add(row)
    session.flush()
    mark_for_filing(session, piece_id)
    return row


def enter(
    services: Services, login: str, piece: str, *, franking_id: str = "", tracking_number: str = "", source: str
) -> int:
    """A person adds numbers to the record of a piece and says where they stand; returns the supplement's number.

    Raises `InputError` ('supplement-number-unreadable', 'supplement-source-missing'), `NotFound` ('piece-unknown',
    'posting-record-missing'), `Conflict` ('supplement-known'), `NotPermitted`.
    """
    numbers = PieceNumbers(franking_id.strip(), tracking_number.strip())
    given = [each for each in (numbers.franking_id, numbers.tracking_number) if each]
    if not given or not all(_NUMBER.fullmatch(each) for each in given):
        raise InputError(
            "supplement-number-unreadable",
            "Bitte die Frankier-ID oder die Sendungsnummer angeben, höchstens 60 Zeichen, wie sie auf dem Beleg steht.",
        )
    where = " ".join(source.split())[:_LONGEST_SOURCE]
    if not where:
        raise InputError("supplement-source-missing", "Bitte angeben, woher die Nummer stammt.")
    with services.db.transaction() as session:
        who = actor(session, login)
        who.require(Action.CONFIRM_POSTING)
        reference = piece.replace("-", "").upper()
        found = session.exec(select(MailPiece).where(MailPiece.reference == reference)).one_or_none()
        if found is None:
            raise NotFound("piece-unknown", "Diese Sendung gibt es nicht.")
        posting = session.get(Posting, row_id(found))
        if posting is None or posting.record_no is None:
            raise NotFound(
                "posting-record-missing",
                f"Zur Sendung {for_people(reference)} gibt es noch keinen Ab-Vermerk, den man ergänzen könnte.",
            )
        row = supplement(session, services, row_id(found), numbers, where, who.login)
        if row is None:
            raise Conflict("supplement-known", "Der Ab-Vermerk oder eine Ergänzung nennt die Nummer schon.")
        _remember(session, services, row_id(found))
        audit(
            *(session, services, who.login, "posting-supplemented", reference),
            reason=where,
            franking_id=row.franking_id,
            tracking_number=row.tracking_number,
        )
        return row.number


def _unnamed(name: str, number: str, record: str, earlier: Sequence[str]) -> str:
    """The number, unless it is written there already: the words of a record never change, see `posting_record`."""
    in_record = any(f"{name} {number}{end}" in record for end in ",)")
    return "" if in_record or number in earlier else number


def _remember(session: Session, services: Services, piece_id: int) -> None:
    """Nobody asks the provider for it any more."""
    query = select(Submission).where(Submission.piece_id == piece_id, col(Submission.voided_at).is_(None))
    if (submission := session.exec(query).one_or_none()) is not None:
        submission.numbered_at = submission.numbered_at or services.clock.now()
