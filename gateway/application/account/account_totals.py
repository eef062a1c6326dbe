"""The account of everything, as totals that the database counts: a million letters in seconds, without reading each.

Standings are counted by the state of the hand-over. Rows that must be there are missed by number: each *control total*
holds what one table says there should be against what another one has. Where the two differ, and only there, the copies
at fault are looked for one by one; what they are is then decided by the same rules as for a single day.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, distinct, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from gateway.application.account.copies import IS_APPROVED, counting_approval
from gateway.db.certificates import PieceCertificate, RunCertificate
from gateway.db.columns import columns
from gateway.db.files import Filing
from gateway.db.letters import Approval, Letter, Recipient
from gateway.db.mail import MailPiece, Posting, StatusEvent, Submission
from gateway.domain.account.links import Break
from gateway.domain.account.standing import Standing, standing_of_fault, standing_of_letter, standing_of_piece
from gateway.domain.letters.letter import LetterState
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState

_FAULTY = col(MailPiece.fault_code).is_not(None)
_VOID = SubmissionState.VOID
_LIVE = Submission.state != _VOID
_NOT_FAULTY = col(Submission.piece_id).not_in(columns(MailPiece.id).where(_FAULTY))


@dataclass(frozen=True)
class ControlTotal:
    """Two ways to count the same; if they differ, `suspects` finds the copies that lack `code` (None: strays)."""

    code: Break
    expected: int
    found: int
    suspects: Callable[[], Any] | None

    @property
    def differs(self) -> bool:
        """Whether something is missing, or there is too much."""
        return self.expected != self.found


def standings(session: Session, *conditions: ColumnElement[bool]) -> Counter[Standing]:
    """How many approved copies stand where; of those that meet the conditions (on `Recipient`), if there are any."""
    found = _elsewhere(session, *conditions)
    for state, status, count in session.execute(_handed_over().where(*conditions)):
        found[standing_of_piece(state, status)] += count
    return found


def _elsewhere(session: Session, *conditions: ColumnElement[bool]) -> Counter[Standing]:
    """In a faulty piece, or in no run."""
    found: Counter[Standing] = Counter()
    for code, count in session.execute(_faulty().where(*conditions)):
        found[standing_of_fault(code)] += count
    for state, held, count in session.execute(_not_in_a_run().where(*conditions)):
        found[standing_of_letter(state, held=bool(held), pieces=())] += count
    return found


class Counts:
    """What several control totals ask for, each counted once."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def number(self, query: Any) -> int:
        """The one number that a query answers, nothing being 0."""
        return int(self._session.execute(query).scalar_one() or 0)

    @cached_property
    def approvals(self) -> int:
        """Signatures, those of former signings included."""
        return self.number(columns(func.count()).select_from(Approval))

    @property
    def enveloped(self) -> int:
        """Copies in an envelope."""
        return self._envelopes[0]

    @property
    def pieces_in_use(self) -> int:
        """Envelopes with at least one copy."""
        return self._envelopes[1]

    @cached_property
    def _envelopes(self) -> tuple[int, int]:
        piece = col(Recipient.mail_piece_id)
        copies, pieces = self._session.execute(columns(func.count(piece), func.count(distinct(piece)))).one()
        return copies, pieces

    @cached_property
    def faulty_left(self) -> int:
        """Faulty pieces whose copies went into another run."""
        used = columns(Recipient.id).where(col(Recipient.mail_piece_id) == MailPiece.id).exists()
        return self.number(columns(func.count()).where(_FAULTY, ~used))

    @cached_property
    def submissions(self) -> Counter[tuple[SubmissionState, Status]]:
        """Live hand-overs of pieces that are not faulty, by where they stand.

        Counted with the void ones, which an index answers in one go; the few of faulty pieces are taken off.
        """
        live = Counter({place: count for place, (count, _) in self._places.items() if place[0] != _VOID})
        state, status = col(Submission.state), col(Submission.status)
        of_faulty = (
            columns(state, status, func.count())
            .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
            .where(_LIVE, _FAULTY)
            .group_by(state, status)
        )
        return live - self._by_place(of_faulty)

    @property
    def events(self) -> int:
        """Events that the hand-overs, void ones too, say they have."""
        return sum(events for _, events in self._places.values())

    @cached_property
    def _places(self) -> dict[tuple[SubmissionState, Status], tuple[int, int]]:
        state, status = col(Submission.state), col(Submission.status)
        query = columns(state, status, func.count(), func.sum(Submission.events)).group_by(state, status)
        return {
            (state, status): (count, events) for state, status, count, events in self._session.execute(query)
        }

    def _by_place(self, query: Any) -> Counter[tuple[SubmissionState, Status]]:
        return Counter({(state, status): count for state, status, count in self._session.execute(query)})

    def standings(self) -> Counter[Standing]:
        """The same as the function, from hand-overs instead of copies: true where all control totals agree."""
        found = _elsewhere(self._session)
        copies = Counter(self.submissions)
        if self.enveloped > self.pieces_in_use:
            copies += self._by_place(_bundled())
        for (state, status), count in copies.items():
            found[standing_of_piece(state, status)] += count
        return found


def control_totals(counts: Counts) -> Iterator[ControlTotal]:
    """All of them; each is one or two counts that an index answers."""
    number = counts.number
    faulty = number(columns(func.count()).where(_FAULTY)) - counts.faulty_left
    yield ControlTotal(
        Break.SUBMISSION_MISSING,
        counts.pieces_in_use - faulty,
        counts.submissions.total(),
        _without_submission,
    )
    waiting = _approved_without_piece()
    in_run = number(waiting.where(Letter.state == LetterState.BATCHED))
    yield ControlTotal(Break.PIECE_MISSING, 0, in_run, _without_piece)
    copies = counts.enveloped + number(waiting)
    signed_again = number(columns(func.sum(Recipient.signing - 1)).where(col(Recipient.signing) > 1))
    yield ControlTotal(Break.APPROVAL_MISSING, copies + signed_again, counts.approvals, _without_approval)
    approved = col(Letter.approved_at).is_not(None)
    others = columns(func.count(col(Recipient.letter_id))).where(col(Recipient.number) > 1)
    of_drafts = others.join(Letter, col(Letter.id) == Recipient.letter_id).where(~approved)
    further = number(others) - number(of_drafts)
    letters = number(columns(func.count()).where(approved))
    yield ControlTotal(Break.APPROVAL_MISSING, copies - further, letters, None)
    yield from _of_pieces(counts)
    yield from _of_events_and_filings(counts)


def _of_pieces(counts: Counts) -> Iterator[ControlTotal]:
    number = counts.number
    expected = counts.faulty_left + counts.pieces_in_use
    yield ControlTotal(
        Break.PIECE_MISSING, expected, number(columns(func.count()).select_from(MailPiece)), _piece_gone
    )
    certified = number(columns(func.coalesce(func.sum(RunCertificate.pieces), 0)))
    lines = number(columns(func.count()).select_from(PieceCertificate))
    yield ControlTotal(Break.CERTIFICATE_MISSING, certified, lines, _without_certificate)
    found = number(columns(func.count()).select_from(Posting))
    yield ControlTotal(Break.POSTING_MISSING, _posted_pieces(number), found, _without_posting)


def _posted_pieces(number: Callable[[Any], int]) -> int:
    """Pieces that a hand-over says were posted. One of a piece is live, so only void ones can name it once more."""
    other = aliased(Submission)
    named = col(other.posted_on).is_not(None) & (col(other.piece_id) == col(Submission.piece_id))
    earlier = or_(col(other.state) != _VOID, col(other.id) < col(Submission.id))
    posted = columns(func.count()).where(col(Submission.posted_on).is_not(None))
    again = posted.where(col(Submission.state) == _VOID, columns(other.id).where(named, earlier).exists())
    return number(posted) - number(again)


def _of_events_and_filings(counts: Counts) -> Iterator[ControlTotal]:
    number = counts.number
    found = number(columns(func.count()).select_from(StatusEvent))
    yield ControlTotal(Break.EVENT_MISSING, counts.events, found, _events_differ)
    kept = number(columns(func.coalesce(func.sum(Letter.filings), 0)))
    yield ControlTotal(Break.FILING_MISSING, kept, _filed(number), _filings_differ)


def _filed(number: Callable[[Any], int]) -> int:
    """Confirmed filings of letters: all but those of others and those under way, of which there are fewer."""
    confirmed = col(Filing.filed_at).is_not(None)
    every = number(columns(func.count()).select_from(Filing))
    under_way = number(columns(func.count()).select_from(Filing).where(~confirmed))
    of_others = number(
        columns(func.count()).select_from(Filing).where(col(Filing.letter_id).is_(None), confirmed)
    )
    return every - under_way - of_others


def _handed_over() -> Any:
    return (
        columns(Submission.state, Submission.status, func.count())
        .join(Recipient, col(Recipient.mail_piece_id) == Submission.piece_id)
        .where(_LIVE, _NOT_FAULTY)
        .group_by(col(Submission.state), col(Submission.status))
    )


def _bundled() -> Any:
    """Of envelopes with several copies all but one, by the state of the hand-over."""
    piece = col(Recipient.mail_piece_id)
    further = (
        columns(piece.label("piece_id"), (func.count() - 1).label("further"))
        .where(piece.is_not(None))
        .group_by(piece)
        .having(func.count() > 1)
        .subquery()
    )
    return (
        columns(Submission.state, Submission.status, func.sum(further.c.further))
        .join(further, further.c.piece_id == Submission.piece_id)
        .where(_LIVE, _NOT_FAULTY)
        .group_by(col(Submission.state), col(Submission.status))
    )


def _faulty() -> Any:
    return (
        columns(MailPiece.fault_code, func.count())
        .join(Recipient, col(Recipient.mail_piece_id) == MailPiece.id)
        .where(_FAULTY)
        .group_by(col(MailPiece.fault_code))
    )


def _approved_without_piece() -> Any:
    return (
        columns(func.count(col(Recipient.id)))
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .outerjoin(Approval, counting_approval())
        .where(col(Recipient.mail_piece_id).is_(None), IS_APPROVED)
    )


def _not_in_a_run() -> Any:
    held = col(Letter.held_at).is_not(None)
    query = _approved_without_piece().group_by(col(Letter.state), held)
    return query.with_only_columns(Letter.state, held, func.count(col(Recipient.id)))


def _without_submission() -> Any:
    """In an envelope that is not faulty, and without a live hand-over."""
    live = columns(Submission.id).where(Submission.piece_id == Recipient.mail_piece_id, _LIVE).exists()
    faulty = columns(MailPiece.id).where(_FAULTY)
    piece = col(Recipient.mail_piece_id)
    return columns(Recipient.id).where(piece.is_not(None), piece.not_in(faulty), ~live)


def _without_piece() -> Any:
    waiting = _approved_without_piece().where(Letter.state == LetterState.BATCHED)
    return waiting.with_only_columns(Recipient.id)


def _without_approval() -> Any:
    return (
        columns(Recipient.id)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .outerjoin(Approval, counting_approval())
        .where(col(Letter.approved_at).is_not(None), col(Approval.id).is_(None))
    )


def _piece_gone() -> Any:
    there = columns(MailPiece.id).where(MailPiece.id == Recipient.mail_piece_id).exists()
    return columns(Recipient.id).where(col(Recipient.mail_piece_id).is_not(None), ~there)


def _without_certificate() -> Any:
    proven = (
        columns(PieceCertificate.piece_id)
        .join(RunCertificate, col(RunCertificate.id) == PieceCertificate.certificate_id)
        .where(PieceCertificate.piece_id == Recipient.mail_piece_id)
        .exists()
    )
    return (
        columns(Recipient.id)
        .join(Submission, col(Submission.piece_id) == Recipient.mail_piece_id)
        .where(Submission.state == SubmissionState.RELEASED, ~proven)
    )


def _without_posting() -> Any:
    posted = columns(Posting.piece_id).where(Posting.piece_id == Submission.piece_id).exists()
    return (
        columns(Recipient.id)
        .join(Submission, col(Submission.piece_id) == Recipient.mail_piece_id)
        .where(_LIVE, col(Submission.posted_on).is_not(None), ~posted)
    )


def _events_differ() -> Any:
    found = columns(func.count()).where(col(StatusEvent.submission_id) == Submission.id).scalar_subquery()
    return (
        columns(Recipient.id)
        .join(Submission, col(Submission.piece_id) == Recipient.mail_piece_id)
        .where(col(Submission.events) != found)
    )


def _filings_differ() -> Any:
    """Counted by letter in one pass, and joined: faster than asking for each letter."""
    counted = (
        columns(Filing.letter_id, func.count().label("found"))
        .where(col(Filing.filed_at).is_not(None))
        .group_by(col(Filing.letter_id))
        .subquery()
    )
    return (
        columns(Recipient.id)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .outerjoin(counted, counted.c.letter_id == Letter.id)
        .where(col(Letter.filings) != func.coalesce(counted.c.found, 0))
    )
