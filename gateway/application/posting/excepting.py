"""Excepting: what the check of a posting does not let pass, and what was confirmed wrongly. Two people answer for it.

One proposes with a reason, another confirms: a finding is accepted, a piece that no list has, another day, a posting
after a contradiction, the correction of a confirmed day, or that a piece was not posted after all. Until then nothing
is changed; afterwards nothing of it is ever changed.
"""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from gateway.application.access.authorising import Actor, actor, audit
from gateway.application.letters.marking import note_words
from gateway.application.posting.attesting import Attested, attested_pieces
from gateway.application.posting.enlisting import draw_up
from gateway.application.posting.exception_view import members_of
from gateway.application.posting.noting import Grounds, note, set_carrier
from gateway.application.posting.posting_basis import Basis, StoredBasis, basis_of, in_words, keep, store
from gateway.application.reads.submissions import live_submission
from gateway.application.runs.settling import settle
from gateway.application.services import Services
from gateway.db.engine import compare_and_set, row_id
from gateway.db.mail import MailPiece, Posting
from gateway.db.people import User
from gateway.db.postings import ExceptionState, PostingException, PostingExceptionPiece
from gateway.domain.permission import Action
from gateway.domain.posting.posting_record import How, how_of
from gateway.domain.references import for_people
from gateway.domain.runs.by_hand import BY_HAND
from gateway.errors import Conflict, InputError, NotFound, NotPermitted


def propose(
    services: Services,
    login: str,
    pieces: Sequence[str],
    posted_on: date | None,
    reason: str,
    basis: Basis | None = None,
) -> int:
    """Propose that these pieces were posted on a day, or (None) were not posted. Returns the exception's number.

    `basis` is the document that it rests on; it must be there where nobody reported the posting. Raises `InputError`
    ('reason-missing', 'exception-without-pieces', 'posting-day-impossible', 'posting-source-missing',
    'posting-basis-needed'), `DocumentInvalid`, `NotFound` ('posting-none-reported') and `Conflict`
    ('exception-open', 'exception-not-needed').
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.reading() as session:
        _clerk(session, login)
    stored = store(services, basis) if basis else None
    with services.db.transaction() as session:
        who = _clerk(session, login)
        lines = _lines(session, services, pieces)
        for line in lines:
            _check(session, services, line, posted_on)
            _require_basis(line, stored)
        row = PostingException(
            state=ExceptionState.PROPOSED,
            posted_on=posted_on,
            reason=reason.strip()[:500],
            proposed_by_id=who.id,
            proposed_at=services.clock.now(),
        )
        session.add(row)
        session.flush()
        if stored:
            keep(session, services, row, stored)
        for line in lines:
            session.add(
                PostingExceptionPiece(
                    exception_id=row_id(row),
                    piece_id=row_id(line.piece),
                    how=_how(line, posted_on),
                    codes=line.codes,
                )
            )
        note_words(session, *(row_id(line.piece) for line in lines))
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
        members = members_of(session, row)
        lines = _lines(session, services, [piece.reference for _, piece in members])
        _require_same_facts(members, lines, row.posted_on)
        _decide(session, services, row, who, ExceptionState.DONE)
        row = session.get_one(PostingException, number)
        proposer, seconder = session.get_one(User, row.proposed_by_id), session.get_one(User, who.id)
        basis = in_words(basis_of(session, number))
        grounds = [
            (
                line,
                row.posted_on,
                Grounds(proposer, _how(line, row.posted_on), row, seconder, line.codes, basis),
            )
            for line in _with_lists(session, services, lines, row.posted_on)
        ]
        _report_unreported(session, services, lines, row)
        note(session, services, grounds)
        _stand_anew(session, services, lines)
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
            f"Die Sendung {for_people(missing[0])} ist keinem Druckdienstleister übergeben, und niemand meldete sie.",
        )
    return lines


def _check(session: Session, services: Services, line: Attested, posted_on: date | None) -> None:
    name = for_people(line.piece.reference)
    open_ones = (
        select(PostingException.id)
        .join(PostingExceptionPiece, col(PostingExceptionPiece.exception_id) == PostingException.id)
        .where(
            PostingExceptionPiece.piece_id == row_id(line.piece),
            PostingException.state == ExceptionState.PROPOSED,
        )
    )
    if session.exec(open_ones).first() is not None:
        raise Conflict(
            "exception-open", f"Zur Sendung {name} wartet schon eine Ausnahme auf die zweite Person."
        )
    if _is_so_already(line, posted_on):
        raise Conflict("exception-not-needed", f"Die Sendung {name} braucht dafür keine Ausnahme.")
    first = services.day_of(line.handed_over_at) if line.handed_over_at else date.max
    first = date.min if line.provider == BY_HAND else first
    if posted_on is not None and not first <= posted_on <= services.today():
        raise InputError(
            "posting-day-impossible",
            f"Die Sendung {name} kann nicht vor ihrer Übergabe und nicht in der Zukunft zur Post gegeben sein.",
        )


def _is_so_already(line: Attested, posted_on: date | None) -> bool:
    if line.posting is None:
        return posted_on is None
    if line.settled:
        return line.posting.confirmed_on == posted_on
    return line.ready and posted_on == line.posted_on


def _require_basis(line: Attested, basis: StoredBasis | None) -> None:
    if line.posting is None and basis is None:
        raise InputError(
            "posting-basis-needed",
            f"Zur Sendung {for_people(line.piece.reference)} ist keine Aufgabe zur Post gemeldet. Bitte den Beleg "
            "hinterlegen, aus dem der Tag hervorgeht, etwa die schriftliche Bestätigung des Dienstleisters.",
        )


def _report_unreported(
    session: Session, services: Services, lines: Sequence[Attested], row: PostingException
) -> None:
    """A posting that nobody reported begins with the word of two people; whoever reports it later is heard."""
    for line in lines:
        submission = live_submission(session, row_id(line.piece))
        if line.posting is not None or submission is None or row.posted_on is None:
            continue
        session.refresh(submission, with_for_update=True)
        if session.get(Posting, submission.piece_id) is not None:
            raise _changed()
        submission.posted_on = submission.posted_on or row.posted_on
        posting = Posting(
            piece_id=submission.piece_id,
            reported_on=row.posted_on,
            reported_at=services.clock.now(),
            source=f"Ausnahme {row_id(row)}",
            exception_id=row_id(row),
        )
        set_carrier(services, posting, services.posting.with_provider(submission.provider).carrier)
        session.add(posting)
    session.flush()


def _stand_anew(session: Session, services: Services, lines: Sequence[Attested]) -> None:
    """What two people noted changes where the piece stands, and whether the provider is still asked about it."""
    for line in lines:
        if submission := live_submission(session, row_id(line.piece)):
            submission.settled_at = None
            session.flush()
            settle(session, services, submission)


def _how(line: Attested, posted_on: date | None) -> How:
    return how_of(confirmed=line.settled, posted_on=posted_on, reported_on=line.reported_on, codes=line.codes)


def _open(session: Session, number: int) -> PostingException:
    row = session.get(PostingException, number)
    if row is None:
        raise NotFound("exception-unknown", f"Die Ausnahme {number} gibt es nicht.")
    return row


def _require_same_facts(
    members: Sequence[tuple[PostingExceptionPiece, MailPiece]],
    lines: Sequence[Attested],
    posted_on: date | None,
) -> None:
    """What the first person saw must be what the second one answers for."""
    proposed = {member.piece_id: (member.how, sorted(member.codes)) for member, _ in members}
    if any(proposed[row_id(line.piece)] != (_how(line, posted_on), line.codes) for line in lines):
        raise _changed()


def _changed() -> Conflict:
    return Conflict(
        "posting-facts-changed",
        "Seit dem Vorschlag kamen neue Meldungen oder Listen. Bitte ablehnen und neu vorschlagen.",
    )


def _with_lists(
    session: Session, services: Services, lines: Sequence[Attested], posted_on: date | None
) -> list[Attested]:
    """Where the contract equates a status with posting, its list stands behind the day that was reported."""
    drawn = [line for line in lines if line.posting and not line.settled and posted_on == line.posted_on]
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
