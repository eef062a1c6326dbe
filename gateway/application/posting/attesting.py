"""Attesting: what a day's report of postings says, held against what was handed over, piece by piece.

Only reads. What a clerk confirms is in `posting`, what needs two people in `excepting`; both decide on what is
gathered here, in their own transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from gateway.application.posting.list_signatures import signature_fault
from gateway.application.reads.returned import not_retracted
from gateway.application.services import Services
from gateway.db.columns import columns
from gateway.db.engine import row_id
from gateway.db.mail import MailPiece, Posting, StatusEvent, Submission
from gateway.db.postings import PostingList, PostingListItem
from gateway.domain.findings import Finding
from gateway.domain.posting.posting_list import (
    Counts,
    Day,
    Item,
    ListFacts,
    PieceFacts,
    blocks,
    check_list,
    check_piece,
    is_sound,
    posting_day,
)
from gateway.domain.runs.by_hand import BY_HAND
from gateway.domain.runs.status import NOT_MADE, Status, fold
from gateway.domain.runs.submission import SubmissionState


@dataclass(frozen=True)
class Attested:
    """One piece that a provider reported as posted, and what speaks against confirming it.

    `posted_on` is the day that would be confirmed; `item` and `listed` its line and list, None if there is none.
    `posting` is None where it was handed over and nobody reported its posting.
    """

    piece: MailPiece
    posting: Posting | None
    key: str
    provider: str
    provider_reference: str
    handed_over_at: datetime | None
    event_keys: tuple[str, ...]
    posted_on: date | None
    item: PostingListItem | None
    listed: PostingList | None
    findings: tuple[Finding, ...]

    @property
    def settled(self) -> bool:
        """Whether a record of posting is in force."""
        return self.posting is not None and self.posting.record_no is not None

    @property
    def reported_on(self) -> date | None:
        """The day that was reported first."""
        return self.posting.reported_on if self.posting else None

    @property
    def ready(self) -> bool:
        """Whether a clerk may confirm it alone."""
        return not self.settled and not blocks(self.findings)

    @property
    def codes(self) -> list[str]:
        """What two people would answer for."""
        return sorted({finding.code for finding in self.findings if blocks([finding])})


@dataclass
class _Seen:
    """The rows about one piece, of its live submission, and of others where a list names them."""

    live: Submission | None = None
    statuses: list[Status] = field(default_factory=list)
    days: set[date] = field(default_factory=set)
    event_keys: list[str] = field(default_factory=list)
    items: list[tuple[PostingListItem, PostingList, Submission]] = field(default_factory=list)


def attested_on(session: Session, services: Services, day: date) -> list[Attested]:
    """The pieces that were reported for a day, by reference."""
    return _attested(session, services, col(Posting.reported_on) == day)


def attested_pieces(session: Session, services: Services, references: Iterable[str]) -> list[Attested]:
    """These pieces, as far as a posting was reported, or a provider has them and should report it."""
    named = col(MailPiece.reference).in_(list(references))
    return _attested(session, services, named & (col(Posting.piece_id).is_not(None) | AWAITED))


_there = aliased(Submission)
AWAITED = (
    columns(_there.id)
    .where(
        _there.piece_id == MailPiece.id,
        _there.state == SubmissionState.RELEASED,
        _there.provider != BY_HAND,
    )
    .correlate(MailPiece)
    .exists()
)
"""A provider has the piece: it printed, or will print, and post it."""


def _attested(session: Session, services: Services, wanted: ColumnElement[bool]) -> list[Attested]:
    postings = session.exec(
        select(Posting, MailPiece)
        .select_from(MailPiece)
        .join(Posting, col(MailPiece.id) == Posting.piece_id, isouter=True)
        .where(wanted)
        .order_by(col(MailPiece.reference))
    ).all()
    seen = {row_id(piece): _Seen() for _, piece in postings}
    _see_submissions(session, wanted, seen)
    _see_events(session, wanted, seen)
    _see_items(session, wanted, seen)
    lists = {row_id(listed): listed for each in seen.values() for _, listed, _ in each.items}
    unsound = {
        number for number, listed in lists.items() if not is_sound(findings_of_list(session, services, listed))
    }
    return [_judge(services, piece, posting, seen[row_id(piece)], unsound) for posting, piece in postings]


def _judge(
    services: Services, piece: MailPiece, posting: Posting | None, seen: _Seen, unsound: Collection[int]
) -> Attested:
    item, listed, named = seen.items[0] if seen.items else (None, None, None)
    provider = seen.live.provider if seen.live else listed.provider if listed else ""
    released_at = seen.live.released_at if seen.live else None
    facts = PieceFacts(
        handed_over_on=services.day_of(released_at) if released_at else None,
        reported=frozenset(seen.days),
        sheets=piece.sheets,
        pages=piece.pages,
        product=piece.product,
        print_sha256=piece.print_sha256,
        withdrawn=fold(seen.statuses, piece.service) in NOT_MADE,
        void=named is not None and named.voided_at is not None,
        lists=len({row_id(each) for _, each, _ in seen.items}),
        unsound_list=listed.number if listed and row_id(listed) in unsound else "",
        contradicted=posting is not None and posting.contradicted_at is not None,
    )
    line = as_item(item) if item else None
    evidence = services.posting.with_provider(provider).evidence
    day = Day(services.today(), services.is_holiday)
    return Attested(
        piece=piece,
        posting=posting,
        key=seen.live.key if seen.live else "",
        provider=provider,
        provider_reference=(seen.live.provider_reference if seen.live else None) or "",
        handed_over_at=released_at,
        event_keys=tuple(sorted(seen.event_keys)),
        posted_on=posting_day(facts, line) or (posting.reported_on if posting else None),
        item=item,
        listed=listed,
        # Who took it to the carrier has said so by name; there is nobody else to be checked.
        findings=() if provider == BY_HAND else tuple(check_piece(facts, line, evidence, day)),
    )


def findings_of_list(session: Session, services: Services, listed: PostingList) -> list[Finding]:
    """What is wrong with a list as a whole."""
    rows = session.exec(
        select(PostingListItem, Submission, MailPiece)
        .join(
            Submission,
            (col(Submission.key) == PostingListItem.key) & (col(Submission.provider) == listed.provider),
            isouter=True,
        )
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id, isouter=True)
        .where(PostingListItem.list_id == row_id(listed))
        .order_by(col(PostingListItem.position))
    ).all()
    others = session.exec(
        select(PostingList.id, PostingList.number).where(
            PostingList.provider == listed.provider,
            PostingList.kind == listed.kind,
            PostingList.id != listed.id,
        )
    ).all()
    facts = ListFacts(
        number=listed.number,
        day=listed.day,
        items=[as_item(item) for item, _, _ in rows],
        told=Counts(listed.told_pieces, listed.told_sheets, listed.told_pages),
        sha256=listed.sha256,
        told_sha256=listed.told_sha256,
        ours=_our_counts([piece for _, _, piece in rows]),
        signature=signature_fault(session, row_id(listed)),
        numbers_before=[number for other, number in others if (other or 0) < row_id(listed)],
        same_number=any(number == listed.number for _, number in others),
    )
    return check_list(facts, services.today(), {item.key for item, ours, _ in rows if ours is not None})


def _our_counts(pieces: Sequence[MailPiece | None]) -> Counts:
    """Nothing can be compared if a line is no piece of ours, or was never assembled."""
    if any(piece is None or piece.sheets is None or piece.pages is None for piece in pieces):
        return Counts()
    known = [piece for piece in pieces if piece is not None]
    return Counts(len(known), sum(each.sheets or 0 for each in known), sum(each.pages or 0 for each in known))


def as_item(row: PostingListItem) -> Item:
    """A line as the rules see it."""
    return Item(row.key, row.posted_on, row.sheets, row.pages, row.product, row.franking_id, row.sha256)


def _see_submissions(session: Session, wanted: ColumnElement[bool], seen: Mapping[int, _Seen]) -> None:
    query = (
        select(Submission)
        .join(Posting, col(Posting.piece_id) == Submission.piece_id, isouter=True)
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .where(wanted, col(Submission.voided_at).is_(None))
    )
    for submission in session.exec(query).all():
        seen[submission.piece_id].live = submission


def _see_events(session: Session, wanted: ColumnElement[bool], seen: Mapping[int, _Seen]) -> None:
    query = (
        select(Submission.piece_id, StatusEvent.status, col(StatusEvent.posted_on), StatusEvent.dedup_key)
        .join(Submission, col(Submission.id) == StatusEvent.submission_id)
        .join(Posting, col(Posting.piece_id) == Submission.piece_id, isouter=True)
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .where(wanted, col(Submission.voided_at).is_(None), not_retracted())
    )
    for piece_id, status, posted_on, dedup_key in session.exec(query).all():
        seen[piece_id].statuses.append(Status(status))
        if posted_on is not None:
            seen[piece_id].days.add(posted_on)
            seen[piece_id].event_keys.append(dedup_key)


def _see_items(session: Session, wanted: ColumnElement[bool], seen: Mapping[int, _Seen]) -> None:
    query = (
        select(PostingListItem, PostingList, Submission)
        .join(PostingList, col(PostingList.id) == PostingListItem.list_id)
        .join(Submission, col(Submission.key) == PostingListItem.key)
        .join(Posting, col(Posting.piece_id) == Submission.piece_id, isouter=True)
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .where(wanted, col(Submission.provider) == PostingList.provider)
        .order_by(col(PostingListItem.id))
    )
    rows: Sequence[tuple[PostingListItem, PostingList, Submission]] = session.exec(query).all()
    for item, listed, submission in rows:
        seen[submission.piece_id].items.append((item, listed, submission))
