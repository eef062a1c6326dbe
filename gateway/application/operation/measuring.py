"""Measuring: figures for monitoring, counted in the database, and whether everything that is needed answers.

Only reads, but for a few bytes beside the documents. Nothing here names a letter or a person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

from gateway.application.desk.desk_view import desk_size
from gateway.application.filing.filing_view import backlog
from gateway.application.services import Services
from gateway.db.engine import HEAD
from gateway.db.files import InboundDocument, InboundState
from gateway.db.letters import Letter
from gateway.db.mail import Posting, Run, Submission
from gateway.domain.letters.letter import LetterState
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import DocumentInvalid, GatewayError, RenderError

UNFINISHED = (
    SubmissionState.PLANNED,
    SubmissionState.STAGED,
    SubmissionState.RELEASING,
    SubmissionState.IN_DOUBT,
)
_UNCLEAR = (SubmissionState.RELEASING, SubmissionState.IN_DOUBT)


@dataclass(frozen=True)
class Figures:
    """What monitoring asks for. Seconds are None where there is nothing to measure."""

    letters: Mapping[str, int]
    """By where they stand; 'held' beats their state, and 'batched' goes on in `submissions`."""
    submissions: Mapping[str, int]
    unfinished_submissions: int
    oldest_in_doubt_s: float | None
    postings: Mapping[str, int]
    desk_letters: int
    desk_inbound: int
    run_open_s: float | None
    run_finished_s: float | None
    """Since the last run that finished."""
    to_file: Mapping[str, int]
    """What waits for the case file: letters with something to file, scans, and entries that failed."""
    case_file_away_s: float | None


def figures(services: Services) -> Figures:
    """All figures, of one moment."""
    waiting = backlog(services)
    with services.db.reading() as session:
        submissions = _submissions(session)
        return Figures(
            letters=_letters(session),
            submissions=submissions,
            unfinished_submissions=sum(submissions[state.value] for state in UNFINISHED),
            oldest_in_doubt_s=_age_s(services, _oldest_in_doubt(session)),
            postings=_postings(session),
            desk_letters=desk_size(session, services),
            desk_inbound=_desk_inbound(session),
            run_open_s=_age_s(
                services,
                session.exec(select(func.min(Run.started_at)).where(col(Run.finished_at).is_(None))).one(),
            ),
            run_finished_s=_age_s(
                services, session.exec(select(func.max(Run.finished_at)).where(~col(Run.by_hand))).one()
            ),
            to_file={
                "letters": waiting.letters,
                "inbound": waiting.inbound,
                "failing": len(waiting.failing),
            },
            case_file_away_s=_age_s(services, waiting.outage.began_at if waiting.outage else None),
        )


def failing(services: Services) -> list[str]:
    """Codes of what does not answer: the database, its schema, the document store, the renderer, its templates."""
    checks: tuple[tuple[str, Callable[[Services], bool]], ...] = (
        ("database-unreachable", _database),
        ("schema-outdated", _schema),
        ("document-store-not-writable", _documents),
        ("renderer-not-answering", _renderer),
        ("templates-missing", lambda services: bool(services.renderer.templates())),
    )
    return [code for code, check in checks if not _passes(check, services)]


def _passes(check: Callable[[Services], bool], services: Services) -> bool:
    try:
        return check(services)
    except (GatewayError, SQLAlchemyError, OSError):
        return False


def _database(services: Services) -> bool:
    with services.db.reading() as session:
        session.exec(select(1)).one()
    return True


def _schema(services: Services) -> bool:
    with services.db.reading() as session:
        version = session.connection().scalar(text("SELECT version_num FROM alembic_version"))
    return bool(version == HEAD)


def _documents(services: Services) -> bool:
    services.blobs.check_writable()
    return True


def _renderer(services: Services) -> bool:
    """A worker that says that this is no PDF has understood the question."""
    try:
        services.renderer.page_texts(_PROBE)
    except RenderError:
        return False
    except DocumentInvalid:
        return True
    return False


_PROBE = b"no PDF"


def _letters(session: Session) -> dict[str, int]:
    held = col(Letter.held_at).is_not(None)
    rows = session.exec(select(Letter.state, held, func.count()).group_by(col(Letter.state), held)).all()
    counts = {state.value: 0 for state in LetterState} | {"held": 0}
    for state, is_held, count in rows:
        waits = is_held and state not in {LetterState.CANCELLED, LetterState.BATCHED}
        counts["held" if waits else LetterState(state).value] += count
    return counts


def _submissions(session: Session) -> dict[str, int]:
    query = select(Submission.state, func.count()).where(col(Submission.voided_at).is_(None))
    counts = {state.value: 0 for state in SubmissionState if state is not SubmissionState.VOID}
    return counts | {
        SubmissionState(state).value: count
        for state, count in session.exec(query.group_by(col(Submission.state))).all()
    }


def _oldest_in_doubt(session: Session) -> datetime | None:
    query = select(func.min(Submission.releasing_at)).where(col(Submission.state).in_(_UNCLEAR))
    oldest: datetime | None = session.exec(query).one()
    return oldest


def _postings(session: Session) -> dict[str, int]:
    confirmed = select(func.count()).select_from(Posting).where(col(Posting.confirmed_on).is_not(None))
    reported = select(func.count()).select_from(Posting).where(col(Posting.record_no).is_(None))
    return {"reported": session.exec(reported).one(), "confirmed": session.exec(confirmed).one()}


def _desk_inbound(session: Session) -> int:
    waiting = (InboundState.DESK, InboundState.QUARANTINE)
    query = select(func.count()).select_from(InboundDocument).where(col(InboundDocument.state).in_(waiting))
    return session.exec(query).one()


def _age_s(services: Services, since: datetime | None) -> float | None:
    return None if since is None else max(0.0, (services.clock.now() - since).total_seconds())
