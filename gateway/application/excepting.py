"""Excepting: what the check of a posting does not let pass, and what was confirmed wrongly. Two people answer for it.

One proposes with a reason, another confirms: a finding is accepted, a piece that no list has, another day, a posting
after a contradiction, the correction of a confirmed day, or that a piece was not posted after all. Until then nothing
is changed; afterwards nothing of it is ever changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from gateway.application.attesting import Attested, attested_pieces
from gateway.application.authorising import Actor, actor, audit
from gateway.application.enlisting import draw_up
from gateway.application.noting import Grounds, note
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.mail import MailPiece
from gateway.db.people import User
from gateway.db.postings import ExceptionState, PostingException, PostingExceptionPiece
from gateway.domain.by_hand import BY_HAND
from gateway.domain.permission import Action
from gateway.domain.posting_record import How, how_of
from gateway.domain.references import for_people
from gateway.errors import Conflict, InputError, NotFound, NotPermitted


@dataclass(frozen=True)
class ExceptionView:
    """An exception: what was proposed by whom, and what became of it. `pieces` are references."""

    number: int
    state: ExceptionState
    posted_on: date | None
    reason: str
    hows: tuple[How, ...]
    codes: tuple[str, ...]
    pieces: tuple[str, ...]
    proposed_by: str
    proposed_by_login: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    note: str | None


def propose(services: Services, login: str, pieces: Sequence[str], posted_on: date | None, reason: str) -> int:
    """Propose that these pieces were posted on a day, or (None) were not posted. Returns the exception's number.

    Raises `InputError` ('reason-missing', 'exception-without-pieces', 'posting-day-impossible'), `NotFound`
    ('posting-none-reported') and `Conflict` ('exception-open', 'exception-not-needed').
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        who = _clerk(session, login)
        lines = _lines(session, services, pieces)
        for line in lines:
            _check(session, services, line, posted_on)
        row = PostingException(
            state=ExceptionState.PROPOSED,
            posted_on=posted_on,
            reason=reason.strip()[:500],
            proposed_by_id=who.id,
            proposed_at=services.clock.now(),
        )
        session.add(row)
        session.flush()
        for line in lines:
            session.add(
                PostingExceptionPiece(
                    exception_id=row_id(row),
                    piece_id=line.posting.piece_id,
                    how=_how(line, posted_on),
                    codes=line.codes,
                )
            )
        _audit(session, services, who, row, "posting-exception-proposed", lines)
        return row_id(row)


def second(services: Services, login: str, number: int) -> list[str]:
    """The second person confirms; returns the references of the pieces that were noted.

    Raises `NotFound`, `NotPermitted` ('second-person-needed'), `Conflict` ('state-changed', 'posting-facts-changed').
    """
    with services.db.transaction() as session:
        who = _clerk(session, login)
        row = _open(session, number)
        if row.proposed_by_id == who.id:
            raise NotPermitted(
                "second-person-needed", "Das bestätigt eine zweite Person, nicht wer es vorgeschlagen hat."
            )
        members = _members(session, row)
        lines = _lines(session, services, [piece.reference for _, piece in members])
        _require_same_facts(members, lines, row.posted_on)
        _decide(session, services, row, who, ExceptionState.DONE)
        row = session.get_one(PostingException, number)
        proposer, seconder = session.get_one(User, row.proposed_by_id), session.get_one(User, who.id)
        grounds = [
            (line, row.posted_on, Grounds(proposer, _how(line, row.posted_on), row, seconder, line.codes))
            for line in _with_lists(session, services, lines, row.posted_on)
        ]
        note(session, services, grounds)
        _audit(session, services, who, row, "posting-exception-confirmed", lines)
        return [line.piece.reference for line in lines]


def reject(services: Services, login: str, number: int, why: str) -> None:
    """Do not confirm it, or take it back. Raises `InputError` ('reason-missing'), `NotFound`, `Conflict`."""
    if not why.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        who = _clerk(session, login)
        row = _open(session, number)
        _decide(session, services, row, who, ExceptionState.REJECTED, why.strip()[:500])
        audit(session, services, who.login, "posting-exception-rejected", str(number), reason=why.strip()[:500])


def exceptions(session: Session, *, piece_id: int | None = None) -> list[ExceptionView]:
    """Those that wait, oldest first; or all of one piece."""
    query = select(PostingException).order_by(col(PostingException.id))
    if piece_id is None:
        query = query.where(PostingException.state == ExceptionState.PROPOSED)
    else:
        of_piece = select(PostingExceptionPiece.exception_id).where(PostingExceptionPiece.piece_id == piece_id)
        query = query.where(col(PostingException.id).in_(of_piece))
    return [_view(session, row) for row in session.exec(query).all()]


def open_exceptions(services: Services, login: str) -> list[ExceptionView]:
    """What waits for a second person."""
    with services.db.reading() as session:
        actor(session, login).require(Action.READ)
        return exceptions(session)


def _clerk(session: Session, login: str) -> Actor:
    who = actor(session, login)
    who.require(Action.CONFIRM_POSTING)
    return who


def _lines(session: Session, services: Services, pieces: Sequence[str]) -> list[Attested]:
    wanted = {piece.replace("-", "").upper() for piece in pieces}
    if not wanted:
        raise InputError("exception-without-pieces", "Bitte mindestens eine Sendung auswählen.")
    lines = attested_pieces(session, services, wanted)
    if missing := sorted(wanted - {line.piece.reference for line in lines}):
        raise NotFound(
            "posting-none-reported",
            f"Zur Sendung {for_people(missing[0])} hat kein Druckdienstleister eine Aufgabe zur Post gemeldet.",
        )
    return lines


def _check(session: Session, services: Services, line: Attested, posted_on: date | None) -> None:
    name = for_people(line.piece.reference)
    open_ones = (
        select(PostingException.id)
        .join(PostingExceptionPiece, col(PostingExceptionPiece.exception_id) == PostingException.id)
        .where(
            PostingExceptionPiece.piece_id == line.posting.piece_id,
            PostingException.state == ExceptionState.PROPOSED,
        )
    )
    if session.exec(open_ones).first() is not None:
        raise Conflict(
            "exception-open", f"Zur Sendung {name} wartet schon eine Ausnahme auf die zweite Person."
        )
    same = (
        line.posting.confirmed_on == posted_on if line.settled else line.ready and posted_on == line.posted_on
    )
    if same:
        raise Conflict("exception-not-needed", f"Die Sendung {name} braucht dafür keine Ausnahme.")
    first = line.handed_over_at.astimezone(services.schedule.zone).date() if line.handed_over_at else date.max
    first = date.min if line.provider == BY_HAND else first
    if posted_on is not None and not first <= posted_on <= services.today():
        raise InputError(
            "posting-day-impossible",
            f"Die Sendung {name} kann nicht vor ihrer Übergabe und nicht in der Zukunft zur Post gegeben sein.",
        )


def _how(line: Attested, posted_on: date | None) -> How:
    return how_of(
        confirmed=line.settled, posted_on=posted_on, reported_on=line.posting.reported_on, codes=line.codes
    )


def _open(session: Session, number: int) -> PostingException:
    row = session.get(PostingException, number)
    if row is None:
        raise NotFound("exception-unknown", f"Die Ausnahme {number} gibt es nicht.")
    return row


def _members(session: Session, row: PostingException) -> list[tuple[PostingExceptionPiece, MailPiece]]:
    query = (
        select(PostingExceptionPiece, MailPiece)
        .join(MailPiece, col(MailPiece.id) == PostingExceptionPiece.piece_id)
        .where(PostingExceptionPiece.exception_id == row_id(row))
        .order_by(col(MailPiece.reference))
    )
    return [(member, piece) for member, piece in session.exec(query).all()]


def _require_same_facts(
    members: Sequence[tuple[PostingExceptionPiece, MailPiece]],
    lines: Sequence[Attested],
    posted_on: date | None,
) -> None:
    """What the first person saw must be what the second one answers for."""
    proposed = {member.piece_id: (member.how, sorted(member.codes)) for member, _ in members}
    if any(proposed[line.posting.piece_id] != (_how(line, posted_on), line.codes) for line in lines):
        raise Conflict(
            "posting-facts-changed",
            "Seit dem Vorschlag kamen neue Meldungen oder Listen. Bitte ablehnen und neu vorschlagen.",
        )


def _with_lists(
    session: Session, services: Services, lines: Sequence[Attested], posted_on: date | None
) -> list[Attested]:
    """Where the contract equates a status with posting, its list stands behind the day that was reported."""
    drawn = [line for line in lines if not line.settled and posted_on == line.posted_on]
    others = [line for line in lines if line not in drawn]
    return [*others, *(draw_up(session, services, posted_on, drawn) if posted_on and drawn else ())]


def _decide(
    session: Session,
    services: Services,
    row: PostingException,
    who: Actor,
    state: ExceptionState,
    why: str | None = None,
) -> None:
    compare_and_set(
        session,
        PostingException,
        row_id(row),
        expect={"state": ExceptionState.PROPOSED},
        state=state,
        decided_by_id=who.id,
        decided_at=services.clock.now(),
        note=why,
    )


def _audit(
    session: Session,
    services: Services,
    who: Actor,
    row: PostingException,
    action: str,
    lines: Sequence[Attested],
) -> None:
    audit(
        session,
        services,
        who.login,
        action,
        str(row_id(row)),
        reason=row.reason,
        posted_on=row.posted_on.isoformat() if row.posted_on else None,
        pieces=[line.piece.reference for line in lines],
    )


def _view(session: Session, row: PostingException) -> ExceptionView:
    members = _members(session, row)
    proposer = session.get_one(User, row.proposed_by_id)
    decider = session.get_one(User, row.decided_by_id) if row.decided_by_id else None
    return ExceptionView(
        number=row_id(row),
        state=row.state,
        posted_on=row.posted_on,
        reason=row.reason,
        hows=tuple(sorted({member.how for member, _ in members})),
        codes=tuple(sorted({code for member, _ in members for code in member.codes})),
        pieces=tuple(piece.reference for _, piece in members),
        proposed_by=proposer.name,
        proposed_by_login=proposer.login,
        proposed_at=row.proposed_at,
        decided_by=decider.name if decider else None,
        decided_at=row.decided_at,
        note=row.note,
    )
