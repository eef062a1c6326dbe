"""Tracking: what providers say about pieces, kept as it was said and folded into one status.

What is said about a piece that we do not know is kept too (`UnmatchedReport`), and matched once we know it.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import fields
from datetime import timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from gateway.application.letters.marking import mark_for_filing
from gateway.application.posting.enlisting import import_lists
from gateway.application.posting.noting import contradict, set_carrier
from gateway.application.posting.supplementing import supplement
from gateway.application.runs.settling import settle
from gateway.application.services import Services
from gateway.application.tracking.coming_back import Told, note_return, told_by
from gateway.application.tracking.giving_up import give_up
from gateway.db.engine import row_id
from gateway.db.mail import Posting, StatusEvent, Submission
from gateway.db.unmatched import UnmatchedReport
from gateway.domain.runs.status import Status
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import ProviderError
from gateway.ports.provider import NamesNumbers, PieceNumbers, StatusReport

NUMBERS_WITHIN = timedelta(days=21)
"""So long after the hand-over a carrier's number is waited for: feedback comes 4 to 14 working days after the event.
Later it is entered by hand; to ask for ever would cost a question a day for every letter that never gets one."""
NUMBERS_ASKED_EVERY = timedelta(hours=20)
"""Once a day: nothing hangs on the hour, and a day's letters fit into few questions."""

_CHUNK = 500
_KEPT = tuple(field.name for field in fields(StatusReport))


def poll(services: Services) -> int:
    """Ask every provider about the pieces whose fate is open; returns how many new events came.

    A provider that does not answer is asked again next time: asking changes nothing there. Each is asked at least
    once, even if nothing is open: it may tell of pieces that were settled, such as returns. Then posting lists come in.
    """
    new = _match_again(services)
    for name, provider in services.providers.items():
        references = [*_open_references(services, name), *_without_number(services, name)]
        for start in range(0, max(len(references), 1), _CHUNK):
            try:
                new += record(services, name, provider.poll(references[start : start + _CHUNK]))
            except ProviderError:
                break
        else:
            give_up(services, name)
    import_lists(services)
    return new


def record(services: Services, provider: str, reports: Iterable[StatusReport]) -> int:
    """Append what is new; the same statement twice, late or out of order changes nothing. Returns how many.

    What is about no piece of ours is kept apart and not counted.
    """
    new = 0
    for report in reports:
        with services.db.transaction() as session:
            new += append(session, services, provider, report)
    return new


def try_record(services: Services, provider: str, references: Sequence[str]) -> None:
    """Ask about a few pieces at once, after something was done about them; a provider that is silent says so later."""
    with suppress(ProviderError):
        record(services, provider, services.providers[provider].poll(references))


def _open_references(services: Services, provider: str) -> list[str]:
    """Provider references of released pieces that are not settled, longest unasked first."""
    return _references(
        services, provider, col(Submission.settled_at).is_(None), col(Submission.given_up_at).is_(None)
    )


def _without_number(services: Services, provider: str) -> list[str]:
    """References of settled pieces whose number may still come: asked once a day, and only for `NUMBERS_WITHIN`."""
    if not isinstance(services.providers[provider], NamesNumbers):
        return []
    now = services.clock.now()
    return _references(
        services,
        provider,
        col(Submission.settled_at).is_not(None),
        col(Submission.numbered_at).is_(None),
        col(Submission.released_at) > now - NUMBERS_WITHIN,
        col(Submission.last_asked_at) < now - NUMBERS_ASKED_EVERY,
    )


def _references(services: Services, provider: str, *which: ColumnElement[bool]) -> list[str]:
    """Of released pieces, each once, longest unasked first."""
    released = (Submission.provider == provider, Submission.state == SubmissionState.RELEASED)
    query = (
        select(Submission.provider_reference)
        .where(*released, *which)
        .order_by(col(Submission.last_asked_at).nulls_first(), col(Submission.id))
    )
    with services.db.reading() as session:
        return list(dict.fromkeys(reference for reference in session.exec(query).all() if reference))


def numbers_told(services: Services, source: str, report: StatusReport) -> PieceNumbers:
    """The carrier's numbers in one statement; empty if it names none, or its source is no provider that would."""
    adapter = services.providers.get(source)
    return adapter.numbers_in(report.raw) if isinstance(adapter, NamesNumbers) else PieceNumbers()


def append(session: Session, services: Services, provider: str, report: StatusReport) -> int:
    """Append one statement in the caller's transaction; returns 1 if it is new and about a piece of ours, else 0."""
    submission = _submission(session, provider, report)
    if submission is None:
        _keep_unmatched(session, services, provider, report)
        return 0
    submission.last_asked_at = services.clock.now()
    if submission.numbered_at is None and numbers_told(services, provider, report) != PieceNumbers():
        submission.numbered_at = services.clock.now()
    return append_about(session, services, submission, provider, report)


def append_about(
    session: Session,
    services: Services,
    submission: Submission,
    source: str,
    report: StatusReport,
    told: Told | None = None,
) -> int:
    """Append a statement about a piece that is known; `source` is the provider, or whoever else says it.

    Every return goes through here, whoever tells of it (`told`; without it the report does), and makes its task.
    """
    known = select(StatusEvent.id).where(
        StatusEvent.provider == source, StatusEvent.dedup_key == report.dedup_key
    )
    if session.exec(known).first() is not None:
        return 0
    event = StatusEvent(
        submission_id=row_id(submission),
        provider=source,
        dedup_key=report.dedup_key,
        status=report.status,
        provider_status=report.provider_status,
        occurred_at=report.occurred_at,
        received_at=services.clock.now(),
        posted_on=report.posted_on,
        delivered_on=report.delivered_on,
        reason=report.reason,
        raw=report.raw,
    )
    session.add(event)
    session.flush()
    if report.status is Status.RETURNED and submission.voided_at is None:
        note_return(session, services, submission.piece_id, told or told_by(services, report), event=event)
    settle(session, services, submission)
    submission.posted_on = submission.posted_on or report.posted_on
    _report_posting(session, services, submission, report)
    if submission.voided_at is None:
        told_by_whom = f"{source} {report.provider_reference} {report.provider_status}"
        numbers = numbers_told(services, source, report)
        supplement(session, services, submission.piece_id, numbers, told_by_whom)
    mark_for_filing(session, submission.piece_id)
    return 1


def _keep_unmatched(session: Session, services: Services, provider: str, report: StatusReport) -> None:
    known = select(UnmatchedReport.id).where(
        UnmatchedReport.provider == provider, UnmatchedReport.dedup_key == report.dedup_key
    )
    if session.exec(known).first() is None:
        values = {name: getattr(report, name) for name in _KEPT}
        session.add(UnmatchedReport(provider=provider, received_at=services.clock.now(), **values))


def _match_again(services: Services) -> int:
    """A call may have come before we wrote down that the piece was released. Returns how many events it made."""
    new = 0
    with services.db.transaction() as session:
        waiting = select(UnmatchedReport).where(col(UnmatchedReport.matched_at).is_(None))
        newest_first = waiting.order_by(col(UnmatchedReport.id).desc()).limit(_CHUNK)
        for kept in session.exec(newest_first).all():
            report = StatusReport(**{name: getattr(kept, name) for name in _KEPT})
            if _submission(session, kept.provider, report) is not None:
                new += append(session, services, kept.provider, report)
                kept.matched_at = services.clock.now()
    return new


def _submission(session: Session, provider: str, report: StatusReport) -> Submission | None:
    """By our key; a provider that does not echo it is matched by its own reference, if that names one piece only."""
    by_key = select(Submission).where(Submission.provider == provider, Submission.key == report.key)
    by_reference = select(Submission).where(
        Submission.provider == provider, Submission.provider_reference == report.provider_reference
    )
    if found := session.exec(by_key).first():
        return found
    named = session.exec(by_reference.limit(2)).all()
    return named[0] if len(named) == 1 else None


def _report_posting(session: Session, services: Services, submission: Submission, report: StatusReport) -> None:
    """The first day a provider names as posting; it is provisional until a clerk confirms it."""
    if report.posted_on is None:
        return
    source = f"{report.provider_reference} {report.provider_status}"
    if known := session.get(Posting, submission.piece_id):
        if submission.voided_at is None:
            contradict(session, services, known, report.posted_on)
        if known.exception_id is not None:
            known.reported_on, known.reported_at = report.posted_on, services.clock.now()
            known.source, known.exception_id = source, None
        return
    posting = Posting(
        piece_id=submission.piece_id,
        reported_on=report.posted_on,
        reported_at=services.clock.now(),
        source=source,
    )
    set_carrier(services, posting, services.posting.with_provider(submission.provider).carrier)
    session.add(posting)
