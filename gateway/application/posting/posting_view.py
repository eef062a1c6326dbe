"""The posting reports for people: what a clerk sees of a day before confirming it, of one list, and of one piece.

Only reads. Lists name pieces by key and hold nothing about people; letters are shown to those who may read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor
from gateway.application.posting.attesting import Attested, attested_on, attested_pieces
from gateway.application.posting.exception_view import ExceptionView, exceptions
from gateway.application.posting.posting_list_view import ListLine, list_line
from gateway.application.reads.records import RecordView, records_of
from gateway.application.services import Services
from gateway.db.engine import row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import MailPiece, Posting, Submission
from gateway.db.people import Case, Office
from gateway.db.postings import PostingList, PostingListItem
from gateway.domain.findings import Finding
from gateway.domain.permission import Action
from gateway.domain.posting.posting_list import Agreement
from gateway.domain.references import for_people
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import NotFound

MAX_LISTED = 500
"""What a person can look through; counts are exact."""


@dataclass(frozen=True)
class LetterOf:
    """A letter in a piece."""

    reference: str
    file_number: str
    office: str
    title: str
    decision_date: date


@dataclass(frozen=True)
class PieceLine:
    """A piece of a day's report. `waits` is the number of an exception that waits for its second person.

    `reported_on` is None where nobody reported it, `known_on` the day by which it is found, None if there is none yet.
    """

    piece: str
    provider: str
    letters: tuple[LetterOf, ...]
    handed_over_at: datetime | None
    reported_on: date | None
    known_on: date | None
    posted_on: date | None
    list_id: int | None
    list_number: str
    source: str
    findings: tuple[Finding, ...]
    ready: bool
    settled: bool
    confirmed_on: date | None
    confirmed_by: str | None
    age_days: int
    waits: int | None


@dataclass(frozen=True)
class Missing:
    """A piece of a consignment of which others were posted, and about which nothing is reported."""

    piece: str
    key: str
    age_days: int


@dataclass(frozen=True)
class ProviderDay:
    """One provider's part of a day: `expected` pieces were reported, `listed` of them stand in a list."""

    provider: str
    agreed: Agreement
    expected: int
    listed: int
    settled: int
    ready: int
    lists: tuple[ListLine, ...]
    pieces: tuple[PieceLine, ...]
    missing: tuple[Missing, ...]

    @property
    def held_back(self) -> tuple[PieceLine, ...]:
        """What two people have to answer for."""
        return tuple(line for line in self.pieces if not line.settled and not line.ready)


@dataclass(frozen=True)
class DayReport:
    """The report of a day, by provider."""

    day: date
    providers: tuple[ProviderDay, ...]

    @property
    def ready(self) -> int:
        """How many pieces a clerk can confirm now."""
        return sum(each.ready for each in self.providers)

    @property
    def held_back(self) -> int:
        """How many pieces two people have to answer for."""
        return sum(each.expected - each.settled - each.ready for each in self.providers)


@dataclass(frozen=True)
class PieceView:
    """Everything about the posting of one piece."""

    line: PieceLine
    records: Sequence[RecordView]
    exceptions: Sequence[ExceptionView]


def day_report(services: Services, login: str, day: date) -> DayReport:
    """What was reported for a day, held against the lists and against what was handed over."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.READ)
        found = attested_on(session, services, day)
        lists = _lists_of(session, day, found)
        names = sorted({line.provider for line in found} | {listed.provider for listed in lists})
        return DayReport(day, tuple(_of_provider(session, services, who, each, found, lists) for each in names))


def piece_view(services: Services, login: str, reference: str) -> PieceView:
    """The posting of a piece, also while nobody reported it. Raises `NotFound`: no provider has it, or not for you."""
    with services.db.reading() as session:
        who = actor(session, login)
        who.require(Action.READ)
        found = attested_pieces(session, services, [reference.replace("-", "").upper()])
        line = _piece_line(session, services, who, found[0], {}) if found else None
        if line is None or not line.letters:
            raise NotFound(
                "posting-none-reported",
                f"Zur Sendung {for_people(reference)} ist keine Aufgabe zur Post gemeldet.",
            )
        piece_id = row_id(found[0].piece)
        return PieceView(line, records_of(session, piece_id), exceptions(session, piece_id=piece_id))


def _of_provider(
    session: Session,
    services: Services,
    who: Actor,
    name: str,
    found: Sequence[Attested],
    lists: Sequence[PostingList],
) -> ProviderDay:
    mine = [line for line in found if line.provider == name]
    waiting = {piece: each.number for each in exceptions(session) for piece in each.pieces}
    lines = (_piece_line(session, services, who, line, waiting) for line in mine[:MAX_LISTED])
    return ProviderDay(
        provider=name,
        agreed=services.posting.with_provider(name),
        expected=len(mine),
        listed=sum(line.item is not None for line in mine),
        settled=sum(line.settled for line in mine),
        ready=sum(line.ready for line in mine),
        lists=tuple(list_line(session, services, each) for each in lists if each.provider == name),
        pieces=tuple(line for line in lines if line.letters),
        missing=tuple(_missing(session, services, mine)),
    )


def _lists_of(session: Session, day: date, found: Sequence[Attested]) -> list[PostingList]:
    """The lists of a day, those that name a piece of it, and those that name another day's pieces for it."""
    named = {row_id(line.listed) for line in found if line.listed}
    of_items = select(PostingListItem.list_id).where(PostingListItem.posted_on == day)
    query = select(PostingList).where(
        (col(PostingList.day) == day) | col(PostingList.id).in_(of_items) | col(PostingList.id).in_(named)
    )
    return list(session.exec(query.order_by(col(PostingList.id))).all())


def _piece_line(
    session: Session, services: Services, who: Actor, line: Attested, waiting: dict[str, int]
) -> PieceLine:
    posting, piece_id = line.posting, row_id(line.piece)
    records = records_of(session, piece_id) if line.settled else []
    told_at = posting.reported_at if posting else line.handed_over_at
    return PieceLine(
        piece=line.piece.reference,
        provider=line.provider,
        letters=tuple(_letters(session, who, piece_id)),
        handed_over_at=line.handed_over_at,
        reported_on=None if posting and posting.exception_id else line.reported_on,
        known_on=line.reported_on,
        posted_on=line.posted_on,
        list_id=row_id(line.listed) if line.listed else None,
        list_number=line.listed.number if line.listed else "",
        source=posting.source if posting else "",
        findings=line.findings,
        ready=line.ready,
        settled=line.settled,
        confirmed_on=posting.confirmed_on if posting else None,
        confirmed_by=records[-1].confirmed_by if records else None,
        age_days=_age_days(services, told_at),
        waits=waiting.get(line.piece.reference),
    )


def _letters(session: Session, who: Actor, piece_id: int) -> list[LetterOf]:
    rows = session.exec(
        select(Letter, Case, Office)
        .join(Recipient, col(Recipient.letter_id) == Letter.id)
        .join(Case, col(Case.id) == Letter.case_id)
        .join(Office, col(Office.id) == Letter.office_id)
        .where(Recipient.mail_piece_id == piece_id)
        .order_by(col(Letter.reference))
    ).all()
    return [
        LetterOf(letter.reference, case.file_number, office.key, letter.title, letter.decision_date)
        for letter, case, office in rows
        if who.may(Action.READ, office.key)
    ]


def _missing(session: Session, services: Services, mine: Sequence[Attested]) -> list[Missing]:
    """What went in the same consignments, is still open there, and has no report of posting."""
    consignments = select(Submission.consignment_id).where(
        col(Submission.piece_id).in_([row_id(line.piece) for line in mine])
    )
    rows = session.exec(
        select(Submission, MailPiece)
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .join(Posting, col(Posting.piece_id) == Submission.piece_id, isouter=True)
        .where(
            col(Submission.consignment_id).in_(consignments),
            Submission.state == SubmissionState.RELEASED,
            col(Submission.settled_at).is_(None),
            col(Posting.piece_id).is_(None),
        )
        .order_by(col(MailPiece.reference))
    ).all()
    return [
        Missing(piece.reference, submission.key, _age_days(services, submission.released_at))
        for submission, piece in rows
    ]


def _age_days(services: Services, since: datetime | None) -> int:
    return (services.today() - services.day_of(since)).days if since else 0
