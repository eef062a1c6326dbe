"""Gathering: what the desk has to know about letters, read for many at once in a fixed number of statements.

Only reads, and decides nothing: `clearing` looks at what is here. Rows that are rare are read only where a row says
that they must be there.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, col, func, select

from gateway.application.reads.returned import not_retracted, still_told
from gateway.db.by_hand import ByHand
from gateway.db.columns import columns, in_chunks
from gateway.db.delivery import DeliveryProof
from gateway.db.desk import DecisionState, DeskDecision
from gateway.db.engine import row_id
from gateway.db.letters import Letter, LetterFinding, Recipient
from gateway.db.mail import MailPiece, StatusEvent, Submission
from gateway.db.returns import ReturnedMail
from gateway.domain.desk.desk import SETTLING, WRITING
from gateway.domain.findings import Severity
from gateway.domain.letters.letter import LetterState
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState

_PROGRESS = (Status.IN_PRODUCTION, Status.PRINTED, Status.HANDED_TO_POST, Status.DELIVERED)
_PRINTED = (Status.PRINTED, Status.HANDED_TO_POST, Status.DELIVERED)
_TROUBLE = (Status.FAILED, Status.RETURNED)
_MOST = 500
"""References in one statement."""
Row = TypeVar("Row", bound=SQLModel)


@dataclass(frozen=True)
class Gathered:
    """Rows by the id of the letter, piece or submission that they are about."""

    copies: Mapping[int, Sequence[Recipient]]
    pieces: Mapping[int, MailPiece]
    live: Mapping[int, Submission]
    """By piece: the hand-over that is not voided."""
    together: Mapping[tuple[int, SubmissionState], int]
    """How many pieces of a consignment are in a state."""
    printed: frozenset[int]
    """Submissions of which it was said that they were printed or posted."""
    trouble: Mapping[tuple[int, Status], StatusEvent]
    """The first failure or return that was said of a submission."""
    contradicted: Mapping[int, tuple[StatusEvent, Submission]]
    """By piece: the first progress that was said of a hand-over after it had been voided."""
    returned: Mapping[int, ReturnedMail]
    proofs: Mapping[int, DeliveryProof]
    """The last proof of receipt of a piece."""
    findings: Mapping[int, Sequence[LetterFinding]]
    """Errors, by letter."""
    settled: Mapping[int, frozenset[str]]
    """Problems of a letter that somebody acknowledged."""
    proposed: Mapping[int, Mapping[str, DeskDecision]]
    """What waits for a second person, by letter and problem."""
    by_hand: Sequence[ByHand]
    """Held, so that the session answers for them."""


def gather(session: Session, letters: Sequence[int]) -> Gathered:
    """Everything about these letters; not more at once than a statement may name."""
    copies = _by(_read(session, Recipient, Recipient.letter_id, letters, Recipient.number), "letter_id")
    ids = [copy.mail_piece_id for some in copies.values() for copy in some if copy.mail_piece_id]
    pieces = {row_id(piece): piece for piece in _read(session, MailPiece, MailPiece.id, ids)}
    submissions = _read(session, Submission, Submission.piece_id, list(pieces), Submission.id)
    live = {each.piece_id: each for each in submissions if each.voided_at is None}
    decisions = _by(_read(session, DeskDecision, DeskDecision.letter_id, letters, DeskDecision.id), "letter_id")
    events = _read(
        *(session, StatusEvent, StatusEvent.submission_id, [row_id(each) for each in submissions]),
        StatusEvent.id,
        only=col(StatusEvent.status).in_({*_PROGRESS, *_TROUBLE}) & not_retracted(),
    )
    discarded = _discarded(session, [row for rows in decisions.values() for row in rows])
    return Gathered(
        copies=copies,
        pieces=pieces,
        live=live,
        together=_together(session, [each.consignment_id for each in live.values() if each.consignment_id]),
        printed=frozenset(event.submission_id for event in events if event.status in _PRINTED),
        trouble=_first((event.submission_id, event.status, event) for event in events),
        contradicted=_contradicted(events, {row_id(each): each for each in submissions}),
        returned={
            each.piece_id: each
            for each in _read(session, ReturnedMail, ReturnedMail.piece_id, list(pieces), only=still_told())
        },
        proofs={
            each.piece_id: each
            for each in _read(
                *(session, DeliveryProof, DeliveryProof.piece_id),
                [number for number, piece in pieces.items() if piece.served is not None],
                DeliveryProof.id,
            )
        },
        findings=_findings(session, letters),
        settled={
            letter: frozenset(_settled(row, discarded) for row in rows) - {""}
            for letter, rows in decisions.items()
        },
        proposed={
            letter: {row.problem: row for row in rows if row.state is DecisionState.PROPOSED}
            for letter, rows in decisions.items()
        },
        by_hand=_read(session, ByHand, ByHand.piece_id, list(pieces)),
    )


def _read(
    session: Session,
    table: type[Row],
    column: Any,
    wanted: Sequence[int],
    order: Any = None,
    *,
    only: Any = None,
) -> list[Row]:
    found: list[Row] = []
    for some in in_chunks(sorted(set(wanted))):
        query = select(table).where(col(column).in_(some))
        query = query.where(only) if only is not None else query
        found += session.exec(query.order_by(col(order)) if order is not None else query).all()
    return found


def _by(rows: Iterable[Row], name: str) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(getattr(row, name), []).append(row)
    return found


def _together(session: Session, consignments: Sequence[int]) -> Counter[tuple[int, SubmissionState]]:
    found: Counter[tuple[int, SubmissionState]] = Counter()
    for some in in_chunks(sorted(set(consignments))):
        query = (
            columns(Submission.consignment_id, Submission.state, func.count())
            .where(col(Submission.consignment_id).in_(some))
            .group_by(col(Submission.consignment_id), col(Submission.state))
        )
        found.update({(key, state): count for key, state, count in session.execute(query)})
    return found


def _first(told: Iterable[tuple[int, Status, StatusEvent]]) -> dict[tuple[int, Status], StatusEvent]:
    found: dict[tuple[int, Status], StatusEvent] = {}
    for submission, status, event in told:
        found.setdefault((submission, status), event)
    return found


def _contradicted(
    events: Iterable[StatusEvent], submissions: Mapping[int, Submission]
) -> dict[int, tuple[StatusEvent, Submission]]:
    found: dict[int, tuple[StatusEvent, Submission]] = {}
    for event in sorted(events, key=row_id):
        void = submissions[event.submission_id]
        if void.voided_at is not None and event.status in _PROGRESS and event.received_at >= void.voided_at:
            found.setdefault(void.piece_id, (event, void))
    return found


def _findings(session: Session, letters: Sequence[int]) -> dict[int, list[LetterFinding]]:
    found: dict[int, list[LetterFinding]] = {}
    for some in in_chunks(letters):
        query = (
            select(Recipient.letter_id, LetterFinding)
            .join(LetterFinding, col(LetterFinding.recipient_id) == Recipient.id)
            .where(col(Recipient.letter_id).in_(some), LetterFinding.severity == Severity.ERROR)
            .order_by(col(LetterFinding.id))
        )
        for letter, finding in session.exec(query).all():
            found.setdefault(letter, []).append(finding)
    return found


def _discarded(session: Session, decisions: Sequence[DeskDecision]) -> frozenset[str]:
    """New letters that were written by these decisions, and then discarded: nothing was settled by them."""
    written = sorted({row.follow_up for row in decisions if row.action in WRITING and row.follow_up})
    found: set[str] = set()
    for start in range(0, len(written), _MOST):
        cancelled = select(Letter.reference).where(
            col(Letter.reference).in_(written[start : start + _MOST]), Letter.state == LetterState.CANCELLED
        )
        found.update(session.exec(cancelled).all())
    return frozenset(found)


def _settled(row: DeskDecision, discarded: frozenset[str]) -> str:
    done = row.state is DecisionState.DONE and row.action in SETTLING
    return row.problem if done and not (row.action in WRITING and row.follow_up in discarded) else ""
