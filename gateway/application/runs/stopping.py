"""Stopping (*Notbremse*): nothing that a stop covers is released until somebody lifts it.

One mechanism for letters, template versions, offices, runs and providers. It is asked in the transaction that commits
the intent to release, so that it holds from the next release on, whichever process does it. What was released
before is not called back by it; that is `withholding.cancel`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_
from sqlalchemy.exc import IntegrityError as ConstraintBroken
from sqlmodel import Session, col, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from gateway.application.access.authorising import SYSTEM, actor, audit
from gateway.application.services import Services
from gateway.db.brake import pull_brake
from gateway.db.desk import Stop
from gateway.db.engine import compare_and_set, row_id
from gateway.db.letters import Letter, Recipient
from gateway.db.mail import Batch, MailPiece, Run, Submission
from gateway.db.people import Office
from gateway.db.templates import TemplateVersion
from gateway.domain.permission import Action
from gateway.domain.runs.stopping import StopScope
from gateway.domain.runs.submission import SubmissionState
from gateway.errors import Conflict, InputError, NotFound

_RUN = re.compile(r"(\d{4}-\d{2}-\d{2})-(\d{1,4})")
_NOT_LEFT = (SubmissionState.PLANNED, SubmissionState.STAGED)


@dataclass(frozen=True)
class StopView:
    """A stop, and what it keeps back now; `releasing` pieces were already on their way when it was looked at."""

    id: int
    scope: StopScope
    value: str
    reason: str
    set_by: str
    set_at: datetime
    kept_back: int
    releasing: int


def stop(services: Services, login: str, scope: StopScope, value: str, reason: str) -> StopView:
    """Keep everything that it covers from being released, from the next release on.

    Raises `NotFound` ('stop-target-unknown'), `Conflict` ('already-stopped'), `InputError`, `NotPermitted`.
    """
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    try:
        with services.db.transaction() as session:
            who = actor(session, login)
            who.require(Action.STOP)
            pull_brake(session)
            row = Stop(
                scope=scope,
                value=_known(session, services, scope, value.strip()),
                reason=reason.strip(),
                set_by=who.login,
                set_at=services.clock.now(),
            )
            session.add(row)
            session.flush()
            audit(session, services, who.login, "stop-set", f"{scope.value}:{row.value}", reason=row.reason)
    except ConstraintBroken:
        raise Conflict("already-stopped", "Das ist schon angehalten. Es wurde nichts geändert.") from None
    with services.db.reading() as session:
        return _view(session, row)


def resume(services: Services, login: str, stop_id: int, reason: str) -> None:
    """Lift a stop; what it kept back goes with the next pass. Raises `NotFound` ('stop-unknown'), `Conflict`."""
    if not reason.strip():
        raise InputError("reason-missing", "Bitte einen Grund angeben. Es wurde nichts geändert.")
    with services.db.transaction() as session:
        who = actor(session, login)
        who.require(Action.STOP)
        row = session.get(Stop, stop_id)
        if row is None:
            raise NotFound("stop-unknown", f"Die Anhaltung {stop_id} gibt es nicht.")
        subject = f"{row.scope.value}:{row.value}"
        compare_and_set(
            session,
            Stop,
            stop_id,
            expect={"lifted_at": None},
            lifted_at=services.clock.now(),
            lifted_by=who.login,
            lift_reason=reason.strip(),
        )
        audit(session, services, who.login, "stop-lifted", subject, reason=reason.strip())


def stop_provider(session: Session, services: Services, provider: str, reason: str) -> None:
    """The gateway itself stops a provider, in the caller's transaction; if it is stopped already, nothing changes."""
    pull_brake(session)
    if _of_provider(session, provider) is None:
        session.add(
            Stop(
                scope=StopScope.PROVIDER,
                value=provider,
                reason=reason,
                set_by=SYSTEM,
                set_at=services.clock.now(),
            )
        )
        audit(session, services, SYSTEM, "stop-set", f"provider:{provider}", reason=reason)


def lift_own(session: Session, services: Services, provider: str, reason: str) -> None:
    """Lift a stop of a provider that the gateway itself has set; never one that a person has set."""
    row = _of_provider(session, provider)
    if row is not None and row.set_by == SYSTEM:
        row.lifted_at, row.lifted_by, row.lift_reason = services.clock.now(), SYSTEM, reason
        audit(session, services, SYSTEM, "stop-lifted", f"provider:{provider}", reason=reason)


def _of_provider(session: Session, provider: str) -> Stop | None:
    return next(
        (row for row in _live(session) if (row.scope, row.value) == (StopScope.PROVIDER, provider)), None
    )


def live_stops(services: Services, login: str | None) -> list[StopView]:
    """Stops in force, oldest first; `login` None is the operator."""
    with services.db.reading() as session:
        if login is not None:
            who = actor(session, login)
            if not who.may(Action.STOP):
                who.require(Action.READ)
        return [_view(session, row) for row in _live(session)]


def stop_reasons(services: Services, reference: str) -> list[str]:
    """Why the pieces of a letter are kept back, in German; empty if they are not."""
    with services.db.reading() as session:
        letter_id = session.exec(select(Letter.id).where(Letter.reference == reference)).one_or_none()
        return _stops_of(session, letter_id) if letter_id is not None else []


def _stops_of(session: Session, letter_id: int) -> list[str]:
    submissions = (
        select(Submission)
        .join(Recipient, col(Recipient.mail_piece_id) == Submission.piece_id)
        .where(Recipient.letter_id == letter_id, col(Submission.state).in_(_NOT_LEFT))
    )
    ids = {row_id(each) for each in session.exec(submissions).all()}
    return [
        f"Die Übergabe ist angehalten, durch {row.set_by}: {row.reason}"
        for row in _live(session)
        if ids and session.exec(_covered([row]).where(col(Submission.id).in_(ids)).limit(1)).first()
    ]


def stopped(session: Session) -> SelectOfScalar[int | None] | None:
    """Ids of all submissions that a stop covers; None while nothing is stopped, which is nearly always."""
    rows = _live(session)
    return _covered(rows) if rows else None


def stopped_among(session: Session, submissions: Sequence[Submission]) -> set[int]:
    """Which of these a stop covers now."""
    covered = stopped(session)
    if covered is None:
        return set()
    ids = [row_id(each) for each in submissions]
    return {found for found in session.exec(covered.where(col(Submission.id).in_(ids))).all() if found}


def _live(session: Session) -> Sequence[Stop]:
    return session.exec(select(Stop).where(col(Stop.lifted_at).is_(None)).order_by(col(Stop.id))).all()


def _covered(rows: Sequence[Stop]) -> SelectOfScalar[int | None]:
    return (
        select(col(Submission.id))
        .join(MailPiece, col(MailPiece.id) == Submission.piece_id)
        .join(Batch, col(Batch.id) == MailPiece.batch_id)
        .join(Run, col(Run.id) == Batch.run_id)
        .join(Recipient, col(Recipient.mail_piece_id) == MailPiece.id)
        .join(Letter, col(Letter.id) == Recipient.letter_id)
        .join(Office, col(Office.id) == Letter.office_id)
        .where(or_(*(_condition(row) for row in rows)))
        .distinct()
    )


def _condition(row: Stop) -> ColumnElement[bool]:
    if row.scope is StopScope.TEMPLATE:
        name, _, version = row.value.partition("@")
        same = col(Letter.template) == name
        return and_(same, col(Letter.template_version) == version) if version else same
    if row.scope is StopScope.RUN:
        day, number = _run(row.value)
        return and_(col(Run.day) == day, col(Run.number) == number)
    column = {
        StopScope.LETTER: col(Letter.reference),
        StopScope.OFFICE: col(Office.key),
        StopScope.PROVIDER: col(Submission.provider),
    }[row.scope]
    return column == row.value


def _known(session: Session, services: Services, scope: StopScope, value: str) -> str:
    """The value as it is stored, if there is such a thing."""
    if scope is StopScope.LETTER:
        value = value.replace("-", "").upper()
        known = session.exec(select(Letter.id).where(Letter.reference == value)).first()
    elif scope is StopScope.TEMPLATE:
        name, _, version = value.partition("@")
        query = select(TemplateVersion.id).where(TemplateVersion.template == name)
        known = session.exec(query.where(TemplateVersion.version == version) if version else query).first()
    elif scope is StopScope.OFFICE:
        known = session.exec(select(Office.id).where(Office.key == value)).first()
    elif scope is StopScope.RUN:
        day, number = _run(value)
        known = session.exec(select(Run.id).where(Run.day == day, Run.number == number)).first()
    else:
        known = 1 if value in services.providers else None
    if known is None:
        raise NotFound("stop-target-unknown", f"„{value}“ gibt es nicht. Es wurde nichts angehalten.")
    return value


def _run(value: str) -> tuple[date, int]:
    """Day and number of a run; raises `InputError` ('run-unreadable')."""
    found = _RUN.fullmatch(value)
    try:
        return date.fromisoformat(found[1] if found else ""), int(found[2] if found else 0)
    except ValueError:
        raise InputError(
            "run-unreadable", "Ein Tageslauf wird mit Tag und Nummer benannt, etwa 2026-11-16-1."
        ) from None


def _view(session: Session, row: Stop) -> StopView:
    covered = _covered([row]).subquery()
    states = session.exec(
        select(Submission.state, func.count())
        .where(col(Submission.id).in_(select(covered.c.id)))
        .group_by(col(Submission.state))
    ).all()
    counts = {SubmissionState(state): count for state, count in states}
    return StopView(
        row_id(row),
        row.scope,
        row.value,
        row.reason,
        row.set_by,
        row.set_at,
        kept_back=sum(counts.get(state, 0) for state in _NOT_LEFT),
        releasing=counts.get(SubmissionState.RELEASING, 0),
    )
